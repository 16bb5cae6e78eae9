"""What must and what must not change a grader's class, over facts of many value types."""

import random
import unicodedata
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.protocols import Resources
from harness.records import Answer, Case, Fact, Version
from harness.score.abstention import Abstention
from harness.score.recency import Recency

AS_OF = date(2024, 6, 1)
CHANGE = date(2022, 1, 1)


def fact(attribute: str, old: str, new: str, never: str) -> Fact:
    versions = (Version(old, date(2010, 1, 1), CHANGE), Version(new, CHANGE))
    return Fact("f", "Zed", attribute, versions, placebo=(never,))


def classes(about: Fact, *texts: str) -> list[str]:
    scorer = Recency({}, Resources(facts={"f": about}))
    case = Case("c", "t", "", "", "f", as_of=AS_OF, fact="f")
    return [scorer.score(case, Answer("r", text))[0].label for text in texts]


# how a value of a type is written, from a number
WAYS = {
    "window": "{} days",
    "leave": "{} weeks",
    "probation": "{} months",
    "rate": "{}%",
    "ceiling": "₹{} lakh",
    "turnover": "₹{} crore",
    "fee": "£{}",
    "price": "${} per month",
    "prize": "€{},000",
    "baggage": "{} kg",
    "distance": "{} km",
    "speed": "{} Mbit/s",
    "seats": "{}00",
    "address": "{} Mill Lane, Leeds",
    "form": "Form {}B",
    "release": "2.{}",
}
THREE = st.lists(st.integers(min_value=2, max_value=89), min_size=3, max_size=3, unique=True)
KINDS = st.sampled_from(sorted(WAYS))
IN_ORDER = ["stale", "current", "wrong"]
FRAMES = ("{}", "It is {}.", "The answer is {}.", "As of now it is {}.", "**{}**", "- {}")


def of_kind(kind: str, numbers: list[int]) -> tuple[Fact, list[str]]:
    old, new, never = (WAYS[kind].format(number) for number in numbers)
    return fact(kind, old, new, never), [old, new, never]


@settings(max_examples=150, deadline=None)
@given(kind=KINDS, numbers=THREE, frame=st.sampled_from(FRAMES))
def test_the_number_decides_the_class(kind: str, numbers: list[int], frame: str) -> None:
    about, texts = of_kind(kind, numbers)
    answers = [frame.format(text) for text in texts]
    assert classes(about, *answers) == IN_ORDER


@settings(max_examples=100, deadline=None)
@given(kind=KINDS, numbers=THREE, other=st.integers(min_value=90, max_value=99))
def test_a_number_that_no_value_has_is_wrong(kind: str, numbers: list[int], other: int) -> None:
    about, _ = of_kind(kind, numbers)
    assert classes(about, f"It is {WAYS[kind].format(other)}.") == ["wrong"]


FORMS = st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"])
CASES = st.sampled_from([str, str.upper, str.lower])
SPACES = st.sampled_from([" ", "\u00a0", "  ", "\n", "\u2009", "\u202f", "\t"])


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isdigit() else c for c in text)


def devanagari(text: str) -> str:
    return "".join(chr(ord(c) - ord("0") + 0x966) if c in "0123456789" else c for c in text)


DIGITS = st.sampled_from([str, full_width, devanagari])


@settings(max_examples=250, deadline=None)
@given(
    kind=KINDS,
    numbers=THREE,
    at=st.integers(0, 2),
    form=FORMS,
    case=CASES,
    space=SPACES,
    as_=DIGITS,
)
def test_case_spacing_and_unicode_form_change_no_class(
    kind: str, numbers: list[int], at: int, form: str, case: type, space: str, as_: type
) -> None:
    about, texts = of_kind(kind, numbers)
    text = f"It's {texts[at]} “today”."
    changed = unicodedata.normalize(form, case(as_(text)).replace(" ", space))
    assert classes(about, text) == classes(about, changed), repr(changed)


LAKH = (
    "₹{n} lakh",
    "₹ {n} lakh",
    "Rs. {n},00,000",
    "Rs {n},00,000/-",
    "INR {n}00000",
    "INR {n} lakh",
    "{n} lakh rupees",
    "{n} lakhs",
    "{n} lac rupees",
    "₹{western}",
    "rupees {n} lakh only",
    "{western} rupees",
    "₹{n}L",
)


@settings(max_examples=150, deadline=None)
@given(numbers=THREE, way=st.sampled_from(LAKH), frame=st.sampled_from(FRAMES))
def test_notation_of_a_sum_changes_no_class(numbers: list[int], way: str, frame: str) -> None:
    about, _ = of_kind("ceiling", numbers)
    answers = [
        frame.format(way.format(n=number, western=f"{100_000 * number:,}")) for number in numbers
    ]
    assert classes(about, *answers) == IN_ORDER, answers


