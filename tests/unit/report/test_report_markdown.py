"""The pull-request comment."""

import dataclasses
import re
from pathlib import Path

import pytest
from factory_decision import decided
from factory_run import NASTY, empty_run, make_run

from harness.report import markdown, text

GOLDEN = Path(__file__).parents[2] / "golden" / "report.md"


def test_the_markdown_is_the_golden_one():
    assert GOLDEN.read_text(encoding="utf-8") == markdown.render(decided(make_run()))


def test_the_verdict_comes_first_and_folds_come_last():
    lines = markdown.render(make_run()).splitlines()
    assert lines[0] == "## ! ERROR: legal (quick)"
    assert lines.index("<details>") > lines.index("**What the findings advise**")
    assert lines[-1] == "</details>"


def test_every_table_row_has_as_many_cells_as_its_heading():
    for block in re.findall(
        r"(?:^\|.*\n)+", markdown.render(decided(make_run())), flags=re.MULTILINE
    ):
        cells = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(cells) == 1


def test_folds_open_and_close_in_pairs_whatever_a_name_holds():
    run = dataclasses.replace(make_run(), warnings=("</details><script>", "a\n## heading"))
    found = markdown.render(run)
    assert found.count("<details>") == found.count("</details>") == found.count("<summary>") == 8
    assert "<script>" not in found
    assert "\n## heading" not in found


def test_a_comment_fits_the_limit_of_a_pull_request():
    assert len(markdown.render(make_run())) < 65_536


def test_an_empty_run_has_no_folds_of_nothing():
    found = markdown.render(empty_run())
    assert "NO GATE" in found
    assert "All comparisons" not in found


def test_the_first_screen_has_the_verdict_the_decision_every_need_and_what_it_cannot_do():
    run = decided(make_run())
    screen = markdown.render(run).partition("<details>")[0]
    assert screen.startswith("## ! ERROR")
    assert text.markdown(run.decision.sentence) in screen
    for need in run.decision.needs:
        assert f"\n| {need.need} | " in screen
    assert "- **private facts**: No case of this run asks" in screen
    assert len(screen.splitlines()) < 45


def test_a_need_that_nothing_meets_names_the_best_and_that_it_misses():
    run = decided(make_run())
    rare = next(one for one in run.decision.needs if one.need == "rare facts")
    assert {o.candidate: o.meets for o in rare.options}["lora"] == "missed"
    best = dataclasses.replace(
        rare, way="none", candidate="lora", sure="shown", mean=0.29, low=0.08, high=0.48
    )
    decision = dataclasses.replace(run.decision, needs=(best,))
    found = markdown.render(dataclasses.replace(run, decision=decision))
    assert "\n| rare facts | none (best: lora) | missed | 29 % \\[8, 48\\] | 80 % | 21 | " in found
    assert (
        "- **rare facts**: lora has 29 % \\[8, 48\\] on recency.current, recency, new, n = 21; "
        "80 % is missed. See `bench show fact-" in found
    )


def test_a_run_without_a_decision_says_so_and_how_to_get_one():
    first = markdown.render(make_run()).splitlines()[2]
    assert first.startswith("**This run's record holds no decision. Running the suite again")


def test_what_does_not_fit_a_comment_is_left_out_and_named():
    run = decided(make_run())
    crowded = dataclasses.replace(run, warnings=tuple(f"{i} {'x' * 900}" for i in range(200)))
    found = markdown.render(crowded)
    assert len(found) < 65_536
    assert found.endswith("Left out for length, and in report.html: Warnings (200).\n")


@pytest.mark.parametrize("nasty", [*NASTY, "x" * 1_000_000, "{{ 7 * 7 }}{% raw %}"])
def test_hostile_words_in_a_decision_stay_words(nasty: str):
    run = decided(make_run())
    needs = tuple(
        dataclasses.replace(one, why=nasty, change=nasty, candidate=nasty)
        for one in run.decision.needs
    )
    decision = dataclasses.replace(
        run.decision, sentence=nasty, needs=needs, sensitivity=(nasty,), candidate=nasty
    )
    claims = tuple(dataclasses.replace(one, claim=nasty, sentence=nasty) for one in run.claims)
    cost = dataclasses.replace(run.break_even, sentence=nasty, notes=(nasty,), currency=nasty)
    found = markdown.render(
        dataclasses.replace(run, decision=decision, claims=claims, break_even=cost)
    )
    assert len(found) < 65_536
    assert not re.search(r"<(?!/?(?:details|summary)>)", found)
    assert found.count("<details>") == found.count("</details>") == found.count("<summary>")
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\ud800-\udfff]", found)
    assert "@everyone" not in found
    for block in re.findall(r"(?:^\|.*\n)+", found, flags=re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1
