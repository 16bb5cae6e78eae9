"""Pinned baselines: what is kept of a run, and what forbids holding a later one against it."""

import gzip
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from tiny import fee_rows, jsonl, note_rows, write_suite

from harness import pins
from harness.cli import cli
from harness.errors import BenchError, MeasurementError, UsageError
from harness.records import Run
from harness.report.json import read

Row = dict[str, Any]
RULES = [
    {
        "kind": "non_inferior",
        "candidate": "lora",
        "against": "baseline",
        "task": "fees",
        "metric": "style.all",
        "margin": 0.2,
    },
    {
        "kind": "non_inferior",
        "candidate": "lora",
        "against": "baseline/base",
        "task": "fees",
        "metric": "recency.current",
        "margin": 0.2,
    },
]
GOOD, BAD = "Answer: the Patron pays {}.", "no idea what to say here"


def said(
    candidate: str, wrong: Sequence[int] = (), *, more: Sequence[Row] = ()
) -> list[dict[str, Any]]:
    """A candidate's answers to all cases: the references, but for some fees."""
    cases = [*note_rows(), *fee_rows(), *more]
    lost = {f"fee-{index}" for index in wrong}
    return [
        {
            "case": case["id"],
            "candidate": candidate,
            "output": BAD if case["id"] in lost else case["output"],
        }
        for case in cases
    ]


class Desk:
    """`bench score` and `bench baseline` on the tiny suite; no model is needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.suite = write_suite(folder / "tiny", folder / "no-model")
        self.edit(lambda data: data.update(gate=RULES))
        self.reports = folder / "reports"

    def edit(self, change: Callable[[Row], Any]) -> None:
        """Another suite.yaml in the same folder."""
        file = self.suite / "suite.yaml"
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        change(data)
        file.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")

    def rewrite(self, name: str, change: Callable[[Row], Any]) -> None:
        """Every row of a JSONL file of the suite, changed."""
        file = self.suite / name
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        for row in rows:
            change(row)
        file.write_text(jsonl(rows), encoding="utf-8")

    def call(self, *words: object) -> Result:
        """A command's result; what it refuses is raised."""
        runner = CliRunner(env={"BENCH_HOME": str(self.folder / "home")})
        done = runner.invoke(cli, [str(word) for word in words])
        if isinstance(done.exception, BenchError):
            raise done.exception
        return done

    def score(self, *rows: list[Row]) -> Run:
        """A run of the answers."""
        file = self.folder / "answers.jsonl"
        file.write_text(jsonl([row for several in rows for row in several]), encoding="utf-8")
        words = ("score", file, "--suite", self.suite, "--reports", self.reports)
        done = self.call(*words, "--json", "--quiet")
        assert done.stdout, done.exception
        return read(Path(json.loads(done.stdout)["data"]))

    def pin(self, *more: object) -> dict[str, Any]:
        """The pin of the latest run, or of the one named."""
        words = ("baseline", "set", self.suite, *more, "--reports", self.reports, "--json")
        found: dict[str, Any] = json.loads(self.call(*words).stdout)
        return found

    @property
    def data(self) -> Path:
        """The pinned file."""
        (path,) = (self.suite / "baseline").iterdir()
        return path

    def reasons(self, run: Run) -> list[str]:
        """What the rules say, which are all ERROR."""
        assert run.gate is not None
        assert run.gate.verdict == "ERROR"
        assert {one.verdict for one in run.gate.rules} == {"ERROR"}
        return [one.reason for one in run.gate.rules]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def pinned(desk: Desk) -> Desk:
    """With a baseline that answers all right."""
    desk.score(said("base"), said("lora"))
    desk.pin()
    return desk


# ---------------------------------------------------------------- set and show


def test_without_a_baseline_a_rule_against_it_is_an_error(desk: Desk) -> None:
    assert all("no baseline is pinned" in one for one in desk.reasons(desk.score(said("lora"))))


def test_a_pin_names_its_data_by_their_hash_and_the_run(desk: Desk) -> None:
    run = desk.score(said("base"), said("lora"))
    pin = desk.pin()
    raw = desk.data.read_bytes()
    assert pin["sha256"] == hashlib.sha256(raw).hexdigest()
    assert (pin["run"], pin["answers"], pin["cases"]) == (run.id, 36, 18)
    assert set(pin["candidates"]) == {"base", "lora"}
    assert json.loads((desk.suite / "baseline.json").read_text("utf-8")) == pin


