"""The canary passes an engine that runs the right weights, and bites on every planted fault."""

import math
import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from harness.errors import MeasurementError
from harness.records import Answer
from harness.serve.canary import (
    BASE,
    NOISE,
    by_source,
    distance,
    judge,
    passed_note,
    probe_requests,
)

ADAPTERS = ["aa11", "bb22"]
NAMES = {"aa11": "lora", "bb22": "lora-wide"}
PROMPTS = [(1, 2, number) for number in range(8)]
Answers = list[Answer]


def say(seed: float, prompt: int, shift: float = 0.0) -> dict[str, float]:
    """Next-token logprobs over 12 tokens of a source; `shift` moves it a little."""
    draw = random.Random(f"{seed}/{prompt}")
    weights = [math.exp(3 * draw.random()) + shift * draw.random() for _ in range(12)]
    return {str(t): math.log(weight / sum(weights)) for t, weight in enumerate(weights)}


def answers(shift: float = 0.0, **spoken_by: str) -> Answers:
    """Probe answers; `spoken_by` says which source answers in the place of another."""
    made = []
    for request in probe_requests(PROMPTS, ADAPTERS):
        _, source, index = request.id.split("/")
        seed = [BASE, *ADAPTERS].index(spoken_by.get(source, source))
        made.append(Answer(request.id, "", first_logprobs=say(seed, int(index), shift)))
    return made


def test_probes_are_one_mixed_batch_of_one_token_each() -> None:
    probes = probe_requests(PROMPTS, ADAPTERS)
    assert len({probe.id for probe in probes}) == len(PROMPTS) * 3
    assert [probe.adapter for probe in probes[:3]] == [None, "aa11", "bb22"]
    assert {probe.max_tokens for probe in probes} == {1}
    assert all(probe.logprobs for probe in probes)


def test_an_engine_that_equals_the_reference_passes() -> None:
    measured = judge(answers(), answers(), NAMES)
    assert list(measured) == ["base", "aa11", "bb22"]
    assert {row["to_reference"] for row in measured.values()} == {0.0}
    assert (measured["base"]["effect"], measured["aa11"]["effect"] > 0.2) == (0.0, True)
    assert passed_note(measured) == "canary passed: 3 sources, at most 0.000 from the reference"


def test_rounding_noise_passes_whatever_the_order_of_answers() -> None:
    engine = answers(shift=0.2)
    random.Random(7).shuffle(engine)
    worst = max(row["to_reference"] for row in judge(engine, answers(), NAMES).values())
    assert 0.0 < worst < 0.05


def only_base(reference: Answers) -> Answers:
    return answers(aa11=BASE, bb22=BASE)


def without_logprobs(engine: Answers) -> Answers:
    return [replace(answer, first_logprobs={}) for answer in engine]


def not_numbers(engine: Answers) -> Answers:
    nan = dict.fromkeys(map(str, range(12)), math.nan)
    return [replace(answer, first_logprobs=nan) for answer in engine]


def some_nan(engine: Answers) -> Answers:
    return [*engine[:-1], *not_numbers(engine[-1:])]


@pytest.mark.parametrize(
    "fault, message",
    [
        (only_base, "'lora' answers like 'base'"),
        (lambda _: answers(aa11=BASE), "'lora' answers like 'base'"),
        (lambda _: answers(bb22=BASE), "'lora-wide' answers like 'base'"),
        (lambda _: answers(base="bb22"), "'base' answers like 'lora-wide'"),
        (lambda _: answers(aa11="bb22", bb22="aa11"), "'lora' answers like 'lora-wide'"),
        (lambda _: answers(aa11="bb22"), "'lora' answers like 'lora-wide'"),
        (lambda engine: engine[:-1], "not all answered"),
        (lambda engine: [a for a in engine if "bb22" not in a.request], "not all answered"),
        (lambda _: [], "not all answered"),
        (without_logprobs, "from"),
        (not_numbers, "from the reference engine"),
        (some_nan, "from the reference engine"),
    ],
)
def test_a_planted_fault_is_caught(fault: Callable[[Answers], Answers], message: str) -> None:
    with pytest.raises(MeasurementError, match=message) as caught:
        judge(fault(answers()), answers(), NAMES)
    assert "\n" not in str(caught.value)


