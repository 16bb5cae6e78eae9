"""Which candidates are compared, from their axes alone."""

from harness.compare.pairs import (
    adapter_pairs,
    base_of,
    compared,
    context_pairs,
    default_pairs,
)
from harness.records import AdapterSource, Candidate, Retrieval

LORA = AdapterSource("recipe", "r16")
BASE = Candidate("plain")
HOUSE = Candidate("asked", prompt="house")
FOUND = Candidate("found", context="retrieved")
GOLD = Candidate("given", context="gold")
TUNED = Candidate("tuned", LORA)
TUNED_FOUND = Candidate("tuned+found", LORA, context="retrieved")
TUNED_GOLD = Candidate("tuned+given", LORA, context="gold")
ALL = [BASE, HOUSE, FOUND, GOLD, TUNED, TUNED_FOUND, TUNED_GOLD]


def names(pairs):
    return [(a.name, b.name) for a, b in pairs]


def test_the_base_is_the_first_candidate_with_nothing_added():
    assert base_of([TUNED, BASE, Candidate("again")]).name == "plain"
    assert base_of([TUNED]) is None


def test_default_pairs_are_the_base_one_axis_and_the_ways_without_an_adapter():
    pairs = default_pairs(ALL)
    expected = {(c.name, "plain") for c in ALL[1:]} | {
        ("given", "found"),
        ("tuned+found", "found"),
        ("tuned+found", "tuned"),
        ("tuned+given", "given"),
        ("tuned+given", "tuned"),
        ("tuned+given", "tuned+found"),
        ("tuned", "asked"),
        ("tuned", "found"),
    }
    assert expected == set(pairs)
    assert len(pairs) == len(set(pairs))


def test_no_pair_comes_both_ways_when_the_base_is_listed_last():
    pairs = default_pairs([TUNED, BASE])
    assert pairs == [("tuned", "plain")]


def test_two_adapters_are_one_axis_apart():
    other = Candidate("rank8", AdapterSource("recipe", "r8"))
    assert ("rank8", "tuned") in default_pairs([BASE, TUNED, other])


def test_adapter_pairs_hold_prompt_and_context():
    assert names(adapter_pairs(ALL, "gold")) == [("tuned+given", "given")]
    assert names(adapter_pairs(ALL, "none")) == [("tuned", "plain")]


def test_a_prompted_pair_stands_in_when_there_is_no_plain_one():
    prompted = Candidate("tuned+asked", LORA, prompt="house")
    assert names(adapter_pairs([HOUSE, prompted], "none")) == [("tuned+asked", "asked")]
    assert names(adapter_pairs([HOUSE, prompted, BASE, TUNED], "none")) == [("tuned", "plain")]


def test_context_pairs_hold_the_adapter():
    pairs = context_pairs(ALL, "retrieved", "none")
    assert names(pairs) == [("found", "plain"), ("tuned+found", "tuned")]


def test_two_retrievers_are_two_contexts():
    """They are compared with each other, and never stand in for one another."""
    dense = Retrieval("dense")
    meant = Candidate("meant", context="retrieved", retrieve=dense)
    tuned_meant = Candidate("tuned+meant", LORA, context="retrieved", retrieve=dense)
    everyone = [BASE, meant, FOUND, GOLD, TUNED, tuned_meant, TUNED_FOUND]
    pairs = default_pairs(everyone)
    assert ("found", "meant") in pairs
    assert ("tuned+meant", "meant") in pairs
    assert not {("tuned+meant", "found"), ("tuned+found", "meant")} & set(pairs)
    # claims speak of the suite's own retrieval where a candidate uses it
    assert names(context_pairs(everyone, "retrieved", "none")) == [
        ("found", "plain"),
        ("tuned+found", "tuned"),
    ]
    assert names(adapter_pairs(everyone, "retrieved")) == [("tuned+found", "found")]
    assert names(context_pairs(everyone, "gold", "retrieved")) == [("given", "found")]


def test_the_only_retriever_is_the_one_that_claims_speak_of():
    meant = Candidate("meant", context="retrieved", retrieve=Retrieval("dense"))
    everyone = [BASE, GOLD, meant]
    assert names(context_pairs(everyone, "gold", "retrieved")) == [("given", "meant")]
    assert names(context_pairs(everyone, "retrieved", "none")) == [("meant", "plain")]


def test_points_of_a_learning_curve_are_in_no_pair():
    candidates = [
        Candidate("base"),
        Candidate("lora", AdapterSource("recipe", "lora")),
        Candidate("lora-50-seed1", AdapterSource("recipe", "lora-50-seed1"), curve="lora"),
    ]
    assert default_pairs(candidates) == [("lora", "base")]
    assert [one.name for one in compared(candidates)] == ["base", "lora"]
