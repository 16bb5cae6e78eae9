"""gate.json: a verdict as data, with the numbers behind it. docs/gate.md says what each key is."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from harness.errors import EXIT_CODES
from harness.records import GateResult, RuleResult, Run
from harness.report import text, view

SCHEMA = 1
LABELS = {"PASS": "pass", "FAIL": "fail", "INCONCLUSIVE": "undecided", "ERROR": "in error"}

Hashes = Mapping[str, Mapping[str, str]]


def exit_code(gate: GateResult) -> int:
    """The exit code of a verdict: 0 too where someone let INCONCLUSIVE pass."""
    if gate.verdict == "INCONCLUSIVE" and gate.allow_inconclusive:
        return 0
    return EXIT_CODES[gate.verdict]


def word(gate: GateResult) -> str:
    """The verdict, and whether it is one that someone let pass."""
    allowed = gate.verdict == "INCONCLUSIVE" and gate.allow_inconclusive
    return f"{gate.verdict}, allowed by --allow-inconclusive" if allowed else gate.verdict


def tally(verdicts: Sequence[str], what: str) -> str:
    """How many passed and how many did not: '5 rules: 4 pass, 1 fail'."""
    parts = [f"{verdicts.count(key)} {said}" for key, said in LABELS.items() if key in verdicts]
    return f"{len(verdicts)} {what}{'' if len(verdicts) == 1 else 's'}: {', '.join(parts)}"


def summary(run: Run) -> str:
    """The verdict on one line."""
    if run.gate is None:
        return f"ERROR: the suite {run.suite} has no gate rules"
    parts = [tally([one.verdict for one in run.gate.rules], "rule")]
    musts = [one.verdict for one in run.gate.must_pass]
    parts += [tally(musts, "must-pass case")] if musts else []
    parts += [f"adapter {adapter.digest[:12]}" for adapter, _ in view.adapters(run)]
    parts += [f"{run.suite}, run {run.id}"]
    return f"{word(run.gate)}: {'; '.join(parts)}"


def shape(run: Run, hashes: Hashes) -> dict[str, Any]:
    """A judged run as gate.json has it; `hashes` are sha256 by adapter digest and file name."""
    gate = run.gate or GateResult("ERROR", ())
    places = {(case.task, case.id): case.where for case in run.cases}
    return {
        **blank(run.suite, run.command),
        "verdict": gate.verdict,
        "exit_code": exit_code(gate),
        "summary": summary(run),
        "reason": view.verdict(run)[1],
        "profile": run.profile,
        "run": run.id,
        "created": run.created,
        "model": {"name": run.model.name, "digest": run.model.digest},
        "engine": run.engine,
        "adapters": [
            {
                "candidates": names,
                "digest": adapter.digest,
                "path": adapter.path,
                "bytes": adapter.size,
                "sha256": dict(hashes.get(adapter.digest, {})),
            }
            for adapter, names in view.adapters(run)
        ],
        "baseline": gate.baseline,
        "allow_inconclusive": gate.allow_inconclusive,
        "rules": [ruled(run, result) for result in gate.rules],
        "must_pass": [
            {**asdict(one), "where": places.get((one.task, one.case), "")} for one in gate.must_pass
        ],
        "notes": list(gate.notes),
        "warnings": list(run.warnings),
        "versions": dict(run.environment),
    }


def blank(suite: str, command: str) -> dict[str, Any]:
    """gate.json of a verdict that is not there yet."""
    return {
        "schema": SCHEMA,
        "verdict": "ERROR",
        "exit_code": EXIT_CODES["ERROR"],
        "summary": "",
        "reason": "",
        "suite": suite,
        "profile": "",
        "run": "",
        "created": "",
        "model": {},
        "engine": "",
        "adapters": [],
        "baseline": "",
        "allow_inconclusive": False,
        "rules": [],
        "must_pass": [],
        "notes": [],
        "warnings": [],
        "versions": {},
        "command": command,
    }


def failure(suite: str, command: str, reason: str, code: int) -> dict[str, Any]:
    """gate.json where nothing was judged, and why."""
    said = f"ERROR: {reason}"
    found = {"reason": reason, "summary": text.one_line(said, 500), "exit_code": code}
    return {**blank(suite, command), **found}


def ruled(run: Run, result: RuleResult) -> dict[str, Any]:
    """A rule with its verdict; `says` is the rule as a sentence, numbers are in `unit`."""
    rule, metric = result.rule, view.metric_map(run)[result.rule.metric]
    return {
        "verdict": result.verdict,
        "says": text.rule(rule, metric),
        "reason": result.reason,
        "n": result.n,
        "estimate": result.estimate,
        "low": result.low,
        "high": result.high,
        "unit": metric.unit,
        "n_needed": result.n_needed,
        "cases": list(result.cases),
        **asdict(rule),
    }


def dumps(data: Mapping[str, Any]) -> str:
    """gate.json's text; a number that is none, such as NaN, is null, for no parser takes it."""
    plain = json.loads(json.dumps(data, default=str), parse_constant=lambda _: None)
    raw = json.dumps(plain, indent=1, ensure_ascii=False) + "\n"
    return raw.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
