"""`bench score`: what a file of answers is scored as, what it lacks, and what is refused."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tiny import edited, fee_rows, jsonl, note_rows, write_suite

from harness.cli import cli
from harness.errors import BenchError
from harness.records import Run
from harness.report.json import read
from harness.serve.vllm_engine import VllmEngine
from harness.suite.files import PER_FILE

Row = dict[str, Any]
CASES = [*note_rows(), *fee_rows()]


def said(candidate: str, cases: Sequence[Row] = CASES, **more: Any) -> list[Row]:
    """The cases' references as a candidate's answers."""
    return [
        {"case": case["id"], "candidate": candidate, "output": case["output"], **more}
        for case in cases
    ]


class Scored:
    """`bench score` on the tiny suite, whose model is nowhere: none is needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.suite = write_suite(folder / "tiny", folder / "no-model")
        self.file = folder / "answers.jsonl"

    def changed(self, change: Callable[[Row], Any]) -> None:
        """Another suite.yaml."""
        self.suite = edited(self.suite, self.folder / "changed", change)

    def __call__(self, rows: Sequence[Row]) -> Run:
        """The finished run."""
        self.file.write_text(jsonl(rows), encoding="utf-8")
        reports = self.folder / "reports"
        words = ["score", str(self.file), "--suite", str(self.suite), "--reports", str(reports)]
        runner = CliRunner(env={"BENCH_HOME": str(self.folder / "home")})
        done = runner.invoke(cli, [*words, "--json", "--quiet"])
        if isinstance(done.exception, BenchError):
            raise done.exception
        assert done.stdout, done.exception
        return read(Path(json.loads(done.stdout)["data"]))

    def refusal(self, rows: Sequence[Row]) -> list[str]:
        """The lines that the command ends with, without the folder."""
        with pytest.raises(BenchError) as caught:
            self(rows)
        return [str(one).replace(f"{self.folder}/", "") for one in caught.value.problems]


@pytest.fixture
def score(tmp_path: Path) -> Scored:
    return Scored(tmp_path)


def judged(judge: Row) -> Row:
    """The scorers of a task with a judge; the gate's rules need style."""
    return {"style": {}, "judge": judge}


def reasons(run: Run) -> list[tuple[str, str]]:
    """Each rule's verdict and why."""
    assert run.gate is not None
    return [(rule.verdict, rule.reason) for rule in run.gate.rules]


# ---------------------------------------------------------------- what is scored


def test_references_as_answers_have_all_that_the_scorers_look_for(score: Scored) -> None:
    run = score([*said("base"), *said("lora")])
    assert [(one.candidate.name, one.answers) for one in run.candidates] == [
        ("base", 18),
        ("lora", 18),
    ]
    means = {
        (one.task, one.metric): (one.mean, one.n)
        for one in run.summaries
        if one.candidate == "lora" and one.slice == "all"
    }
    assert means["notes", "terminology.success"] == (1.0, 8)
    assert means["fees", "recency.current"] == (1.0, 10)
    assert (run.engine, run.engine_reason) == ("replay", "the answers are in a file")
    assert run.warnings == ("replay:answers.jsonl: how these answers were made was not checked",)


def test_an_input_stands_for_the_case_that_asks_it(score: Scored) -> None:
    by_id = score(said("base"))
    texts = [
        {"input": case["input"], "candidate": "base", "output": case["output"]} for case in CASES
    ]
    by_input = score(texts)
    assert [one.scores for one in by_id.answers] == [one.scores for one in by_input.answers]
    assert by_id.id != by_input.id


def test_candidates_stand_in_the_suites_order_and_new_ones_after_them(score: Scored) -> None:
    rows = [*said("GPT 4o/2024"), *said("lora"), *said("base+house"), *said("base")]
    run = score(rows)
    kinds = {one.candidate.name: one.candidate.adapter.kind for one in run.candidates}
    assert kinds == {
        "base": "none",
        "base+house": "none",
        "lora": "served",
        "GPT 4o/2024": "served",
    }
    assert [*kinds] == ["base", "base+house", "lora", "GPT 4o/2024"]
    prompts = {one.candidate: one.prompt for one in run.answers if one.case == "note-0"}
    assert prompts["base+house"] == "[system] Begin with Answer:\nWrite a note to the tailor."
    assert prompts["lora"] == "Write a note to the tailor."


