"""Several adapters in one child: as if each had been alone, kept, and apart from each other."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import tiny_models
import torch
from safetensors.torch import load_file
from tiny_models import encoded, job

from harness.records import TrainJob, TrainWork
from harness.train import course, keeping, passes
from harness.train.layers import Stretches
from harness.train.lora import teams, train_all

CHILD = """
import json, sys
import torch
from harness.train import machine
machine.dtype_for = lambda device: torch.float32
from harness.train.lora import train_all
for message in train_all(json.loads(sys.stdin.read())):
    print(json.dumps(message), flush=True)
"""


def run(stack: str, *jobs: TrainJob) -> Iterator[dict[str, Any]]:
    """Train from a payload that went through JSON, as an executor does."""
    work = TrainWork(jobs, stack)  # type: ignore[arg-type]
    yield from train_all(json.loads(json.dumps(asdict(work))))


def records(stack: str, *jobs: TrainJob) -> list[dict[str, Any]]:
    found = {m["job"]: m["record"] for m in run(stack, *jobs) if m["event"] == "done"}
    return [found[at] for at in range(len(jobs))]


def weights(out: str) -> dict[str, torch.Tensor]:
    return load_file(Path(out) / "adapter_model.safetensors")


def several(llama: str, folder: Path) -> list[TrainJob]:
    """Adapters that differ in rank, seed, rate, clipping, rows and length of training."""
    changes: list[dict[str, Any]] = [
        {"rank": 4, "seed": 1},
        {"rank": 2, "seed": 2, "learning_rate": 3e-3, "clip": 0.05},
        {"rank": 8, "seed": 3, "epochs": 1.0, "rslora": True},
    ]
    return [
        job(llama, folder / str(at), recipe={"patience": 0, **one}, rows=encoded(16 + 8 * at, at))
        for at, one in enumerate(changes)
    ]


# ---------------------------------------------------------------- side by side


def test_adapters_side_by_side_learn_what_each_learns_alone(llama: str, tmp_path: Path) -> None:
    """Loss by loss within 1e-4 and weight by weight, with ranks of 2, 4 and 8 in one pass."""
    alone = [records("off", one)[0] for one in several(llama, tmp_path / "alone")]
    beside = records("on", *several(llama, tmp_path / "beside"))
    for at, (expected, actual) in enumerate(zip(alone, beside, strict=True)):
        assert [loss for _, loss in expected["loss"]] == pytest.approx(
            [loss for _, loss in actual["loss"]], abs=1e-4
        )
        assert [loss for _, loss in expected["dev_loss"]] == pytest.approx(
            [loss for _, loss in actual["dev_loss"]], abs=1e-4
        )
        assert expected["tokens"] == actual["tokens"]
        old, new = (
            weights(str(tmp_path / "alone" / str(at))),
            weights(str(tmp_path / "beside" / str(at))),
        )
        assert sorted(old) == sorted(new)
        for name, weight in old.items():
            assert torch.allclose(weight, new[name], atol=1e-4), name
    assert [record["stacked"] for record in alone] == [1.0, 1.0, 1.0]
    assert min(record["stacked"] for record in beside) > 1.5


def test_an_adapter_of_a_shared_pass_has_its_own_rank_and_no_more(
    llama: str, tmp_path: Path
) -> None:
    """Ranks are not padded to the largest, so there are no rows that could stop being zero."""
    jobs = several(llama, tmp_path)
    records("on", *jobs)
    for one in jobs:
        shapes = {weight.shape[0] for name, weight in weights(one.out).items() if "lora_A" in name}
        config = json.loads((Path(one.out) / "adapter_config.json").read_text("utf-8"))
        assert {one.recipe.rank} == shapes
        assert (one.recipe.rank, one.recipe.rslora) == (config["r"], config["use_rslora"])
        assert {"adapter_model.safetensors", "adapter_config.json"} == {
            file.name for file in Path(one.out).iterdir()
        }


def test_the_order_in_one_child_changes_no_byte_of_adapters_in_turn(
    llama: str, tmp_path: Path
) -> None:
    for folder, order in (("a", (0, 1, 2)), ("b", (2, 0, 1))):
        jobs = several(llama, tmp_path / folder)
        records("off", *(jobs[at] for at in order))
    for at in range(3):
        first, second = (tmp_path / folder / str(at) for folder in "ab")
        name = "adapter_model.safetensors"
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_first_steps_decide_and_the_record_has_their_times(llama: str, tmp_path: Path) -> None:
    jobs = [
        replace(one, recipe=replace(one.recipe, epochs=8.0)) for one in several(llama, tmp_path)
    ]
    found = records("auto", *jobs)
    assert all(set(record["stack_timings"]) == {"in turn", "stacked"} for record in found)
    assert [record["steps"] for record in found] == [16, 24, 32]


def test_dropout_noise_other_targets_and_trunks_are_not_trained_side_by_side(llama: str) -> None:
    plain = job(llama, Path("out"))
    dropout = replace(plain, recipe=replace(plain.recipe, dropout=0.1))
    queries = replace(plain, recipe=replace(plain.recipe, targets=("q_proj",)))
    trunk = replace(plain, phases=(24,))
    noisy = replace(plain, recipe=replace(plain.recipe, neftune=5.0))
    jobs = [plain, dropout, queries, trunk, plain, noisy]
    assert sorted(teams(jobs, together=True)) == [[0, 4], [1], [2], [3], [5]]
    assert sorted(teams(jobs, together=False)) == [[0], [1], [2], [3], [4], [5]]


def test_stretches_give_each_adapter_its_tokens() -> None:
    both = Stretches(("a", "b"), (3, 8))
    assert list(both.of(8)) == [("a", slice(0, 3)), ("b", slice(3, 8))]
    assert list(Stretches(("a",)).of(5)) == [("a", slice(0, 5))]


# ---------------------------------------------------------------- failures


@pytest.mark.parametrize("stack", ["on", "off"])
def test_one_that_diverges_ends_with_its_curve_and_the_others_go_on(
    llama: str, tmp_path: Path, stack: str
) -> None:
    jobs = several(llama, tmp_path)
    wild = replace(jobs[1].recipe, learning_rate=1e30, clip=0.0)
    jobs[1] = replace(jobs[1], recipe=wild)
    ends = {m["job"]: m for m in run(stack, *jobs) if m["event"] in ("done", "failed")}
    assert {at: end["event"] for at, end in ends.items()} == {0: "done", 1: "failed", 2: "done"}
    assert ends[1]["message"].startswith("training diverged")
    assert ends[1]["record"]["loss"][0][0] == 1
    assert not (tmp_path / "1").exists()
    alone = records("off", several(llama, tmp_path / "alone")[0])[0]
    assert alone["loss"][-1][1] == pytest.approx(ends[0]["record"]["loss"][-1][1], abs=1e-4)


def test_without_memory_for_a_row_activations_are_computed_twice(
    llama: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = job(llama, tmp_path / "plain", dev=(), recipe={"epochs": 1.0})
    plain = records("off", made)[0]
    line, calls = passes.line, [0]

    def scarce(rows: Any, device: torch.device) -> Any:
        calls[0] += 1
        if calls[0] == 2:  # the first one is the probe's
            raise torch.OutOfMemoryError("CUDA out of memory")
        return line(rows, device)

    monkeypatch.setitem(passes.LIMIT, "cpu", 1)
    monkeypatch.setattr(passes, "line", scarce)
    found = list(run("off", replace(made, out=str(tmp_path / "again"))))
    notes = [message["message"] for message in found if message["event"] == "note"]
    assert notes == ["out of memory: activations are now computed twice instead of kept"]
    assert [loss for _, loss in plain["loss"]] == pytest.approx(
        [loss for _, loss in found[-1]["record"]["loss"]], rel=1e-4
    )


def test_a_full_disk_is_told_before_training(llama: str, tmp_path: Path) -> None:
    from harness.errors import MachineError

    with pytest.raises(MachineError, match=r"MB are free, training keeps up to 1000000000 MB"):
        keeping.check_room(tmp_path / "not" / "there", 10**15)
    keeping.check_room(tmp_path, 1)


# ---------------------------------------------------------------- kept while unfinished


def kill_midway(work: TrainWork, steps: int) -> None:
    """Train in a child, and kill it after some steps."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(asdict(work)))
        child.stdin.close()
        seen = 0
        for text in child.stdout:
            seen += json.loads(text)["event"] == "step"
            if seen == steps:
                os.kill(child.pid, signal.SIGKILL)
                break
    assert child.returncode == -signal.SIGKILL


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_a_killed_training_goes_on_and_ends_with_the_same_bytes(
    llama: str, tmp_path: Path, dropout: float
) -> None:
    def made(name: str, keep: str = "") -> TrainJob:
        recipe = {"epochs": 4.0, "dropout": dropout}
        return job(llama, tmp_path / name, recipe=recipe, keep=keep, keep_every=0.0)

    records("off", made("whole"))
    kept = str(tmp_path / "unfinished" / "key.safetensors")
    kill_midway(TrainWork((made("torn", kept),), "off"), 5)
    assert not (tmp_path / "torn").exists()
    found = records("off", made("torn", kept))[0]
    assert 4 <= found["resumed_at"] <= 12
    assert [step for step, _ in found["loss"]] == list(range(1, 13))
    name = "adapter_model.safetensors"
    assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "torn" / name).read_bytes()


