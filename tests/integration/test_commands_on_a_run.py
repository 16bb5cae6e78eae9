"""What the other commands make of a finished run."""

import json
import re
import shutil
from pathlib import Path

from command import REPORTS, Bench, Done, rewritten
from tiny import edited

from harness.report.json import read


def test_json_is_all_that_standard_output_holds(done: Done) -> None:
    result = done.bench.run(done.suite, "--json", "--quiet")
    line = json.loads(result.stdout)
    assert (line["run"], line["exit_code"]) == (done.run.id, done.result.returncode)
    assert read(Path(line["data"])).id == done.run.id
    assert result.stderr == ""


def test_show_prints_a_case_with_every_answer(done: Done) -> None:
    shown = done.bench("show", "fee-0", "--reports", done.bench.reports, "--run", done.run.id)
    assert shown.returncode == 0
    assert "State today the fee of a reading room." in shown.stdout
    for name in ("base", "base+house", "base+gold", "lora", "lora+retrieved"):
        assert name in shown.stdout
    args = ("show", "fee-0", "--reports", done.bench.reports, "--run", done.run.id, "--json")
    assert len(json.loads(done.bench(*args).stdout)["answers"]) == 5


def test_a_misspelt_case_is_told_the_nearest(done: Done) -> None:
    shown = done.bench("show", "fee-00", "--reports", done.bench.reports, "--run", done.run.id)
    assert shown.returncode == 2
    assert re.search(r"no case 'fee-00' \(such as 'fee-\d'\)", shown.stderr)


def test_report_renders_the_same_files_again(done: Done, tmp_path: Path) -> None:
    copy = tmp_path / "reports" / "tiny" / done.run.id
    copy.mkdir(parents=True)
    shutil.copy(done.folder / "run.json", copy)
    again = done.bench("report", done.run.id, "--reports", tmp_path / "reports")
    assert again.returncode == 0
    for name in sorted(REPORTS):
        assert (copy / name).read_bytes() == (done.folder / name).read_bytes(), name


def test_compare_sees_which_cases_moved(done: Done, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    suite = edited(done.suite, tmp_path / "tiny", lambda data: data.update(seed=8))
    data = (suite / "train.jsonl").read_text().replace("Answer:", "Reply:")
    (suite / "train.jsonl").write_text(data)
    shutil.copytree(done.folder, reports / "tiny" / done.run.id)
    args = ("--engine", "transformers", "--executor", "inline", "--json", "--reports", reports)
    after = json.loads(done.bench("run", suite, *args).stdout)["run"]
    moves = done.bench("compare", done.run.id, after, "--reports", reports, "--json")
    found = [row for row in json.loads(moves.stdout)["moves"] if row["slice"] == "all"]
    rows = {(row["candidate"], row["task"], row["metric"]): row for row in found}
    assert rows["lora", "fees", "style.all"]["difference"] < -0.5
    assert rows["lora", "fees", "style.all"]["lost"]
    assert rows["base", "fees", "style.all"]["difference"] == 0
    assert rows["base", "fees", "style.all"]["flipped"] == []
    text = done.bench("compare", done.run.id, after, "--reports", reports)
    assert text.returncode == 0
    assert "lora" in text.stdout


def test_list_knows_the_run_and_the_suite(done: Done) -> None:
    listed = json.loads(
        done.bench("list", "runs", "--reports", done.bench.reports, "--json").stdout
    )
    assert f"tiny/{done.run.id}" in {row["name"] for row in listed["runs"]}
    everything = done.bench("list", "--reports", done.bench.reports)
    assert everything.returncode == 0
    for word in ("transformers", "bm25", "recency", "junit"):
        assert word in everything.stdout


# ---------------------------------------------------------------- gate


def test_gate_prints_each_rule_and_computes_nothing_twice(done: Done) -> None:
    before = done.bench.stamps()
    args = ("--engine", "transformers", "--reports", done.bench.reports)
    gate = done.bench("gate", done.suite, *args)
    assert gate.returncode == done.result.returncode
    assert done.run.gate is not None
    assert gate.stdout.startswith(f"gate: {done.run.gate.verdict} (tiny, run {done.run.id})")
    assert gate.stdout.count("style.all") == gate.stdout.count("recency.stale") == 1
    assert rewritten(before, done.bench.stamps()) == set()


def test_gate_judges_a_finished_adapter_without_training(done: Done, tmp_path: Path) -> None:
    adapter = next(c.adapter for c in done.run.candidates if c.adapter)
    mine = tmp_path / "mine"
    shutil.copytree(adapter.path, mine)
    (mine / "record.json").unlink()
    other = Bench(tmp_path / "other")
    args = ("--engine", "transformers", "--executor", "inline", "--reports", other.reports)
    gate = other("gate", done.suite, "--adapter", mine, *args)
    assert gate.returncode == done.result.returncode
    assert "lora: " not in gate.stderr  # nothing was trained
    (data,) = other.reports.glob("tiny/*/run.json")
    judged = read(data)
    assert {c.adapter.digest for c in judged.candidates if c.adapter} == {adapter.digest}
    assert judged.gate is not None
    assert done.run.gate is not None
    assert [rule.estimate for rule in judged.gate.rules] == [
        rule.estimate for rule in done.run.gate.rules
    ]
