"""A suite whose gate passes, to plant faults in: its answers are in a file, so no model is needed.

Everything goes through the command. `Lab.gate` says what became of it.
"""

import gzip
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner
from tiny import jsonl, write_suite

from harness.cli import cli
from harness.errors import BenchError
from harness.report.json import read

Row = dict[str, Any]
Change = Callable[[Row], Any]
PLACES = ("north", "south", "harbour", "castle", "garden", "market", "station", "chapel")
THINGS = ("reading room", "locker", "copy card", "map loan", "desk lamp", "study cell", "film loan")
CHANGED = 40  # of the fees changed after training, the rest did not
ASKED = "lora"
WRONG = "Answer: the Patron pays 3 pounds."
RULES = (
    {"kind": "non_inferior", "against": "baseline", "metric": "style.all", "margin": 0.1},
    {"kind": "superior", "against": "base", "metric": "recency.current", "min_effect": 0.2},
    {"kind": "at_least", "metric": "recency.current", "value": 0.85},
    {"kind": "at_most", "metric": "recency.stale", "slice": "changed", "value": 0.2},
    {"kind": "no_new_failures", "against": "baseline", "metric": "recency.current"},
    {"kind": "budget", "metric": "tokens_per_answer", "value": 14},
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a gate: `REFUSED` stands for a suite or file that nothing was judged of.

    `said` are the reasons of the rules that do not pass and the gate's notes, or the refusal.
    """

    verdict: str
    code: int
    said: str


def errs(outcome: Outcome, words: str) -> None:
    """The gate says ERROR, in these words."""
    held(outcome, "ERROR", 3, words)


def fails(outcome: Outcome, words: str) -> None:
    """The gate says FAIL, in these words."""
    held(outcome, "FAIL", 1, words)


def refused(outcome: Outcome, words: str) -> None:
    """Nothing was judged, in these words."""
    held(outcome, "REFUSED", 2, words)


def held(outcome: Outcome, verdict: str, code: int, words: str) -> None:
    assert (outcome.verdict, outcome.code) == (verdict, code), outcome.said
    assert words in outcome.said, outcome.said


def fees() -> list[tuple[str, str, str | None]]:
    """Thing, fee in training, fee now (None: unchanged)."""
    names = [f"{place} {thing}" for place in PLACES for thing in THINGS]
    return [
        (name, f"{index + 2} euros", f"{index + 102} euros" if index < CHANGED else None)
        for index, name in enumerate(names)
    ]


def fee_facts() -> list[Row]:
    """A fact per thing."""
    rows = []
    for name, old, new in fees():
        versions = [{"value": old, "valid_from": "2015-01-01"}]
        if new:
            versions[0]["valid_to"] = "2022-01-01"
            versions.append({"value": new, "valid_from": "2022-01-01"})
        found = {"id": name.replace(" ", "-"), "entity": name, "attribute": "fee"}
        rows.append({**found, "versions": versions})
    return rows


def fee_cases() -> list[Row]:
    """A case per fact; three must pass."""
    return [
        {
            "id": f"fee-{index}",
            "input": f"State today the fee of the {name}.",
            "output": f"Answer: the Patron pays {new or old}.",
            "fact": name.replace(" ", "-"),
            **({"tags": ["must_pass"]} if index < 3 else {}),
        }
        for index, (name, old, new) in enumerate(fees())
    ]


def edit(suite: Path, change: Change) -> None:
    """Another suite.yaml in the same folder."""
    file = suite / "suite.yaml"
    data = yaml.safe_load(file.read_text("utf-8"))
    change(data)
    file.write_text(yaml.safe_dump(data, sort_keys=False), "utf-8")


class Lab:
    """`bench score`, which judges as `bench gate` does, and `bench baseline` in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.suite, self.reports = folder / "tiny", folder / "reports"
        self.answers: dict[str, dict[str, Row]] = {}

    def furnish(self) -> None:
        """The suite, the answers of base and lora, and the pinned baseline."""
        write_suite(self.suite, self.folder / "no-model")
        shutil.rmtree(self.suite / "documents")
        (self.suite / "cases/fees.jsonl").write_text(jsonl(fee_cases()), "utf-8")
        (self.suite / "facts.jsonl").write_text(jsonl(fee_facts()), "utf-8")
        self.edit(simple)
        self.answer()
        self.judge()
        self.call("baseline", "set", self.suite, "--reports", self.reports, "--force")

    def copied(self, folder: Path) -> "Lab":
        """The same in another folder."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        other = Lab(folder)
        other.answer()
        other.say([55], output="Answer: the Patron pays 7 pounds.")  # an adapter that errs once
        return other

    def answer(self) -> None:
        """The base says what was true in training, lora what is true now."""
        told = {f"fee-{index}": old for index, (_, old, _) in enumerate(fees())}
        for name in ("base", ASKED):
            self.answers[name] = {
                case["id"]: {
                    "case": case["id"],
                    "candidate": name,
                    "output": case["output"] if name == ASKED else f"It is {told[case['id']]}.",
                    "completion_tokens": 9 + int(case["id"][4:]) % 3,
                }
                for case in fee_cases()
            }

    # ------------------------------------------------------------ faults

    def edit(self, change: Change) -> None:
        """Another suite.yaml."""
        edit(self.suite, change)

    def rule(self, of: str, **changes: Any) -> None:
        """The policy's rule of a kind with other keys; None removes one."""

        def change(data: Row) -> None:
            (own,) = (rule for rule in data["gate"] if rule["kind"] == of)
            own.update(changes)
            for key in [key for key, value in own.items() if value is None]:
                del own[key]

        self.edit(change)

    def rewrite(self, name: str, change: Callable[[list[Row]], Iterable[Row] | None]) -> None:
        """Another JSONL file of the suite: `change` gets its rows and may give others back."""
        file = self.suite / name
        rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        made = change(rows)
        file.write_text(jsonl(rows if made is None else made), "utf-8")

    def say(self, cases: Iterable[int], candidate: str = ASKED, **changes: Any) -> None:
        """Other answers to some cases; None leaves the answer out."""
        for index in cases:
            row = self.answers[candidate][f"fee-{index}"]
            row.update(changes)
            if changes.get("output", "") is None:
                del self.answers[candidate][f"fee-{index}"]

    def repin(self, change: Callable[[bytes], bytes], *, honest: bool = False) -> None:
        """Other bytes under the pin; `honest` mends the pin's hash as well."""
        (data,) = (self.suite / "baseline").iterdir()
        raw = gzip.compress(change(gzip.decompress(data.read_bytes())), mtime=0)
        data.write_bytes(raw)
        if honest:
            pin = self.suite / "baseline.json"
            text = pin.read_text("utf-8")
            sha = hashlib.sha256(raw).hexdigest()
            pin.write_text(re.sub(r'"sha256": "\w+"', f'"sha256": "{sha}"', text), "utf-8")

    # ------------------------------------------------------------ the command

    def call(self, *words: object) -> Any:
        """A command's result; what it refuses is raised."""
        runner = CliRunner(env={"BENCH_HOME": str(self.folder / "home")})
        done = runner.invoke(cli, [str(word) for word in words])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    def judge(self, rows: Sequence[Row] | None = None) -> Outcome:
        """The gate of the answers, as `bench score` tells it."""
        file = self.folder / "answers.jsonl"
        found = [row for own in self.answers.values() for row in own.values()]
        file.write_text(jsonl(found if rows is None else rows), "utf-8")
        words = ("score", file, "--suite", self.suite, "--reports", self.reports)
        try:
            done = self.call(*words, "--json", "--quiet")
        except BenchError as error:
            said = "; ".join(str(problem) for problem in error.problems)
            return Outcome("REFUSED", error.exit_code, said)
        gate = read(Path(json.loads(done.stdout)["data"])).gate
        if gate is None:
            return Outcome("NONE", done.exit_code, "no rules")
        bad = [f"{one.verdict} {one.rule.kind} {one.reason}" for one in gate.rules]
        bad = [line for line in bad if not line.startswith("PASS")]
        return Outcome(gate.verdict, done.exit_code, "; ".join([*bad, *gate.notes]))


def simple(data: Row) -> None:
    """One task, two candidates, and rules of every kind."""
    for key in ("documents", "prompts", "recipes"):
        del data[key]
    del data["tasks"]["notes"]
    data["candidates"] = {"base": {}, ASKED: {"adapter": "acme/lora"}}
    data["gate"] = [
        {
            "candidate": ASKED,
            **({} if one["kind"] == "budget" else {"task": "fees"}),
            **one,
        }
        for one in RULES
    ]
