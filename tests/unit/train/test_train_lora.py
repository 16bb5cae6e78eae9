"""An adapter from rows to folder: it learns, it is the same each time, and PEFT can load it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import peft
import pytest
import tiny_models
import torch
import transformers
from tiny_models import checkpoint, encoded, job, messages, record

from harness.errors import MachineError, UsageError
from harness.records import EncodedRow
from harness.train import adapter, attention, loop, machine, passes

KEYS = {
    "recipe", "seed", "seconds", "load_seconds", "tokens", "completion_tokens", "padded_share",
    "rows", "dev_rows", "dropped_rows", "steps", "epochs_done", "flops", "tokens_per_second",
    "peak_memory_bytes", "loss", "dev_loss", "best_step", "stopped_early", "device", "dtype",
    "trainable_params", "versions", "batching", "peak_flops", "utilisation",
    "micro_batch_tokens", "recomputed",
}  # fmt: skip


def weights(folder: Path) -> bytes:
    return (folder / "adapter_model.safetensors").read_bytes()


@pytest.mark.parametrize("kind", ["llama", "qwen2", "gpt2", "gpt_neox", "gemma2"])
def test_loss_goes_down_and_peft_loads_what_was_trained(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[torch.Tensor] = []
    keep = adapter.save
    ids = torch.tensor([encoded(1)[0].prompt])

    def noted(model: Any, out: Path, name: str) -> None:
        """What the model says as it is trained, then what is saved of it."""
        for module in model.modules():
            if hasattr(module, "bench_shared"):
                module.bench_shared.stretches.ends = ()
        model.set_attn_implementation("sdpa")
        saved.append(model(input_ids=ids).logits)
        keep(model, out, name)

    monkeypatch.setattr(adapter, "save", noted)
    path = checkpoint(kind, tmp_path / "base")
    made = record(job(path, tmp_path / "out", recipe={"epochs": 8.0}))
    assert made["dev_loss"][-1][1] < 0.9 * made["dev_loss"][0][1]
    assert {"adapter_model.safetensors", "adapter_config.json"} == {
        file.name for file in (tmp_path / "out").iterdir()
    }
    base = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
    plain = base(input_ids=ids).logits
    loaded = peft.PeftModel.from_pretrained(base, tmp_path / "out").eval()
    actual = loaded(input_ids=ids).logits
    assert torch.allclose(saved[0], actual, atol=1e-5)
    assert not torch.allclose(plain, actual, atol=1e-2)


def test_the_record_counts_what_was_trained(llama: str, tmp_path: Path) -> None:
    made = job(llama, tmp_path / "out", recipe={"epochs": 1.0})
    found = record(made)
    assert set() == KEYS - set(found)
    tokens = sum(len(row.prompt) + len(row.completion) for row in made.rows)
    assert tokens == found["tokens"]
    assert sum(len(row.completion) for row in made.rows) == found["completion_tokens"]
    assert tokens * 4 * found["base_params"] == found["flops"]
    assert (found["padded_share"], found["batching"]) == (0.0, "rows in one line")
    assert found["utilisation"] == pytest.approx(
        found["flops"] / found["step_seconds"] / found["peak_flops"]
    )
    assert tuple(
        found[key] for key in ("rows", "dev_rows", "dropped_rows", "steps", "epochs_done")
    ) == (24, 6, 0, 3, 1.0)
    assert [step for step, _ in found["loss"]] == [1, 2, 3]
    assert json.loads(json.dumps(found)) == found


def test_messages_come_in_order(llama: str, tmp_path: Path) -> None:
    events = [message["event"] for message in messages(job(llama, tmp_path, recipe={"epochs": 1}))]
    assert events == ["start", "step", "step", "dev", "step", "dev", "done"]


def test_a_seed_decides_the_adapters_bytes(llama: str, tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        record(job(llama, tmp_path / name, recipe={"seed": seed}))
    assert weights(tmp_path / "a") == weights(tmp_path / "b")
    assert weights(tmp_path / "a") != weights(tmp_path / "c")


def test_tied_embeddings_and_the_head_are_never_trained(llama: str, tmp_path: Path) -> None:
    record(job(llama, tmp_path))
    from safetensors import safe_open

    with safe_open(tmp_path / "adapter_model.safetensors", "pt") as file:
        names = list(file.keys())
    assert len(names) == 2 * 7 * 2
    assert [name for name in names if "embed" in name or "lm_head" in name] == []
    with pytest.raises(UsageError, match="output head"):
        record(job(llama, tmp_path, recipe={"targets": ("lm_head",)}))


def test_targets_that_are_not_in_the_model_are_one_line(llama: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nonsense") as caught:
        record(job(llama, tmp_path, recipe={"targets": ("nonsense",)}))
    assert "\n" not in str(caught.value)


def test_a_loss_that_is_no_number_names_the_step(llama: str, tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=r"diverged.*step \d+.*learning_rate") as caught:
        record(job(llama, tmp_path, recipe={"learning_rate": 1e30, "clip": 0.0}))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "adapter_model.safetensors").exists()


def test_early_stop_puts_the_best_weights_back(
    llama: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([3.0, 2.0, 2.5, 2.6, 9.0])
    copies: list[dict[str, torch.Tensor]] = []
    take = loop.Loop.copy

    def noted(self: loop.Loop) -> dict[str, torch.Tensor]:
        copies.append(take(self))
        return copies[-1]

    monkeypatch.setattr(passes.Passes, "evaluate", lambda *_: next(losses))
    monkeypatch.setattr(loop.Loop, "copy", noted)
    found = record(job(llama, tmp_path, recipe={"epochs": 6.0, "patience": 2}))
    assert found["stopped_early"]
    assert [value for _, value in found["dev_loss"]] == [3.0, 2.0, 2.5, 2.6]
    assert found["dev_loss"][1][0] == found["best_step"]
    assert found["steps"] == found["dev_loss"][3][0]
    from safetensors.torch import load_file

    saved = load_file(tmp_path / "adapter_model.safetensors")
    best = copies[-1]
    for name, weight in best.items():
        assert torch.equal(weight, saved[name.replace(".default", "")])


def test_rows_that_do_not_fit_are_counted(llama: str, tmp_path: Path) -> None:
    long = EncodedRow((5,) * 100, (6,) * 60)
    made = job(llama, tmp_path)
    found = record(replace(made, rows=(*made.rows, long)))
    assert (found["rows"], found["dropped_rows"], found["max_length"]) == (24, 1, 128)
    with pytest.raises(UsageError, match="none of 1 training rows fits in 128 tokens"):
        record(replace(made, rows=(long,)))


def test_a_step_weighs_tokens_the_same_however_it_is_split(llama: str, tmp_path: Path) -> None:
    made = job(llama, tmp_path, dev=(), recipe={"epochs": 1.0})
    whole = record(made)
    split = record_with_limit(made, 30)
    assert [value for _, value in whole["loss"]] == pytest.approx(
        [value for _, value in split["loss"]], rel=1e-4
    )


def record_with_limit(made: Any, limit: int) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(passes.LIMIT, "cpu", limit)
        return record(made)


def test_out_of_memory_halves_the_micro_batch_and_says_so(
    llama: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = passes.line

    def scarce(rows: Any, device: torch.device) -> Any:
        batch = line(rows, device)
        if batch.ids.numel() > 64:
            raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate")
        return batch

    monkeypatch.setitem(passes.LIMIT, "cpu", 256)
    made = job(llama, tmp_path, dev=(), recipe={"epochs": 1.0})
    plain = record(made)
    monkeypatch.setattr(passes, "line", scarce)
    found = list(messages(made))
    notes = [message["message"] for message in found if message["event"] == "note"]
    assert notes == [f"out of memory: micro-batches now hold {n} tokens at most" for n in (128, 64)]
    told = found[-1]["record"]
    assert (told["micro_batch_tokens"], told["recomputed"]) == (64, False)
    assert (plain["micro_batch_tokens"], told["tokens"]) == (256, plain["tokens"])
    assert [value for _, value in plain["loss"]] == pytest.approx(
        [value for _, value in found[-1]["record"]["loss"]], rel=1e-4
    )


def test_a_row_that_never_fits_in_memory_ends_in_one_line(
    llama: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(rows: Any, device: torch.device) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(passes, "line", never)
    with pytest.raises(MachineError, match="out of memory on one row of"):
        record(job(llama, tmp_path))


def test_a_model_that_cannot_be_loaded_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(MachineError, match="cannot load the base model") as caught:
        record(job(str(tmp_path), tmp_path / "out"))
    assert "\n" not in str(caught.value)


def test_learning_rate_warms_up_and_falls_to_nothing() -> None:
    recipe = tiny_models.Recipe("r", learning_rate=1.0, warmup=0.1)
    schedule = loop.plain(100, recipe)
    rates = [schedule.rate(step, recipe.learning_rate) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[9] == rates[10] == 1.0
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.001


def test_dev_loss_is_taken_each_half_epoch_and_at_the_end() -> None:
    assert loop.plan(80, 8, 2.0) == (10, 20, {5, 10, 15, 20})
    assert loop.plan(3, 8, 1.0) == (1, 1, {1})
    assert loop.plan(80, 8, 0.3) == (10, 3, {3})
    assert loop.plan(80, 8, 2.0, 12) == (10, 12, {5, 10, 12})


@pytest.mark.parametrize(
    "name, half, last", [("cosine", 0.5, 0.0), ("linear", 0.5, 0.0), ("constant", 1.0, 1.0)]
)
def test_a_recipe_says_how_the_rate_falls(name: Any, half: float, last: float) -> None:
    recipe = tiny_models.Recipe("r", learning_rate=2.0, warmup=0.1, schedule=name)
    schedule = loop.plain(1000, recipe)
    assert schedule.rate(49, 2.0) == pytest.approx(1.0)
    assert schedule.rate(550, 2.0) == pytest.approx(2.0 * half)
    assert schedule.rate(999, 2.0) == pytest.approx(2.0 * last, abs=0.01)
    quarter = {"cosine": 0.853553, "linear": 0.75, "constant": 1.0}[name]
    assert schedule.rate(325, 2.0) == pytest.approx(2.0 * quarter)


def test_steps_take_the_place_of_epochs(llama: str, tmp_path: Path) -> None:
    assert record(job(llama, tmp_path, recipe={"steps": 4, "epochs": 50.0}))["steps"] == 4


def test_a_wrong_device_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="unknown device 'gpuu'"):
        machine.device_for("gpuu")


def test_bfloat16_training_follows_float32(
    llama: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Low-precision base with float32 adapter weights learns the same curve, within 5 %."""
    made = job(llama, tmp_path, recipe={"epochs": 4.0})
    full = record(made)
    monkeypatch.setattr(machine, "dtype_for", lambda device: torch.bfloat16)
    used: list[str] = []
    inner = attention.sdpa_attention_forward
    monkeypatch.setattr(
        attention,
        "sdpa_attention_forward",
        lambda *args, **options: (used.append("fp32"), inner(*args, **options))[1],
    )
    low = record(made)
    assert used
    assert low["dtype"] == "bfloat16"
    assert full["dev_loss"][-1][1] == pytest.approx(low["dev_loss"][-1][1], rel=0.05)
