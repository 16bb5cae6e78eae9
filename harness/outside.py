"""What an adapter from outside was trained to read, held against what its base will be sent.

Training tools save the tokenizer and the chat template beside the weights. Where those would make
other token ids than the base's, the adapter would be measured on prompts that it never saw.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

from jinja2.exceptions import TemplateError

from harness.errors import UsageError
from harness.records import Model

TOKENIZER, SETTINGS = "tokenizer.json", "tokenizer_config.json"
TEMPLATES = ("chat_template.jinja", "chat_template.json", SETTINGS)
MEND = (
    "name a copy of the base with the adapter's tokenizer files as the model, or take those files "
    "out of the adapter's folder if it was not trained with them"
)
TEXTS = (
    "Hello, world!  Two  spaces,\n\n\ta tab and a line.",
    "The fee is 1,234.56 € from 2024-05-17 (§ 7).",
    "naïve café — “quoted” 你好, नमस्ते 🙂 don't",
)
CHATS = (
    ([("user", "What is it?")], True),
    ([("system", "Be brief."), ("user", "What is it?")], True),
    ([("user", "What is it?"), ("assistant", "A test.")], False),
)
DAY = date(2025, 1, 1)


def check_prompting(folder: Path, base: Path) -> None:
    """Refuse an adapter that brings another vocabulary or chat template than the base's.

    Files that are not there say nothing, and two texts that make equal prompts are equal.

    Raises:
        UsageError: one of them differs, or cannot be read.
    """
    theirs, ours = chat_template(folder), chat_template(base)
    if theirs and (ours is None or not same_chats(ours, theirs, base)):
        what = "another chat template than the base's" if ours else "a chat template, the base none"
        raise UsageError(f"the adapter brings {what}", where=str(folder), remedy=MEND)
    files = [path / TOKENIZER for path in (folder, base)]
    if all(path.is_file() for path in files):
        fault = vocabulary_fault(files[0], files[1])
        if fault:
            raise UsageError(
                f"the adapter's tokenizer is not the base's: {fault}",
                where=str(files[0]),
                remedy=MEND,
            )


def own_record(folder: Path, base: Model) -> dict[str, Any]:
    """What bench noted beside an adapter that it trained itself: its template's digest, or {}.

    Raises:
        UsageError: it was trained on other bytes than this base's.
    """
    try:
        made = json.loads((folder / "record.json").read_text(encoding="utf-8"))["made"]
        template, digest, name = (made[k] for k in ("template_digest", "base_digest", "base"))
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    if digest != base.digest:
        raise UsageError(
            f"the adapter is for another base model: bench trained it on '{name}', "
            f"whose bytes are not those of '{base.name}'",
            where=str(folder),
            remedy="name that base as the model, or train the adapter again",
        )
    return {"template_digest": template}


def chat_template(folder: Path) -> str | None:
    """The chat template that a folder's files bring, or None."""
    for name in TEMPLATES:
        path = folder / name
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        found = text if path.suffix == ".jinja" else loaded(path, text).get("chat_template")
        if isinstance(found, list):  # several, by name
            named = {one.get("name"): one.get("template") for one in found if isinstance(one, dict)}
            found = named.get("default")
        if isinstance(found, str) and found:
            return found
    return None


def loaded(path: Path, text: str) -> dict[str, Any]:
    """A JSON object from a file's text."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise UsageError(f"cannot be read: {error}", where=str(path), remedy="copy it again") from (
            error
        )
    return found if isinstance(found, dict) else {}


def same_chats(ours: str, theirs: str, base: Path) -> bool:
    """Whether two chat templates make equal prompts of plain chats, with the base's tokens."""
    if ours.strip() == theirs.strip():
        return True
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(base)

    def made(template: str, turns: list[tuple[str, str]], *, answering: bool) -> str | None:
        try:
            text = tokenizer.apply_chat_template(
                [{"role": role, "content": content} for role, content in turns],
                chat_template=template,
                tokenize=False,
                add_generation_prompt=answering,
                enable_thinking=False,
                date_string=DAY.strftime("%d %b %Y"),
                strftime_now=DAY.strftime,
            )
        except TemplateError:
            return None
        return str(text)

    return all(
        made(ours, turns, answering=answering) == made(theirs, turns, answering=answering)
        for turns, answering in CHATS
    )


def vocabulary_fault(theirs: Path, ours: Path) -> str:
    """Why two tokenizer.json make unequal ids of equal texts, or ''.

    A padding token that training added is no fault: it is in no prompt.
    """
    if theirs.read_bytes() == ours.read_bytes():
        return ""
    from tokenizers import Tokenizer

    read = []
    for path in (theirs, ours):
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises nothing more precise
            reason = (str(error).splitlines() or [""])[0][:200]
            raise UsageError(
                f"the tokenizer cannot be read: {reason}", where=str(path), remedy="copy it again"
            ) from error
        # what training set for its batches is no part of what a text becomes
        tokenizer.no_truncation()
        tokenizer.no_padding()
        read.append(tokenizer)
    left, right = (tokenizer.get_vocab(with_added_tokens=True) for tokenizer in read)
    pad = padding(theirs.parent)
    for token, number in left.items():
        if right.get(token) != number and token != pad:
            there = f"{right[token]} in the base" if token in right else "unknown to the base"
            return f"{token!r} is token {number}, {there}"
    for text in TEXTS:
        found, wanted = (tokenizer.encode(text, add_special_tokens=False).ids for tokenizer in read)
        if found != wanted:
            return f"it cuts {text.split(',')[0]!r} and the like into other tokens"
    return ""


def padding(folder: Path) -> str:
    """The padding token that a folder's tokenizer settings name, or ''."""
    path = folder / SETTINGS
    if not path.is_file():
        return ""
    found = loaded(path, path.read_text(encoding="utf-8")).get("pad_token")
    return str(found.get("content", "")) if isinstance(found, dict) else str(found or "")
