"""An adapter that was trained to read other prompts than its base is sent is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny_tokenizers as tiny
from tokenizers import Tokenizer

from harness import outside
from harness.errors import UsageError
from harness.records import Model


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return Path(tiny.make(tmp_path / "base"))


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """The folder of an adapter that brings the base's own tokenizer and template."""
    return Path(tiny.make(tmp_path / "adapter"))


def template(text: str) -> Callable[[Path], None]:
    """A chat template of its own."""

    def change(folder: Path) -> None:
        (folder / "chat_template.jinja").write_text(text, encoding="utf-8")

    return change


def settings(**values: object) -> Callable[[Path], None]:
    """Other values in tokenizer_config.json."""

    def change(folder: Path) -> None:
        path = folder / "tokenizer_config.json"
        data = json.loads(path.read_text(encoding="utf-8")) | values
        path.write_text(json.dumps(data), encoding="utf-8")

    return change


def tokens(*added: str) -> Callable[[Path], None]:
    """A tokenizer with more tokens."""

    def change(folder: Path) -> None:
        raw = Tokenizer.from_file(str(folder / "tokenizer.json"))
        raw.add_special_tokens([*added])
        raw.enable_truncation(4)
        raw.enable_padding(length=64)
        raw.save(str(folder / "tokenizer.json"))

    return change


def swapped(folder: Path) -> None:
    """Two letters have changed places."""
    path = folder / "tokenizer.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    vocabulary = data["model"]["vocab"]
    vocabulary["x"], vocabulary["y"] = vocabulary["y"], vocabulary["x"]
    path.write_text(json.dumps(data), encoding="utf-8")


def lowered(folder: Path) -> None:
    """The same tokens, but every text is written small first."""
    path = folder / "tokenizer.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    data["normalizer"] = {"type": "Lowercase"}
    path.write_text(json.dumps(data), encoding="utf-8")


def nothing(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def as_setting(folder: Path) -> None:
    """The same template, where older libraries keep it."""
    (folder / "chat_template.jinja").unlink()
    settings(chat_template=[{"name": "default", "template": tiny.CHAT}])(folder)


def padded(folder: Path) -> None:
    tokens("[PAD]")(folder)
    settings(pad_token="[PAD]")(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: None,
        nothing,
        template(tiny.CHAT + "\n"),
        template("{# by a trainer #}" + tiny.CHAT),
        template(tiny.CHAT.replace("messages", "messages if m['role'] != 'tool'", 1)),
        as_setting,
        tokens(),
        padded,
    ],
)
def test_what_makes_the_same_prompts_is_accepted(
    adapter: Path, base: Path, change: Callable[[Path], None]
) -> None:
    change(adapter)
    outside.check_prompting(adapter, base)


@pytest.mark.parametrize(
    "change, what",
    [
        (template(tiny.CHAT.replace("[assistant]", "[bot]")), "another chat template"),
        (template(tiny.CHAT.replace("<|end|>", "</s>")), "another chat template"),
        (template(tiny.DEAF_TO_SYSTEM), "another chat template"),
        (template(tiny.NO_SYSTEM), "another chat template"),
        (template("{{ raise_exception('never') }}"), "another chat template"),
        (template("{% if %}"), "another chat template"),
        (tokens("<|im_start|>"), "'<|im_start|>' is token 261, unknown to the base"),
        (swapped, "is token"),
        (lowered, "it cuts 'Hello' and the like into other tokens"),
        (lambda folder: (folder / "tokenizer.json").write_text("{"), "cannot be read"),
        (
            lambda folder: (
                (folder / "chat_template.jinja").unlink(),
                (folder / "tokenizer_config.json").write_text("{"),
            ),
            "cannot be read",
        ),
    ],
)
def test_what_makes_other_prompts_is_refused_with_one_line(
    adapter: Path, base: Path, change: Callable[[Path], None], what: str
) -> None:
    change(adapter)
    with pytest.raises(UsageError) as caught:
        outside.check_prompting(adapter, base)
    (problem,) = caught.value.problems
    assert what in problem.what
    assert problem.where.startswith(str(adapter))
    assert problem.remedy != ""
    assert "\n" not in str(problem)


def test_a_chat_template_is_refused_where_the_base_has_none(tmp_path: Path, adapter: Path) -> None:
    plain = Path(tiny.make(tmp_path / "plain", None))
    with pytest.raises(UsageError, match="brings a chat template, the base none"):
        outside.check_prompting(adapter, plain)
    outside.check_prompting(plain, adapter)


# ---------------------------------------------------------------- adapters that bench trained


def recorded(folder: Path, **made: str) -> Path:
    folder.mkdir(exist_ok=True)
    text = json.dumps({"made": {"base": "acme/small", **made}})
    (folder / "record.json").write_text(text, encoding="utf-8")
    return folder


def test_an_own_adapter_keeps_the_digest_of_its_template(tmp_path: Path) -> None:
    folder = recorded(tmp_path, template_digest="t1", base_digest="d1")
    assert outside.own_record(folder, Model("m", "/m", "d1")) == {"template_digest": "t1"}


def test_an_own_adapter_for_other_bytes_of_the_base_is_refused(tmp_path: Path) -> None:
    """Shapes alone would let a base's adapter pass for that of its chat model."""
    folder = recorded(tmp_path, template_digest="t1", base_digest="d1")
    with pytest.raises(
        UsageError, match="for another base model: bench trained it on 'acme/small'"
    ):
        outside.own_record(folder, Model("m", "/m", "d2"))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"made": 3}', '{"made": {"base": "m"}}'])
def test_a_record_of_someone_else_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "record.json").write_text(text, encoding="utf-8")
    assert outside.own_record(tmp_path, Model("m", "/m", "d")) == {}
