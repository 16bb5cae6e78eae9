"""From a case to token ids, once: the same ids are trained on and sent to every engine.

The model's own chat template is used; a base model without one gets the suite's plain template.
"""

import hashlib
from contextlib import suppress
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2.exceptions import TemplateError

from harness.errors import MachineError, MeasurementError
from harness.records import EncodedRow, Model, Suite

# what a template that prints today's date prints for a suite without a date of its own
NO_DATE = date(2025, 1, 1)


def template_of(model: Model, suite: Suite) -> "Template | None":
    """The template of a model that is here; a server applies its own.

    Whoever asks for the same one gets the same object, which knows the prompts that it has made.
    """
    if not model.path:
        return None
    return _template(model.path, model.digest, suite.template, suite.as_of)


@lru_cache(maxsize=4)
def _template(path: str, _digest: str, plain: str, as_of: date | None) -> "Template":
    return Template(path, plain, as_of)


class Template:
    """A tokenizer with the template that a run uses; `digest` names both.

    Raises:
        MachineError: the tokenizer cannot be loaded, or its template refuses a plain chat.
        MeasurementError: the template doubles the BOS token.
    """

    def __init__(self, model_path: str, plain: str, as_of: date | None = None) -> None:
        from transformers import AutoTokenizer

        try:
            self.tokenizer: Any = AutoTokenizer.from_pretrained(model_path)
        except Exception as error:  # a damaged file raises whatever its parser does
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise MachineError(
                f"the tokenizer cannot be loaded: {reason[:200]}",
                where=model_path,
            ) from error
        self.plain = plain
        self.as_of = as_of or NO_DATE
        self.path = model_path
        self.kind = "chat" if self.tokenizer.chat_template else "plain"
        used = self.tokenizer.chat_template if self.kind == "chat" else plain
        self.digest = hashlib.sha256(str(used).encode()).hexdigest()[:32]
        self.stop_ids = self._stop_ids(model_path)
        if self.kind == "chat":
            self.stop_ids = tuple(dict.fromkeys((*self.stop_ids, *self._turn_end())))
        # a base model goes on with another round of the plain template: its answer ends there
        lead = plain.partition("{input}")[0].strip()
        self.stop_texts = (f"\n{lead}",) if self.kind == "plain" and lead else ()
        # not the tokenizer's: some add a pad token that the model has no embedding for
        self.pad_id: int = self.stop_ids[0]
        # candidates that differ in their adapter are asked the same, and lengths are read first
        self._prompts: dict[tuple[str, str], tuple[int, ...]] = {}
        self._rows: dict[tuple[str, str], EncodedRow] = {}

    def _stop_ids(self, model_path: str) -> tuple[int, ...]:
        ids = [self.tokenizer.eos_token_id]
        if (Path(model_path) / "generation_config.json").exists():
            from transformers import GenerationConfig

            more = GenerationConfig.from_pretrained(model_path).eos_token_id
            ids += more if isinstance(more, list) else [more]
        found = tuple(dict.fromkeys(int(token) for token in ids if token is not None))
        if not found:
            raise MachineError(
                "the tokenizer has no end-of-sequence token",
                where=model_path,
                remedy="set eos_token in its tokenizer_config.json",
            )
        return found

    def _turn_end(self) -> tuple[int, ...]:
        """The special token that follows an assistant's words, where the template has one.

        Some chat templates end a turn with a token that is no end-of-sequence token; without it
        a model would run on into turns that it makes up, and those would count as its answer.
        """
        mark = "xyzzy"
        turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": mark}]
        try:
            _, found, rest = self._chat(turns, answering=False).rpartition(mark)
        except TemplateError:
            return ()
        ids = self._ids(rest, special=False) if found else ()
        added = self.tokenizer.added_tokens_decoder
        return ids[:1] if ids and ids[0] in added and added[ids[0]].special else ()

    def _chat(self, messages: list[dict[str, str]], *, answering: bool) -> str:
        # templates that print today's date must print the suite's, or runs differ by day
        fixed = self.as_of
        text = self.tokenizer.apply_chat_template(
            messages,
            tokenize=False,
            add_generation_prompt=answering,
            enable_thinking=False,
            date_string=fixed.strftime("%d %b %Y"),
            strftime_now=fixed.strftime,
        )
        return str(text)

    def _chat_from(self, system: str, user: str) -> str:
        """A chat with a system text, put before the user's where the template takes none."""
        if system:
            turns = [{"role": "system", "content": system}, {"role": "user", "content": user}]
            with suppress(TemplateError):
                text = self._chat(turns, answering=True)
                if system.strip() in text:
                    return text
            user = f"{system}\n\n{user}"
        try:
            return self._chat([{"role": "user", "content": user}], answering=True)
        except TemplateError as error:
            raise MachineError(
                f"the chat template cannot be used: {str(error)[:200]}", where=self.path
            ) from error

    def prompt_text(self, system: str, user: str) -> str:
        """The text up to where the answer begins."""
        if self.kind == "plain":
            asked = f"{system}\n\n{user}" if system else user
            return self.plain.replace("{input}", asked)
        return self._chat_from(system, user)

    def prompt_ids(self, system: str, user: str) -> tuple[int, ...]:
        """The ids up to where the answer begins, with exactly the BOS the model expects."""
        known = self._prompts.get((system, user))
        if known is None:
            known = self._prompts[system, user] = self._prompt_ids(system, user)
        return known

    def _prompt_ids(self, system: str, user: str) -> tuple[int, ...]:
        text = self.prompt_text(system, user)
        ids = self._ids(text, special=False)
        if self.kind == "plain":
            # what the tokenizer puts before a text, without the EOS that some put after it
            whole = self._ids(text, special=True)
            starts = range(len(whole) - len(ids) + 1)
            before = next((i for i in starts if whole[i : i + len(ids)] == ids), 0)
            ids = whole[:before] + ids
        bos = self.tokenizer.bos_token_id
        if bos is not None and ids[:2] == (bos, bos):
            raise MeasurementError(
                "the prompt starts with two BOS tokens",
                remedy="the chat template and the tokenizer both add one; mend the tokenizer",
            )
        return ids

    def train_row(self, user: str, output: str) -> EncodedRow:
        """Prompt and completion ids; the completion ends with the turn's end token."""
        known = self._rows.get((user, output))
        if known is None:
            known = self._rows[user, output] = self._train_row(user, output)
        return known

    def _train_row(self, user: str, output: str) -> EncodedRow:
        prompt_text = self.prompt_text("", user)
        suffix = output
        if self.kind == "chat":
            messages = [
                {"role": "user", "content": user},
                {"role": "assistant", "content": output},
            ]
            whole = self._chat(messages, answering=False)
            if whole.startswith(prompt_text):
                suffix = whole[len(prompt_text) :]
        completion = self._ids(suffix, special=False)
        ends = [i for i, token in enumerate(completion) if token in self.stop_ids]
        completion = completion[: ends[0] + 1] if ends else (*completion, self.stop_ids[0])
        return EncodedRow(self.prompt_ids("", user), completion)

    def _ids(self, text: str, *, special: bool) -> tuple[int, ...]:
        encoded = self.tokenizer(text, add_special_tokens=special)["input_ids"]
        return tuple(int(token) for token in encoded)
