"""A run of a fine-tuned and a RAG candidate on a task of facts, from plain numbers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from claims_factory import BASE, FOUND, TUNED

from harness.compare.summaries import summarise
from harness.records import (
    Adapter,
    Answer,
    Candidate,
    CandidateResult,
    Case,
    Fact,
    Metric,
    Model,
    Passage,
    Policy,
    Recipe,
    Row,
    Run,
    Score,
    ScoredAnswer,
    Suite,
    Version,
)

CURRENT = Metric("r.current", "is current", need="facts", headline=True, binary=True)
TRAINED, ASKED = date(2024, 1, 1), date(2024, 12, 31)
RECORD = {
    "rows": 90, "dev_rows": 10, "seconds": 1700.0, "load_seconds": 100.0, "tokens": 40_000,
    "flops": 2.0e13, "peak_memory_bytes": 3_000_000_000, "device": "cpu",
    "recipe": {"name": "r16", "start": None},
}  # fmt: skip
PROMPT, ADDED, TUNED_TOKENS, RAG_TOKENS = 40, 300, 12, 30
# cases: the tuned candidate's and the RAG candidate's answers are current, its passage is found
CHANGED = [(False, True, True)] * 16 + [(True, True, True)] * 2 + [(False, False, False)] * 2
UNCHANGED = [(True, True, True)] * 24 + [(False, True, True)] * 8 + [(True, False, False)] * 8


def facts_of(changed: int, unchanged: int) -> tuple[Fact, ...]:
    """Facts that hold a value on TRAINED, some of them another one on ASKED."""
    day = TRAINED + timedelta(days=100)
    old = Version("old", date(2020, 1, 1), day)
    moved = [
        Fact(f"f{i:03d}", f"thing {i}", "size", (old, Version("new", day))) for i in range(changed)
    ]
    kept = [
        Fact(f"f{i:03d}", f"thing {i}", "size", (Version("old", date(2020, 1, 1)),))
        for i in range(changed, changed + unchanged)
    ]
    return (*moved, *kept)


def suite_of(facts: Sequence[Fact], policy: Policy | None = None) -> Suite:
    rows = tuple(
        Row(f"{fact.id}-{n}", "in", f"out {n % 2}", fact=fact.id)
        for fact in facts
        for n in range(5)
    )
    return Suite(
        "tiny", ".", "full", "", "m", 7, rows, (), (), (Recipe("r16"),), facts=tuple(facts),
        trained_until=TRAINED, as_of=ASKED, decision=policy or Policy(),
    )  # fmt: skip


def run_of(
    changed: Sequence[tuple[bool, bool, bool]] = CHANGED,
    unchanged: Sequence[tuple[bool, bool, bool]] = UNCHANGED,
    candidates: Sequence[Candidate] = (BASE, TUNED, FOUND),
) -> Run:
    """A run whose candidates answered one case per fact, in 60 s for all."""
    listed = [*((True, one) for one in changed), *((False, one) for one in unchanged)]
    cases, answers = [], []
    for index, (moved, (tuned, rag, found)) in enumerate(listed):
        tag = "changed" if moved else "unchanged"
        case = Case(
            f"c{index:03d}", "facts", "in", "out", f"f{index:03d}", tags=(tag,), gold=("d1",)
        )
        cases.append(case)
        right = {BASE.name: False, TUNED.name: tuned, FOUND.name: rag}
        answers += [_answer(case, one, right.get(one.name, rag), found) for one in candidates]
    results = tuple(_result(one, answers) for one in candidates)
    return Run(
        1, "id", "tiny", "full", "", "2026-01-01T00:00:00Z", Model("m", "", "d"), "vllm", "",
        TRAINED, ASKED, results, {"facts": ""}, (CURRENT,), tuple(cases), tuple(answers),
        summarise(answers, cases, [CURRENT], candidates), (), (), (), None,
    )  # fmt: skip


def _answer(case: Case, who: Candidate, right: bool, found: bool) -> ScoredAnswer:
    reads = who.context == "retrieved"
    tokens = TUNED_TOKENS if who.adapter.kind != "none" else RAG_TOKENS
    answer = Answer(
        f"{case.id}/{who.name}", "text", tuple(range(tokens)),
        prompt_tokens=PROMPT + ADDED * reads,
    )  # fmt: skip
    passage = Passage("d1" if found else "d2", "t", "x", 1.0)
    score = Score(CURRENT.name, float(right))
    passages = (passage,) if reads else ()
    return ScoredAnswer(case.id, "facts", who.name, answer, (score,), passages)


def _result(who: Candidate, answers: Sequence[ScoredAnswer]) -> CandidateResult:
    own = [one.answer for one in answers if one.candidate == who.name]
    adapter = Adapter(who.adapter.value, "", "a", 16, 1, RECORD)
    return CandidateResult(
        who,
        adapter if who.adapter.kind != "none" else None,
        answers=len(own),
        answer_tokens=sum(len(one.token_ids) for one in own),
        prompt_tokens=sum(one.prompt_tokens for one in own),
        answer_seconds=20.0,
    )


def with_record(run: Run, **more: object) -> Run:
    """The run with changes in the adapters' records."""
    changed = tuple(
        replace(one, adapter=replace(one.adapter, record={**one.adapter.record, **more}))
        if one.adapter
        else one
        for one in run.candidates
    )
    return replace(run, candidates=changed)
