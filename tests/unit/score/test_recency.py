"""The recency classes: agreement with people, and what must and must not change a class."""

import json
import sys
import time
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.protocols import Resources
from harness.records import Answer, Case, Fact, Score, Version
from harness.score.recency import CLASSES, Recency

sys.path.insert(0, str(Path(__file__).parent))
import confusion

AS_OF = date(2026, 3, 31)
LIMIT = Fact(
    "limit",
    "gratuity",
    "maximum",
    (
        Version("₹ 10 lakh", date(2010, 5, 24), date(2018, 3, 29)),
        Version("₹ 20 lakh", date(2018, 3, 29)),
    ),
    placebo=("₹ 35 lakh",),
)


def scored(text: str, fact: Fact = LIMIT, as_of: date | None = AS_OF, **options: object) -> list:
    scorer = Recency(dict(options), Resources(facts={fact.id: fact}))
    case = Case("c", "t", "", "", fact.id, as_of=as_of, fact=fact.id)
    return scorer.score(case, Answer("r", text))


def named(scores: list[Score]) -> dict[str, float | None]:
    return {score.metric.removeprefix("recency."): score.value for score in scores}


def test_the_classifier_agrees_with_hand_labelled_answers() -> None:
    counts, wrong = confusion.matrix()
    agreed = sum(number for (row, column), number in counts.items() if row == column)
    assert counts.total() >= 200
    assert agreed / counts.total() >= 0.98, "\n".join(wrong)


def test_the_labelled_answers_hold_every_class_at_least_ten_times() -> None:
    counts, _ = confusion.matrix()
    for label in confusion.CLASSES:
        assert sum(n for (row, _), n in counts.items() if row == label) >= 10


def test_a_current_answer_scores_best() -> None:
    values = named(scored("It is ₹ 20 lakh."))
    assert values == {
        "current": 1.0,
        "stale": 0.0,
        "wrong": 0.0,
        "abstained": 0.0,
        "hedged": 0.0,
        "utility": 1.0,
        "placebo": 0.0,
        "age_days": None,
        "current_net": 1.0,
        "stale_net": 0.0,
        "prefers_current": None,
    }


def test_a_stale_answer_has_its_age_and_costs_gamma() -> None:
    scores = scored("It is ₹ 10 lakh.", gamma=0.5)
    values = named(scores)
    assert values["utility"] == -0.5
    assert values["age_days"] == (AS_OF - date(2018, 3, 29)).days
    assert "2010-05-24 to 2018-03-29" in scores[0].reason
    assert {score.label for score in scores} == {"stale"}


def test_the_same_answer_is_current_on_an_earlier_date() -> None:
    assert scored("₹10 lakh", as_of=date(2015, 1, 1))[0].label == "current"


def test_the_last_day_of_a_value_is_the_one_before_valid_to() -> None:
    assert scored("₹10 lakh", as_of=date(2018, 3, 28))[0].label == "current"
    assert scored("₹10 lakh", as_of=date(2018, 3, 29))[0].label == "stale"


def test_a_value_that_only_holds_later_is_wrong() -> None:
    assert scored("₹20 lakh", as_of=date(2015, 1, 1))[0].label == "wrong"


def test_a_value_that_returned_is_current_although_it_was_also_old() -> None:
    fact = Fact(
        "f",
        "x",
        "window",
        (
            Version("14 days", date(2020, 1, 1), date(2021, 1, 1)),
            Version("7 days", date(2021, 1, 1), date(2022, 1, 1)),
            Version("14 days", date(2022, 1, 1)),
        ),
    )
    assert scored("14 days", fact)[0].label == "current"


def test_a_placebo_value_is_told_apart() -> None:
    values = named(scored("It is ₹ 35 lakh."))
    assert (values["placebo"], values["wrong"]) == (1.0, 1.0)


@pytest.mark.parametrize(
    "text, reason",
    [
        (
            "It is ₹ 20 lakh or ₹ 35 lakh.",
            'names "₹ 20 lakh", which holds, and "₹ 35 lakh", which was never true',
        ),
        (
            "₹ 15 lakh, ₹ 20 lakh or ₹ 25 lakh",
            'names "₹ 20 lakh", which holds, and lists 2 other values: "₹ 15 lakh", "₹ 25 lakh"',
        ),
        (
            "₹ 1 lakh, ₹ 2 lakh, ₹ 4 lakh, ₹ 5 lakh or ₹ 20 lakh",
            (
                'names "₹ 20 lakh", which holds, and lists 4 other values:'
                ' "₹ 1 lakh", "₹ 2 lakh", "₹ 4 lakh", …'
            ),
        ),
    ],
)
def test_a_right_value_among_wrong_ones_is_hedged_and_they_are_named(
    text: str, reason: str
) -> None:
    score = scored(text)[0]
    assert (score.label, score.reason) == ("hedged", reason)