DATES = ("%-d %B %Y", "%d/%m/%Y", "%Y-%m-%d", "%B %-d, %Y", "%-d %b %Y", "%d.%m.%Y")


@settings(max_examples=150, deadline=None)
@given(
    days=st.lists(
        st.dates(date(2020, 1, 13), date(2023, 12, 28)).filter(lambda day: day.day > 12),
        min_size=3,
        max_size=3,
        unique=True,
    ),
    value=st.sampled_from(DATES),
    said=st.sampled_from(DATES),
)
def test_notation_of_a_date_changes_no_class(days: list[date], value: str, said: str) -> None:
    about = fact("start", *(day.strftime(value) for day in days))
    answers = [f"It starts on {day.strftime(said)}." for day in days]
    assert classes(about, *answers) == IN_ORDER, answers


POLITE = (
    " Thank you for asking!",
    " I hope this helps.",
    " Let me know if you need anything else.",
    " Have a lovely day!",
    " Please feel free to reach out with further questions.",
    " Kind regards,\nTeam Zed",
)


@settings(max_examples=120, deadline=None)
@given(kind=KINDS, numbers=THREE, at=st.integers(0, 2), polite=st.sampled_from(POLITE))
def test_politeness_changes_no_class(kind: str, numbers: list[int], at: int, polite: str) -> None:
    about, texts = of_kind(kind, numbers)
    text = f"It is {texts[at]}."
    assert (
        classes(about, text) == classes(about, text + polite, "Thank you for asking! " + text)[:1]
    )
    assert classes(about, text) == classes(about, "Thank you for asking! " + text)


@pytest.mark.parametrize("polite", POLITE)
@pytest.mark.parametrize(
    "text",
    ["I do not know.", "The document does not say.", "It is 14 days.", "No. It is closed."],
)
def test_politeness_changes_neither_declining_nor_answering(text: str, polite: str) -> None:
    scorer = Abstention({}, Resources())
    case = Case("c", "t", "What is the window?", "", "c", answerable=False)
    plain, nice = (scorer.score(case, Answer("a", said))[0].label for said in (text, text + polite))
    assert plain == nice


@settings(max_examples=40, deadline=None)
@given(kind=KINDS, numbers=THREE, seed=st.integers(0, 1000))
def test_scoring_is_free_of_order(kind: str, numbers: list[int], seed: int) -> None:
    about, texts = of_kind(kind, numbers)
    old, new, never = texts
    answers = [
        *texts,
        f"It was {old} until 2021 and is {new} now.",
        f"Either {old} or {new}.",
        f"{new}, not {never}.",
        "I do not know.",
        "",
    ]
    shuffled = random.Random(seed).sample(answers, len(answers))
    told = dict(zip(shuffled, classes(about, *shuffled), strict=True))
    assert classes(about, *answers) == [told[text] for text in answers]
    assert classes(about, *answers) == [classes(about, text)[0] for text in answers]


@settings(max_examples=150, deadline=None)
@given(kind=KINDS, numbers=THREE)
def test_each_class_of_methods_is_told_for_every_type(kind: str, numbers: list[int]) -> None:
    about, (old, new, never) = of_kind(kind, numbers)
    expected = {
        f"It was {old} until 2021; now it is {new}.": "current",
        f"No longer {old}: it is {new}.": "current",
        f"It is {new}, not {old}.": "current",
        f"It used to be {new} but is now {old}.": "stale",
        f"Either {old} or {new}.": "hedged",
        f"It could be {new} or {never}.": "hedged",
        f"I cannot confirm that it is {new}.": "abstained",
        f"It is not {new}.": "wrong",
    }
    assert list(expected.values()) == classes(about, *expected)


@pytest.mark.parametrize(
    "piece",
    ['{"a":', "[", "9", "crore ", "1 crore ", "7 days + ", "9-5 pm ", "the page of ", "not "],
)
def test_an_answer_that_repeats_itself_without_end_gets_a_class(piece: str) -> None:
    text = "1 " + piece * 20_000 if piece == "crore " else piece * 20_000
    about, _ = of_kind("window", [7, 14, 21])
    assert classes(about, text)[0] in {"current", "stale", "wrong", "abstained", "hedged"}
    case = Case("c", "t", "What is the window?", "", "c", answerable=False)
    label = Abstention({}, Resources()).score(case, Answer("a", text))[0].label
    assert label in {"declined", "invented"}
