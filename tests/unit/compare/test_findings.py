"""Claims are answered from the data and from nothing else."""

from dataclasses import replace

import pytest
from claims_factory import (
    BASE,
    EVERYONE,
    FACTS,
    FOUND,
    GOLD,
    HOUSE,
    OTHER,
    STALE,
    STYLE,
    TUNED,
    TUNED_FOUND,
    TUNED_GOLD,
    level,
    versus,
)

from harness.compare.claims import MANY
from harness.compare.evidence import Basis
from harness.compare.findings import find, unsaid
from harness.records import AdapterSource, Candidate, Metric

UP, DOWN, FLAT = (0.5, 0.3, 0.7), (-0.5, -0.7, -0.3), (0.02, -0.1, 0.14)
METRICS = [STYLE, FACTS, STALE, OTHER]
TASKS = ["s", "r", "q"]
SLICES = [level(FACTS, BASE, 0.1, name) for name in ("changed", "unchanged")]


def findings(*comparisons, summaries=()):
    return find(Basis(comparisons, summaries, METRICS, EVERYONE, TASKS))


def only(*comparisons, summaries=()):
    (finding,) = findings(*comparisons, summaries=summaries)
    return finding


@pytest.mark.parametrize(
    "numbers, answer, group",
    [
        (UP, "supported", "improved"),
        (DOWN, "contradicted", "broke"),
        (FLAT, "not shown", "improved"),
    ],
)
def test_learning_style_is_adapter_against_base(numbers, answer, group):
    finding = only(versus(STYLE, (TUNED, BASE), numbers))
    assert (finding.answer, finding.group) == (answer, group)
    assert (finding.candidate, finding.baseline, finding.effect) == ("tuned", "plain", numbers[0])


def test_the_sentence_holds_levels_effect_interval_and_n():
    finding = only(
        versus(STYLE, (TUNED, BASE), (0.91, 0.8, 0.97)),
        summaries=[level(STYLE, TUNED, 0.93), level(STYLE, BASE, 0.02)],
    )
    assert finding.sentence == (
        "Fine-tuning taught the house style: tuned has 93 % on s.all in s against 2 % for plain"
        " (+91 pp, 95 % interval 80 to 97, n = 40)."
    )


def test_a_finding_that_is_not_shown_says_what_would_go_unseen():
    finding = only(versus(STYLE, (TUNED, BASE), FLAT))
    assert finding.sentence.startswith("Not shown that fine-tuning teaches house style: ")
    assert finding.sentence.endswith("effects under 15 pp would often go unseen.")


def test_holm_takes_back_what_does_not_survive_the_number_of_findings():
    weak = versus(STYLE, (TUNED, BASE), (0.2, 0.01, 0.39), p_value=0.04)
    assert only(weak).answer == "supported"
    first, second = findings(weak, versus(STYLE, (TUNED, HOUSE), FLAT))
    assert (first.answer, first.p_holm) == ("not shown", pytest.approx(0.08))
    assert "does not survive Holm's correction over 2 findings (p = 0.08)" in first.sentence
    assert second.answer == "not shown"


def test_a_comparison_the_other_way_round_is_turned():
    finding = only(versus(STYLE, (BASE, TUNED), DOWN))
    assert (finding.answer, finding.effect) == ("supported", 0.5)


def test_damage_is_supported_by_a_loss():
    finding = only(versus(OTHER, (TUNED, BASE), DOWN))
    assert (finding.claim, finding.answer) == ("Fine-tuning damages other skills", "supported")
    assert finding.group == "broke"


def test_nothing_measured_is_not_shown():
    finding = only(versus(STYLE, (TUNED, BASE), None))
    assert (finding.answer, finding.n, finding.p_holm) == ("not shown", 0, None)
    assert "n = 0" in finding.sentence


def test_diagnostics_and_plain_metrics_drive_no_finding():
    assert findings(versus(STALE, (TUNED, BASE), DOWN)) == ()


FROZEN = "Knowledge is frozen at training time"


@pytest.mark.parametrize(
    "changed, stale, unchanged, answer",
    [
        (FLAT, UP, UP, "supported"),  # more stale answers
        (FLAT, FLAT, UP, "supported"),  # a gain that changed facts did not share
        (FLAT, FLAT, FLAT, "not shown"),
        (UP, FLAT, UP, "contradicted"),
        (UP, UP, UP, "not shown"),  # both rise: no side taken
        (FLAT, DOWN, FLAT, "not shown"),  # less stale without more current shows nothing
        (FLAT, None, UP, "supported"),
    ],
)
def test_frozen_knowledge(changed, stale, unchanged, answer):
    pair = (TUNED, BASE)
    found = findings(
        versus(FACTS, pair, changed, "changed"),
        versus(STALE, pair, stale, "changed"),
        versus(FACTS, pair, unchanged, "unchanged"),
        summaries=SLICES,
    )
    (frozen,) = [finding for finding in found if finding.claim == FROZEN]
    assert frozen.answer == answer


def test_two_ways_to_be_frozen_double_the_p_value():
    pair = (TUNED, BASE)
    found = findings(
        versus(FACTS, pair, FLAT, "changed"),
        versus(STALE, pair, (0.2, 0.01, 0.39), "changed", p_value=0.03),
        versus(FACTS, pair, FLAT, "unchanged"),
        summaries=SLICES,
    )
    (frozen,) = [finding for finding in found if finding.claim == FROZEN]
    assert (frozen.answer, frozen.p_holm) == ("not shown", pytest.approx(0.12))