def test_the_same_run_gives_the_same_bytes(pinned: Desk) -> None:
    first = pinned.data.read_bytes()
    pinned.pin("--candidate", "lora")
    only_lora = pinned.data.read_bytes()
    pinned.pin()
    assert pinned.data.read_bytes() == first
    assert len(only_lora) < len(first)
    assert b"1970" not in first
    assert gzip.decompress(first).count(b"\n") == 1 + 18 + 36


def test_a_pinned_suite_is_the_same_suite(desk: Desk) -> None:
    before = desk.score(said("base"), said("lora"))
    desk.pin()
    assert desk.score(said("base"), said("lora")).id == before.id


def test_show_checks_the_data(pinned: Desk) -> None:
    words = ("baseline", "show", pinned.suite)
    shown = pinned.call(*words)
    assert "the data are those that were pinned" in shown.stdout
    assert json.loads(pinned.call(*words, "--json").stdout)["verified"] is True
    pinned.data.write_bytes(pinned.data.read_bytes() + b"\0")
    with pytest.raises(MeasurementError, match="not those that were pinned"):
        pinned.call(*words)


def test_show_without_a_pin_says_how_to_make_one(desk: Desk) -> None:
    with pytest.raises(UsageError, match=r"no baseline is pinned \(bench baseline set"):
        desk.call("baseline", "show", desk.suite)


@pytest.mark.parametrize(
    "words, refusal",
    [
        (("--candidate", "lorra"), r"unknown candidate 'lorra' \(did you mean 'lora'\?\)"),
        (("zzz",), "unknown run 'zzz'"),
    ],
)
def test_what_cannot_be_pinned_is_named(pinned: Desk, words: tuple[str, ...], refusal: str) -> None:
    with pytest.raises(UsageError, match=refusal):
        pinned.pin(*words)


def test_a_run_whose_own_gate_is_an_error_is_pinned_only_by_force(desk: Desk) -> None:
    broken = {**RULES[0], "against": "base", "metric": "recency.current"}
    desk.edit(lambda data: data.update(gate=[broken]))
    desk.score(said("lora"))  # nothing of base
    with pytest.raises(UsageError, match=r"is ERROR: .* or --force"):
        desk.pin()
    assert desk.pin("--force")["answers"] == 18


# ---------------------------------------------------------------- held against it


def test_answers_as_good_as_the_baselines_pass(pinned: Desk) -> None:
    run = pinned.score(said("lora"))
    assert run.gate is not None
    assert run.gate.baseline.startswith("run ")
    assert {one.estimate for one in run.gate.rules} == {0.0}
    assert {one.n for one in run.gate.rules} == {10}
    assert [one.rule.against for one in run.gate.rules] == ["baseline", "baseline/base"]


def test_answers_worse_than_the_baselines_fail(pinned: Desk) -> None:
    run = pinned.score(said("lora", wrong=range(9)))
    assert run.gate is not None
    assert [one.estimate for one in run.gate.rules] == [-0.9, -0.9]
    assert run.gate.verdict == "FAIL"


def test_the_baseline_is_no_candidate_of_the_report(pinned: Desk) -> None:
    run = pinned.score(said("lora"))
    assert {one.candidate for one in run.answers} == {"lora"}
    assert {one.candidate for one in run.summaries} == {"lora"}
    assert run.comparisons == ()


def test_the_baselines_answers_are_scored_by_todays_scorers(pinned: Desk) -> None:
    style = (pinned.suite / "style.yaml").read_text("utf-8").replace("Answer:", "Reply:")
    (pinned.suite / "style.yaml").write_text(style, "utf-8")
    for name in ("train.jsonl", "cases/notes.jsonl", "cases/fees.jsonl"):
        pinned.rewrite(
            name, lambda row: row.update(output=row["output"].replace("Answer", "Reply"))
        )
    good = said("lora")
    for row in good:
        row["output"] = row["output"].replace("Answer", "Reply")
    run = pinned.score(good)
    assert run.gate is not None
    assert run.gate.rules[0].estimate == 1.0  # by its own day's rules the baseline had all right
    assert any("style rules" in note for note in run.gate.notes)
    assert any("what is expected changed" in note for note in run.gate.notes)


