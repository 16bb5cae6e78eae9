"""Prompts: one BOS, one stop, the suite's date, and the same ids in training and serving."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import tiny_tokenizers as tiny
from root_factory import make_suite

from harness.errors import MachineError, MeasurementError
from harness.records import Model
from harness.template import NO_DATE, Template, template_of

PLAIN = "### Input:\n{input}\n\n### Response:\n"
BOS, EOS, TURN = 0, 1, 2


def template(folder: Path, *args: Any, as_of: date | None = None, **settings: Any) -> Template:
    return Template(tiny.make(folder, *args, **settings), PLAIN, as_of)


def read(made: Template, ids: tuple[int, ...]) -> str:
    return str(made.tokenizer.decode(ids))


def test_the_models_own_chat_template_is_used(tmp_path: Path) -> None:
    made = template(tmp_path)
    assert made.kind == "chat"
    assert read(made, made.prompt_ids("Be brief.", "Hi")) == (
        "<s>[system]Be brief.<|end|>\n[user]Hi<|end|>\n[assistant]"
    )


def test_a_model_without_one_gets_the_suites_plain_template(tmp_path: Path) -> None:
    made = template(tmp_path, None)
    assert made.kind == "plain"
    assert made.prompt_text("", "Hi {input}") == "### Input:\nHi {input}\n\n### Response:\n"
    assert made.prompt_text("Be brief.", "Hi").startswith("### Input:\nBe brief.\n\nHi\n")


@pytest.mark.parametrize("adds", ["", "bos", "eos", "bos eos"])
@pytest.mark.parametrize("chat", [tiny.CHAT, None])
def test_a_prompt_starts_with_the_bos_once_and_ends_without_an_eos(
    tmp_path: Path, adds: str, chat: str | None
) -> None:
    made = template(tmp_path, chat, adds=adds)
    ids = made.prompt_ids("", "Hi")
    wanted = 1 if chat or "bos" in adds else 0
    assert ids.count(BOS) == wanted
    assert ids[:wanted] == (BOS,) * wanted
    assert EOS not in ids
    assert read(made, ids).endswith("[assistant]" if chat else "Response:\n")


def test_a_template_that_doubles_the_bos_is_stopped(tmp_path: Path) -> None:
    made = template(tmp_path, "{{ bos_token }}" + tiny.CHAT)
    with pytest.raises(MeasurementError, match="two BOS tokens"):
        made.prompt_ids("", "Hi")
    with pytest.raises(MeasurementError, match="two BOS tokens"):
        made.train_row("Hi", "Ho")


def test_a_plain_template_that_names_the_bos_again_is_stopped(tmp_path: Path) -> None:
    made = Template(tiny.make(tmp_path, None, adds="bos"), "<s>{input}")
    with pytest.raises(MeasurementError, match="two BOS tokens"):
        made.prompt_ids("", "Hi")


def test_a_tokenizer_without_a_bos_needs_none(tmp_path: Path) -> None:
    made = template(tmp_path, tiny.CHAT.replace("{{ bos_token }}", ""), bos_token=None)
    assert read(made, made.prompt_ids("", "Hi")) == "[user]Hi<|end|>\n[assistant]"


@pytest.mark.parametrize(
    "stops, wanted", [(None, (EOS,)), ([EOS, TURN], (EOS, TURN)), ([TURN], (EOS, TURN))]
)
def test_stop_ids_are_the_tokenizers_and_the_generation_configs(
    tmp_path: Path, stops: list[int] | None, wanted: tuple[int, ...]
) -> None:
    assert template(tmp_path, None, stops=stops).stop_ids == wanted


@pytest.mark.parametrize("chat", [tiny.CHAT, tiny.NO_SYSTEM, tiny.THINKING, tiny.DATES])
def test_the_token_that_ends_a_turn_is_a_stop_though_it_is_no_eos(
    tmp_path: Path, chat: str
) -> None:
    """As in ChatML: without it a model runs on into turns that it makes up."""
    made = template(tmp_path, chat)
    assert (made.stop_ids, made.stop_texts) == ((EOS, TURN), ())


@pytest.mark.parametrize(
    "chat",
    [
        tiny.CHAT.replace("<|end|>", ""),
        tiny.CHAT.replace("<|end|>", " END"),
        "{% if messages|length > 1 %}{{ raise_exception('one turn') }}{% endif %}" + tiny.CHAT,
        tiny.CHAT.replace("m['content']", "m['content']|upper"),
    ],
)
def test_words_after_a_turn_are_no_stop(tmp_path: Path, chat: str) -> None:
    assert template(tmp_path, chat).stop_ids == (EOS,)


@pytest.mark.parametrize(
    "plain, stop_texts",
    [
        (PLAIN, ("\n### Input:",)),
        ("Question: {input} Answer:", ("\nQuestion:",)),
        ("{input}\n", ()),
        ("\n {input}", ()),
    ],
)
def test_another_round_of_the_plain_template_ends_an_answer(
    tmp_path: Path, plain: str, stop_texts: tuple[str, ...]
) -> None:
    assert Template(tiny.make(tmp_path, None), plain).stop_texts == stop_texts


def test_a_tokenizer_that_cannot_stop_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="no end-of-sequence token") as caught:
        template(tmp_path, eos_token=None)
    assert "eos_token" in caught.value.problems[0].remedy


def test_padding_is_a_stop_since_a_pad_token_may_have_no_embedding(tmp_path: Path) -> None:
    assert template(tmp_path / "a").pad_id == EOS
    assert template(tmp_path / "b", pad_token="<|pad|>").pad_id == EOS


# ---------------------------------------------------------------- training rows


@pytest.mark.parametrize("chat", [tiny.CHAT, tiny.THINKING, tiny.NO_SYSTEM, None])
@pytest.mark.parametrize("stops", [None, [EOS, TURN]])
def test_a_row_is_the_served_prompt_then_the_output_then_one_stop(
    tmp_path: Path, chat: str | None, stops: list[int] | None
) -> None:
    made = template(tmp_path, chat, adds="bos", stops=stops)
    row = made.train_row("Question?", "An answer.")
    assert row.prompt == made.prompt_ids("", "Question?")
    assert sum(token in made.stop_ids for token in row.completion) == 1
    assert row.completion[-1] in made.stop_ids
    text = made.tokenizer.decode(row.completion, skip_special_tokens=True)
    assert text.strip() == "An answer."


def test_a_chat_turn_ends_with_the_turns_own_stop(tmp_path: Path) -> None:
    made = template(tmp_path, stops=[EOS, TURN])
    assert read(made, made.train_row("Q", "A").completion) == "A<|end|>"


def test_prompt_and_completion_together_are_the_whole_chat(tmp_path: Path) -> None:
    made = template(tmp_path, stops=[EOS, TURN])
    row = made.train_row("Q", "A")
    turns = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]
    whole = made.tokenizer.apply_chat_template(turns, tokenize=False)
    assert read(made, row.prompt + row.completion) == whole.removesuffix("\n")


# ---------------------------------------------------------------- dates and other habits


def test_templates_print_the_suites_date(tmp_path: Path) -> None:
    made = template(tmp_path, tiny.DATES, as_of=date(2019, 3, 7))
    assert made.prompt_text("", "Hi").startswith("<s>2019-03-07 07 Mar 2019 [user]")


def test_templates_print_a_fixed_date_where_the_suite_has_none(tmp_path: Path) -> None:
    made = template(tmp_path, tiny.DATES)
    assert made.prompt_text("", "Hi").startswith(f"<s>{NO_DATE.isoformat()} 01 Jan 2025 [user]")


def test_thinking_is_off_where_a_template_knows_it(tmp_path: Path) -> None:
    made = template(tmp_path, tiny.THINKING)
    assert made.prompt_text("", "Hi").endswith("[assistant]<think></think>")


@pytest.mark.parametrize("chat", [tiny.NO_SYSTEM, tiny.DEAF_TO_SYSTEM])
def test_a_system_text_goes_before_the_users_where_the_template_takes_none(
    tmp_path: Path, chat: str
) -> None:
    made = template(tmp_path, chat)
    assert made.prompt_text("Be brief.", "Hi") == ("<s>[user]Be brief.\n\nHi<|end|>\n[assistant]")


@pytest.mark.parametrize(
    "chat", ["{% for m in messages %}", "{{ raise_exception('never') }}", "{{ messages.x.y }}"]
)
def test_a_template_that_cannot_be_used_is_one_line(tmp_path: Path, chat: str) -> None:
    made = template(tmp_path, chat)
    with pytest.raises(MachineError, match="the chat template cannot be used") as caught:
        made.prompt_ids("", "Hi")
    assert caught.value.problems[0].where == str(tmp_path)


def test_another_template_has_another_digest(tmp_path: Path) -> None:
    digests = {
        template(tmp_path / str(number), chat).digest
        for number, chat in enumerate([tiny.CHAT, tiny.THINKING, None])
    }
    assert len(digests) == 3


def test_a_prompt_that_many_candidates_share_is_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Model("m", tiny.make(tmp_path), "d0")
    suite = make_suite()
    made = template_of(model, suite)
    assert made is not None
    first = (made.prompt_ids("Be brief.", "Hi"), made.train_row("Hi", "Ho"))
    assert template_of(model, suite) is made
    monkeypatch.delattr(made, "tokenizer")
    assert (made.prompt_ids("Be brief.", "Hi"), made.train_row("Hi", "Ho")) == first


@pytest.mark.parametrize("change", [{"template": "{input}"}, {"as_of": date(2020, 1, 1)}])
def test_another_template_day_or_model_shares_nothing(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    model, suite = Model("m", tiny.make(tmp_path), "d0"), make_suite()
    made = template_of(model, suite)
    assert template_of(model, replace(suite, **change)) is not made
    assert template_of(replace(model, digest="d1"), suite) is not made


def test_the_digest_of_a_plain_template_is_its_own(tmp_path: Path) -> None:
    path = tiny.make(tmp_path, None)
    assert Template(path, PLAIN).digest == Template(path, PLAIN).digest
    assert Template(path, PLAIN).digest != Template(path, "{input}").digest


def damage(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{", encoding="utf-8")


def empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


@pytest.mark.parametrize("spoil", [damage, empty])
def test_a_tokenizer_that_cannot_be_loaded_is_one_line(tmp_path: Path, spoil: Any) -> None:
    path = tiny.make(tmp_path)
    spoil(tmp_path)
    with pytest.raises(MachineError, match="the tokenizer cannot be loaded") as caught:
        Template(path, PLAIN)
    assert "\n" not in str(caught.value)