def test_a_placebo_beside_the_right_value_still_counts_as_placebo() -> None:
    values = named(scored("It is ₹ 20 lakh or ₹ 35 lakh."))
    assert (values["hedged"], values["placebo"], values["utility"]) == (1.0, 1.0, 0.0)


def test_a_value_of_a_later_day_is_hedged_unless_it_is_announced() -> None:
    day = date(2015, 1, 1)
    both = scored("₹ 10 lakh, or ₹ 20 lakh for some.", as_of=day)[0]
    assert (both.label, "holds only later" in both.reason) == ("hedged", True)
    assert scored("₹ 10 lakh; in 2018 it will be ₹ 20 lakh.", as_of=day)[0].label == "current"


@pytest.mark.parametrize(
    "text",
    [
        "₹ 20 lakh, of which ₹ 5 lakh at once.",  # one other quantity alone
        "₹ 20 lakh, not ₹ 15 lakh, ₹ 25 lakh or ₹ 30 lakh.",  # denied
        "₹ 20 lakh, paid within 30 days, at 8 % after 60 days, by 1 May 2019.",  # other units
        "₹ 20 lakh under sections 4, 5 and 6.",  # labels
        "₹ 20 lakh, that is ₹ 2,000,000 or 2 million rupees.",  # the same value again
        "₹ 20 lakh, with ₹ 5 lakh at once and again ₹ 5 lakh later.",  # one quantity twice
        "It was ₹ 4 lakh, then ₹ 6 lakh, and is now ₹ 20 lakh.",  # past
    ],
)
def test_other_quantities_that_are_no_guesses_leave_an_answer_current(text: str) -> None:
    assert scored(text)[0].label == "current"


def test_a_list_of_bare_counts_is_hedged_but_other_counts_are_not() -> None:
    fact = Fact("f", "orders", "number of workers", (Version("300", date(2020, 1, 1)),))
    assert scored("200, 300 or 400", fact)[0].label == "hedged"
    assert scored("200 workers, 300 workers, or 400 workers", fact)[0].label == "hedged"
    assert scored("300 workers, in 12 states and 40 trades", fact)[0].label == "current"


@settings(max_examples=60, deadline=None)
@given(numbers=st.sets(st.integers(min_value=1, max_value=90), min_size=3, max_size=12))
def test_a_list_of_guesses_is_never_current(numbers: set[int]) -> None:
    held = max(numbers)
    fact = Fact("f", "x", "window", (Version(f"{held} days", date(2020, 1, 1)),))
    for text in (
        ", ".join(f"{number} days" for number in numbers),
        " or ".join(map(str, numbers)) + " days",
        "It is " + ". Or it is ".join(f"{number} days" for number in numbers) + ".",
    ):
        assert scored(text, fact)[0].label == "hedged", text


def test_without_placebo_values_the_metric_is_unmeasured() -> None:
    fact = Fact("f", "x", "y", (Version("5 days", date(2020, 1, 1)),))
    score = {s.metric: s for s in scored("5 days", fact)}["recency.placebo"]
    assert (score.state, score.value) == ("unmeasured", None)
    assert "no placebo" in score.reason


def test_an_empty_answer_is_measured_and_worst() -> None:
    values = named(scored("  \n"))
    assert (values["wrong"], values["utility"], values["current"]) == (1.0, -1.0, 0.0)


def test_an_answer_that_failed_is_an_error_and_never_zero() -> None:
    scorer = Recency({}, Resources(facts={"limit": LIMIT}))
    case = Case("c", "t", "", "", "x", as_of=AS_OF, fact="limit")
    scores = scorer.score(case, Answer("r", "", finish="error", error="engine died"))
    assert {(s.state, s.value, s.label) for s in scores} == {("error", None, "error")}
    assert "engine died" in scores[0].reason


@pytest.mark.parametrize(
    "fact, as_of, reason",
    [
        (None, AS_OF, "names no fact"),
        ("gone", AS_OF, "not in the suite"),
        ("limit", date(2000, 1, 1), "no value that holds on 2000-01-01"),
    ],
)
def test_what_cannot_be_judged_is_unmeasured(fact: str | None, as_of: date, reason: str) -> None:
    scorer = Recency({}, Resources(facts={"limit": LIMIT}))
    scores = scorer.score(Case("c", "t", "", "", "x", as_of=as_of, fact=fact), Answer("r", "hi"))
    assert {score.state for score in scores} == {"unmeasured"}
    assert reason in scores[0].reason


