"""What a reader wants from a run, picked once for every report."""

from collections.abc import Sequence
from dataclasses import replace

from harness.console import many
from harness.records import (
    BUDGETS,
    Adapter,
    CandidateResult,
    Case,
    Finding,
    Metric,
    Run,
    Score,
    Summary,
)
from harness.report import text

GROUPS = {
    "improved": "What fine-tuning improved",
    "broke": "Where it broke",
    "context": "Context (RAG)",
    "cost": "Cost",
}
ORDER = {"supported": 0, "contradicted": 1, "not shown": 2}
NO_GATE = "NO GATE"
MARKS = {"PASS": "✓", "FAIL": "✗", "INCONCLUSIVE": "?", "ERROR": "!", NO_GATE: "–"}
CLASSES = ("current", "stale", "wrong", "abstained", "hedged", "error")
MOST_LOST = 10
CLASS_METRIC = "recency.current"
CLASS_SLICES = ("all", "changed", "unchanged", "new")

SummaryKey = tuple[str, str, str, str]


def metric_map(run: Run) -> dict[str, Metric]:
    """Metrics by name; any metric that a record names is there, if only as a bare number."""
    known = {metric.name: metric for metric in run.metrics}
    used = [summary.metric for summary in run.summaries]
    used += [comparison.metric for comparison in run.comparisons]
    used += [finding.metric for finding in run.findings]
    used += [result.rule.metric for result in run.gate.rules] if run.gate else []
    used += [claim.metric for claim in run.claims] + [curve.metric for curve in run.curves]
    used += [need.metric for need in run.decision.needs] if run.decision else []
    for name in dict.fromkeys(filter(None, used)):
        if name not in known:
            known[name] = BUDGETS.get(name) or Metric(name, "", unit="", lower=None, upper=None)
    return known


def curve_points(run: Run) -> set[str]:
    """Names of the points of learning curves, those too that `without_curves` left out."""
    listed = {result.candidate.name for result in run.candidates if result.candidate.curve}
    drawn = {point.candidate for curve in run.curves for point in curve.points}
    return listed | (drawn - {result.candidate.name for result in compared(run)})


def summary_map(run: Run) -> dict[SummaryKey, Summary]:
    """Summaries by (task, metric, slice, candidate)."""
    return {(s.task, s.metric, s.slice, s.candidate): s for s in run.summaries}


def without_curves(run: Run) -> Run:
    """The run without candidates that are points of a learning curve: those have their section."""
    left_out = {r.candidate.name for r in run.candidates if r.candidate.curve}
    if not left_out:
        return run
    return replace(
        run,
        candidates=tuple(r for r in run.candidates if r.candidate.name not in left_out),
        answers=tuple(one for one in run.answers if one.candidate not in left_out),
        summaries=tuple(one for one in run.summaries if one.candidate not in left_out),
        comparisons=tuple(
            one
            for one in run.comparisons
            if one.candidate not in left_out and one.baseline not in left_out
        ),
    )


def plain(run: Run) -> str:
    """The name of the base: the first candidate with no adapter, prompt or context."""
    for result in run.candidates:
        candidate = result.candidate
        bare = candidate.adapter.kind == "none" and candidate.context == "none"
        if bare and candidate.prompt is None:
            return candidate.name
    return run.candidates[0].candidate.name if run.candidates else ""


def task_names(run: Run) -> list[str]:
    """Tasks in the run's order, those that only cases name last."""
    return list(dict.fromkeys([*run.tasks, *(case.task for case in run.cases)]))


def task_cases(run: Run, task: str) -> list[Case]:
    """The cases of a task, in the run's order."""
    return [case for case in run.cases if case.task == task]


def task_metrics(run: Run, task: str) -> list[Metric]:
    """Metrics measured on a task, headlines first, then the rest, diagnostics last."""
    used = {summary.metric for summary in run.summaries if summary.task == task}
    found = [metric for name, metric in metric_map(run).items() if name in used]
    return sorted(found, key=lambda metric: (metric.diagnostic, not metric.headline))


