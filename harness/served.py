"""Models and adapters that a server has under a name, and whose bytes are not here."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from harness.errors import UsageError
from harness.records import (
    Adapter,
    AdapterSource,
    CandidateResult,
    Endpoint,
    Model,
    ScoredAnswer,
    Suite,
)
from harness.store import digest_of
from harness.suite.scalars import url_fault

SERVED = "served:"
REMOTE = ("endpoint", "replay")
"""Engines that compute elsewhere: what answered cannot be seen from here."""
FEW = 5  # answers that two models may well have in common


def pointed(suite: Suite, url: str) -> Suite:
    """The suite with its endpoint at another URL, where one is given.

    Raises:
        UsageError: it is no root of an API.
    """
    if not url:
        return suite
    fault = url_fault(url)
    if fault:
        raise UsageError("the URL of --endpoint cannot be used", remedy=f"it should {fault}")
    return replace(suite, endpoint=replace(suite.endpoint or Endpoint(), url=url))


def named(suite: Suite) -> Suite:
    """The suite with its endpoint asked for the base by the name that `model: served:` gives.

    Raises:
        UsageError: there is no name, or the endpoint's `model` is another.
    """
    if not suite.model.startswith(SERVED):
        return suite
    name = suite.model.removeprefix(SERVED).strip()
    endpoint = suite.endpoint or Endpoint()
    if not name or endpoint.model not in ("", name):
        what = f"and endpoint.model is '{endpoint.model}'" if name else "which names no model"
        raise UsageError(
            f"the model is '{suite.model}', {what}",
            where=suite.name,
            remedy="name it once, as the server does: model: served:NAME",
        )
    return replace(suite, endpoint=replace(endpoint, model=name))


def engine_for(suite: Suite, wanted: str, chosen: tuple[str, str]) -> tuple[str, str]:
    """The suite's engine and why: its endpoint's, unless another engine was asked for.

    Raises:
        UsageError: the engine is `endpoint` and nobody says where, or the suite's names are on a
            server and the engine is not.
    """
    url = suite.endpoint.url if suite.endpoint else ""
    if chosen[0] == "replay":
        return "replay", "the answers are in a file"
    if chosen[0] == "endpoint" and not url:
        raise UsageError(
            "engine 'endpoint' has no URL",
            where=suite.name,
            remedy="give --endpoint http://HOST:PORT/v1, or an `endpoint:` section in suite.yaml",
        )
    if wanted == "auto" and url:
        chosen = ("endpoint", f"the suite is asked at {url}")
    on_server = [f"model '{suite.model}'"] if suite.model.startswith(SERVED) else []
    on_server += [
        f"adapter '{SERVED}{one.adapter.value}' of candidate '{one.name}'"
        for one in suite.candidates
        if one.adapter.kind == "served"
    ]
    if on_server and chosen[0] not in REMOTE:
        raise UsageError(
            f"{on_server[0]} is on a server, and the engine is {chosen[0]}",
            where=suite.name,
            remedy="give --endpoint http://HOST:PORT/v1, or an `endpoint:` section in suite.yaml",
        )
    return chosen


def model_of(suite: Suite, name: str) -> Model:
    """A base model that only the endpoint has; its digest is of its address, not of its bytes.

    Raises:
        UsageError: a candidate needs the base's weights here.
    """
    for one in suite.candidates:
        if one.adapter.kind in ("recipe", "path", "hub"):
            raise UsageError(
                f"candidate '{one.name}' has an adapter for a base whose weights are not here",
                where=suite.name,
                remedy=f"name it as the server does ({SERVED}NAME), or give a local --model",
            )
    url = suite.endpoint.url if suite.endpoint else ""
    return Model(name, "", digest_of(["served", url, name]))


def adapter_of(source: AdapterSource, endpoint: Endpoint | None) -> Adapter:
    """An adapter that a server has under the source's name."""
    url = endpoint.url if endpoint else ""
    digest = digest_of(["served", url, source.value])
    return Adapter(source.value, f"{SERVED}{source.value}", digest, rank=0, size=0)


def warnings_of(suite: Suite, model: Model, engine: str) -> Iterator[str]:
    """What cannot be known of weights that are elsewhere."""
    if engine != "endpoint":
        return
    url = suite.endpoint.url if suite.endpoint else ""
    names = [one.name for one in suite.candidates if one.adapter.kind == "served"]
    if not model.path:
        yield f"which weights {url} answered with was not checked: only names are known of them"
    elif names:
        yield (
            f"the adapters of {', '.join(names)} were not checked against their bytes: "
            f"{url} has them by name"
        )


def alike(
    engine: str, results: Sequence[CandidateResult], answers: Sequence[ScoredAnswer]
) -> Iterator[str]:
    """Candidates of a server whose answers are all those of another that is asked the same.

    A server that ignores adapters, and says that it did not, cannot be told otherwise: there is
    no canary where the bytes are elsewhere.
    """
    if engine != "endpoint":
        return
    said: dict[str, dict[tuple[str, str, int], str]] = {}
    for row in answers:
        if row.answer.finish != "error":
            place = (row.task, row.case, row.sample)
            said.setdefault(row.candidate, {})[place] = row.answer.text
    candidates = [result.candidate for result in results]
    for number, one in enumerate(candidates):
        for other in candidates[:number]:
            asked = [(c.prompt, c.context, c.retrieve) for c in (one, other)]
            on_server = "served" in (one.adapter.kind, other.adapter.kind)
            if not on_server or one.adapter == other.adapter or asked[0] != asked[1]:
                continue
            ours, theirs = said.get(one.name, {}), said.get(other.name, {})
            both = ours.keys() & theirs.keys()
            if len(both) >= FEW and all(ours[place] == theirs[place] for place in both):
                yield (
                    f"all {len(both)} answers of {one.name} are those of {other.name}, word for "
                    "word: did two adapters answer, or one model under two names?"
                )
                break


def notes_of(suite: Suite, engine: str, results: Sequence[CandidateResult]) -> Iterator[str]:
    """What the endpoint's prices make of the tokens that each candidate read and wrote."""
    endpoint = suite.endpoint
    if engine != "endpoint" or not endpoint or not priced(endpoint):
        return
    for one in results:
        price = price_of(endpoint, one.prompt_tokens, one.answer_tokens)
        yield (
            f"{one.candidate.name} cost {price:.4f} at the endpoint's prices: "
            f"{one.prompt_tokens} tokens read, {one.answer_tokens} written"
        )


def priced(endpoint: Endpoint) -> bool:
    """Whether anything is known of what tokens cost."""
    return (endpoint.input_price, endpoint.output_price) != (None, None)


def price_of(endpoint: Endpoint, read: int, written: int) -> float:
    """What tokens cost, in the unit of the endpoint's prices per million."""
    return (read * (endpoint.input_price or 0.0) + written * (endpoint.output_price or 0.0)) / 1e6
