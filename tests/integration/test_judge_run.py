"""A judge from suite.yaml to the reports: a judge that always says A decides nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command import Bench, Done, folders, rewritten
from tiny import edited, jsonl, make_model

from harness.report.json import read

LABELS = [
    {"case": f"note-{n}", "first": "Thank you.", "second": "No.", "label": label}
    for n, label in enumerate(["first", "first", "second", "tie", "first", "second"])
]


def make_judge(folder: Path) -> Path:
    """A tiny model that says A whatever it reads."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    make_model(folder)
    model: Any = AutoModelForCausalLM.from_pretrained(folder)
    letter = AutoTokenizer.from_pretrained(folder).convert_tokens_to_ids("A")
    with torch.no_grad():
        model.model.embed_tokens.weight.fill_(1.0)
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        model.lm_head.weight.zero_()
        model.lm_head.weight[letter].fill_(1.0)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory, tiny_suite: Callable[[Path], Path]) -> Done:
    """The tiny suite with a judge, run once."""
    root = tmp_path_factory.mktemp("judged")
    make_judge(root / "judge")

    def change(data: dict[str, Any]) -> None:
        options = {"rubric": "Which thanks more?", "against": "base", "labels": "labels.jsonl"}
        options["model"] = str(root / "judge")
        data["tasks"]["notes"]["scorers"] = {"style": {}, "judge": options}

    suite = edited(tiny_suite(root / "plain"), root / "suite", change)
    (suite / "labels.jsonl").write_text(jsonl(LABELS), encoding="utf-8")
    bench = Bench(root / "bench")
    result = bench.run(suite)
    (data,) = bench.reports.glob("tiny/*/run.json")
    return Done(bench, suite, result, read(data), data.parent)


def test_every_answer_but_those_held_against_is_judged(judged: Done) -> None:
    assert "judge     " in judged.result.stderr, judged.result.stderr
    found: dict[str, set[tuple[str, float | None, str]]] = {}
    for row in judged.run.answers:
        for score in row.scores:
            if score.metric == "judge.win":
                found.setdefault(row.candidate, set()).add((score.state, score.value, score.label))
    assert found == {
        "base": {("unmeasured", None, "")},
        "base+house": {("ok", 0.5, "disagree")},
        "lora": {("ok", 0.5, "disagree")},
    }


def test_every_report_says_how_it_was_judged(judged: Done) -> None:
    order = "changed the judge's verdict in 22 of 22 pairs (always the first shown 22"
    agreed = "n = 6, no κ, for one side used a single word (17 % called alike)"
    assert [order in judged.run.notes[1], agreed in judged.run.notes[2]] == [True, True]
    for name in ("report.html", "report.md", "report.txt", "run.json"):
        text = " ".join((judged.folder / name).read_text(encoding="utf-8").split())
        plain = text.replace("&#39;", "'").replace("\\u03ba", "κ")
        assert order in plain, name
        assert agreed in plain, name
        assert "beyond chance" in plain, name


def test_the_judges_time_is_on_record(judged: Done) -> None:
    assert judged.run.stage_seconds["judge"] > 0
    assert (judged.bench.home / "logs" / "judge.log").exists()


def test_a_second_run_asks_nobody_and_says_the_same(judged: Done) -> None:
    before = judged.bench.stamps()
    result = judged.bench.run(judged.suite)
    assert result.returncode == judged.result.returncode
    assert "judge     " not in result.stderr
    assert folders(rewritten(before, judged.bench.stamps())) == set()
    again = json.loads((judged.folder / "run.json").read_text(encoding="utf-8"))
    assert again["notes"] == list(judged.run.notes)


def test_a_suite_without_a_judge_starts_none(done: Done) -> None:
    assert [note for note in done.run.notes if "judge" in note] == []
    assert "judge" not in done.run.stage_seconds
    assert not (done.bench.home / "logs" / "judge.log").exists()
