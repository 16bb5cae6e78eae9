"""What an OpenAI-compatible server is sent, and how its answers are read."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.errors import MeasurementError
from harness.records import Answer, Request, Sampling
from harness.serve.draws import seed_of
from harness.serve.http import Reply

if TYPE_CHECKING:
    from harness.serve.decode import Decoder

TOKEN = "token_id:"  # noqa: S105 - how vLLM writes a token's number
GIVEN_UP = ("abort", "error")
CUT = ("length", "max_tokens")  # the second is what gateways to other APIs pass on
FILTERED = "content_filter"


# ---------------------------------------------------------------- requests


def completion_body(
    name: str, request: Request, sampling: Sampling, stop_ids: Sequence[int]
) -> dict[str, Any]:
    """A completion of token ids, with nothing left to the server's own defaults.

    vLLM takes what a model's generation_config.json says, such as a repetition penalty, unless
    a request says otherwise.
    """
    return {
        "model": name,
        "prompt": list(request.token_ids),
        "max_tokens": request.max_tokens,
        **_sampling(request, sampling),
        "top_p": sampling.top_p,
        "top_k": 0,
        "min_p": 0.0,
        "repetition_penalty": 1.0,
        "stop_token_ids": list(stop_ids),
        "return_token_ids": True,
        **({"logprobs": request.logprobs, **IDS} if request.logprobs else {}),
    }


def target_body(name: str, request: Request, target: Sequence[int]) -> dict[str, Any]:
    """The request's prompt and a target, echoed with the logprob of each token."""
    return {
        "model": name,
        "prompt": [*request.token_ids, *target],
        "max_tokens": 1,
        "temperature": 0.0,
        "echo": True,
        "logprobs": 1,
        "return_token_ids": True,
        **IDS,
    }


IDS = {"return_tokens_as_token_ids": True}


def chat_body(name: str, request: Request, sampling: Sampling, limit: str) -> dict[str, Any]:
    """A chat of the request's messages; `limit` is what the server calls the answer's budget."""
    messages = [{"role": role, "content": content} for role, content in request.messages]
    top = {"top_p": sampling.top_p} if sampling.temperature > 0 else {}
    own = _sampling(request, sampling)
    return {"model": name, "messages": messages, limit: request.max_tokens, **own, **top}


def _sampling(request: Request, sampling: Sampling) -> dict[str, Any]:
    drawn = {"seed": seed_of(sampling, request)} if sampling.temperature > 0 else {}
    return {"temperature": sampling.temperature, **drawn}


# ---------------------------------------------------------------- answers


def choice_of(reply: Reply) -> dict[str, Any] | None:
    """The answer's first choice, None where there is none."""
    choices = reply.data.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else None


def completion(
    request: Request,
    reply: Reply,
    decoder: "Decoder",
) -> Answer:
    """An answer to token ids: decoded here where the server gives its tokens.

    Raises:
        MeasurementError: the server read another prompt, or calls tokens by their texts.
    """
    choice = choice_of(reply)
    if choice is None:
        return failed(request, "the server's reply holds no answer")
    told = choice.get("prompt_token_ids")
    count = _count(reply, "prompt_tokens")
    if told is not None and told != list(request.token_ids):
        raise MeasurementError("the server changed the prompt's token ids")
    if count not in (None, len(request.token_ids)):
        raise MeasurementError(
            f"the server read {count} prompt tokens where {len(request.token_ids)} were sent"
        )
    first = first_logprobs(choice, request.logprobs) if request.logprobs else {}
    ids = choice.get("token_ids")
    if isinstance(ids, list):
        made = decoder.answer(request, ids, reply.seconds, first)
    else:
        text, ended = cut(str(choice.get("text") or ""), decoder.stop_texts)
        made = Answer(request.id, text, finish="stop" if ended else "length", first_logprobs=first)
    return _finished(request, made, choice, reply)


