"""A run as flat tables: what Parquet, CSV and `harness.results` are made of.

A table is columns with a type each, and rows of plain values. What was not measured is None.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, NamedTuple, get_type_hints

from harness.records import (
    CandidateCost,
    Case,
    ClaimResult,
    Comparison,
    CurveGap,
    CurvePoint,
    Finding,
    Metric,
    NeedResult,
    Option,
    Priced,
    RuleResult,
    Run,
    Summary,
)

SCHEMA = 1
"""Raised when a column is renamed, removed or means something else; new columns leave it."""

KINDS = {str: "text", int: "int", float: "float", bool: "flag", date: "date"}

Rows = Iterable[tuple[Any, ...]]


class Column(NamedTuple):
    """A column; `kind` is text, texts (a list), int, float, flag or date."""

    name: str
    kind: str


OF_RUN = (Column("suite", "text"), Column("run", "text"))
"""What every table begins with, so that tables of several runs can be put together."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a run; `rows` leaves out the columns of OF_RUN."""

    name: str
    about: str
    own: tuple[Column, ...]
    rows: Callable[[Run], Rows]

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, in order."""
        return (*OF_RUN, *self.own)

    def of(self, run: Run) -> Iterator[list[Any]]:
        """The rows of a run, with all columns; numbers that are not finite are None."""
        for row in self.rows(run):
            yield [run.suite, run.id, *map(_finite, row)]


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def columns_of(record: type, *without: str) -> tuple[Column, ...]:
    """A column per field of a record, in order; tuples of texts are lists, literals texts."""
    hints = get_type_hints(record)
    names = [one.name for one in fields(record) if one.name not in without]
    return tuple(Column(name, _kind(hints[name])) for name in names)


def _kind(hint: Any) -> str:
    if hint == tuple[str, ...]:
        return "texts"
    parts = (hint, *getattr(hint, "__args__", ()))
    return next((KINDS[part] for part in parts if part in KINDS), "text")


def _values(record: Any, columns: Iterable[Column]) -> tuple[Any, ...]:
    return tuple(getattr(record, column.name) for column in columns)


def _flat(
    name: str, about: str, record: type, found: Callable[[Run], Iterable[Any]], *without: str
) -> Table:
    """A table with a row per record and a column per field."""
    columns = columns_of(record, *without)
    return Table(name, about, columns, lambda run: (_values(one, columns) for one in found(run)))


def _named(*columns: str) -> tuple[Column, ...]:
    """Columns from words such as 'seconds:float'; without a kind it is text."""
    return tuple(Column(*(f"{one}:text".split(":")[:2])) for one in columns)


def _cases(run: Run) -> Rows:
    return ((one.id, *_values(one, CASE_COLUMNS)) for one in run.cases)


def _answers(run: Run) -> Rows:
    for one in run.answers:
        answer = one.answer
        yield (
            one.task,
            one.case,
            one.candidate,
            one.sample,
            None if answer.finish == "error" else answer.text,
            answer.error,
            answer.finish,
            answer.prompt_tokens,
            answer.cached_tokens,
            len(answer.token_ids) or answer.completion_tokens,
            answer.seconds,
            [passage.document for passage in one.passages],
            one.prompt,
        )


def _scores(run: Run) -> Rows:
    for one in run.answers:
        for score in one.scores:
            value = score.value if score.state == "ok" else None
            head = (one.task, one.case, one.candidate, one.sample)
            yield (*head, score.metric, value, score.state, score.label, score.reason)


def _candidates(run: Run) -> Rows:
    for one in run.candidates:
        chosen, adapter = one.candidate, one.adapter
        record = adapter.record if adapter else {}
        yield (
            chosen.name,
            chosen.adapter.kind,
            chosen.adapter.value,
            chosen.prompt,
            chosen.context,
            chosen.curve,
            adapter.digest if adapter else None,
            adapter.rank if adapter else None,
            adapter.size if adapter else None,
            *(_number(record.get(name)) for name in TRAINING),
            one.answers,
            one.answer_tokens,
            one.prompt_tokens,
            one.answer_seconds,
            one.truncated,
        )


def _number(value: Any) -> float | None:
    """A number of a training record, which may have come from outside."""
    fine = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if fine else None


TRAINING = ("rows", "steps", "tokens", "seconds", "flops")
"""What `candidates` has of an adapter's training record."""


def _rules(run: Run) -> Rows:
    for one in run.gate.rules if run.gate else ():
        rule = one.rule
        head = (rule.kind, rule.candidate, rule.task, rule.metric, rule.slice, rule.against)
        yield (*head, *_values(one, RULE_COLUMNS))


def _options(run: Run) -> Rows:
    for need in run.decision.needs if run.decision else ():
        for one in need.options:
            yield (need.need, *_values(one, OPTION_COLUMNS))


def _evidence(run: Run) -> Rows:
    for claim in run.claims:
        for one in claim.evidence:
            yield (claim.name, *_values(one, FINDING_COLUMNS))


def _points(run: Run) -> Rows:
    for curve in run.curves:
        for one in curve.points:
            yield (*_values(curve, OF_CURVE), *_values(one, POINT_COLUMNS))


def _gaps(run: Run) -> Rows:
    for curve in run.curves:
        for one in curve.gaps:
            yield (*_values(curve, OF_CURVE), *_values(one, GAP_COLUMNS))


