"""No input stands on both sides of the split, word for word or nearly."""

import random

import pytest

from harness.suite.alike import near_pairs
from harness.suite.leak import Text, leakage, normalise
from harness.suite.split import Placed, split

WORDS = [
    f"{a}{b}{c}" for a in "bdfgk" for b in ("al", "or", "in", "eth") for c in ("mun", "ta", "rix")
]


def sentence(seed, words=9):
    return " ".join(random.Random(seed).choices(WORDS, k=words))


def placed(inputs, **more):
    return [Placed(f"r:{n}", {"input": t, "output": "x", **more}) for n, t in enumerate(inputs, 1)]


def sides(rows, **settings):
    return split(rows, 0.2, settings.pop("most", 100), settings.pop("seed", 7), "r", **settings)


def test_near_duplicates_stay_on_one_side():
    plain = [sentence(n) for n in range(100)]
    edited = [f"{text}s please" for text in plain]
    parts = sides(placed([*plain, *edited]))
    crossing = leakage(
        [Text(p.row["input"], p.where) for p in parts.train],
        [Text(p.row["input"], p.where, "t") for p in parts.cases],
    ).crossing
    assert (len(parts.cases), parts.apart, crossing) == (40, True, 0)
    assert len(parts.train) + len(parts.cases) + parts.left_out == 200


def test_cases_that_are_alike_are_one_cluster():
    family = [f"{sentence(0, 12)} {end}" for end in "abcdef"]
    others = [sentence(n, 12) for n in range(1, 31)]
    for seed in range(20):
        parts = sides(placed([*family, *others]), seed=seed)
        sources = {p.row.get("source") for p in parts.cases if p.row["input"] in family}
        inside = sum(p.row["input"] in family for p in parts.cases)
        assert len(sources) <= 1
        assert (None in sources) == (inside == 1)
        assert inside == 0 or not any(p.row["input"] in family for p in parts.train)


def test_a_source_of_the_data_stays():
    family = [f"{sentence(0, 12)} {end}" for end in "abcdef"]
    parts = sides(placed([*family, *(sentence(n) for n in range(1, 31))], source="mine"))
    assert {p.row["source"] for p in parts.cases} == {"mine"}


def test_where_everything_is_alike_the_rows_are_split_all_the_same_and_it_is_said():
    parts = sides(placed([f"{sentence(0, 12)} {end}" for end in "abcdefghij"]))
    assert (len(parts.train), len(parts.cases), parts.apart) == (8, 2, False)


def test_cases_keep_the_mix_of_tags_and_of_forms():
    rows = [
        Placed(f"r:{n}", {"input": sentence(n), "output": out, "tags": [tag]})
        for n in range(100)
        for out, tag in [("yes", "a") if n % 4 else ('{"k": 1}', "b")]
    ]
    cases = sides(rows).cases
    assert (len(cases), sum(p.row["tags"] == ["b"] for p in cases)) == (20, 5)


@pytest.mark.parametrize("first, second, near", [
    ("where is my parcel from the shop", "where is my parcel from the shops", True),
    ("what does desk 12 cost per week", "what does desk 13 cost per week", False),
    ("how do i return a lamp", "how can i cancel my order", False),
])  # fmt: skip
def test_short_texts_are_near_by_their_letters_and_have_the_same_numbers(first, second, near):
    assert (len(near_pairs([first, second]).left) == 1) == near


def test_long_texts_are_near_by_the_words_they_share():
    passage = sentence(1, 40)
    texts = [f"{passage} {sentence(2, 12)}", f"{passage} {sentence(3, 25)}", sentence(4, 60)]
    pairs = near_pairs([normalise(text) for text in texts])
    assert [(int(a), int(b)) for a, b in zip(pairs.left, pairs.right, strict=True)] == [(0, 1)]
    assert pairs.words.all()
    assert len(near_pairs(texts, overlap=0.95).left) == 0


def test_what_all_texts_share_is_a_template_and_makes_none_of_them_near():
    texts = [
        f"you are a kind clerk of the town so answer this with care {sentence(n, 2)}"
        for n in range(60)
    ]
    assert len(near_pairs(list(dict.fromkeys(texts))).left) == 0