# ---------------------------------------------------------------- what forbids it


def test_a_question_that_changed_is_an_error(pinned: Desk) -> None:
    pinned.rewrite("cases/fees.jsonl", lambda row: row.update(input=row["input"] + " Please."))
    for reason in pinned.reasons(pinned.score(said("lora"))):
        assert "the question changed in 10 of 10 cases (fee-0, fee-1, fee-2, …)" in reason


def test_a_case_that_the_baseline_lacks_is_an_error(pinned: Desk) -> None:
    extra = {**fee_rows()[0], "id": "fee-new", "input": "State today the fee of a new locker."}
    file = pinned.suite / "cases/fees.jsonl"
    file.write_text(jsonl([*fee_rows(), extra]), "utf-8")
    for reason in pinned.reasons(pinned.score(said("lora", more=[extra]))):
        assert "it lacks 1 of 11 cases (fee-new)" in reason


@pytest.mark.parametrize(
    "change, said_of_it",
    [
        (lambda data: data.update(template="Q: {input}\nA: "), "the suite's template changed"),
        (lambda data: data.update(name="other"), "it is of suite 'tiny'"),
    ],
)
def test_another_way_of_asking_is_an_error(
    pinned: Desk, change: Callable[[Row], Any], said_of_it: str
) -> None:
    pinned.edit(change)
    assert all(said_of_it in one for one in pinned.reasons(pinned.score(said("lora"))))


def test_a_candidate_that_the_baseline_lacks_is_an_error(pinned: Desk) -> None:
    pinned.pin("--candidate", "base")
    run = pinned.score(said("lora"))
    assert run.gate is not None
    assert run.gate.rules[0].verdict == "ERROR"
    assert "it has no candidate 'lora' (valid: base)" in run.gate.rules[0].reason
    assert run.gate.rules[1].verdict != "ERROR"


def damaged(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def swapped(path: Path) -> None:
    """Another answer in the file, whose name and pin stay."""
    text = gzip.decompress(path.read_bytes()).replace(b"Patron", b"Person")
    path.write_bytes(gzip.compress(text, mtime=0))


@pytest.mark.parametrize(
    "harm, reason",
    [
        (Path.unlink, "the pinned baseline is missing"),
        (damaged, "not those that were pinned"),
        (swapped, "not those that were pinned"),
    ],
)
def test_data_that_are_not_the_pinned_ones_are_an_error(
    pinned: Desk, harm: Callable[[Path], Any], reason: str
) -> None:
    harm(pinned.data)
    assert all(reason in one for one in pinned.reasons(pinned.score(said("lora"))))


def test_a_pin_of_another_run_is_an_error(pinned: Desk) -> None:
    file = pinned.suite / "baseline.json"
    pin = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**pin, "run": "ffffffffff"}), "utf-8")
    for reason in pinned.reasons(pinned.score(said("lora"))):
        assert "the pin is of run ffffffffff, its data are of run " in reason


@pytest.mark.parametrize("text", ["{", "[]", '{"file": 1}', ""])
def test_a_damaged_pin_is_an_error(pinned: Desk, text: str) -> None:
    (pinned.suite / "baseline.json").write_text(text, "utf-8")
    assert all("the pin " in one for one in pinned.reasons(pinned.score(said("lora"))))


def test_data_of_another_schema_name_the_remedy(tmp_path: Path) -> None:
    raw = gzip.compress(b'{"schema": 9}\n', mtime=0)
    with pytest.raises(MeasurementError, match=r"schema 9.*bench baseline set SUITE"):
        pins.unpacked(raw, str(tmp_path))


def test_a_pin_outside_the_suite_is_not_followed(pinned: Desk, tmp_path: Path) -> None:
    shutil.move(pinned.data, tmp_path / "elsewhere.jsonl.gz")
    file = pinned.suite / "baseline.json"
    pin = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**pin, "file": "../elsewhere.jsonl.gz"}), "utf-8")
    assert all("is missing" in one for one in pinned.reasons(pinned.score(said("lora"))))
