"""Where base models come from, and adapters that were made for another one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import huggingface_hub
import numpy as np
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError
from safetensors.numpy import save_file

from harness import models
from harness.errors import MachineError, UnknownNameError, UsageError
from harness.executors import Inline
from harness.records import Model
from harness.store import Store

BASE = {
    "model.embed_tokens.weight": (20, 8),
    "model.layers.0.self_attn.q_proj.weight": (8, 8),
    "model.layers.0.mlp.down_proj.weight": (8, 16),
    "model.norm.weight": (8,),
}
GPT2 = {"h.0.attn.c_attn.weight": (8, 24), "h.0.ln_1.weight": (8,)}
Q = "base_model.model.model.layers.0.self_attn.q_proj"
DOWN = "base_model.model.model.layers.0.mlp.down_proj"


class Converter:
    """An executor that writes what a conversion writes, and counts how often."""

    description: ClassVar[str] = "a fake"

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []

    def run(self, target: str, payload: Any, log: Path) -> Iterator[Any]:
        self.calls.append((target, payload))
        folder(Path(payload["target"]))
        (Path(payload["target"]) / "ready").write_text("", encoding="utf-8")
        yield {"event": "done"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home")


def weights(path: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    save_file({name: np.zeros(shape, np.float32) for name, shape in shapes.items()}, path)


def folder(path: Path, shapes: dict[str, tuple[int, ...]] | None = None) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    (path / "config.json").write_text("{}", encoding="utf-8")
    weights(path / "model.safetensors", shapes or BASE)
    return path


def base(path: Path, shapes: dict[str, tuple[int, ...]] | None = None) -> Model:
    return Model("base", str(folder(path, shapes)), "digest")


def adapter(path: Path, modules: dict[str, tuple[int, int]], rank: int = 4) -> Path:
    """An adapter over modules of (in, out)."""
    path.mkdir()
    config = {"r": rank, "base_model_name_or_path": "acme/other"}
    (path / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    shapes: dict[str, tuple[int, ...]] = {}
    for name, (wide, out) in modules.items():
        shapes |= {f"{name}.lora_A.weight": (rank, wide), f"{name}.lora_B.weight": (out, rank)}
    weights(path / "adapter_model.safetensors", shapes)
    return path


# ---------------------------------------------------------------- base models


def test_a_local_folder_is_a_model_with_the_digest_of_its_bytes(
    tmp_path: Path, store: Store
) -> None:
    path = folder(tmp_path / "model")
    first = models.resolve(str(path), store, Inline())
    assert (first.name, first.path, first.revision) == (str(path), str(path), "")
    assert models.resolve(str(path), store, Inline()) == first
    (path / "tokenizer.json").write_text("{}", encoding="utf-8")
    assert models.resolve(str(path), store, Inline()).digest != first.digest


@pytest.mark.parametrize("name", ["./none", "/nowhere/none", "~/none", "../none"])
def test_a_folder_that_is_not_there_is_one_line(store: Store, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        models.resolve(name, store, Inline())
    assert str(caught.value) == f"{name}: no such model folder"


def test_a_folder_without_safetensors_is_one_line(tmp_path: Path, store: Store) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(UsageError, match=r"no \.safetensors weights"):
        models.resolve(str(tmp_path), store, Inline())


def test_a_folder_without_a_config_is_one_line(tmp_path: Path, store: Store) -> None:
    weights(tmp_path / "model.safetensors", BASE)
    with pytest.raises(UsageError, match=r"no config\.json"):
        models.resolve(str(tmp_path), store, Inline())


# ---------------------------------------------------------------- embedded models


def test_an_unknown_embedded_model_names_the_nearest(store: Store) -> None:
    with pytest.raises(UnknownNameError) as caught:
        models.resolve("embedded:smolm2-135m", store, Inline())
    assert str(caught.value) == (
        "unknown embedded model 'smolm2-135m' (did you mean 'smollm2-135m'?)"
    )


def test_an_embedded_model_whose_package_is_absent_says_what_to_install(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "EMBEDDED", {"small": ("no_such_package", "x.gguf")})
    with pytest.raises(UsageError, match="is not installed") as caught:
        models.resolve("embedded:small", store, Inline())
    assert "pip install" in caught.value.problems[0].remedy


def test_a_package_without_its_file_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "EMBEDDED", {"small": ("json", "x.gguf")})
    assert models.embedded_file("small") is None


def test_an_embedded_model_is_converted_once(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "x.gguf"
    monkeypatch.setattr(models, "embedded_file", lambda name: source)
    converter = Converter()
    found = [models.resolve("embedded:smollm2-135m", store, converter) for _ in range(2)]
    target = str(store.root / "models" / "smollm2-135m")
    assert converter.calls == [
        ("harness.models:convert", {"source": str(source), "target": target})
    ]
    assert [model.path for model in found] == [target, target]


# ---------------------------------------------------------------- the hub


class Hub:
    """Stands in for snapshot_download: what is held here, and what the network does."""

    def __init__(self, held: Path | None, online: Path | Exception) -> None:
        self.held = held
        self.online = online
        self.asked: list[bool] = []

    def __call__(self, name: str, *, local_files_only: bool = False, **_: Any) -> str:
        self.asked.append(local_files_only)
        found = self.held if local_files_only else self.online
        if found is None:
            raise LocalEntryNotFoundError("nothing here\nwith a second line")
        if isinstance(found, Exception):
            raise found
        return str(found)


def use(monkeypatch: pytest.MonkeyPatch, hub: Hub) -> Hub:
    monkeypatch.setattr(huggingface_hub, "snapshot_download", hub)
    return hub


def test_a_snapshot_that_is_here_is_used_without_asking_the_network(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder(tmp_path / "0123abcd")
    hub = use(monkeypatch, Hub(path, OSError("not reached")))
    found = models.resolve("acme/small", store, Inline())
    assert (found.name, found.path, found.revision) == ("acme/small", str(path), "0123abcd")
    assert hub.asked == [True]


@pytest.mark.parametrize("shards", [[], ["a.safetensors"]])
def test_a_snapshot_whose_download_was_stopped_is_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shards: list[str]
) -> None:
    half = tmp_path / "half"
    half.mkdir()
    index = {"weight_map": {"x": "a.safetensors", "y": "b.safetensors"}}
    (half / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    for shard in shards:
        weights(half / shard, {"x": (1,)})
    hub = use(monkeypatch, Hub(half, folder(tmp_path / "full")))
    assert models.from_hub("acme/small") == tmp_path / "full"
    assert hub.asked == [True, False]


@pytest.mark.parametrize(
    "online", [LocalEntryNotFoundError("offline\nlong"), ConnectionError("no"), ValueError("id")]
)
def test_a_model_that_the_hub_does_not_give_is_one_line(
    monkeypatch: pytest.MonkeyPatch, online: Exception
) -> None:
    use(monkeypatch, Hub(None, online))
    with pytest.raises(UsageError) as caught:
        models.from_hub("acme/smal")
    assert str(caught.value) == (
        f"model 'acme/smal' is no local folder and the hub does not give it "
        f"({type(online).__name__}) "
        "(use a local path, embedded:smollm2-135m, or go online)"
    )


# ---------------------------------------------------------------- adapters from outside


def test_an_adapter_for_this_base_is_accepted(tmp_path: Path) -> None:
    path = adapter(tmp_path / "adapter", {Q: (8, 8), DOWN: (16, 8)})
    assert models.check_adapter(path, base(tmp_path / "base"))["r"] == 4


def test_names_may_start_otherwise_in_the_checkpoint_than_in_memory(tmp_path: Path) -> None:
    """gpt2's checkpoint has `h.0.`; its weights lie transposed."""
    name = "base_model.model.transformer.h.0.attn.c_attn"
    path = adapter(tmp_path / "adapter", {name: (8, 24)})
    assert models.check_adapter(path, base(tmp_path / "base", GPT2))["r"] == 4


