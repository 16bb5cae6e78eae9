"""What tables say of cases, clusters, margins and seeds."""

import dataclasses

from factory_run import make_run

from harness.records import Comparison, Metric
from harness.report import markdown, page, scope, terminal

SHARE = Metric("style.all", "every rule holds", binary=True, headline=True)
ITEM = Comparison(
    "clauses", "style.all", "all", "lora × 3 seeds", "base", n=40, clusters=20, difference=0.3,
    low=0.1, high=0.5, method="t over 20 clusters x 3 seeds (4.1 degrees of freedom)",
    outcome="better", equal_within=0.5, claim="this method",
)  # fmt: skip


def test_clusters_are_counted_where_cases_share_one():
    assert scope.count_text(ITEM) == "40 in 20"
    assert scope.count_text(dataclasses.replace(ITEM, clusters=40)) == "40"


def test_a_difference_that_is_not_shown_has_the_margin_of_equality():
    assert scope.outcome_text(ITEM, SHARE) == "better"
    open_one = dataclasses.replace(ITEM, outcome="not shown", equal_within=0.04)
    assert scope.outcome_text(open_one, SHARE) == "not shown; equal within ±4 pp"


def test_every_report_says_which_claim_its_comparisons_support():
    run = dataclasses.replace(make_run(), methods=(ITEM,))
    said = "lora × 3 seeds − base, style.all in clauses: +30 pp [10, 50], n = 40 in 20; better"
    assert next(scope.method_lines(run)).startswith(said)
    assert said in " ".join(terminal.plain_text(run).split())
    assert "lora × 3 seeds − base" in markdown.render(run)
    for text in (" ".join(terminal.plain_text(run).split()), markdown.render(run)):
        assert scope.WEIGHTS in text
        assert scope.METHODS_LEAD in text


def test_a_run_of_single_seeds_has_no_part_on_methods():
    run = make_run()
    assert scope.METHODS.upper() not in terminal.plain_text(run)
    assert scope.METHODS not in markdown.render(run)
    assert list(scope.method_lines(run)) == []


def test_the_page_holds_the_sentences_on_methods():
    run = dataclasses.replace(make_run(), methods=(ITEM,))
    assert list(scope.method_lines(run)) == page.build(run)["methods"]
