"""gate.md: a verdict for a pull request, one screen and then folds."""

from collections.abc import Iterator
from typing import Any

from harness.records import GateResult, Run
from harness.report import gatefile, text, view
from harness.report.folds import table
from harness.report.text import markdown

MOST_CASES = 20
"""Must-pass cases that are shown before the fold; gate.json has them all."""


def render(run: Run, data: dict[str, Any]) -> str:
    """The Markdown of a judged run; `data` is its gate.json."""
    gate = run.gate or GateResult("ERROR", ())
    lines = [*_top(run, gate, data), *_rules(data), *_musts(gate), *_notes(gate, run)]
    lines += ["", "<details>", "<summary>How this was measured</summary>", ""]
    lines += [*_method(run, data), "", "</details>"]
    return "\n".join(lines) + "\n"


def failed(data: dict[str, Any]) -> str:
    """The Markdown of a gate that judged nothing; `data` is its gate.json."""
    lines = [
        f"## {view.MARKS['ERROR']} ERROR: gate of {markdown(data['suite'])}",
        "",
        f"Nothing was judged: {markdown(data['reason'])}",
    ]
    if data["command"]:
        lines += ["", f"Command: {markdown(data['command'])}"]
    return "\n".join(lines) + "\n"


def _top(run: Run, gate: GateResult, data: dict[str, Any]) -> Iterator[str]:
    title = f"gate of {markdown(run.suite)} ({markdown(run.profile)})"
    yield f"## {view.MARKS[gate.verdict]} {gatefile.word(gate)}: {title}"
    yield ""
    yield markdown(data["reason"])
    yield ""
    for adapter in data["adapters"]:
        names = markdown(", ".join(adapter["candidates"]))
        yield f"- adapter of {names}: `{adapter['digest']}`"
    if gate.baseline:
        yield f"- baseline: {markdown(gate.baseline)}"
    yield f"- base model: {markdown(run.model.name)}"


def _rules(data: dict[str, Any]) -> list[str]:
    rows = [
        [f"{view.MARKS[one['verdict']]} {one['verdict']}", one["says"], one["reason"]]
        for one in data["rules"]
    ]
    return ["", *table(["verdict", "rule", "reason"], rows, ())] if rows else []


def _musts(gate: GateResult) -> Iterator[str]:
    if not gate.must_pass:
        return
    lost = [one for one in gate.must_pass if one.verdict != "PASS"]
    yield ""
    yield f"**{gatefile.tally([one.verdict for one in gate.must_pass], 'must-pass case')}**"
    if not lost:
        return
    rows = [
        [
            f"{view.MARKS[one.verdict]} {one.verdict}",
            one.case,
            one.candidate,
            one.metric,
            one.reason,
        ]
        for one in lost
    ]
    yield ""
    yield from table(["verdict", "case", "candidate", "metric", "reason"], rows[:MOST_CASES], ())
    if len(rows) > MOST_CASES:
        yield ""
        yield f"{len(rows) - MOST_CASES} more in gate.json."


def _notes(gate: GateResult, run: Run) -> Iterator[str]:
    notes = [*gate.notes, *run.warnings]
    if gate.allow_inconclusive:
        notes.insert(0, "INCONCLUSIVE was let pass: --allow-inconclusive")
    if notes:
        yield ""
        yield "**To know**"
        yield ""
        yield from (f"- {markdown(note)}" for note in notes)


def _method(run: Run, data: dict[str, Any]) -> Iterator[str]:
    yield from (f"- {label}: {markdown(words)}" for label, words in view.subject(run))
    yield f"- model digest: {markdown(run.model.digest)}"
    for adapter in data["adapters"]:
        yield f"- adapter at {markdown(adapter['path'])}, {text.quantity(adapter['bytes'], 'B')}"
        for name, sha in adapter["sha256"].items():
            yield f"- sha256 of {markdown(name)}: `{sha}`"
    yield from (f"- {markdown(key)}: {markdown(words)}" for key, words in run.environment.items())
    yield from (f"- {markdown(note)}" for note in run.notes)
    if run.command:
        yield f"- command: {markdown(run.command)}"
