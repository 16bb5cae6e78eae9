"""A server renders a question as the measurement did."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tiny import CHAT, make_tokenizer

from harness.serve.chat_template import server_template, write_files
from harness.template import Template

PLAIN = "### Input:\n{input}\n\n### Response:\n"
DAY = date(2024, 3, 9)


def template(folder: Path, chat: str | None, plain: str = PLAIN) -> Template:
    tokenizer = make_tokenizer(chat=False)
    tokenizer.chat_template = chat
    tokenizer.save_pretrained(folder)
    return Template(str(folder), plain, DAY)


def rendered(made: Template, *turns: tuple[str, str], **more: Any) -> tuple[int, ...]:
    """The ids that a server makes of a chat: rendered, then tokenised without special tokens."""
    messages = [{"role": role, "content": text} for role, text in turns]
    text = made.tokenizer.apply_chat_template(
        messages,
        chat_template=server_template(made),
        tokenize=False,
        add_generation_prompt=True,
        **more,
    )
    return tuple(made.tokenizer(text, add_special_tokens=False)["input_ids"])


@pytest.mark.parametrize(
    "plain",
    [
        PLAIN,
        "{input}",
        'Say "{{ x }}" and \\n: {input}\n',
        "{input} once more {input}\n",
        "Frage: {input}\n\u2192 ",
    ],
)
@pytest.mark.parametrize("system", ["", "Be brief."])
def test_a_model_without_a_template_is_served_with_the_suites_plain_one(
    tmp_path: Path, plain: str, system: str
) -> None:
    made = template(tmp_path, None, plain)
    turns = [("system", system)] if system else []
    found = rendered(made, *turns, ("user", "What {is} this?"))
    assert found == made.prompt_ids(system, "What {is} this?")


def test_a_second_round_of_the_plain_template_follows_the_first(tmp_path: Path) -> None:
    made = template(tmp_path, None)
    ids = rendered(made, ("user", "One?"), ("assistant", "1"), ("user", "Two?"))
    text = made.tokenizer.decode(ids)
    one, two = (PLAIN.replace("{input}", question) for question in ("One?", "Two?"))
    assert f"{one}1\n\n{two}" == text.removeprefix("<|bos|>")


def test_a_models_own_template_is_left_alone(tmp_path: Path) -> None:
    made = template(tmp_path, CHAT)
    assert server_template(made) is None
    assert write_files(made, tmp_path / "out") is None


@pytest.mark.parametrize("asked", ["%Y-%m-%d", "%d %b %Y", "%-d.%-m.%Y", "%A, %B %d"])
@pytest.mark.parametrize("start", ["", "\n"])
def test_a_template_that_prints_today_prints_the_suites_day(
    tmp_path: Path, asked: str, start: str
) -> None:
    chat = f"{start}{{{{ strftime_now('{asked}') }}}} {CHAT}"
    made = template(tmp_path, chat)
    assert rendered(made, ("user", "Hi")) == made.prompt_ids("", "Hi")


def test_the_stop_tokens_of_the_measurement_are_written_for_the_server(tmp_path: Path) -> None:
    made = template(tmp_path, None)
    path = write_files(made, tmp_path / "out")
    assert path is not None
    assert path.read_text(encoding="utf-8") == server_template(made)
    written = json.loads((tmp_path / "out" / "generation_config.json").read_text(encoding="utf-8"))
    assert written == {"eos_token_id": list(made.stop_ids)}
