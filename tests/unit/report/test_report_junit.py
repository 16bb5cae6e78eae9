"""The gate as JUnit XML."""

import dataclasses
from xml.etree import ElementTree as ET

from factory_run import empty_run, make_run

from harness.records import GateResult
from harness.report import junit


def _suite(run):
    return ET.fromstring(junit.render(run)).find("testsuite")


def test_each_rule_is_one_case_with_the_outcome_of_its_verdict():
    suite = _suite(make_run())
    outcomes = [[part.tag for part in case] for case in suite.findall("testcase")]
    assert outcomes == [["system-out"], ["failure"], ["skipped"], ["error"]]
    counted = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counted == {"tests": "4", "failures": "1", "errors": "1", "skipped": "1"}


def test_a_run_without_rules_is_no_pass():
    case = _suite(empty_run()).find("testcase")
    assert [part.tag for part in case] == ["skipped"]


def test_an_error_verdict_without_rules_is_an_error():
    run = dataclasses.replace(empty_run(), gate=GateResult("ERROR", ()))
    assert _suite(run).get("errors") == "1"


def test_a_verdict_worse_than_every_rule_has_a_case_of_its_own():
    gate = make_run().gate
    passed = GateResult("FAIL", gate.rules[:1])
    suite = _suite(dataclasses.replace(make_run(), gate=passed))
    assert [
        "FAIL" if case.find("failure") is not None else "PASS" for case in suite.iter("testcase")
    ] == ["PASS", "FAIL"]


def test_characters_that_xml_forbids_are_dropped():
    gate = make_run().gate
    rule = dataclasses.replace(gate.rules[1], reason='\x00\x1b[31m"bad" <&\ufffe \ud83d')
    run = dataclasses.replace(make_run(), gate=GateResult("FAIL", (rule,)))
    assert _suite(run).find("testcase/failure").get("message") == 'FAIL: "bad" <& \ufffd'
