"""Fused kernels are taken where they are installed, known for the model, and do what it does.

The kernels themselves run under the gpu marker only (tests/gpu). Here a package with their name
and way of being called stands in, with one that computes the same and one that does not.
"""

import functools
import sys
import types
from pathlib import Path
from typing import Any

import pytest
import tiny_models
import torch
from transformers.models.llama import modeling_llama

from harness.train import base, batches, fused

CUDA, CPU = torch.device("cuda"), torch.device("cpu")


@pytest.mark.parametrize(
    "device, kind, sharded, expected",
    [
        ("cuda", "llama", False, True),
        ("cpu", "llama", False, False),
        ("cuda", "mamba", False, False),
        ("cuda", "llama", True, False),
    ],
)
def test_kernels_are_wanted_on_a_gpu_for_kinds_that_are_known(
    device: str, kind: str, sharded: bool, expected: bool
) -> None:
    assert fused.wanted(device, kind, {"llama", "qwen2"}, sharded=sharded) is expected


def test_without_the_package_no_kind_is_known() -> None:
    assert fused.known_kinds() == {}


class Norm:
    """A norm's forward, `factor` times what it was."""

    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(
        self,
        rope: bool = True,
        cross_entropy: bool = False,
        fused_linear_cross_entropy: bool = True,
        rms_norm: bool = True,
        model: Any = None,
    ) -> None:
        assert rope
        assert rms_norm
        assert not cross_entropy
        assert not fused_linear_cross_entropy
        norm = model.model.norm
        plain = norm.forward
        norm.forward = lambda x: plain(x) * self.factor
        turn = modeling_llama.apply_rotary_pos_emb
        modeling_llama.apply_rotary_pos_emb = functools.partial(turn)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A package of that name; what it knows how to do may be set."""
    known: dict[str, Any] = {}
    inner = types.ModuleType("liger_kernel.transformers.monkey_patch")
    inner.MODEL_TYPE_TO_APPLY_LIGER_FN = known  # type: ignore[attr-defined]
    for name in ("liger_kernel", "liger_kernel.transformers"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, inner.__name__, inner)
    monkeypatch.setattr(fused.importlib.util, "find_spec", lambda name: name == "liger_kernel")
    monkeypatch.setattr(fused, "version", lambda name: "0.8.5")
    monkeypatch.setattr(modeling_llama, "apply_rotary_pos_emb", modeling_llama.apply_rotary_pos_emb)
    return known


def opened(
    llama: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: torch.device = CUDA
) -> tuple[Any, Any, str]:
    """The model before and after, as on a device; it lies on the CPU."""
    job = tiny_models.job(llama, tmp_path)
    batch = batches.collate(job.rows[:2], 0, CPU)
    load = base.load_base
    monkeypatch.setattr(base, "load_base", lambda job, _device, dtype: load(job, CPU, dtype))
    model = base.load_base(job, CPU, torch.float32)
    return model, *base.with_kernels(model, job, device, torch.float32, batch)


def test_kernels_that_do_what_the_model_does_stay_and_are_named(
    installed: dict[str, Any], llama: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed["llama"] = Norm(1 + 1e-5)
    before, after, words = opened(llama, tmp_path, monkeypatch)
    assert words == "liger-kernel 0.8.5: rope, rms_norm"
    assert after is before


class Broken(Norm):
    """Kernels that cannot be compiled."""

    def __call__(self, model: Any = None, **options: Any) -> None:
        super().__call__(model=model, **options)

        def fail(_x: Any) -> Any:
            raise OSError("no compiler")

        model.model.norm.forward = fail


@pytest.mark.parametrize("kernels", [Norm(1.1), Norm(float("nan")), Broken(1.0)])
def test_kernels_that_do_something_else_or_fail_are_taken_out_again(
    kernels: Norm,
    installed: dict[str, Any],
    llama: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed["llama"] = kernels
    before, after, words = opened(llama, tmp_path, monkeypatch)
    assert words == ""
    assert after is not before
    assert not isinstance(modeling_llama.apply_rotary_pos_emb, functools.partial)


def test_on_a_cpu_and_for_unknown_kinds_the_model_stays_as_it_is(
    installed: dict[str, Any], llama: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed["qwen2"] = Norm(1.1)
    before, after, words = opened(llama, tmp_path, monkeypatch)
    assert (after is before, words) == (True, "")
    installed["llama"] = Norm(1.1)
    before, after, words = opened(llama, tmp_path, monkeypatch, CPU)
    assert (after is before, words) == (True, "")


def test_the_record_says_which_kernels_a_model_had(llama: str, tmp_path: Path) -> None:
    record = tiny_models.record(tiny_models.job(llama, tmp_path / "out"))
    assert (record["kernels"], record["base_weights"]) == ("", "float32")


def test_a_base_whose_layers_are_spread_trains_to_the_same_adapter(
    llama: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hooks of accelerate that move tensors between devices are there, all of them the CPU."""
    from accelerate import dispatch_model

    plain = tiny_models.record(tiny_models.job(llama, tmp_path / "plain"))
    load = base.load_base

    def spread(job: Any, device: torch.device, dtype: torch.dtype) -> Any:
        model = load(job, device, dtype)
        places = {"model.embed_tokens": "cpu", "model.rotary_emb": "cpu", "model.norm": "cpu"}
        layers = {f"model.layers.{at}": "cpu" for at in range(2)}
        return dispatch_model(model, {**places, **layers, "lm_head": "cpu"}, force_hooks=True)

    monkeypatch.setattr(base, "load_base", spread)
    hooked = tiny_models.record(tiny_models.job(llama, tmp_path / "hooked"))
    assert hooked["loss"] == plain["loss"]
    files = [tmp_path / way / "adapter_model.safetensors" for way in ("plain", "hooked")]
    assert files[0].read_bytes() == files[1].read_bytes()
