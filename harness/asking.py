"""What each candidate is asked in each case: house words, examples, passages."""

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from harness.records import Candidate, Case, Passage, Prompt, Retrieval, Row, Suite, Task, Term
from harness.retrieve import context, search

_SLOT = re.compile(r"\{(?:input|examples|glossary|terms|random_terms)\}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What one candidate is asked in one case, before the chat template.

    `targets` has, per scorer that wants some, the answers whose likelihood it compares, `whole`
    whether it wants those of all tokens, and not only of those that differ. `dropped`
    counts passages that did not fit, `cut` says that the first one was shortened. `skip` says why
    the case is not asked at all: its scores are unmeasured, never a closed-book answer.
    """

    case: Case
    system: str
    user: str
    passages: tuple[Passage, ...] = ()
    skip: str = ""
    targets: tuple[tuple[str, ...], ...] = ()
    whole: tuple[bool, ...] = ()
    dropped: int = 0
    cut: bool = False


Targets = tuple[dict[str, tuple[tuple[str, ...], ...]], tuple[bool, ...]]
Search = Callable[[Retrieval], dict[str, list[Passage]]]


def questions(
    suite: Suite,
    task: Task,
    candidate: Candidate,
    targets: Targets,
    search_for: Search,
) -> tuple[Asked, ...]:
    """What a candidate is asked in each case of a task; `targets` are plan.targets_of.

    `search_for` finds passages for all of the task's cases.
    """
    prompt = next((p for p in suite.prompts if p.name == candidate.prompt), Prompt(""))
    shown = examples(suite, prompt.shots)
    settings = candidate.retrieve or suite.retrieval
    passages = find_passages(suite, task, candidate, settings, search_for)
    asked = []
    for case in task.cases:
        found, dropped, cut = passages.get(case.id, ((), 0, False))
        text = case.input
        if candidate.context != "none":
            text = context.render(settings.template, found, case.input)
        missing = candidate.context == "gold" and not found
        skip = "the case has no gold passage" if missing else ""
        system, user = framed(prompt, suite, case, shown, text)
        wanted = targets[0].get(case.id, ())
        asked.append(Asked(case, system, user, found, skip, wanted, targets[1], dropped, cut))
    return tuple(asked)


def framed(prompt: Prompt, suite: Suite, case: Case, shown: str, asked: str) -> tuple[str, str]:
    """The prompt's system and user texts for a case; `asked` goes where the user's `{input}` is."""
    both = prompt.system + prompt.user
    slots = {"{examples}": shown}
    if "{glossary}" in both:
        slots["{glossary}"] = listed(suite.glossary)
    if "{terms}" in both:
        slots["{terms}"] = listed(t for t in suite.glossary if t.preferred in case.terms)
    if "{random_terms}" in both:
        slots["{random_terms}"] = listed(other_terms(suite, case))

    def fill(text: str, **more: str) -> str:
        # in one go: what fills a slot may look like one
        return _SLOT.sub(lambda found: (slots | more).get(found[0], found[0]), text)

    return fill(prompt.system), fill(prompt.user, **{"{input}": asked})


def listed(terms: Iterable[Term]) -> str:
    """Glossary entries, one `preferred: definition` a line."""
    return "\n".join(": ".join(filter(None, (t.preferred, t.definition))) for t in terms)


def other_terms(suite: Suite, case: Case) -> list[Term]:
    """As many glossary entries that the case does not need as it needs, drawn by case."""
    spare = [term for term in suite.glossary if term.preferred not in case.terms]
    drawn = random.Random(f"{suite.seed}/{case.id}").sample(  # noqa: S311 - not for security
        spare, min(len(spare), len(case.terms))
    )
    return [term for term in suite.glossary if term in drawn]


def examples(suite: Suite, shots: int) -> str:
    """Training rows as few-shot examples, the same for all cases, drawn with the suite's seed."""
    if not shots:
        return ""
    rng = random.Random(f"{suite.seed}/examples")  # noqa: S311 - not for security
    rows: Sequence[Row] = rng.sample(suite.train, min(shots, len(suite.train)))
    return "\n\n".join(f"Input: {row.input}\nOutput: {row.output}" for row in rows)


Found = tuple[tuple[Passage, ...], int, bool]


def find_passages(
    suite: Suite, task: Task, candidate: Candidate, settings: Retrieval, search_for: Search
) -> dict[str, Found]:
    """Passages per case id, how many did not fit, and whether the first was cut to fit."""
    if candidate.context == "none":
        return {}
    if candidate.context == "gold":
        known = {document.id: document for document in suite.documents}
        whole = {
            case.id: [Passage(d.id, d.title, d.text) for d in map(known.get, case.gold) if d]
            for case in task.cases
        }
    else:
        whole = search_for(settings)
    found: dict[str, Found] = {}
    for name, passages in whole.items():
        kept, dropped = context.fitted(passages, settings.max_chars)
        cut = bool(kept) and kept[0].text.strip() != passages[0].text.strip()
        found[name] = (tuple(kept), dropped, cut)
    return found


def retrieved(
    suite: Suite, task: Task, settings: Retrieval, cache: Path | None
) -> dict[str, list[Passage]]:
    """What the retriever finds for each case, one index per day."""
    by_day: dict[date | None, list[Case]] = {}
    for case in task.cases:
        by_day.setdefault(settings.index or case.as_of, []).append(case)
    found: dict[str, list[Passage]] = {}
    for day, cases in by_day.items():
        corpus = search.corpus(suite.documents, day, settings)
        asked = [case.input for case in cases]
        lists = search.find(corpus, asked, settings, settings.k, cache)
        found |= {case.id: passages for case, passages in zip(cases, lists, strict=True)}
    return found


def context_warnings(candidate: Candidate, task: str, asked: Sequence[Asked]) -> Iterator[str]:
    """What a reader of a context candidate's numbers must know."""
    name = f"{candidate.name} in {task}"
    skipped = sum(bool(one.skip) for one in asked)
    if skipped:
        yield f"{skipped} of {len(asked)} cases of {name} have no gold passage"
    if candidate.context == "retrieved":
        empty = sum(not one.passages for one in asked)
        if empty:
            yield f"nothing was retrieved for {empty} of {len(asked)} cases of {name}"
    dropped = sum(one.dropped for one in asked)
    if dropped:
        yield f"{dropped} passages of {name} did not fit retrieve.max_chars and were left out"
    cut = sum(one.cut for one in asked)
    if cut:
        yield f"{cut} passages of {name} were cut to retrieve.max_chars"
