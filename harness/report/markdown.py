"""report.md: a run as a pull-request comment, one screen and then folds."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from harness.records import Comparison, Metric, Run
from harness.report import expected, scope, text, view
from harness.report.text import markdown

# a pull-request comment holds 65,536 characters; comparisons.csv has them all
_MOST_ROWS = 120


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], right: int = 1) -> list[str]:
    """A GitHub table; columns from the `right`-th on are right-aligned. Cells are escaped."""
    head = [markdown(column) for column in columns]
    rules = ["---" if place < right else "---:" for place in range(len(columns))]
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join(rules)} |"]
    lines += [f"| {' | '.join(markdown(cell) for cell in row)} |" for row in rows]
    return lines


def _fold(title: str, body: Iterable[str]) -> list[str]:
    lines = list(body)
    if not lines:
        return []
    return ["", "<details>", f"<summary>{markdown(title)}</summary>", "", *lines, "", "</details>"]


def _top(run: Run) -> Iterator[str]:
    word, sentence = view.verdict(run)
    title = f"{markdown(run.suite)} ({markdown(run.profile)})"
    yield f"## {view.MARKS[word]} {word}: {title}"
    yield ""
    about = dict(view.subject(run))
    parts = [sentence, f"{about['measured']}.", f"Model: {about['model']}."]
    parts += [f"{about['dates'].capitalize()}."] if "dates" in about else []
    yield " ".join(markdown(part) for part in parts)


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
    if run.advice:
        yield ""
        yield "**What to do**"
        yield ""
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
            yield from table(["candidate", *(view.column_title(*item) for item in columns)], rows)
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
    lines = table(["verdict", "rule", "reason"], rows, right=3) if rows else []
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
    lines = table(columns, (_comparison(item, metrics) for item in kept[:_MOST_ROWS]), right=2)
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
        yield from table(columns, rows, right=2)
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
        for item in run.candidates
    ]
    names = ["candidate", "made of", "answers", "prompt tokens", "answer tokens", "time", "cut off"]
    yield from table(names, answers, right=2)


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
    lines = [f"- {markdown(line)}" for line in run.warnings]
    return ["", f"**Warnings ({len(lines)})**", "", *lines] if lines else []


def render(run: Run) -> str:
    """The Markdown of a run."""
    gate = [result.verdict for result in run.gate.rules] if run.gate else []
    lines = [
        *_top(run),
        *_findings(run),
        *_results(run),
        *_methods(run),
        *_warnings(run),
        *_fold(f"Gate: {len(gate)} rules", _gate(run)),
        *_fold(f"All comparisons ({len(run.comparisons):,})", _comparisons(run)),
        *_fold("What it cost", _costs(run)),
        *_fold("How this was measured", _method(run)),
    ]
    return "\n".join(lines) + "\n"


class MarkdownReport:
    """Writes a pull-request comment."""

    description: ClassVar[str] = "a pull-request comment with folded details (report.md)"
    filename: ClassVar[str] = "report.md"

    def write(self, run: Run, folder: Path) -> Path:
        """Write `report.md` into `folder`."""
        return text.save(folder / self.filename, render(run))