@pytest.mark.parametrize("options", [{"gama": 1}, {"gamma": "1"}, {"gamma": -1}, {"gamma": True}])
def test_a_wrong_option_is_named(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="gamma"):
        Recency(options, Resources())


def test_a_longer_value_is_known_by_its_quantity_unless_the_rate_differs() -> None:
    fact = Fact("f", "x", "fee", (Version("$59 per month", date(2020, 1, 1)),))
    assert scored("The fee is $59.", fact)[0].label == "current"
    assert scored("The fee is $59 per year.", fact)[0].label == "wrong"


def test_at_least_and_at_most_are_told_apart_where_only_they_differ() -> None:
    fact = Fact(
        "f",
        "x",
        "notice",
        (
            Version("at least 14 days", date(2020, 1, 1), date(2021, 1, 1)),
            Version("at most 14 days", date(2021, 1, 1)),
        ),
    )
    assert scored("at least 14 days", fact)[0].label == "stale"
    assert scored("at most 14 days", fact)[0].label == "current"


AMOUNTS = st.integers(min_value=1, max_value=90)


@settings(max_examples=80, deadline=None)
@given(current=AMOUNTS, old=AMOUNTS, other=AMOUNTS)
def test_changing_the_number_changes_the_class(current: int, old: int, other: int) -> None:
    if len({current, old, other}) < 3:
        return
    fact = Fact(
        "f",
        "x",
        "window",
        (
            Version(f"{old} days", date(2020, 1, 1), date(2024, 1, 1)),
            Version(f"{current} days", date(2024, 1, 1)),
        ),
    )
    given_answers = {
        f"You have {current} days.": "current",
        f"You have {old} days.": "stale",
        f"You have {other} days.": "wrong",
        f"You have {current}{other} days.": "wrong" if current * 100 != old else "stale",
        f"You have {current} hours.": "wrong",
    }
    for text, label in given_answers.items():
        if label == "wrong" and any(f" {n} days" in text for n in (current, old)):
            continue
        assert scored(text, fact)[0].label == label, text


WAYS = (
    "₹ {n} lakh",
    "₹{n} lakh",
    "Rs. {n} lakh",
    "Rs {n} lakhs",
    "INR {n} lakh",
    "{n} lakh rupees",
    "{n} lac rupees",
    "Rs. {n},00,000/-",
    "₹{n}00000",
)


@settings(max_examples=80, deadline=None)
@given(
    number=st.sampled_from([10, 20, 35, 47]),
    way=st.sampled_from(WAYS),
    form=st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]),
    case=st.sampled_from([str, str.upper, str.lower, str.title]),
    space=st.sampled_from([" ", "\u00a0", "  ", "\n", "\u2009"]),
)
def test_case_spacing_unicode_form_and_currency_marks_do_not_change_the_class(
    number: int, way: str, form: str, case: object, space: str
) -> None:
    expected = {10: "stale", 20: "current", 35: "wrong", 47: "wrong"}[number]
    text = case(f"The maximum payable is {way.format(n=number)} today.")  # type: ignore[operator]
    text = unicodedata.normalize(form, text.replace(" ", space))
    assert scored(text)[0].label == expected, text


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gets_exactly_one_class(text: str) -> None:
    values = named(scored(text))
    shares = [values[name] for name in CLASSES if name != "error"]
    assert sum(share for share in shares if share is not None) == 1.0


@pytest.mark.parametrize(
    "piece",
    [
        "not sure from 10 to ",
        "from ₹10 lakh ",
        "1. x\n",
        "two hundred and ",
        " \t",
        "(",
        "₹20 lakh ",
        "₹20 lakh, 7 rs, 8 rs ",
    ],
)
def test_a_very_long_answer_is_judged_in_bounded_time(piece: str) -> None:
    begin = time.perf_counter()
    assert scored(piece * 20_000)[0].label in CLASSES
    assert time.perf_counter() - begin < 3


def test_the_docs_print_the_confusion_matrix_of_now() -> None:
    docs = Path(__file__).parents[3] / "docs" / "scorers.md"
    counts, _ = confusion.matrix()
    assert confusion.markdown(counts) in docs.read_text()


def test_labelled_rows_are_unique() -> None:
    rows = [json.dumps(row, sort_keys=True) for row in confusion.labelled()]
    assert len(rows) == len(set(rows))
