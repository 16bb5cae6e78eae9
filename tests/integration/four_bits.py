"""Trains on bases in 4 bits, in a process that has bitsandbytes; prints what came of it as JSON."""

import json
import sys
import warnings
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import peft
import torch
import transformers

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "train"))

import tiny_models

from harness.train import adapter, base, layers, lora, machine

machine.dtype_for = lambda device: torch.float32  # type: ignore[assignment]
IDS = torch.tensor([[5, 6, 7, 8, 9, 10, 11]])


def adapted(path: str, folder: Path, **recipe: Any) -> Any:
    """A base in 4 bits with an adapter whose B is not zero."""
    made = tiny_models.job(path, folder, recipe={"load_in_4bit": True, **recipe})
    opened, _ = base.open_base([made])
    model = adapter.add_adapter(opened.model, made.recipe)
    torch.manual_seed(1)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    return model


def gradients(model: Any) -> list[torch.Tensor]:
    logits = model(input_ids=IDS, row_lengths=(7,)).logits
    logits.square().mean().backward()
    found = [weight.grad for weight in model.parameters() if weight.grad is not None]
    return [logits.detach(), *(grad for grad in found if grad is not None)]


def apart(ones: list[torch.Tensor], others: list[torch.Tensor]) -> float:
    assert len(ones) == len(others) > 1
    return max(float((a - b).norm() / b.norm()) for a, b in zip(ones, others, strict=True))


def quick_against_pefts(path: str, folder: Path) -> dict[str, Any]:
    """The quick forward and backward on quantised weights beside PEFT's own."""
    own = adapted(path, folder)
    adapter.make_ready(own, layers.Stretches((adapter.DEFAULT,)))
    plain = adapted(path, folder)
    plain.eval()
    quick = sum(hasattr(module, "bench_shared") for module in own.modules())
    wrapped = sum(hasattr(module, "lora_A") for module in own.modules())
    return {
        "quick": quick,
        "wrapped": wrapped,
        "apart": apart(gradients(own), gradients(plain)),
        "sizes": sorted({str(weight.dtype) for weight in own.parameters()}),
    }


def trained(path: str, folder: Path) -> dict[str, Any]:
    """An adapter trained in 4 bits, and what it says on the whole base."""
    made = tiny_models.job(path, folder / "four", recipe={"load_in_4bit": True, "epochs": 4.0})
    record = tiny_models.record(made)
    whole = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
    plain = whole(input_ids=IDS).logits
    loaded = peft.PeftModel.from_pretrained(whole, str(folder / "four"))
    moved = float((loaded(input_ids=IDS).logits - plain).abs().max().detach())
    full = tiny_models.record(tiny_models.job(path, folder / "full", recipe={"epochs": 4.0}))
    kinds = {str(weight.dtype) for weight in loaded.parameters()}
    return {"record": record, "full": full, "moved": moved, "kinds": sorted(kinds)}


def together(path: str, folder: Path) -> float:
    """How far losses of two adapters side by side are from those of training alone."""
    jobs = [
        tiny_models.job(
            path, folder / f"{way}{rank}", recipe={"load_in_4bit": True, "rank": rank, "steps": 6}
        )
        for way in ("beside", "alone")
        for rank in (4, 8)
    ]
    losses: list[list[list[float]]] = []
    for stack, part in (("on", jobs[:2]), ("off", jobs[2:])):
        payload = {"jobs": [json.loads(json.dumps(asdict(job))) for job in part], "stack": stack}
        done = [one for one in lora.train_all(payload) if one["event"] == "done"]
        losses.append([one["record"]["loss"] for one in sorted(done, key=lambda one: one["job"])])
        assert [one["record"]["stacked"] for one in done] == [2.0 if stack == "on" else 1.0] * 2
    beside, alone = (torch.tensor(one)[..., 1] for one in losses)
    return float((beside - alone).abs().max())


def resumed(path: str, folder: Path) -> bool:
    """Whether a training that was stopped goes on to the bytes of one that was not."""
    kept = str(folder / "kept.safetensors")
    made = tiny_models.job(path, folder / "whole", recipe={"load_in_4bit": True})
    tiny_models.record(made)
    torn = replace(made, out=str(folder / "torn"), keep=kept, keep_every=0.0)
    for message in tiny_models.messages(torn):
        if message["event"] == "step" and message["step"] == 4:
            break
    assert tiny_models.record(torn)["resumed_at"] > 0
    files = [folder / way / "adapter_model.safetensors" for way in ("whole", "torn")]
    return files[0].read_bytes() == files[1].read_bytes()


def main(folder: Path) -> None:
    found: dict[str, Any] = {}
    for kind in ("llama", "gpt2"):
        path = tiny_models.checkpoint(kind, folder / kind)
        found[kind] = {
            "quick": quick_against_pefts(path, folder / kind),
            "trained": trained(path, folder / kind),
        }
    llama = str(folder / "llama")
    found["together"] = together(llama, folder)
    found["resumed"] = resumed(llama, folder)
    print(json.dumps(found))  # noqa: T201 - it is the outcome


if __name__ == "__main__":
    warnings.simplefilter("error", UserWarning)
    main(Path(sys.argv[1]))
