"""gate.junit.xml: one test case per gate rule, for the test tab of a CI job."""

from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree as ET

from harness.records import RuleResult, Run
from harness.report import text, view

_TAGS = {"FAIL": "failure", "ERROR": "error", "INCONCLUSIVE": "skipped"}
_RANK = {"PASS": 0, "INCONCLUSIVE": 1, "FAIL": 2, "ERROR": 3}


def _case(suite: ET.Element, group: str, name: str, verdict: str, reason: str) -> None:
    where = {"classname": text.one_line(group), "name": text.one_line(name), "time": "0"}
    case = ET.SubElement(suite, "testcase", where)
    if verdict in _TAGS:
        message = text.one_line(f"{verdict}: {reason}")
        outcome = ET.SubElement(case, _TAGS[verdict], {"message": message})
        if verdict != "INCONCLUSIVE":
            outcome.set("type", verdict)
            outcome.text = message
    elif reason:
        ET.SubElement(case, "system-out").text = text.one_line(reason)


def _rule_cases(suite: ET.Element, run: Run, results: tuple[RuleResult, ...]) -> None:
    metrics = view.metric_map(run)
    for result in results:
        rule = result.rule
        name = text.rule(rule, metrics[rule.metric])
        _case(suite, f"{run.suite}.{rule.task}", name, result.verdict, result.reason)


def render(run: Run) -> str:
    """The JUnit XML of a run's gate; nothing judged is one skipped case, never an empty pass."""
    suite = ET.Element("testsuite", {"name": text.one_line(f"bench gate {run.suite}")})
    word, sentence = view.verdict(run)
    results = run.gate.rules if run.gate else ()
    _rule_cases(suite, run, results)
    worst = max((_RANK[result.verdict] for result in results), default=-1)
    if run.gate is None or not results:
        _case(suite, run.suite, "gate rules", _nothing(word), sentence)
    elif _RANK[run.gate.verdict] > worst:
        _case(suite, run.suite, "verdict", run.gate.verdict, sentence)
    suite.set("tests", str(len(suite.findall("testcase"))))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("time", f"{sum(run.stage_seconds.values()):.3f}")
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