def test_what_was_kept_and_is_damaged_is_not_gone_on_from(llama: str, tmp_path: Path) -> None:
    kept = tmp_path / "key.safetensors"
    kept.write_bytes(b"torn")
    found = records("off", job(llama, tmp_path / "out", keep=str(kept)))[0]
    assert found["resumed_at"] == 0
    assert not kept.exists()


def test_every_step_is_kept_within_the_time_that_may_be_lost(llama: str, tmp_path: Path) -> None:
    kept = tmp_path / "key.safetensors"
    seen = []
    for message in run("off", job(llama, tmp_path / "out", keep=str(kept), keep_every=0.0)):
        if message["event"] == "step":
            found = keeping.kept(kept)
            seen.append(found[1]["number"] if found else 0)
    assert seen == [0, 1, 2, 3, 4, 5]


# ---------------------------------------------------------------- nested curves


def nested(llama: str, folder: Path, *, keep: bool) -> list[TrainJob]:
    """Sizes 8, 16 and 24 of one curve."""
    rows = encoded(24)
    return [
        job(
            llama, folder / str(size), rows=rows[:size], dev=(),
            recipe={"trunk": tuple(range(8, size + 1, 8)), "limit": size, "epochs": 4.0},
            phases=tuple(range(8, size + 1, 8)),
            keep=str(folder / f"{size}.safetensors") if keep else "",
        )
        for size in (8, 16, 24)
    ]  # fmt: skip


