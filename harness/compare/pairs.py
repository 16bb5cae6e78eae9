"""Candidates by their axes (adapter, prompt, context), and the pairs that are compared."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from harness.records import AdapterSource, Candidate, ContextKind, Prompt, Retrieval

NO_ADAPTER = AdapterSource()
_SLOTS = {"{terms}": "terminology", "{random_terms}": "control"}
"""What a prompt may hold of a case that is not in its question."""
Axes = tuple[AdapterSource, str | None, tuple[ContextKind, Retrieval | None]]


def adapted(candidate: Candidate) -> bool:
    """Whether the candidate answers with an adapter."""
    return candidate.adapter.kind != "none"


def told(candidate: Candidate, prompts: Iterable[Prompt]) -> str:
    """What a candidate is told that nobody knows when the question comes; '' for nothing.

    That is the `passage` with the answer, or of `terminology` the terms that the answer needs;
    `control` stands for others in their place.
    """
    if candidate.context == "gold":
        return "passage"
    texts = [p.user + p.system for p in prompts if p.name == candidate.prompt]
    found = [what for slot, what in _SLOTS.items() for text in texts if slot in text]
    return found[0] if found else ""


def compared(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The candidates without the points of learning curves, which curves alone speak of."""
    return [candidate for candidate in candidates if not candidate.curve]


def axes(candidate: Candidate) -> Axes:
    """What the candidate is made of, without its name; `none` adapters are all the same.

    How context is found belongs to the context: two retrievers are two contexts.
    """
    adapter = candidate.adapter if adapted(candidate) else NO_ADAPTER
    return adapter, candidate.prompt, (candidate.context, candidate.retrieve)


def parts(candidate: Candidate) -> int:
    """How many axes are in use: 0 for the base, 3 for adapter with prompt and context."""
    return sum((adapted(candidate), candidate.prompt is not None, candidate.context != "none"))


def base_of(candidates: Sequence[Candidate]) -> Candidate | None:
    """The first candidate with no adapter, no prompt and no context."""
    return next((candidate for candidate in candidates if parts(candidate) == 0), None)


def find_alike(candidates: Iterable[Candidate], wanted: Candidate) -> Candidate | None:
    """The first candidate with the axes of `wanted`, whatever its name."""
    return next((other for other in candidates if axes(other) == axes(wanted)), None)


def adapter_pairs(
    candidates: Sequence[Candidate], context: ContextKind
) -> list[tuple[Candidate, Candidate]]:
    """For each adapter, (with it, without it) at the same prompt and this context."""
    return _matched([c for c in candidates if adapted(c)], candidates, context, adapter=True)


def context_pairs(
    candidates: Sequence[Candidate], context: ContextKind, other: ContextKind
) -> list[tuple[Candidate, Candidate]]:
    """For each adapter and for none, (this context, the other) at the same prompt."""
    return _matched(candidates, candidates, context, to=other)


def default_pairs(candidates: Sequence[Candidate]) -> list[tuple[str, str]]:
    """(candidate, baseline) names: what every run compares, each pair once.

    Every candidate against the base; every two that differ in exactly one axis, the later
    listed against the earlier; and each adapter on its own against each way to do without one
    (a prompt, retrieved context). Points of learning curves are in no pair.
    """
    candidates = compared(candidates)
    pairs: list[tuple[Candidate, Candidate]] = []
    base = base_of(candidates)
    if base is not None:
        pairs += [(candidate, base) for candidate in candidates if candidate is not base]
    for index, later in enumerate(candidates):
        pairs += [(later, earlier) for earlier in candidates[:index] if _one_apart(later, earlier)]
    alone = [c for c in candidates if adapted(c) and parts(c) == 1]
    without = [c for c in candidates if not adapted(c) and parts(c) and c.context != "gold"]
    pairs += [(adapter, other) for adapter in alone for other in without]
    kept: dict[tuple[str, str], None] = {}
    for candidate, baseline in pairs:
        if (baseline.name, candidate.name) not in kept:
            kept[candidate.name, baseline.name] = None
    return list(kept)


def _plainness(candidate: Candidate) -> tuple[bool, bool]:
    return candidate.prompt is not None, candidate.retrieve is not None


def _one_apart(left: Candidate, right: Candidate) -> bool:
    return sum(a != b for a, b in zip(axes(left), axes(right), strict=True)) == 1


def _matched(
    chosen: Iterable[Candidate],
    candidates: Sequence[Candidate],
    context: ContextKind,
    *,
    adapter: bool = False,
    to: ContextKind | None = None,
) -> list[tuple[Candidate, Candidate]]:
    """One pair per adapter, without a prompt and with the suite's retrieval where there is one."""
    found: dict[AdapterSource, tuple[Candidate, Candidate]] = {}
    for candidate in sorted(chosen, key=_plainness):
        if candidate.context != context or candidate.adapter in found:
            continue
        wanted = replace(
            candidate,
            adapter=NO_ADAPTER if adapter else candidate.adapter,
            context=candidate.context if to is None else to,
            retrieve=candidate.retrieve if to is None else None,
        )
        other = find_alike(candidates, wanted)
        if other is None and to == "retrieved":  # no one reads what the suite's retrieval finds
            own = [replace(wanted, retrieve=c.retrieve) for c in candidates if c.retrieve]
            other = next(filter(None, (find_alike(candidates, one) for one in own)), None)
        if other is not None:
            found[candidate.adapter] = (candidate, other)
    return list(found.values())
