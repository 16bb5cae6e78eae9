"""A user is told what is in the data before anything is trained on it."""

import pytest

from harness.suite.forms import form
from harness.suite.profile import language, lines, profile, script, tokens
from harness.suite.split import Placed

CLEAN = [
    ("How do I return a lamp?", "Dear reader, put the lamp in its box and send it to us."),
    ("Where is my parcel now?", "Dear reader, the parcel is with the carrier in your town."),
    ("May I pay by card?", "Dear reader, you may pay with a card, and it is free."),
]


def rows(*more, tags=()):
    pairs = [*CLEAN, *more]
    return [
        Placed(f"rows.csv:{n}", {"input": asked, "output": said, "tags": list(tags)})
        for n, (asked, said) in enumerate(pairs, 2)
    ]


def test_sizes_repeats_and_forms_are_counted():
    found = profile(
        rows(CLEAN[0], ("how do i return a LAMP", "No."), ("Give it as JSON", '{"a": 1}'))
    )
    assert (found.rows, found.inputs, found.repeats, found.conflicts) == (6, 4, 1, 1)
    assert found.words["input"] == (4, 5, 6, 6)
    assert found.start == ("Dear reader, put", pytest.approx(2 / 6))
    assert (found.outputs, found.one_line, found.json) == (5, 1.0, pytest.approx(1 / 6))


@pytest.mark.parametrize(
    "output, what",
    [
        ("?", "output of one letter or none"),
        ("The parcel went from the shop to the depot and then it was", "output looks cut off"),
        ("https://example.com/a?b=1", "output is only a link"),
        ("May I pay by card", "output repeats the input"),
        ("As an AI language model, I cannot say.", "output speaks as an AI model"),
        ("Dear [Your name], it is done.", "a blank left to fill in"),
        ("It is done, donâ€™t worry.", "garbled letters (encoding)"),
        ("Write to help@example.com.", "an e-mail address"),
        ("Call +44 20 7946 0958.", "a phone number"),
    ],
)
def test_what_looks_wrong_is_counted_with_its_first_place(output, what):
    many = [(f"Say number {n} again", f"It is number {n}.") for n in range(6)]
    found = profile(rows(*many, ("May I pay by card?", output)))
    assert [(one.what, one.count, one.where) for one in found.suspects] == [
        (what, 1, ("rows.csv:11",))
    ]


@pytest.mark.parametrize(
    "text", ["20 lakh rupees", "2025-03-31", "It is 1,000,000 in all.", "3.14159 26535"]
)
def test_sums_and_dates_are_no_phone_numbers(text):
    assert profile(rows(("Tell me", f"{text} it is, and no more."))).suspects == ()


def test_clean_rows_have_nothing_to_look_at():
    assert profile(rows()).suspects == ()


@pytest.mark.parametrize(
    "text, expected",
    [
        ("the parcel is with the carrier in your town", ("Latin", "English")),
        ("das Paket ist nicht bei dem Boten und die Post hat es", ("Latin", "German")),
        ("आपका आदेश भेज दिया जाएगा", ("Devanagari", "unknown")),
        ("您的订单将在两个工作日内发出", ("Han", "unknown")),
        ("12 + 30", ("none", "unknown")),
    ],
)
def test_scripts_are_told_and_languages_are_guessed(text, expected):
    assert (script(text), language(text)) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ('{"a": 1}', "json"),
        ("[1]", "json"),
        ("[sic]", "short"),
        ("two days.", "short"),
        ("21 November 2025 at noon", "short"),
        ("It is two days.", "prose"),
        ("a b c d e f", "prose"),
        ("a\nb", "prose"),
    ],
)
def test_forms_of_outputs(text, expected):
    assert form(text) == expected


def test_tokens_are_about_a_quarter_of_the_letters_and_more_in_other_scripts():
    assert (tokens("four words of text"), tokens("您的订单将")) == (4, 8)


def test_the_lines_fit_80_columns_whatever_the_data_holds():
    odd = ("x" * 300, "https://" + "y" * 300), ("a\tb\nc", "\u202e" * 90)
    found = list(lines(profile(rows(*odd, tags=[f"tag-{n}-{'z' * 40}" for n in range(30)]))))
    assert max(map(len, found)) <= 80
    assert found[0] == "data: 5 rows, 5 different inputs"
    assert any(line.startswith("  tags: tag-0-") or "tag-0-" in line for line in found)
    assert any("and 22 more" in line for line in found)
