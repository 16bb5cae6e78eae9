"""The house voice: measured on paraphrases, and on small texts."""

import pytest
from house_voice import PAIRS, area, measured

from harness.protocols import Resources
from harness.records import Answer, Case, Row
from harness.score.style import Style
from harness.score.voice import ENOUGH, Voice

THINGS = ("lamp", "fan", "desk", "clock", "radio", "kettle", "chair", "shelf")
WOES = ("is late", "came broken", "has no cord", "makes noise")
HOUSE = [
    f"We thank you for your letter. The {thing} which {woe} shall be replaced at our cost."
    for thing in THINGS
    for woe in WOES
]
ASKED = [f"hi, my {thing} {woe}!! what now??" for thing in THINGS for woe in WOES]
VOICE = Voice(HOUSE, ASKED)


def test_house_answers_are_told_from_their_paraphrases() -> None:
    found = measured()
    assert len(PAIRS) >= 30
    assert area(*found["style.voice"]) > 0.95
    assert area(*found["style.all"]) > 0.95


def test_each_house_answer_is_nearer_than_its_own_paraphrase() -> None:
    house, paraphrased = measured()["style.voice"]
    nearer = [own > other for own, other in zip(house, paraphrased, strict=True)]
    assert sum(nearer) / len(nearer) > 0.95


def test_another_subject_in_the_house_voice_is_nearer_than_the_same_in_another() -> None:
    own = "We thank you for your letter. The sofa which lost a leg shall be mended at our cost."
    other = "Oh no! Your lamp is late? Grab a new one, it's on us :)"
    assert VOICE.hear(own).similarity > 0.5 > VOICE.hear(other).similarity


def test_the_closest_text_is_quoted_and_the_similarity_is_between_0_and_1() -> None:
    heard = VOICE.hear(HOUSE[0])
    assert "lamp" in heard.closest
    for text in ("", "x", "\u6771\u4eac", "?" * 50, HOUSE[0] * 400):
        assert 0.0 <= VOICE.hear(text).similarity <= 1.0


def test_too_few_outputs_make_no_voice() -> None:
    with pytest.raises(ValueError, match=f"{ENOUGH} make a voice"):
        Voice(HOUSE[: ENOUGH - 1] * 3)


def rows(number: int) -> tuple[Row, ...]:
    pairs = zip(ASKED, HOUSE, strict=True)
    return tuple(Row(str(at), *pair) for at, pair in enumerate(pairs))[:number]


def test_style_has_a_voice_where_training_has_enough_outputs() -> None:
    case = Case("c", "t", "", "", "c")
    few, many = (Style({}, Resources(train=rows(number))) for number in (ENOUGH - 1, ENOUGH))
    assert "style.voice" not in {metric.name for metric in few.metrics}
    assert many.metrics[-1].name == many.score(case, Answer("a", "x"))[-1].metric == "style.voice"
    assert many.score(case, Answer("a", " "))[-1].value == 0.0
    assert "closest to" in many.score(case, Answer("a", HOUSE[0]))[-1].reason