def test_a_nested_curve_shares_its_trunk_and_ends_as_each_size_alone(
    llama: str, tmp_path: Path
) -> None:
    alone = records("off", *nested(llama, tmp_path / "alone", keep=False))
    shared = records("auto", *nested(llama, tmp_path / "shared", keep=True))
    assert [record["training"] for record in shared] == ["nested"] * 3
    assert [record["loss"] for record in alone] == [record["loss"] for record in shared]
    for size in (8, 16, 24):
        name = Path(str(size)) / "adapter_model.safetensors"
        old, new = (tmp_path / folder / name for folder in ("alone", "shared"))
        assert old.read_bytes() == new.read_bytes()
    assert [record["shared_tokens"] > 0 for record in shared] == [False, True, True]
    for old, new in zip(alone, shared, strict=True):
        assert old["tokens"] == new["tokens"] + new["shared_tokens"]


def test_a_trunk_runs_at_one_rate_and_shows_only_the_rows_of_its_size(llama: str) -> None:
    *_, made = nested(llama, Path("out"), keep=False)
    way = course.route(24, (8, 16, 24), made.recipe)
    rates = [way.schedule.rate(step, 1.0) for step in range(way.schedule.steps)]
    assert rates[way.schedule.warm : way.branch] == [1.0] * (way.branch - way.schedule.warm)
    assert rates[way.branch :] == sorted(rates[way.branch :], reverse=True)
    order = course.order(list(made.rows), (8, 16, 24), made.recipe)
    stages = course.trunk_steps((8, 16, 24), made.recipe)
    for number, steps in enumerate(stages):
        fresh = set(made.rows[8 * number : 8 * number + 8])
        for _ in range(steps):
            assert set(next(order)) <= fresh
    assert {row for _ in range(3) for row in next(order)} == set(made.rows)


def test_training_four_sizes_nested_takes_less_than_two_thirds_of_the_steps() -> None:
    recipe = tiny_models.job("", Path()).recipe
    sizes = (50, 100, 200, 400)
    apart = sum(course.route(size, (), recipe).schedule.steps for size in sizes)
    trunk = course.route(400, sizes, recipe).branch
    cool = [course.route(n, sizes[: at + 1], recipe) for at, n in enumerate(sizes)]
    together = trunk + sum(way.schedule.steps - way.branch for way in cool)
    assert together < 0.66 * apart