def chat(request: Request, reply: Reply, stop_texts: Sequence[str]) -> Answer:
    """An answer to messages."""
    choice = choice_of(reply)
    message = (choice or {}).get("message")
    if choice is None or not isinstance(message, dict):
        return failed(request, "the server's reply holds no answer")
    content = message.get("content")
    if isinstance(content, list):
        parts = [part.get("text") or "" for part in content if isinstance(part, dict)]
        content = "".join(part for part in parts if isinstance(part, str))
    text, ended = cut(str(content or message.get("refusal") or ""), stop_texts)
    made = Answer(request.id, text, finish="stop" if ended else "length")
    return _finished(request, made, choice, reply)


def failed(request: Request, words: str) -> Answer:
    """The answer of a request that has none."""
    return Answer(request.id, "", finish="error", error=words)


def cut(text: str, stop_texts: Sequence[str]) -> tuple[str, bool]:
    """The text before the first stop text, stripped, and whether there was one."""
    ends = [at for stop in stop_texts if (at := text.find(stop)) >= 0]
    return (text[: min(ends)] if ends else text).strip(), bool(ends)


def _finished(request: Request, made: Answer, choice: dict[str, Any], reply: Reply) -> Answer:
    """With why the server ended it, and the tokens that it counted."""
    reason = choice.get("finish_reason")
    if reason in GIVEN_UP:
        return failed(request, f"the server gave up on the request ({reason})")
    details = (reply.data.get("usage") or {}).get("prompt_tokens_details") or {}
    counted = replace(
        made,
        prompt_tokens=_count(reply, "prompt_tokens") or len(request.token_ids),
        completion_tokens=_count(reply, "completion_tokens") or 0,
        cached_tokens=details.get("cached_tokens") or 0,
        seconds=round(reply.seconds, 4),
    )
    if reason == FILTERED:
        words = f"the server's filter ended the answer (finish_reason {FILTERED})"
        return replace(counted, finish="error", error=words)
    if reason is None and counted.completion_tokens >= request.max_tokens:
        reason = CUT[0]  # not said, but its budget is used up
    # the server knows of ends that are no token of ours; only a stop text is ours alone to see
    return counted if reason in CUT else replace(counted, finish="stop")


def _count(reply: Reply, name: str) -> int | None:
    value = (reply.data.get("usage") or {}).get(name)
    return value if isinstance(value, int) else None


def first_logprobs(choice: dict[str, Any], wanted: int) -> dict[str, float]:
    """The most likely first tokens, likeliest first: token id (as text) to logprob.

    Raises:
        MeasurementError: there are none, or they go by their texts, which need not be unique.
    """
    rows = (choice.get("logprobs") or {}).get("top_logprobs") or []
    first = rows[0] if rows and isinstance(rows[0], dict) else {}
    if not first or not all(token.startswith(TOKEN) for token in first):
        said = json.dumps(next(iter(first))) if first else "none"
        raise MeasurementError(
            f"the server gives no logprobs by token id (it says {said})",
            remedy="serve with vLLM, or compare through the chat API, without a local base model",
        )
    ranked = sorted(first.items(), key=lambda item: -item[1])[:wanted]
    return {token.removeprefix(TOKEN): float(value) for token, value in ranked}


def target_logprobs(request: Request, target: Sequence[int], reply: Reply) -> tuple[float, ...]:
    """The logprob of each of the target's tokens; () where the server does not echo prompts.

    Raises:
        MeasurementError: it scored other tokens than asked.
    """
    found = (choice_of(reply) or {}).get("logprobs") or {}
    low, high = len(request.token_ids), len(request.token_ids) + len(target)
    tokens = (found.get("tokens") or [])[low:high]
    values = (found.get("token_logprobs") or [])[low:high]
    if len(values) < len(target) or not all(isinstance(value, int | float) for value in values):
        return ()
    if tokens != [f"{TOKEN}{token}" for token in target]:
        raise MeasurementError("the server scored other tokens than it was asked to")
    return tuple(float(value) for value in values)
