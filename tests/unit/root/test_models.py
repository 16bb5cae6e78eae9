"""Where base models come from, and adapters that were made for another one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import huggingface_hub
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError
from tiny_adapters import BASE, DOWN, GPT2, Q, adapter, base, folder, weights

from harness import models
from harness.errors import MachineError, UnknownNameError, UsageError
from harness.executors import Inline
from harness.store import Store


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
    source.write_bytes(b"weights")
    monkeypatch.setattr(models, "embedded_file", lambda name: source)
    converter = Converter()
    found = [models.resolve("embedded:smollm2-135m", store, converter) for _ in range(2)]
    target = str(store.root / "models" / f"smollm2-135m-{store.file_digest(source)[:8]}")
    assert converter.calls == [
        ("harness.models:convert", {"source": str(source), "target": target})
    ]
    assert [model.path for model in found] == [target, target]


def test_other_bytes_in_the_package_are_converted_into_a_folder_of_their_own(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "embedded_file", lambda name: tmp_path / "x.gguf")
    converter = Converter()
    for text in ("weights", "newer weights"):
        (tmp_path / "x.gguf").write_text(text, encoding="utf-8")
        models.resolve("embedded:smollm2-135m", store, converter)
    assert len({payload["target"] for _, payload in converter.calls}) == 2


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
