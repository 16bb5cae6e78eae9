"""What is computed the fast way is what the plain way gives."""

import random
from collections import Counter

import pytest
from rouge_score.rouge_scorer import RougeScorer

from harness.protocols import Resources
from harness.records import Answer, Case
from harness.score import abstain, voice
from harness.score.reading import read
from harness.score.rouge import Rouge
from harness.score.text import normalise, quote, sentences, words
from harness.score.values import Reading

WORDS = [
    "I",
    "we",
    "you",
    "the",
    "page",
    "not",
    "no",
    "can't",
    "cannot",
    "nothing",
    "say",
    "says",
    "know",
    "only",
    "silent",
    "please",
    "contact",
    "us",
    "Notice",
    "7",
    "days",
    "é",
    "“the”",
    "—",
    "१",
    "is",
    "are",
    ".",
    ",",
    "?",
    "!",
    ";",
    "blank",
    "passage",
    "does",
    "of",
    "about",
    "what",
    "who",
    "let",
    "me",
]


def texts(number: int = 400) -> list[str]:
    draw = random.Random(11)
    return [
        "".join(draw.choice(WORDS) + draw.choice((" ", " ", " ", "\n", "  ")) for _ in range(size))
        for size in (draw.randrange(1, 40) for _ in range(number))
    ]


def test_only_rules_whose_words_a_text_has_are_searched_and_none_is_missed() -> None:
    for text in (normalise(text).lower() for text in texts()):
        said = set(abstain._WORD.findall(text))
        if any(word.endswith("n't") or word in abstain._NEGATED for word in said):
            said.add("not")
        expected = [
            rule
            for rule in abstain._RULES
            if not any(said.isdisjoint(group) for group in rule.needs)
        ]
        assert expected == list(abstain._candidates(text))


def test_trigrams_are_counted_as_a_counter_does() -> None:
    plain = [voice._plain(text) for text in [*texts(60), "anana banana  aaaa", "\U0001f600ab", "x"]]
    features = voice._ranked(plain)
    ranked = sorted(
        (counts := Counter(t for text in plain for t in {*voice._trigrams(text)})),
        key=lambda trigram: (-counts[trigram], trigram),
    )[:100]
    for text in [*plain, "", "ab"]:
        said, tokens = Counter(voice._trigrams(text)), Counter(voice._TOKEN.findall(text))
        expected = [tokens[token] / max(1, tokens.total()) for token in features.tokens]
        expected += [said[trigram] / max(1, said.total()) for trigram in ranked]
        assert expected == features.shares(text).tolist()


def test_rouge_of_words_and_of_pairs_is_that_of_the_package() -> None:
    draw = random.Random(3)
    package = RougeScorer(["rouge1", "rouge2", "rougeL"])
    for _ in range(200):
        reference, answer = (
            " ".join(draw.choices("abcd", k=draw.randrange(1, 30))) for _ in range(2)
        )
        found = package.score(reference, answer)
        expected = [found[name].fmeasure for name in ("rouge1", "rouge2", "rougeL")]
        scores = Rouge({}, Resources()).score(
            Case("c", "t", "", reference, "c"), Answer("a", answer)
        )
        assert expected == pytest.approx([score.value for score in scores], abs=1e-12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mr. Roy paid. Then he left.", ["Mr. Roy paid.", "Then he left."]),
        ("See No. 5 of A. B. Roy, e.g. This one.", ["See No. 5 of A. B. Roy, e.g. This one."]),
        ('He said "Stop!" (Then) it ended', ['He said "Stop!"', "(Then) it ended"]),
        ("# Head\n\n1. One\n(b) two\n  - three", ["Head", "One", "two", "three"]),
        ("\u4f60\u597d\u3002\u518d\u89c1\uff01", ["\u4f60\u597d\u3002", "\u518d\u89c1\uff01"]),
        ("It costs 3.50. it is cheap", ["It costs 3.50. it is cheap"]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert expected == sentences(text)


def test_what_reads_the_same_is_normalised_to_the_same() -> None:
    written = (
        "\u201cA\u2013b\u201d 2\u00bd 3\u00b74 \u0967\u0968 10\u201420 a\u2014x it\u2019s \u7532"
    )
    assert normalise(written) == '"A-b" 2.5 3.4 12 10-20 a - x it\'s  \u7532 '


def test_words_of_ascii_text_are_those_of_any_text() -> None:
    text = "It's house-keeping_x, 3rd -- o'clock' a-"
    assert words(text + " é")[:-1] == words(text)


def test_what_is_kept_for_the_next_scorer_is_not_shared_by_mistake() -> None:
    first = sentences("One. Two.")
    first.append("changed")
    assert sentences("One. Two.") == ["One.", "Two."]
    assert quote("a b", 40) == '"a b"'
    assert quote("x" * 50, 40) != quote("x" * 50, 45)
    assert read("7 days").mentions == Reading("7 days").mentions
