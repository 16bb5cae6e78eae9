"""Adapter weights: added to a base, taken from another adapter, saved in PEFT's format.

LoRA (arXiv 2106.09685) on every linear layer but the output head; safetensors only.
"""

import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peft
import torch
from torch import Tensor

from harness.errors import MachineError, UsageError, from_os_error
from harness.records import Recipe
from harness.train import layers, quantised

DEFAULT = "default"  # PEFT's own name for an only adapter


def add_adapter(base: Any, recipe: Recipe, name: str = DEFAULT) -> Any:
    """A base, or one that has adapters, with fresh adapter weights, float32.

    The recipe's seed decides them. UsageError for targets that are not there.
    """
    targets = recipe.targets if isinstance(recipe.targets, str) else list(recipe.targets)
    refuse_embeddings(base, recipe)
    config = peft.LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=recipe.dropout,
        use_rslora=recipe.rslora,
        target_modules=targets,
        task_type="CAUSAL_LM",
        fan_in_fan_out=any(map(quantised.was_conv, base.modules())),
    )
    torch.manual_seed(recipe.seed)
    try:
        with warnings.catch_warnings():
            # models that mix Conv1D and Linear: PEFT sets each right, and says so
            warnings.filterwarnings("ignore", message="fan_in_fan_out is set to")
            if isinstance(base, peft.PeftModel):
                base.add_adapter(name, config, autocast_adapter_dtype=True)
                return base
            return peft.get_peft_model(base, config, adapter_name=name, autocast_adapter_dtype=True)
    except ValueError as error:
        reason = " ".join(str(error).split())[:300]
        raise UsageError(
            f"recipe '{recipe.name}': {reason}", remedy="targets: all-linear"
        ) from error


def make_ready(
    model: Any, stretches: layers.Stretches, probe: Callable[[], Any] | None = None
) -> int:
    """Set a model with adapters to training; the number of layers with the quick forward.

    `probe` runs the base once, to see which layers read the same tensor. Dropout of the base
    stays off: only the recipe's own dropout is trained with.
    """
    model.eval()
    for name, module in model.named_modules():
        if name.endswith("lora_dropout"):
            module.train()
    for weights in weights_of(model):
        for weight in weights.values():
            weight.requires_grad = True
    return layers.speed_up(model, probe, stretches)


def weights_of(model: Any) -> list[dict[str, Tensor]]:
    """The weights of each adapter of a model, by name, in the order in which they were added."""
    found: dict[str, dict[str, Tensor]] = {name: {} for name in model.peft_config}
    for name, weight in model.named_parameters():
        *_, adapter, last = name.split(".")
        if "lora_" in name and last == "weight" and adapter in found:
            found[adapter][name.replace(f".{adapter}.weight", ".weight")] = weight
    return list(found.values())


def remove(model: Any) -> Any:
    """The base as it was before adapters were added."""
    base = model.unload()
    if hasattr(base, "peft_config"):
        del base.peft_config
    return base


def take_weights(model: Any, folder: str, name: str = DEFAULT) -> None:
    """Set the fresh adapter's weights to those of a finished one.

    Raises:
        MachineError: the folder holds another rank or other modules.
    """
    found = peft.utils.load_peft_weights(folder, device="cpu")
    try:
        result = peft.set_peft_model_state_dict(model, found, adapter_name=name)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise MachineError(f"the adapter to start from: {reason}", where=folder) from error
    left = [key for key in result.missing_keys if "lora_" in key and f".{name}." in key]
    if left or result.unexpected_keys:
        raise MachineError(
            f"the adapter to start from has other modules: {(left or result.unexpected_keys)[0]}",
            where=folder,
            remedy="give both recipes the same targets",
        )


def refuse_embeddings(base: Any, recipe: Recipe) -> None:
    """Raise UsageError when a recipe names the embeddings or the output head among its targets."""
    tops = (base.get_input_embeddings(), base.get_output_embeddings())
    names = [name for name, module in base.named_modules() if any(module is top for top in tops)]
    wanted = recipe.targets if isinstance(recipe.targets, tuple) else ()
    for target in wanted:
        if any(name == target or name.endswith(f".{target}") for name in names):
            raise UsageError(
                f"recipe '{recipe.name}' targets '{target}', the embeddings or the output head",
                remedy="targets: all-linear, which leaves them out",
            )


def settle(file: Path) -> None:
    """Sort a config's targets: PEFT writes them in another order each time, and bytes are names."""
    config = json.loads(file.read_text(encoding="utf-8"))
    if isinstance(config.get("target_modules"), list):
        config["target_modules"].sort()
    file.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def save(model: Any, out: Path, name: str = DEFAULT) -> None:
    """Write `adapter_model.safetensors` and `adapter_config.json`, and nothing else."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        # without False, PEFT would ask a hub whether the vocabulary has grown
        model.save_pretrained(
            out, safe_serialization=True, save_embedding_layers=False, selected_adapters=[name]
        )
        if name != DEFAULT:  # PEFT gives others a folder of their own
            for file in (out / name).iterdir():
                file.replace(out / file.name)
            shutil.rmtree(out / name)
        settle(out / "adapter_config.json")
    except OSError as error:
        raise from_os_error(error, "saving the adapter") from error
    (out / "README.md").unlink(missing_ok=True)