def headlines(run: Run, task: str) -> list[Metric]:
    """A task's headline metrics; without any, its first two that are measured."""
    found = task_metrics(run, task)
    return [metric for metric in found if metric.headline and not metric.diagnostic] or found[:2]


def columns(run: Run, task: str) -> list[tuple[Metric, str]]:
    """The (metric, slice) columns of a task's table.

    Every headline on all cases; facts also on changed, unchanged and new ones, since their mean
    alone hides what a run of this kind is for. Then what is shown beside, where it was measured.
    """
    slices = task_slices(run, task)
    found = []
    for metric in headlines(run, task):
        parts = CLASS_SLICES if metric.need == "facts" else ("all",)
        found += [(metric, part) for part in parts if part in slices]
    seen = {metric for metric, _ in found}
    measured = {s.metric for s in run.summaries if s.task == task and s.n}
    return found + [
        (metric, "all")
        for metric in task_metrics(run, task)
        if metric.shown and metric not in seen and metric.name in measured
    ]


def column_title(metric: Metric, part: str) -> str:
    """A column's heading: metric, slice unless all, and unit."""
    return text.heading(metric) if part == "all" else f"{text.heading(metric)} {part}"


def task_slices(run: Run, task: str) -> list[str]:
    """Slices of a task with a summary, `all` first."""
    found = dict.fromkeys(s.slice for s in run.summaries if s.task == task)
    return sorted(found, key=lambda name: name != "all")


def compared(run: Run) -> list[CandidateResult]:
    """Candidates without the points of learning curves, which only curves and cases show."""
    return [result for result in run.candidates if not result.candidate.curve]


def task_candidates(run: Run, task: str) -> list[str]:
    """Names of the candidates that answered a task, in the run's order, curves aside."""
    used = {summary.candidate for summary in run.summaries if summary.task == task}
    return [one.candidate.name for one in compared(run) if one.candidate.name in used]


def groups(run: Run) -> list[tuple[str, list[Finding]]]:
    """Findings by group title in reading order: supported first; the cost group only if any."""
    found = []
    for key, title in GROUPS.items():
        members = [finding for finding in run.findings if finding.group == key]
        if members or key != "cost":
            found.append((title, sorted(members, key=lambda finding: ORDER[finding.answer])))
    return found


def digest(members: Sequence[Finding]) -> tuple[list[Finding], int]:
    """The first finding of each claim and answer, and how many more say the like elsewhere."""
    first = {(one.claim, one.answer): one for one in reversed(members)}
    shown = [one for one in members if first[one.claim, one.answer] is one]
    return shown, len(members) - len(shown)


def more_text(count: int) -> str:
    """What is said of findings that are left to the table."""
    return f"{count} more of these claims, on other tasks and candidates" if count else ""


def finding_change(finding: Finding, metrics: dict[str, Metric]) -> str:
    """A finding's effect with its interval, or '' where it rests on no comparison."""
    if finding.effect is None or not finding.metric:
        return ""
    metric = metrics[finding.metric]
    return text.difference(finding.effect, finding.low, finding.high, metric)


def verdict(run: Run) -> tuple[str, str]:
    """The gate's verdict as a word and a sentence that counts its rules."""
    if run.gate is None:
        return NO_GATE, "The suite has no gate rules, so nothing was judged."
    verdicts = [result.verdict for result in run.gate.rules]
    if not verdicts:
        return run.gate.verdict, "No rule was judged."
    words = {"PASS": "passed", "FAIL": "failed", "INCONCLUSIVE": "undecided", "ERROR": "in error"}
    parts = [f"{verdicts.count(name)} {word}" for name, word in words.items() if name in verdicts]
    total = f"{len(verdicts)} gate rule{'s' if len(verdicts) > 1 else ''}"
    return run.gate.verdict, f"{total}: {', '.join(parts)}."


