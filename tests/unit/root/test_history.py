"""The index of runs: points, looks, and what stands in its way."""

import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from root_factory import VALUES, make_run

from harness import history
from harness.console import Log
from harness.records import Rule, RuleResult, Run

WORSE = {"base": (0.0, 0.0, 1.0, 0.0), "lora": (1.0, 0.0, 1.0, 0.0)}
WORST = {"base": (0.0, 0.0, 1.0, 0.0), "lora": (0.0, 0.0, 1.0, 0.0)}


def keep(root: Path, run: Run) -> None:
    history.record(root, run, root / "reports", Log(quiet=True))


def said(root: Path, run: Run) -> str | None:
    return history.looks(root, run, Log(quiet=True))


def with_verdict(run: Run, verdict: str) -> Run:
    assert run.gate is not None
    return replace(run, gate=replace(run.gate, verdict=verdict))


def test_a_run_becomes_a_point_with_its_summaries_and_rules(tmp_path: Path) -> None:
    keep(tmp_path, make_run())
    (point,) = history.runs_of(tmp_path, "shop", Log())
    assert tuple(point[name] for name in ("run", "verdict", "n_cases", "looks")) == (
        "aaaa000001",
        "PASS",
        4,
        1,
    )
    (summary,) = history.table_of(tmp_path, "summaries", "shop", Log())
    assert tuple(summary[name] for name in ("mean", "low", "high", "n")) == (0.25, 0.0, 0.7, 4)
    (rule,) = history.table_of(tmp_path, "rules", "shop", Log())
    assert tuple(rule[name] for name in ("kind", "against", "bar", "verdict")) == (
        "superior",
        "base",
        0.0,
        "PASS",
    )


def test_the_same_answers_again_are_a_further_look_at_the_same_point(tmp_path: Path) -> None:
    for _ in range(3):
        keep(tmp_path, make_run())
    assert [row["looks"] for row in history.runs_of(tmp_path, "shop", Log())] == [3]


def test_the_first_gate_on_its_cases_has_nothing_to_confess(tmp_path: Path) -> None:
    assert said(tmp_path, make_run()) is None


def test_the_same_answers_judged_again_are_no_new_try(tmp_path: Path) -> None:
    keep(tmp_path, make_run())
    assert said(tmp_path, make_run()) is None


def test_trying_adapters_until_one_passes_is_counted(tmp_path: Path) -> None:
    keep(tmp_path, with_verdict(make_run("aaaa000001", WORST), "FAIL"))
    keep(tmp_path, with_verdict(make_run("aaaa000002", WORSE), "INCONCLUSIVE"))
    told = said(tmp_path, make_run("aaaa000003"))
    assert told is not None
    assert told.startswith("look 3 at these 4 cases: 2 other sets of answers were judged")
    assert "0 passed" in told
    assert "7.5 %" in told


def test_other_cases_start_the_count_again(tmp_path: Path) -> None:
    keep(tmp_path, with_verdict(make_run("aaaa000001", WORST), "FAIL"))
    run = make_run("aaaa000002")
    fresh = tuple(replace(case, input=f"fresh {case.input}") for case in run.cases)
    assert said(tmp_path, replace(run, cases=fresh)) is None


def test_changing_the_rules_until_they_pass_is_named(tmp_path: Path) -> None:
    keep(tmp_path, with_verdict(make_run(), "FAIL"))
    run = make_run()
    assert run.gate is not None
    (judged,) = run.gate.rules
    softer = replace(judged, rule=replace(judged.rule, kind="non_inferior", margin=0.5))
    told = said(tmp_path, replace(run, gate=replace(run.gate, rules=(softer,))))
    assert told is not None
    assert "2 different sets of rules were tried on them" in told


def test_a_later_try_does_not_taint_an_earlier_verdict(tmp_path: Path) -> None:
    keep(tmp_path, make_run("aaaa000001"))
    keep(tmp_path, with_verdict(make_run("aaaa000002", WORST), "FAIL"))
    assert said(tmp_path, make_run("aaaa000001")) is None


