"""gate.junit.xml: a test case per gate rule and per must-pass case, for the test tab of a CI job.

INCONCLUSIVE is a failure, as it is for the exit code, and skipped where someone let it pass.
"""

from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree as ET

from harness.records import GateResult, RuleResult, Run
from harness.report import text, view

_TAGS = {"FAIL": "failure", "ERROR": "error", "INCONCLUSIVE": "failure", "ALLOWED": "skipped"}
_RANK = {"PASS": 0, "INCONCLUSIVE": 1, "FAIL": 2, "ERROR": 3}


def _case(
    suite: ET.Element, group: str, name: str, verdict: str, reason: str, *, allowed: bool = False
) -> None:
    where = {"classname": text.one_line(group), "name": text.one_line(name), "time": "0"}
    case = ET.SubElement(suite, "testcase", where)
    if verdict in _TAGS:
        message = text.one_line(f"{verdict}: {reason}")
        skipped = allowed and verdict == "INCONCLUSIVE"
        outcome = ET.SubElement(case, _TAGS["ALLOWED" if skipped else verdict])
        outcome.set("message", message)
        if not skipped:
            outcome.set("type", verdict)
            outcome.text = message
    elif reason:
        ET.SubElement(case, "system-out").text = text.one_line(reason)


def _rule_cases(
    suite: ET.Element, run: Run, results: tuple[RuleResult, ...], *, allowed: bool
) -> None:
    metrics = view.metric_map(run)
    for result in results:
        rule = result.rule
        name = text.rule(rule, metrics[rule.metric])
        group = ".".join(filter(None, (run.suite, rule.task)))
        _case(suite, group, name, result.verdict, result.reason, allowed=allowed)


def _must_cases(suite: ET.Element, run: Run, gate: GateResult) -> None:
    for one in gate.must_pass:
        name = f"{one.case} ({one.candidate}, {one.metric})"
        _case(suite, f"{run.suite}.{one.task}.must_pass", name, one.verdict, one.reason)


def _properties(suite: ET.Element, run: Run, gate: GateResult) -> None:
    """What was judged, as properties of the test suite."""
    known = [("run", run.id), ("model", f"{run.model.name} {run.model.digest}")]
    for adapter, names in view.adapters(run):
        known.append((f"adapter of {', '.join(names)}", adapter.digest))
    known += [("baseline", gate.baseline)] if gate.baseline else []
    known += [("allow_inconclusive", "true")] if gate.allow_inconclusive else []
    known += [("note", note) for note in gate.notes]
    place = ET.SubElement(suite, "properties")
    for name, value in known:
        words = {"name": text.one_line(name), "value": text.one_line(value)}
        ET.SubElement(place, "property", words)


def render(run: Run) -> str:
    """The JUnit XML of a run's gate; nothing judged is one skipped case, never an empty pass."""
    suite = ET.Element("testsuite", {"name": text.one_line(f"bench gate {run.suite}")})
    word, sentence = view.verdict(run)
    results = run.gate.rules if run.gate else ()
    if run.gate:
        _properties(suite, run, run.gate)
        _rule_cases(suite, run, results, allowed=run.gate.allow_inconclusive)
        _must_cases(suite, run, run.gate)
    worst = max((_RANK[result.verdict] for result in results), default=-1)
    if run.gate is None or not results:
        unjudged = run.gate is None
        _case(suite, run.suite, "gate rules", _nothing(word), sentence, allowed=unjudged)
    elif _RANK[run.gate.verdict] > worst:
        _case(suite, run.suite, "verdict", run.gate.verdict, sentence)
    return _document(suite, sum(run.stage_seconds.values()))


def failed(name: str, reason: str) -> str:
    """The JUnit XML of a gate that judged nothing: one test case that is an error."""
    suite = ET.Element("testsuite", {"name": text.one_line(f"bench gate {name}")})
    _case(suite, name, "gate", "ERROR", reason)
    return _document(suite, 0.0)


def _document(suite: ET.Element, seconds: float) -> str:
    suite.set("tests", str(len(suite.findall("testcase"))))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("time", f"{seconds:.3f}")
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _nothing(word: str) -> str:
    return word if word in ("ERROR", "FAIL") else "INCONCLUSIVE"


class JunitReport:
    """Writes the gate's rules as tests."""

    description: ClassVar[str] = "one test case per gate rule, for CI (gate.junit.xml)"
    filename: ClassVar[str] = "gate.junit.xml"

    def write(self, run: Run, folder: Path) -> Path:
        """Write `gate.junit.xml` into `folder`."""
        return text.save(folder / self.filename, render(run))