def test_passages_are_those_that_the_suite_finds_and_the_report_says_so(score: Scored) -> None:
    run = score(said("lora+retrieved", fee_rows()))
    assert {len(one.passages) for one in run.answers} == {1}
    assert run.warnings[1].startswith("passages are those that this suite finds")


def test_draws_are_averaged_by_case_and_no_more_are_wanted_than_a_candidate_made(
    score: Scored,
) -> None:
    wrong = said("lora", note_rows(), sample=2)
    for row in wrong:
        row["output"] = "No."
    rows = [*said("base", note_rows()), *said("lora", note_rows())]
    run = score([*rows, *said("lora", note_rows(), sample=1), *wrong])
    assert [(one.candidate.name, one.answers) for one in run.candidates] == [
        ("base", 8),
        ("lora", 24),
    ]
    style = {
        one.candidate: (one.mean, one.n, one.errors)
        for one in run.summaries
        if (one.metric, one.slice) == ("style.opening", "all")
    }
    assert style == {"base": (1.0, 8, 0), "lora": (pytest.approx(2 / 3), 8, 0)}


def test_what_the_file_lacks_is_an_error_and_never_a_zero(score: Scored) -> None:
    run = score([*said("base", CASES[:5]), *said("lora")])
    assert run.warnings[1] == "the file lacks 3 of 8 answers of base: errors, not zeros"
    (style,) = [
        (one.mean, one.n, one.errors)
        for one in run.summaries
        if (one.task, one.candidate, one.metric, one.slice) == ("notes", "base", "style.all", "all")
    ]
    assert style == (1.0, 5, 3)
    assert reasons(run)[0][1].startswith("base: 3 of 8 answers are errors")


def test_a_failed_and_a_cut_answer_are_what_they_say(score: Scored) -> None:
    failed = {"case": "note-6", "candidate": "base", "output": "", "error": "no quota left"}
    cut = {"case": "note-7", "candidate": "base", "output": "Answer: the", "finish": "length"}
    run = score([*said("base", CASES[:6]), failed, cut])
    found = {one.case: one.answer for one in run.answers}
    assert (found["note-6"].finish, found["note-6"].error) == ("error", "no quota left")
    assert "1 of 8 answers of base reached max_tokens and were cut" in run.warnings
    states = {one.state for row in run.answers if row.case == "note-6" for one in row.scores}
    assert states == {"error"}


def test_rules_about_what_was_not_answered_are_errors_that_say_so(score: Scored) -> None:
    run = score(said("base", note_rows()))
    assert reasons(run) == [
        ("ERROR", "nothing was measured for the candidate 'lora' (measured: base)"),
        ("ERROR", "nothing was measured for the task 'fees' (measured: notes)"),
    ]


def test_expectations_about_what_was_not_answered_fall_away(score: Scored) -> None:
    one = {"says": "x", "candidate": "lora", "task": "notes", "metric": "style.all"}
    base, fees = {"candidate": "base"}, {"task": "fees"}
    score.changed(
        lambda suite: suite.update(
            expect=[
                {"name": "kept", **one, "against": base},
                {"name": "other-arm", **one, "against": {"candidate": "base+house"}},
                {"name": "other-task", **one, "against": fees},
                {"name": "other-net", **one, "against": fees, "net_of": "base+house"},
            ]
        )
    )
    run = score([*said("base"), *said("lora", note_rows())])
    assert [seen.expectation.name for seen in run.phenomena] == ["kept"]


def test_a_suite_without_facts_rules_or_its_own_candidates_is_scored(score: Scored) -> None:
    score.changed(
        lambda suite: [
            suite.pop("facts"),
            suite.pop("documents"),
            suite.pop("gate"),
            suite["tasks"].pop("fees"),
            suite["tasks"]["notes"].pop("candidates"),
            suite.update(candidates={"base": {}}),
        ]
    )
    run = score([*said("base", note_rows()), *said("mine", note_rows())])
    assert run.gate is None
    assert {(one.candidate, one.baseline) for one in run.comparisons} == {("mine", "base")}


