"""What the case browser reads: every text, in the page or in the folder beside it."""

import base64
import dataclasses
import hashlib
import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from factory_run import empty_run, large_run, make_run

from harness.records import Run, ScoredAnswer
from harness.report import casedata, html, packing


def data_of(source: str) -> dict[str, Any]:
    found = re.search(
        r'<script type="application/json" id="data">(.*?)</script>', source, re.DOTALL
    )
    return json.loads(found.group(1))


def policy(source: str) -> str:
    return re.search(r'Content-Security-Policy" content="([^"]*)"', source).group(1)


def read(data: dict[str, Any], files: dict[str, str] | None = None) -> dict[str, Any]:
    """Index and answers' texts as the page puts them together."""
    scripts = {name: json.loads(f"[{text[11:-3]}]") for name, text in (files or {}).items()}
    index = packing.unpack(data.get("index") or scripts["index.js"][2])
    parts = data.get("parts") or [scripts[name][2] for name in sorted(scripts) if name[0] == "0"]
    rows = []
    for part in map(packing.unpack, parts):
        word = part["strings"].__getitem__
        for text, reasons, passages in part["answers"]:
            told = [[word(place) for place in part["passages"][at]] for at in passages]
            rows.append((word(text), [word(reason) for reason in reasons], told))
    return {"index": index, "texts": rows}


def texts(run: Run) -> list[str]:
    own = {(case.task, case.id): [] for case in run.cases}
    for item in run.answers:
        own[item.task, item.case].append(item.answer.text)
    return [text for row in own.values() for text in row]


def prose(count: int, seed: int = 5, characters: int = 600) -> list[str]:
    """Texts of made-up words, as frequent as words are in a language; none repeats another."""
    rng = random.Random(seed)
    syllables = [a + b for a in ("", *"bdfgklmnprstv", "st", "tr") for b in "aeiou"]
    words = sorted({"".join(rng.choices(syllables, k=rng.randint(2, 5))) for _ in range(5000)})
    words.sort(key=lambda word: len(word) + 6 * rng.random())
    weights = [1 / (place + 2) for place in range(len(words))]
    found = []
    for _ in range(count):
        text = " ".join(rng.choices(words, weights, k=characters // 4))[:characters]
        found.append(re.sub(r"(\w{6,}) (\w)", r"\1, \2", text.capitalize(), count=4))
    return found


def with_texts(run: Run, said: list[str]) -> Run:
    """The run with these answers; the reasons of its scores quote them."""

    def spoken(item: ScoredAnswer, words: str) -> ScoredAnswer:
        scores = [
            dataclasses.replace(s, reason=f"{s.reason.partition(':')[0]}: {words[:30]}")
            for s in item.scores
        ]
        answer = dataclasses.replace(item.answer, text=words)
        return dataclasses.replace(item, answer=answer, scores=tuple(scores))

    answers = tuple(map(spoken, run.answers, said))
    return dataclasses.replace(run, answers=answers)


@pytest.mark.parametrize(
    "said",
    [
        [],
        [""],
        ["", "one  two\n\tthree", "नमस्ते 世界 👩‍👩‍👧", "x" * 100_000, ""],
        [f"w{i} v{i * 7}" for i in range(30_000)],
    ],
    ids=["none", "empty", "scripts", "many words"],
)
def test_packed_texts_come_back_as_they_were(said: list[str]):
    item = {"strings": said, "cases": [[0, 1]]}
    assert item == packing.unpack(json.loads(packing.escape(packing.pack(item))))


def test_the_page_holds_every_answer_score_and_passage():
    run = make_run()
    found = read(data_of(html.render(run)))
    index = found["index"]
    assert len(index["cases"]) == len(run.cases)
    assert len(index["answers"]) == len(found["texts"]) == len(run.answers)
    last = next(item for item in run.answers[::-1] if item.case == run.cases[-1].id)
    case, candidate, finish, drawn, marks = index["answers"][-1]
    text, reasons, passages = found["texts"][-1]
    assert (last.case, last.candidate) == (index["cases"][case][1], index["candidates"][candidate])
    assert (last.answer.text, 0, last.sample) == (text, finish, drawn)
    known = [index["marks"][mark] for mark in marks]
    assert [(s.metric, s.value, s.label, s.reason) for s in last.scores] == [
        (index["metrics"][metric][0], value, label, reason)
        for (metric, value, _, label), reason in zip(known, reasons, strict=True)
    ]
    assert [[p.document, p.title, p.text] for p in last.passages] == passages


def test_failures_keep_their_state_and_are_never_zero():
    marks = data_of(html.render(make_run()))["index"]["marks"]
    assert [mark for mark in marks if (mark[1] is None) != (mark[2] != 0)] == []
    assert {0, 1, 2} == {mark[2] for mark in marks}


def test_ten_thousand_answers_of_prose_leave_half_a_megabyte_to_the_tables():
    run = with_texts(large_run(), prose(10_000))
    found = casedata.embed(run, 2_400_000)
    assert (len(found.data.encode()) < 2_400_000, {}) == (True, found.files)
    assert texts(run) == [text for text, _, _ in read(json.loads(found.data))["texts"]]


def test_a_page_of_any_run_stays_under_three_megabytes():
    run = with_texts(large_run(), [str(n) * 900 for n in range(10_000)])
    assert len(html.render(run).encode()) < 3_000_000


def test_what_does_not_fit_is_beside_the_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(casedata, "PLAIN_LIMIT", 1000)
    monkeypatch.setattr(casedata, "PART_BYTES", 20_000)
    monkeypatch.setattr(html, "LIMIT", 0)
    monkeypatch.setattr(html, "LEAST_DATA", 12_000)
    run = make_run()
    source, files = html.pages(run)
    assert len(files) > 3
    whole = read(data_of(source), files)
    assert [len(text) for text in texts(run)] == [
        len(text.replace("\r\n", "\n")) for text, _, _ in whole["texts"]
    ]
    assert policy(source).split("; ")[2].endswith("'self' file:")
    beside = tmp_path / casedata.FOLDER
    beside.mkdir()
    (beside / "9999.js").write_text("of an earlier rendering")
    html.HtmlReport().write(run, tmp_path)
    assert sorted(files) == sorted(path.name for path in beside.iterdir())


def test_an_index_that_does_not_fit_is_beside_the_page_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(casedata, "PLAIN_LIMIT", 1000)
    run = make_run()
    found = casedata.embed(run, 2000)
    assert "index.js" in found.files
    data = json.loads(found.data)
    assert (list(data), len(run.answers)) == (["beside"], data["beside"]["answers"])
    assert len(run.cases) == len(read(data, found.files)["index"]["cases"])


def test_a_run_that_fits_again_leaves_no_folder(tmp_path: Path):
    beside = tmp_path / casedata.FOLDER
    beside.mkdir()
    (beside / "0000.js").write_text("of an earlier rendering")
    html.HtmlReport().write(empty_run(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_file_of_someone_else_is_kept(tmp_path: Path):
    beside = tmp_path / casedata.FOLDER
    beside.mkdir()
    (beside / "notes.txt").write_text("mine")
    html.HtmlReport().write(empty_run(), tmp_path)
    assert (beside / "notes.txt").read_text() == "mine"


def test_only_the_page_s_own_scripts_are_let_run():
    source = html.render(make_run())
    codes = re.findall(r"<script>(.*?)</script>", source, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() for code in codes]
    wanted = " ".join(f"'sha256-{digest}'" for digest in digests)
    assert f"script-src {wanted}" == policy(source).split("; ")[2]
