"""From generated ids to an answer, the same way for every engine."""

from typing import Any

from transformers import AutoTokenizer

from harness.records import Answer, Request


class Decoder:
    """Cuts at the first stop token and decodes; special tokens do not reach the text."""

    def __init__(
        self, model_path: str, stop_ids: tuple[int, ...], stop_texts: tuple[str, ...] = ()
    ) -> None:
        self.tokenizer: Any = AutoTokenizer.from_pretrained(model_path)
        self.stop_ids = frozenset(stop_ids)
        self.stop_texts = stop_texts

    def answer(
        self, request: Request, ids: list[int], seconds: float, first: dict[str, float]
    ) -> Answer:
        """An answer whose `finish` says whether the model stopped by itself."""
        end = next((i for i, token in enumerate(ids) if token in self.stop_ids), None)
        kept = ids if end is None else ids[:end]
        text = self.tokenizer.decode(kept, skip_special_tokens=True)
        ends = [at for stop in self.stop_texts if (at := text.find(stop)) >= 0]
        text = (text[: min(ends)] if ends else text).strip()
        return Answer(
            request=request.id,
            text=text,
            token_ids=tuple(int(token) for token in kept),
            finish="length" if end is None and not ends else "stop",
            prompt_tokens=len(request.token_ids),
            seconds=round(seconds, 4),
            first_logprobs=first,
        )
