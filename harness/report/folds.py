"""The folded details of report.md, and the tables they are made of."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from harness.console import many
from harness.records import Comparison, Metric, Run
from harness.report import decided, expected, scope, text, view
from harness.report.text import markdown

# a pull-request comment holds 65,536 characters; comparisons.csv has every row
_MOST_ROWS = 60
_STALENESS = ("recency.current", "recency.stale", "recency.age_days")


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[int]
) -> list[str]:
    """A GitHub table; the columns `right` (from 0) are right-aligned. Cells are escaped."""
    head = [markdown(column) for column in columns]
    rules = ["---:" if place in right else "---" for place in range(len(columns))]
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join(rules)} |"]
    lines += [f"| {' | '.join(markdown(cell) for cell in row)} |" for row in rows]
    return lines


def fold(title: str, body: Iterable[str]) -> list[str]:
    """Lines behind a title that opens them; [] where there are none."""
    lines = list(body)
    if not lines:
        return []
    while not lines[0]:
        del lines[0]
    return ["", "<details>", f"<summary>{markdown(title)}</summary>", "", *lines, "", "</details>"]


def _claims(run: Run) -> Iterator[str]:
    rows = [
        (one.answer, claim, said, n, pair, one.sentence)
        for one, (claim, _, said, n, pair) in zip(run.claims, decided.claim_rows(run), strict=True)
    ]
    if rows:
        columns = ("answer", "claim", "effect", "n", "compared", "in words")
        yield from table(columns, rows, (2, 3))


def _why(run: Run) -> Iterator[str]:
    for need in run.decision.needs if run.decision else ():
        said = " ".join(filter(None, (need.why, need.change)))
        yield f"- **{need.need}**: {markdown(said)}"
    if run.decision and run.decision.sensitivity:
        yield from ("", "**What would change the answer**", "")
        yield from (f"- {markdown(line)}" for line in run.decision.sensitivity)


def _staleness(run: Run) -> Iterator[str]:
    """Current and stale answers of facts that changed and of those that did not."""
    summaries, metrics = view.summary_map(run), view.metric_map(run)
    columns = [
        (name, part)
        for name in _STALENESS
        for part in ("changed", "unchanged")
        if name in metrics and (name != "recency.age_days" or part == "changed")
    ]
    for task in view.task_names(run):
        rows = []
        for name in view.task_candidates(run, task):
            found = [summaries.get((task, metric, part, name)) for metric, part in columns]
            if not any(one and one.n for one in found):
                continue
            cells = [
                text.estimate(one.mean, one.low, one.high, metrics[one.metric]) if one else ""
                for one in found
            ]
            rows.append((name, *cells, str(max(one.n for one in found if one))))
        if rows:
            titles = [f"{text.heading(metrics[metric])} {part}" for metric, part in columns]
            yield from ("", f"**{markdown(task)}**", "")
            yield from table(("candidate", *titles, "n"), rows, range(1, len(columns) + 2))


def _curves(run: Run) -> Iterator[str]:
    columns = ("need", "measured on", "target", "needs", "trained with")
    if run.curves:
        yield from table(columns, decided.curve_rows(run), (2, 3))
        yield ""
        yield from (f"- {markdown(one.sentence)}" for one in run.curves)


def _money(run: Run) -> Iterator[str]:
    if run.break_even is None:
        return
    yield markdown(" ".join(filter(None, (run.break_even.sentence, run.break_even.harm))))
    yield ""
    yield from (f"- {markdown(label)}: {markdown(said)}" for label, said in decided.cost_rows(run))
    yield from (f"- {markdown(line)}" for line in run.break_even.notes)
    yield ""
    yield from table(("what this rests on", "value", "from"), decided.price_rows(run), (1,))


def _findings(run: Run) -> Iterator[str]:
    for title, members in view.groups(run):
        yield ""
        yield f"**{title}**"
        yield ""
        shown, left = view.digest(members)
        for finding in shown:
            yield f"- *{finding.answer}*: {markdown(finding.sentence)}"
        if left:
            yield f"- {view.more_text(left)}: report.html"
        if not members:
            yield "- This run tested no such claim."
    if run.phenomena:
        yield from ("", f"**{expected.TITLE}**", "", markdown(expected.lead(run)), "")
        for one in run.phenomena:
            yield f"- *{one.verdict}*: {markdown(f'{expected.name(one)}: {one.sentence}')}"


def advice(run: Run) -> Iterator[str]:
    """What findings advise, numbered."""
    if run.advice:
        yield from ("", f"**{decided.advice_title(run)}**", "")
        yield from (f"{place}. {markdown(line)}" for place, line in enumerate(run.advice, start=1))


def _results(run: Run) -> Iterator[str]:
    summaries = view.summary_map(run)
    for task in view.task_names(run):
        columns = view.columns(run, task)
        rows = []
        for name in view.task_candidates(run, task):
            found = [(summaries.get((task, m.name, part, name)), m) for m, part in columns]
            cells = [text.estimate(s.mean, s.low, s.high, m) if s else "" for s, m in found]
            rows.append([name, *cells])
        yield ""
        yield f"**{markdown(task)}** ({scope.cases_text(run, task)})"
        yield ""
        if rows:
            yield from table(
                ["candidate", *(view.column_title(*item) for item in columns)],
                rows,
                range(1, len(columns) + 1),
            )
        else:
            yield "No answers."


def _gate(run: Run) -> list[str]:
    if run.gate is None:
        return []
    metrics = view.metric_map(run)
    rows = [
        [
            f"{view.MARKS[result.verdict]} {result.verdict}",
            text.rule(result.rule, metrics[result.rule.metric]),
            result.reason,
        ]
        for result in run.gate.rules
    ]
    lines = table(["verdict", "rule", "reason"], rows, ()) if rows else []
    notes = [f"- {markdown(line)}" for line in view.gate_notes(run)]
    return [*lines, *([""] if lines and notes else []), *notes]


def _comparison(item: Comparison, run_metrics: dict[str, Metric]) -> list[str]:
    metric = run_metrics[item.metric]
    return [
        f"{item.task} · {item.metric} · {item.slice}",
        f"{item.candidate} − {item.baseline}",
        text.difference(item.difference, item.low, item.high, metric),
        f"{item.win}/{item.tie}/{item.loss}",
        text.p_value(item.p_value),
        "" if item.mde is None else text.change(item.mde, metric).lstrip("+"),
        scope.count_text(item),
        scope.outcome_text(item, metric),
    ]


def _comparisons(run: Run) -> list[str]:
    metrics = view.metric_map(run)
    rank = {"better": 0, "worse": 0, "not shown": 1, "unmeasured": 2}
    kept = [item for item in run.comparisons if not metrics[item.metric].diagnostic]
    kept.sort(key=lambda item: (not metrics[item.metric].headline, rank[item.outcome]))
    columns = ["where", "pair", "difference", "win/tie/loss", "p", "smallest shown", "n", "outcome"]
    lines = table(columns, (_comparison(item, metrics) for item in kept[:_MOST_ROWS]), range(2, 7))
    if len(run.comparisons) > min(len(kept), _MOST_ROWS):
        total = len(run.comparisons)
        shown = min(len(kept), _MOST_ROWS)
        lines += ["", f"{shown:,} of {total:,} comparisons; comparisons.csv has them all."]
    lines += ["", f"n counts cases, and clusters where some share one. {scope.WEIGHTS}"]
    return lines if run.comparisons else []


def _methods(run: Run) -> list[str]:
    said = [f"- {markdown(line)}" for line in scope.method_lines(run)]
    return ["", f"**{scope.METHODS}**", "", scope.METHODS_LEAD, "", *said] if said else []


def _costs(run: Run) -> Iterator[str]:
    rows = []
    for adapter, names in view.adapters(run):
        record = adapter.record
        rows.append(
            [
                adapter.name,
                ", ".join(names),
                str(adapter.rank),
                text.quantity(adapter.size, "B"),
                text.count(record.get("rows")),
                text.seconds(record.get("seconds")),
                text.count(record.get("tokens")),
                text.quantity(record.get("flops"), "FLOP"),
            ]
        )
    columns = ["adapter", "used by", "rank", "size", "rows", "training", "tokens", "compute"]
    if rows:
        yield from table(columns, rows, range(2, 8))
        yield ""
    answers = [
        [
            item.candidate.name,
            view.axes(item),
            text.count(item.answers),
            text.count(item.prompt_tokens),
            text.count(item.answer_tokens),
            text.seconds(item.answer_seconds),
            text.count(item.truncated),
        ]
        for item in view.compared(run)
    ]
    names = ["candidate", "made of", "answers", "prompt tokens", "answer tokens", "time", "cut off"]
    yield from table(names, answers, range(2, 7))


def _method(run: Run) -> Iterator[str]:
    yield from (f"- {label}: {markdown(words)}" for label, words in view.subject(run))
    yield f"- model digest: {markdown(run.model.digest)}"
    for adapter, _ in view.adapters(run):
        yield f"- adapter {markdown(adapter.name)} digest: {markdown(adapter.digest)}"
    if run.stage_seconds:
        spent = ", ".join(f"{name} {text.seconds(s)}" for name, s in run.stage_seconds.items())
        yield f"- time: {markdown(spent)}"
    yield from (f"- {markdown(key)}: {markdown(value)}" for key, value in run.environment.items())
    yield from (f"- {markdown(note)}" for note in run.notes)
    if run.command:
        yield f"- command: {markdown(run.command)}"


def _warnings(run: Run) -> list[str]:
    return [f"- {markdown(line)}" for line in run.warnings]


def every(run: Run, room: int) -> Iterator[str]:
    """All folds, in the order of a reader's questions; a fold of nothing is left out.

    So is one that `room` characters do not hold, and then that is said.
    """
    left = []
    gate = len(run.gate.rules) if run.gate else 0
    for title, body in (
        ("Why, and what would change it", _why(run)),
        (f"Claims about fine-tuning ({len(run.claims)})", _claims(run)),
        ("Findings", (*_findings(run), *(advice(run) if run.decision else ()))),
        ("Results", (*_results(run), *_methods(run))),
        (f"All comparisons ({len(run.comparisons):,})", _comparisons(run)),
        ("Staleness", _staleness(run)),
        ("Learning curves", _curves(run)),
        ("Fine-tuning against RAG in money", _money(run)),
        ("What this run cost", _costs(run)),
        (f"Gate: {many(gate, 'rule')}", _gate(run)),
        (f"Warnings ({len(run.warnings)})", _warnings(run)),
        ("How this was measured", _method(run)),
    ):
        lines = fold(title, body)
        size = sum(len(line) + 1 for line in lines)
        if size > room:
            left.append(title)
            continue
        room -= size
        yield from lines
    if left:
        yield from ("", f"Left out for length, and in report.html: {markdown('; '.join(left))}.")