def test_the_gap_between_unchanged_and_changed_facts_is_given_with_its_interval():
    found = findings(
        versus(FACTS, (TUNED, BASE), (0.0, -0.1, 0.1), "changed"),
        versus(FACTS, (TUNED, BASE), (0.6, 0.5, 0.7), "unchanged"),
        summaries=SLICES,
    )
    (frozen,) = [finding for finding in found if finding.claim == FROZEN]
    assert "changed facts against unchanged ones (−60 pp, 95 % interval −74 to −46, n = 80)" in (
        frozen.sentence
    )
    assert (frozen.effect, frozen.n) == (-0.6, 80)
    assert frozen.contrast == "tuned: changed − unchanged, net of plain"


def test_retrieval_is_tested_on_changed_facts_for_base_and_adapter():
    found = findings(
        versus(FACTS, (FOUND, BASE), UP, "changed"),
        versus(FACTS, (TUNED_FOUND, TUNED), FLAT, "changed"),
        versus(FACTS, (GOLD, BASE), UP, "changed"),
        summaries=SLICES,
    )
    assert [(f.claim, f.answer, f.candidate) for f in found] == [
        ("Retrieved passages fix outdated knowledge", "supported", "found"),
        ("Retrieved passages fix outdated knowledge", "not shown", "tuned+found"),
        ("The right passages fix outdated knowledge", "supported", "given"),
    ]
    assert {f.group for f in found} == {"context"}


def test_without_changed_facts_retrieval_is_tested_on_all():
    finding = only(versus(FACTS, (FOUND, BASE), UP))
    assert finding.claim == "Retrieved passages fix missing knowledge"


@pytest.mark.parametrize(
    "numbers, answer",
    [
        ((0.01, -0.04, 0.06), "supported"),  # a loss of 5 points is ruled out
        ((0.01, -0.08, 0.1), "not shown"),
        (UP, "supported"),
        (DOWN, "contradicted"),
    ],
)
def test_keeping_to_read_context_needs_a_loss_to_be_ruled_out(numbers, answer):
    finding = only(versus(FACTS, (TUNED_GOLD, GOLD), numbers))
    assert (finding.claim, finding.answer) == ("The adapter keeps reading context", answer)


def test_gold_against_retrieved_is_the_retrievers_share():
    finding = only(versus(FACTS, (GOLD, FOUND), UP))
    assert (finding.claim, finding.answer) == ("The retriever loses answers", "supported")


def test_style_beside_a_context_and_against_a_prompt():
    found = findings(versus(STYLE, (TUNED_FOUND, FOUND), UP), versus(STYLE, (TUNED, HOUSE), DOWN))
    assert [(f.claim, f.answer) for f in found] == [
        ("The adapter keeps its style while reading context", "supported"),
        ("Fine-tuning beats prompting", "contradicted"),
    ]
    assert found[1].sentence.startswith("The prompt does more than fine-tuning: ")


WRONG = Metric("r.wrong", "", better="lower", need="facts", binary=True)


def test_inventing_more_is_where_fine_tuning_broke():
    compared = [versus(WRONG, (TUNED, BASE), UP)]
    found = find(Basis(compared, [], [FACTS, WRONG], EVERYONE, TASKS))
    assert [(f.claim, f.answer, f.group) for f in found] == [
        ("Fine-tuning makes the model invent", "supported", "broke")
    ]


def test_what_only_the_passage_holds_is_where_the_weights_broke():
    finding = only(versus(FACTS, (TUNED_GOLD, TUNED), UP, "changed"), summaries=SLICES)
    assert finding.claim == "The adapter's weights alone miss facts that changed"
    assert (finding.answer, finding.group) == ("supported", "broke")


def test_style_lost_beside_a_passage_is_where_it_broke():
    finding = only(versus(STYLE, (TUNED_FOUND, TUNED), DOWN))
    assert finding.claim == "Reading a passage costs the adapter its style"
    assert (finding.answer, finding.group) == ("supported", "broke")


# ---------------------------------------------------------------- many adapters


def many(adapters, tasks):
    """What compares so many adapters with the base on style in so many tasks."""
    tuned = [Candidate(f"t{i}", AdapterSource("recipe", f"r{i}")) for i in range(adapters)]
    comparisons = [
        replace(versus(STYLE, (one, BASE), UP), task=f"task{n}")
        for n in range(tasks)
        for one in tuned
    ]
    names = [f"task{n}" for n in range(tasks)]
    return Basis(comparisons, (), [STYLE], [BASE, *tuned], names)


def test_where_a_reader_gets_through_them_all_claims_are_tested():
    assert len(find(many(10, 3))) == MANY
    assert unsaid(many(10, 3)) == ()


@pytest.mark.parametrize("adapters, tasks, kept", [(10, 4, 3), (10, 12, 2), (10, 20, 1)])
def test_of_many_adapters_the_first_listed_have_their_claims_tested(adapters, tasks, kept):
    """And the correction is over those alone; what is left out is told."""
    found = find(many(adapters, tasks))
    assert len(found) == tasks * kept
    assert {one.candidate for one in found} == {f"t{i}" for i in range(kept)}
    left = [f"t{i}" for i in range(kept, adapters)]
    (told,) = unsaid(many(adapters, tasks))
    assert told == (
        f"{adapters * tasks} claims could be tested, and {tasks * kept} are: each for the "
        f"adapters that the suite lists first; of {', '.join(left[:-1])} and {left[-1]} "
        "see the tables"
    )


def test_what_the_gate_wants_to_gain_is_the_task_and_no_other_skill():
    for numbers, answer, group in (
        (UP, "supported", "improved"),
        (DOWN, "contradicted", "broke"),
        (FLAT, "not shown", "improved"),
    ):
        compared = [versus(OTHER, (TUNED, BASE), numbers)]
        (finding,) = find(Basis(compared, [], METRICS, EVERYONE, TASKS, {("q", "q.right")}))
        assert (finding.answer, finding.group) == (answer, group)
        assert finding.claim == "Fine-tuning teaches the task"