def test_where_a_rule_is_written_is_no_other_rule(tmp_path: Path) -> None:
    run = make_run()
    assert run.gate is not None
    (judged,) = run.gate.rules
    moved = replace(judged, rule=replace(judged.rule, where="suite.yaml:90"))
    other = replace(run, gate=replace(run.gate, rules=(moved,)))
    assert history.asked_of(run) == history.asked_of(other)


def test_a_try_is_the_same_whether_or_not_the_other_tasks_were_asked(tmp_path: Path) -> None:
    run = make_run()
    spare = [replace(case, id=f"s-{case.id}", task="small talk") for case in run.cases]
    more = [replace(one, case=f"s-{one.case}", task="small talk") for one in run.answers]
    whole = replace(run, cases=(*run.cases, *spare), answers=(*run.answers, *more))
    assert history.asked_of(whole) == history.asked_of(run)
    keep(tmp_path, with_verdict(whole, "FAIL"))
    told = said(tmp_path, make_run("aaaa000002", WORST))
    assert told is not None
    assert told.startswith("look 2 at these 4 cases")


def test_a_limit_on_the_adapter_s_size_makes_no_other_cases_of_them() -> None:
    run = make_run()
    assert run.gate is not None
    sized = RuleResult(Rule("budget", "lora", "", "adapter_mb", value=9), "PASS", "fits", 1)
    spare = tuple(replace(case, id=f"s-{case.id}", task="small talk") for case in run.cases)
    gate = replace(run.gate, rules=(*run.gate.rules, sized))
    limited = history.asked_of(replace(run, cases=(*run.cases, *spare), gate=gate))
    assert limited.cases == history.asked_of(run).cases


def test_only_answers_of_judged_candidates_count_as_a_try() -> None:
    run, other = make_run(), make_run(values={**VALUES, "third": (1.0, 1.0, 1.0, 1.0)})
    assert history.asked_of(run).answers != history.asked_of(make_run(values=WORST)).answers
    assert history.asked_of(run).answers == history.asked_of(other).answers


def test_the_note_stands_beside_the_verdict(tmp_path: Path) -> None:
    keep(tmp_path, with_verdict(make_run("aaaa000001", WORST), "FAIL"))
    noted = history.noted(tmp_path, make_run("aaaa000002"), Log())
    assert noted.gate is not None
    assert [note.startswith("look 2 at these 4 cases") for note in noted.gate.notes] == [True]


def test_writers_at_once_all_get_in(tmp_path: Path) -> None:
    runs = [make_run(f"aaaa{number:06}") for number in range(8)]
    threads = [threading.Thread(target=keep, args=(tmp_path, run)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {run.id for run in runs} == {
        row["run"] for row in history.runs_of(tmp_path, "shop", Log())
    }


def test_a_damaged_index_is_set_aside_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / history.FILE).write_bytes(b"this is no database" * 100)
    history.record(tmp_path, make_run(), tmp_path, Log())
    assert "history.sqlite was damaged" in " ".join(capsys.readouterr().err.split())
    assert (tmp_path / "history.damaged").exists()
    keep(tmp_path, make_run())
    assert len(history.runs_of(tmp_path, "shop", Log())) == 1


def test_an_index_of_a_newer_bench_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(tmp_path / history.FILE) as index:
        index.execute("PRAGMA user_version = 99")
    index.close()
    history.record(tmp_path, make_run(), tmp_path, Log())
    assert "newer bench (schema 99)" in " ".join(capsys.readouterr().err.split())
    assert history.runs_of(tmp_path, "shop", Log(quiet=True)) == []


def test_a_store_that_cannot_be_written_stops_no_run(tmp_path: Path) -> None:
    keep(tmp_path / "missing", make_run())
    assert not (tmp_path / "missing").exists()


def test_a_run_in_which_nothing_was_judged_is_no_try(tmp_path: Path) -> None:
    keep(tmp_path, with_verdict(make_run("aaaa000001", WORST), "ERROR"))
    assert said(tmp_path, make_run("aaaa000002")) is None