def test_a_judge_compares_with_nothing_where_nothing_was_answered(
    score: Scored, tiny_model: Path
) -> None:
    judge = {"against": "base", "rubric": "Be brief.", "model": str(tiny_model)}
    score.changed(
        lambda suite: suite["tasks"]["notes"].update(scorers={"style": {}, "judge": judge})
    )
    run = score(said("lora", note_rows()))
    scores = [one for row in run.answers for one in row.scores if one.metric == "judge.win"]
    (seen,) = {(one.state, one.reason) for one in scores}
    assert seen == ("unmeasured", "no judge was asked about this answer")


# ---------------------------------------------------------------- what is refused


def test_answers_to_no_case_are_refused_all_at_once_with_their_lines(score: Scored) -> None:
    strange = [
        {"case": "fee-99", "candidate": "base", "output": "x"},
        {"input": "Who?", "candidate": "base", "output": "x"},
    ]
    assert score.refusal([*said("base"), *strange]) == [
        "answers.jsonl:19: unknown case 'fee-99' (did you mean 'fee-9'?)",
        "answers.jsonl:20: no case has this input (give the case's id instead)",
    ]


def test_a_file_of_another_suite_does_not_fill_the_screen(score: Scored) -> None:
    rows = [{"case": f"other-{n}", "candidate": "base", "output": "x"} for n in range(200)]
    lines = score.refusal(rows)
    assert len(lines) == PER_FILE + 1
    assert lines[-1] == f"answers.jsonl: … and {200 - PER_FILE} more problems"


def test_one_case_by_its_id_and_by_its_input_is_answered_twice(score: Scored) -> None:
    again = {"input": CASES[3]["input"], "candidate": "base", "output": "x"}
    (line,) = score.refusal([*said("base"), again])
    assert line == (
        "answers.jsonl:19: 'base' answers case 'note-3' by its input and by its id, here and in "
        "line 4 (keep one)"
    )


@pytest.mark.parametrize(
    ("samples", "line"),
    [
        ((1, 2), "answers.jsonl:1: 'base' has a sample 2 and no sample 0 (count samples from 0)"),
        ((0, 7), "answers.jsonl:19: 'base' has a sample 7 and no sample 1 (count samples from 0)"),
    ],
)
def test_samples_that_are_not_counted_from_nothing_are_refused(
    score: Scored, samples: tuple[int, int], line: str
) -> None:
    first, second = samples
    assert score.refusal([*said("base", sample=first), *said("base", sample=second)]) == [line]


def test_a_judge_that_only_a_server_has_is_refused_before_anything_is_asked(score: Scored) -> None:
    judge = {"against": "base", "rubric": "Be brief."}
    score.changed(
        lambda suite: suite["tasks"]["notes"].update(scorers={"style": {}, "judge": judge})
    )
    (line,) = score.refusal([*said("base"), *said("lora")])
    assert line == (
        "tiny: the judge of task 'notes' is 'replay:answers.jsonl', not here: judges answer on "
        "this machine (name a folder, a hub id or an embedded model as the judge's model)"
    )


def test_the_engine_alone_has_no_answers(score: Scored) -> None:
    words = ["run", str(score.suite), "--engine", "replay", "--quiet"]
    done = CliRunner(env={"BENCH_HOME": str(score.folder / "home")}).invoke(cli, words)
    assert str(done.exception) == (
        "engine 'replay' has no answers (bench score ANSWERS.jsonl --suite SUITE)"
    )


def test_what_was_only_scored_cannot_be_talked_to(
    score: Scored, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = score(said("base", note_rows()))
    monkeypatch.setattr(VllmEngine, "missing", staticmethod(lambda: ""))
    words = ["serve", str(score.suite), "--reports", str(score.folder / "reports")]
    done = CliRunner(env={"BENCH_HOME": str(score.folder / "home")}).invoke(cli, words)
    line = f"run {run.id} scored answers that were made elsewhere: no model is here"
    assert str(done.exception) == f"{line} (serve a run of `bench run`)"
