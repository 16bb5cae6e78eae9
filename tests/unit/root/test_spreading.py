"""Which child trains what on which device, and what becomes of their messages and failures."""

import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import plan, spreading
from harness.errors import MachineError
from harness.records import EncodedRow, Recipe, TrainJob

GB = 10**9


def job(rows: int = 1, **recipe: Any) -> TrainJob:
    made = Recipe(recipe.pop("name", "lora"), **recipe)
    return TrainJob("base", made, (EncodedRow((1, 2), (3,)),) * rows, (), "out", 0)


def shares(*jobs: TrainJob, devices: tuple[str, ...] = ("cuda:0", "cuda:1")) -> dict[str, Any]:
    found = spreading.lanes(jobs, "on", devices)
    return {device: [child.jobs for child in children] for device, children in found.items()}


def test_the_most_work_goes_first_to_the_device_that_has_the_least() -> None:
    jobs = [job(10), job(40), job(20), job(25)]
    assert shares(*jobs) == {"cuda:0": [(0, 1)], "cuda:1": [(2, 3)]}


def test_steps_count_as_the_rows_that_they_show() -> None:
    assert shares(job(100), job(100, steps=100), job(100)) == {"cuda:0": [(1,)], "cuda:1": [(0, 2)]}


def test_sizes_of_a_nested_curve_stay_in_one_child() -> None:
    sizes = [job(n, name=f"n{n}", limit=n, trunk=(5, 10)[: at + 1], epochs=3.0)
             for at, n in enumerate((5, 10))]  # fmt: skip
    assert shares(*sizes, job(20)) == {"cuda:0": [(0, 1)], "cuda:1": [(2,)]}


def test_a_base_in_4_bits_has_a_child_of_its_own_that_looks_itself_which_way_is_faster() -> None:
    jobs = [job(), job(load_in_4bit=True), job()]
    found = spreading.lanes(jobs, "on", ("auto",))
    assert [child.jobs for child in found["auto"]] == [(0, 2), (1,)]
    assert [child.work.stack for child in found["auto"]] == ["on", "auto"]


def test_devices_without_work_are_left_out_and_jobs_know_their_device() -> None:
    found = spreading.lanes([job()], "off", ("cuda:0", "cuda:1"))
    assert list(found) == ["cuda:0"]
    assert found["cuda:0"][0].work.jobs[0].device == "cuda:0"


def test_children_side_by_side_share_the_processors_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    found = spreading.lanes([job(), job()], "off", ("cuda:0", "cuda:1"))
    assert [children[0].work.jobs[0].threads for children in found.values()] == [4, 4]
    (alone,) = spreading.lanes([job(), job()], "off", ("auto",)).values()
    assert alone[0].work.jobs[0].threads == 0


@pytest.mark.parametrize(
    "weights, free, expected",
    [
        (10 * GB, [80 * GB], ("auto",)),
        (10 * GB, [80 * GB, 80 * GB], ("cuda:0", "cuda:1")),
        (10 * GB, [4 * GB, 80 * GB, 80 * GB], ("cuda:1", "cuda:2")),
        (100 * GB, [80 * GB, 80 * GB], ("sharded",)),
        (200 * GB, [80 * GB, 80 * GB], ("auto",)),
    ],
)
def test_where_a_base_has_room_decides_on_which_devices_adapters_are_trained(
    weights: int, free: list[int], expected: tuple[str, ...]
) -> None:
    assert expected == spreading.placed(weights, free)


def test_a_base_counts_two_bytes_a_parameter_whatever_its_files_hold(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(bytes(640))
    (tmp_path / "config.json").write_text('{"dtype": "float32"}', encoding="utf-8")
    assert spreading.weights_of(tmp_path, in_4bit=False) == 320
    assert spreading.weights_of(tmp_path, in_4bit=True) == 100
    (tmp_path / "config.json").write_text('{"torch_dtype": "bfloat16"}', encoding="utf-8")
    assert spreading.weights_of(tmp_path, in_4bit=False) == 640


class Machine:
    """An executor on a machine with GPUs; nothing but their memory is asked of it."""

    description = "a test"

    def run(self, target: str, payload: Any, log: Path) -> Iterator[Any]:
        assert target == "harness.train.machine:gpus"
        yield [80 * GB, 80 * GB]


def test_memory_is_asked_for_only_where_there_may_be_several_gpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    made = TrainJob(str(tmp_path), Recipe("lora"), (), (), "out", 0)
    for count, expected in ((1, ("auto",)), (2, ("cuda:0", "cuda:1"))):
        monkeypatch.setattr(spreading, "gpu_count", lambda count=count: count)
        assert expected == spreading.devices_for([made], Machine(), tmp_path / "log")


@pytest.mark.parametrize("visible, expected", [("", 0), ("-1", 0), ("2", 1), ("0,GPU-5ae", 2)])
def test_the_gpus_that_the_environment_names_are_counted(
    visible: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    monkeypatch.setattr(plan, "has_gpu", lambda: visible not in ("", "-1"))
    assert expected == plan.gpu_count()


def children(count: int = 2) -> dict[str, tuple[spreading.Child, ...]]:
    devices = tuple(f"cuda:{index}" for index in range(count))
    return spreading.lanes([job(index + 1) for index in range(2 * count)], "off", devices)


Messages = Generator[dict[str, Any], None, None]


def test_messages_of_all_children_come_as_they_are_told_and_name_their_job() -> None:
    both = threading.Barrier(2, timeout=20)

    def start(_device: str, child: spreading.Child) -> Messages:
        both.wait()  # passed only where both devices are at work at once
        for index in range(len(child.jobs)):
            yield {"event": "done", "job": index}

    told = list(spreading.messages(children(), start))
    assert sorted(message["job"] for message in told) == [0, 1, 2, 3]


def test_where_a_child_fails_the_others_finish_before_its_error_is_raised() -> None:
    failed = threading.Event()

    def start(device: str, child: spreading.Child) -> Messages:
        if device == "cuda:0":
            failed.set()
            raise MachineError("the GPU fell off the bus")
        failed.wait(20)
        yield from ({"event": "done", "job": index} for index in range(len(child.jobs)))

    coming = spreading.messages(children(), start)
    assert {next(coming)["event"], next(coming)["event"]} == {"done"}
    with pytest.raises(MachineError, match="fell off the bus"):
        next(coming)


def test_children_are_closed_when_nobody_listens_any_more() -> None:
    closed: list[str] = []

    def start(device: str, _child: spreading.Child) -> Messages:
        try:
            while True:
                yield {"event": "step", "job": 0}
                time.sleep(0.01)
        finally:
            closed.append(device)

    coming = spreading.messages(children(), start)
    next(coming)
    coming.close()
    assert sorted(closed) == ["cuda:0", "cuda:1"]