def test_an_adapter_that_does_nothing_is_caught() -> None:
    """Both engines agree, and both say what the base says."""
    same = answers(bb22=BASE)
    with pytest.raises(MeasurementError, match="'lora-wide' changes nothing"):
        judge(same, same, NAMES)


def test_an_engine_far_from_the_reference_is_caught_when_it_is_nearest_to_itself() -> None:
    with pytest.raises(MeasurementError, match=r"parity: 'base' is 0\.\d+ from the reference"):
        judge(answers(shift=3.0), answers(), NAMES)


def nearly_base(adapters: float, base: float) -> Answers:
    """Every source says what the base says, moved by a little."""
    return [
        replace(
            answer,
            first_logprobs=say(
                0, int(answer.request[-1]), base if "/base/" in answer.request else adapters
            ),
        )
        for answer in answers()
    ]


def test_an_effect_smaller_than_the_noise_cannot_be_told_and_is_said_so() -> None:
    reference, engine = nearly_base(0.05, 0.0), nearly_base(0.08, 0.02)
    with pytest.raises(MeasurementError, match="cannot tell 'base' from 'lora'"):
        judge(engine, reference, NAMES)


def test_two_adapters_of_equal_bytes_need_not_be_told_apart() -> None:
    same = answers(bb22="aa11")
    assert len(judge(same, same, NAMES)) == 3


def voiced(lora: float, wide: float) -> Answers:
    """Probe answers where both adapters say the same but for a shift."""
    voices = {BASE: (0, 0.0), "aa11": (1, lora), "bb22": (1, wide)}
    made = []
    for request in probe_requests(PROMPTS, ADAPTERS):
        _, source, index = request.id.split("/")
        seed, shift = voices[source]
        made.append(Answer(request.id, "", first_logprobs=say(seed, int(index), shift)))
    return made


@pytest.mark.parametrize("lora, wide", [(0.0, 0.2), (0.1, 0.1), (0.05, 0.3), (0.12, 0.08)])
def test_two_adapters_closer_than_the_noise_need_not_be_told_apart(
    lora: float, wide: float
) -> None:
    measured = judge(voiced(lora, wide), voiced(0.0, 0.2), NAMES)
    assert list(measured) == ["base", "aa11", "bb22"]


@pytest.mark.parametrize("lora, wide", [(0.5, 0.0), (0.48, 0.02), (0.5, 0.5)])
def test_two_adapters_that_are_alike_but_plainly_swapped_are_caught(
    lora: float, wide: float
) -> None:
    """Parity alone would let them pass: each is near the other."""
    reference = voiced(0.0, 0.5)
    assert distance(by_source(reference)["aa11"], by_source(reference)["bb22"]) < NOISE
    with pytest.raises(MeasurementError, match="'lora' answers like 'lora-wide'"):
        judge(voiced(lora, wide), reference, NAMES)


def test_a_base_alone_is_judged_by_parity() -> None:
    alone = [answer for answer in answers() if "/base/" in answer.request]
    assert judge(alone, alone, {}) == {"base": {"to_reference": 0.0, "effect": 0.0}}


def test_distance_is_half_the_sum_of_differences_over_both_lists() -> None:
    left, right = [{"1": 0.5, "2": 0.25}], [{"1": 0.25, "3": 0.25}]
    assert distance(left, right) == pytest.approx(0.5 * (0.25 + 0.25 + 0.25))
    assert distance([{"1": 1.0}], [{"2": 1.0}]) == 1.0


def test_answers_are_grouped_by_source_in_the_order_of_prompts() -> None:
    found = by_source(list(reversed(answers())))
    assert set(found) == {BASE, *ADAPTERS}
    assert found[BASE][3]["0"] == pytest.approx(math.exp(say(0, 3)["0"]))
