"""The gate as JUnit XML."""

import dataclasses
from xml.etree import ElementTree as ET

from factory_run import empty_run, make_run

from harness.records import CaseResult, GateResult
from harness.report import junit


def _suite(run):
    return ET.fromstring(junit.render(run)).find("testsuite")


def test_each_rule_is_one_case_with_the_outcome_of_its_verdict():
    suite = _suite(make_run())
    outcomes = [[part.tag for part in case] for case in suite.findall("testcase")]
    assert outcomes == [["system-out"], ["failure"], ["failure"], ["error"]]
    counted = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counted == {"tests": "4", "failures": "2", "errors": "1", "skipped": "0"}


def test_an_undecided_rule_is_skipped_only_where_someone_let_it_pass():
    run = make_run()
    run = dataclasses.replace(run, gate=dataclasses.replace(run.gate, allow_inconclusive=True))
    suite = _suite(run)
    outcomes = [[part.tag for part in case] for case in suite.findall("testcase")]
    assert outcomes == [["system-out"], ["failure"], ["skipped"], ["error"]]
    said = {one.get("name"): one.get("value") for one in suite.iter("property")}
    assert said["allow_inconclusive"] == "true"


def test_each_must_pass_case_is_a_case():
    run = make_run()
    musts = (
        CaseResult("case-1", "fees", "lora", "style.all", "PASS"),
        CaseResult("case-2", "fees", "lora", "style.all", "FAIL", "lora fails it"),
        CaseResult("case-3", "fees", "lora", "style.all", "ERROR", "no answer"),
    )
    run = dataclasses.replace(run, gate=GateResult("ERROR", run.gate.rules, musts))
    found = [
        (case.get("name"), [part.tag for part in case])
        for case in _suite(run).findall("testcase")
        if case.get("classname").endswith(".must_pass")
    ]
    assert found == [
        ("case-1 (lora, style.all)", []),
        ("case-2 (lora, style.all)", ["failure"]),
        ("case-3 (lora, style.all)", ["error"]),
    ]


def test_a_gate_that_judged_nothing_is_one_error():
    suite = ET.fromstring(junit.failed("legal", "the engine died")).find("testsuite")
    assert {key: suite.get(key) for key in ("tests", "errors")} == {"tests": "1", "errors": "1"}
    assert suite.find("testcase/error").get("message") == "ERROR: the engine died"


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