@pytest.mark.parametrize(
    "modules, what",
    [
        ({Q: (12, 8)}, f"{Q}.lora_A.weight [4, 12], [8, 8] in the base"),
        ({DOWN: (16, 12)}, f"{DOWN}.lora_B.weight [12, 4], [8, 16] in the base"),
        (
            {Q.replace("0", "9"): (8, 8)},
            f"{Q.replace('0', '9')}.lora_A.weight [4, 8], no such module in the base",
        ),
    ],
)
def test_an_adapter_for_another_base_is_refused_with_the_tensor_and_the_shapes(
    tmp_path: Path, modules: dict[str, tuple[int, int]], what: str
) -> None:
    path = adapter(tmp_path / "adapter", modules)
    with pytest.raises(UsageError) as caught:
        models.check_adapter(path, base(tmp_path / "base"))
    assert str(caught.value) == (
        f"{path}: the adapter is for another base model: {what} "
        "(it says it was made for 'acme/other')"
    )


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
@pytest.mark.parametrize("how", ["absent", "damaged", "empty"])
def test_an_adapter_that_cannot_be_read_is_one_line(tmp_path: Path, name: str, how: str) -> None:
    path = adapter(tmp_path / "adapter", {Q: (8, 8)})
    if how == "absent":
        (path / name).unlink()
    else:
        (path / name).write_bytes(b"\x08{" if how == "damaged" else b"")
    with pytest.raises(UsageError, match="not a readable LoRA adapter") as caught:
        models.check_adapter(path, base(tmp_path / "base"))
    assert "\n" not in str(caught.value)
    assert caught.value.problems[0].where == str(path)


def test_a_pickled_adapter_is_not_read(tmp_path: Path) -> None:
    path = adapter(tmp_path / "adapter", {Q: (8, 8)})
    (path / "adapter_model.safetensors").rename(path / "adapter_model.bin")
    with pytest.raises(UsageError, match="not a readable LoRA adapter"):
        models.check_adapter(path, base(tmp_path / "base"))


def test_a_base_whose_weights_are_damaged_is_one_line(tmp_path: Path) -> None:
    path = adapter(tmp_path / "adapter", {Q: (8, 8)})
    made = base(tmp_path / "base")
    (Path(made.path) / "model.safetensors").write_bytes(b"\x00" * 4)
    with pytest.raises(MachineError, match="cannot be read"):
        models.check_adapter(path, made)