def _bands(run: Run) -> Rows:
    for curve in run.curves:
        for place in curve.band:
            yield (*_values(curve, OF_CURVE), *place)


def _fits(run: Run) -> Rows:
    for curve in run.curves:
        fit = curve.fit or (None, None, None)
        needed = curve.needed or (None, None, None)
        rest = (curve.base, curve.seeds, curve.training, curve.sentence)
        yield (*_values(curve, OF_CURVE), *fit, curve.target, *needed, *rest)


def _break_even(run: Run) -> Rows:
    found = run.break_even
    if found is None:
        return
    nothing = (None, None, None)
    for name, one in found.inputs.items():
        yield ("input", name, *_values(one, PRICED_COLUMNS))
    money = f"{found.currency} a day"
    results = (
        ("tuned", found.tuned, money),
        ("rag", found.rag, money),
        ("by_rate", found.by_rate or nothing, "changes per fact and day"),
        ("by_volume", found.by_volume or nothing, "queries per day"),
        ("optimal_days", (found.optimal_days, None, None), "days"),
        *((f"retrain at {at}", (days, None, None), "days") for at, days in found.retrain.items()),
    )
    for name, (value, low, high), unit in results:
        yield ("result", name, value, unit, "computed", low, high, "", None)


CASE_COLUMNS = columns_of(Case, "id", "expect", "where")


def _costs(run: Run) -> Rows:
    for one in run.costs:
        yield (*_values(one, COST_COLUMNS), *(one.per_1000 or (None, None, None)))


COST_COLUMNS = columns_of(CandidateCost, "per_1000")
OF_CURVE = _named("need", "task", "metric", "slice", "axis")
RULE_COLUMNS = columns_of(RuleResult, "rule")
OPTION_COLUMNS = columns_of(Option)
FINDING_COLUMNS = columns_of(Finding)
POINT_COLUMNS = columns_of(CurvePoint)
GAP_COLUMNS = columns_of(CurveGap)
PRICED_COLUMNS = columns_of(Priced, "name")

TABLES = {
    table.name: table
    for table in (
        Table("cases", "a row per case", (*_named("case"), *CASE_COLUMNS), _cases),
        Table(
            "answers",
            "a row per answer; the text is null where the engine gave none",
            _named(
                "task", "case", "candidate", "sample:int", "answer", "error", "finish",
                "prompt_tokens:int", "cached_tokens:int", "answer_tokens:int", "seconds:float",
                "passages:texts", "prompt",
            ),
            _answers,
        ),
        Table(
            "scores",
            "a row per answer and metric; the value is null unless the state is ok",
            _named(
                "task", "case", "candidate", "sample:int", "metric", "value:float", "state",
                "label", "reason",
            ),
            _scores,
        ),
        _flat("metrics", "what each metric means", Metric, lambda run: run.metrics),
        _flat("summaries", "means with intervals", Summary, lambda run: run.summaries),
        _flat("comparisons", "paired differences", Comparison, lambda run: run.comparisons),
        _flat("methods", "recipes over their seeds", Comparison, lambda run: run.methods),
        _flat("findings", "what the comparisons show", Finding, lambda run: run.findings),
        _flat("claims", "what people say of fine-tuning, and what the run says",
              ClaimResult, lambda run: run.claims, "evidence"),
        Table("evidence", "the findings behind each claim",
              (*_named("name"), *FINDING_COLUMNS), _evidence),
        _flat("needs", "which candidate to use for what", NeedResult,
              lambda run: run.decision.needs if run.decision else (), "options", "elsewhere"),
        Table("options", "the candidates that could serve a need",
              (*_named("need"), *OPTION_COLUMNS), _options),
        Table("curves", "the points of the learning curves",
              (*OF_CURVE, *POINT_COLUMNS), _points),
        Table("curve_fits", "the fit of each learning curve: error = a * x**-b + c",
              (*OF_CURVE, *_named(
                  "a:float", "b:float", "c:float", "target:float", "needed:float",
                  "needed_low:float", "needed_high:float", "base:float", "seeds:int",
                  "training", "sentence",
              )), _fits),
        Table("curve_bands", "the fits with their bands",
              (*OF_CURVE, *_named("x:float", "mean:float", "low:float", "high:float")), _bands),
        Table("curve_gaps", "what nested training changes, at two sizes of a nested curve",
              (*OF_CURVE, *GAP_COLUMNS), _gaps),
        Table("break_even", "what the costs were computed from, and what came out",
              (*_named("part", "name"), *PRICED_COLUMNS), _break_even),
        Table(
            "costs",
            "what each candidate took, in money and in work",
            (
                *COST_COLUMNS,
                *_named("per_1000:float", "per_1000_low:float", "per_1000_high:float"),
            ),
            _costs,
        ),
        Table(
            "candidates",
            "ways to answer, with what each cost",
            _named(
                "candidate", "adapter_kind", "adapter", "prompt", "context", "curve",
                "adapter_digest", "rank:int", "adapter_bytes:int",
                *(f"train_{name}:float" for name in TRAINING),
                "answers:int", "answer_tokens:int", "prompt_tokens:int", "answer_seconds:float",
                "truncated:int",
            ),
            _candidates,
        ),
        Table(
            "rules",
            "the gate's rules with their verdicts",
            (*_named("kind", "candidate", "task", "metric", "slice", "against"), *RULE_COLUMNS),
            _rules,
        ),
    )
}  # fmt: skip
"""All tables by name, in the order of their files' list in docs/results.md."""