def gate_notes(run: Run) -> list[str]:
    """What a reader must know of the verdict beside its rules: baseline, must-pass cases, notes."""
    gate = run.gate
    if gate is None:
        return []
    found = [f"held against the baseline: {gate.baseline}"] if gate.baseline else []
    if gate.allow_inconclusive:
        found.append("INCONCLUSIVE was let pass: --allow-inconclusive")
    lost = [one for one in gate.must_pass if one.verdict != "PASS"]
    if gate.must_pass:
        kept = len(gate.must_pass) - len(lost)
        found.append(f"{kept} of {len(gate.must_pass)} must-pass cases pass")
    found += [
        f"must-pass case {one.case}, {one.candidate}: {one.verdict}, {one.reason}"
        for one in lost[:MOST_LOST]
    ]
    return [text.one_line(line) for line in (*found, *gate.notes)]


def subject(run: Run) -> list[tuple[str, str]]:
    """What was compared, as (label, words) lines."""
    revision = f" @ {run.model.revision[:12]}" if run.model.revision else ""
    reason = f" ({text.one_line(run.engine_reason)})" if run.engine_reason else ""
    dates = []
    if run.trained_until:
        dates.append(f"training data until {run.trained_until.isoformat()}")
    if run.as_of:
        dates.append(f"questions as of {run.as_of.isoformat()}")
    names = [result.candidate.name for result in compared(run)]
    points = curve_points(run)
    curves = [f"{many(len(points), 'point')} of learning curves"] if points else []
    measured = (
        f"{many(len(run.cases), 'case')} in {many(len(task_names(run)), 'task')}, "
        f"{', '.join([many(len(names), 'candidate'), *curves])}, {many(len(run.answers), 'answer')}"
    )
    lines = [
        ("suite", f"{text.one_line(run.suite)}, profile {text.one_line(run.profile)}"),
        ("model", text.one_line(run.model.name) + revision),
        ("engine", text.one_line(run.engine) + reason),
        (
            "measured",
            measured,
        ),
        ("compared", text.one_line(", ".join(names), 400)),
        ("dates", ", ".join(dates)),
        ("made", f"{text.one_line(run.created)}, run {text.one_line(run.id)}"),
    ]
    return [(label, words) for label, words in lines if words]


def adapters(run: Run) -> list[tuple[Adapter, list[str]]]:
    """Each adapter once, with the candidates that use it."""
    found: dict[str, tuple[Adapter, list[str]]] = {}
    for result in compared(run):
        if result.adapter:
            entry = found.setdefault(result.adapter.digest, (result.adapter, []))
            entry[1].append(result.candidate.name)
    return list(found.values())


def axes(result: CandidateResult) -> str:
    """A candidate in words: adapter, prompt and context."""
    candidate = result.candidate
    adapter = candidate.adapter.value or candidate.adapter.kind
    parts = [] if candidate.adapter.kind == "none" else [f"adapter {adapter}"]
    parts += [f"prompt {candidate.prompt}"] if candidate.prompt else []
    parts += [f"{candidate.context} context"] if candidate.context != "none" else []
    return text.one_line(", ".join(parts) or "base model alone")


def class_of(score: Score) -> str:
    """The recency class that a score stands for; '' when the case was not measured."""
    if score.state == "error":
        return "error"
    return score.label if score.state == "ok" and score.label in CLASSES else ""


def class_counts(run: Run) -> dict[tuple[str, str, str], dict[str, int]]:
    """(task, slice, candidate) -> class -> answers, from the labels of `recency.current`."""
    tags = {(case.task, case.id): case.tags for case in run.cases}
    counts: dict[tuple[str, str, str], dict[str, int]] = {}
    for answer in run.answers:
        for score in answer.scores:
            name = class_of(score) if score.metric == CLASS_METRIC else ""
            if not name:
                continue
            carried = tags.get((answer.task, answer.case), ())
            for part in CLASS_SLICES:
                if part == "all" or part in carried:
                    key = (answer.task, part, answer.candidate)
                    row = counts.setdefault(key, dict.fromkeys(CLASSES, 0))
                    row[name] += 1
    return counts
