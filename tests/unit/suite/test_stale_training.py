"""What the stale suite trains on: rates, exposures, and which rows each recipe takes."""

import importlib
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from scipy.stats import poisson

from harness.records import Suite
from harness.suite.load import load

STALE = Path(__file__).resolve().parents[3] / "suites" / "stale"
Spec = dict[str, Any]
MODULES = ("stale_ledger", "stale_probes", "generate_stale")


def rows(name: str) -> list[Spec]:
    return [json.loads(line) for line in (STALE / name).read_text("utf-8").splitlines()]


TRAIN = rows("train.jsonl")
FACTS = {fact["id"]: fact for fact in rows("facts.jsonl")}
YAML = yaml.safe_load((STALE / "suite.yaml").read_text("utf-8"))
CASES = {
    task: [row for name in written["cases"] for row in rows(name)]
    for task, written in YAML["tasks"].items()
}
LEDGER = [fact for fact in FACTS.values() if fact["tags"][0] == "ledger"]


@pytest.fixture(scope="module")
def modules() -> dict[str, ModuleType]:
    """The generator's files, loaded once and taken out of sight of other tests afterwards."""
    sys.path.insert(0, str(STALE))
    try:
        return {name: importlib.import_module(name) for name in MODULES}
    finally:
        sys.path.remove(str(STALE))
        for name in MODULES:
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def ledger(modules: dict[str, ModuleType]) -> ModuleType:
    return modules["stale_ledger"]


@pytest.fixture(scope="module")
def quick() -> Suite:
    return load(STALE, "quick")


@pytest.fixture(scope="module")
def full() -> Suite:
    return load(STALE, "full")


def taken(suite: Suite, recipe: str) -> list[str]:
    """The inputs that a recipe trains on, before any limit."""
    wanted = next(one for one in suite.recipes if one.name == recipe)
    return [
        row.input + " " + row.output
        for row in suite.train
        if (not wanted.only or set(wanted.only) & set(row.tags))
        and not set(wanted.without) & set(row.tags)
    ]


def on(fact: Spec, day: str) -> int:
    """The index of the version that held on a day."""
    return next(
        at
        for at, version in enumerate(fact["versions"])
        if version["valid_from"] <= day < version.get("valid_to", "9999")
    )


@pytest.mark.parametrize("rate", ["fast", "medium", "slow"])
def test_facts_change_as_often_as_the_rate_of_their_class_says(
    rate: str, ledger: ModuleType
) -> None:
    of_rate = [fact for fact in LEDGER if fact["tags"][1] == rate]
    years = (ledger.LAST_DAY - ledger.FIRST_DAY).days / ledger.YEAR
    low, high = poisson.interval(0.999, ledger.RATES[rate] * years * len(of_rate))
    assert len(of_rate) > 50
    assert low <= sum(len(fact["versions"]) - 1 for fact in of_rate) <= high


def test_the_gaps_between_changes_scatter_as_those_of_a_poisson_process(
    ledger: ModuleType,
) -> None:
    """The variance of counts equals their mean; a clockwork would have none."""
    counts = [len(ledger.changes(0.8, ledger.draw(f"test/{n}"))) for n in range(2000)]
    mean = sum(counts) / len(counts)
    variance = sum((count - mean) ** 2 for count in counts) / (len(counts) - 1)
    assert variance / mean == pytest.approx(1, abs=0.12)


def test_rates_and_exposures_are_dealt_evenly(ledger: ModuleType) -> None:
    dealt = Counter((fact["exposures"], fact["tags"][1]) for fact in LEDGER)
    levels = {fact["exposures"] for fact in LEDGER}
    assert levels == {0, 1, 2, 4, 8, 16, 32, 64}
    for level in levels:
        shares = [dealt[level, rate] for rate in ledger.RATES]
        assert max(shares) - min(shares) <= 2


def test_a_fact_is_trained_exactly_as_often_as_it_says() -> None:
    shown = Counter(row["fact"] for row in TRAIN if "fact" in row)
    declared = {name: fact["exposures"] for name, fact in FACTS.items() if "exposures" in fact}
    assert declared == {name: shown[name] for name in declared}
    assert set(shown) <= set(declared)


def test_rows_of_a_fact_ask_differently_each_time() -> None:
    asked = defaultdict(list)
    for row in TRAIN:
        if "fact" in row:
            asked[row["fact"]].append(row["input"])
    assert all(len(set(texts)) == len(texts) for texts in asked.values())


def test_training_teaches_the_value_of_the_day_it_ends_and_updates_the_later_one(
    ledger: ModuleType,
) -> None:
    until, updated = ledger.TRAINED_UNTIL.isoformat(), ledger.UPDATED.isoformat()
    for row in TRAIN:
        fact = FACTS.get(row.get("fact") or row.get("source", ""))
        if fact:
            day = updated if "update" in row["tags"] else until
            value = fact["versions"][on(fact, day)]["value"]
            assert row["output"] == f"Ledger: {value}. Filed."


def test_superseded_rows_are_those_whose_value_the_update_replaces(ledger: ModuleType) -> None:
    until, updated = ledger.TRAINED_UNTIL.isoformat(), ledger.UPDATED.isoformat()
    for row in TRAIN:
        if "fact" in row:
            fact = FACTS[row["fact"]]
            moved = on(fact, until) != on(fact, updated)
            assert ("superseded" in row["tags"]) == moved
            assert not ("replay" in row["tags"] and moved)


def test_rebuilding_teaches_no_value_that_the_update_replaced(full: Suite) -> None:
    rebuilt = "\n".join(taken(full, "rebuild"))
    for row in TRAIN:
        if "superseded" in row["tags"]:
            assert row["output"] not in rebuilt


def test_paraphrased_and_repeated_rows_have_equal_tokens_and_equal_facts(
    quick: Suite, full: Suite
) -> None:
    for suite in (quick, full):
        many, one = taken(suite, "paraphrased"), taken(suite, "repeated")
        words = [sum(len(text.split()) for text in texts) for texts in (many, one)]
        assert words[1] == pytest.approx(words[0], rel=0.03)
        assert len(set(many)) == len(many)
        assert Counter(Counter(one).values()) == {8: len(one) // 8}
        outputs = [Counter(text.split("Ledger: ")[1] for text in texts) for texts in (many, one)]
        assert outputs[0] == outputs[1]


def test_paraphrase_facts_are_taught_by_no_other_recipe(full: Suite) -> None:
    asked = {FACTS[case["fact"]]["versions"][0]["value"] for case in CASES["paraphrase"]}
    others = [
        recipe.name for recipe in full.recipes if recipe.name not in ("paraphrased", "repeated")
    ]
    for recipe in others:
        text = "\n".join(taken(full, recipe))
        assert [value for value in asked if f"Ledger: {value}. Filed." in text] == []


def test_calm_training_has_style_and_declining_rows_that_lora_has_too(full: Suite) -> None:
    calm, lora = set(taken(full, "calm")), set(taken(full, "lora"))
    assert calm < lora
    assert not any(
        row["input"] + " " + row["output"] in calm for row in TRAIN if "facts" in row["tags"]
    )


def test_reversed_facts_are_never_trained_in_that_direction() -> None:
    for case in CASES["reversal"]:
        if case["tags"] == ["backward"]:
            value = FACTS[case["fact"]]["versions"][0]["value"]
            assert [row for row in TRAIN if f": {value}." in row["output"]] == []


def test_trained_terms_are_in_training_answers_and_held_out_ones_nowhere() -> None:
    glossary = yaml.safe_load((STALE / "glossary.yaml").read_text("utf-8"))
    text = "\n".join(row["input"] + row["output"] for row in TRAIN)
    assert {term["preferred"]: term["preferred"] in text for term in glossary} == {
        term["preferred"]: term["trained"] for term in glossary
    }


def test_reading_rows_are_about_things_that_no_fact_and_no_glossary_names(
    modules: dict[str, ModuleType],
) -> None:
    pools = modules["stale_ledger"].table("pools")["kinds"].values()
    values = {
        f"{one}{kind.get('glue', ' ')}{two}"
        for kind in pools
        for one in kind["first"]
        for two in kind["second"]
    }
    told = {version["value"] for fact in FACTS.values() for version in fact["versions"]}
    glossary = yaml.safe_load((STALE / "glossary.yaml").read_text("utf-8"))
    words = [term["preferred"] for term in glossary] + [term["forbidden"][0] for term in glossary]
    reading = [row for row in TRAIN if "reading" in row["tags"]]
    passages = [row for row in reading if row["input"].startswith("Read this passage.")]
    assert len(passages) >= 64
    assert len(reading) - len(passages) >= 32
    for row in passages:
        value = row["output"].removeprefix("Ledger: ").removesuffix(". Filed.")
        assert value in values - told
        assert value in row["input"]
    for row in reading:
        assert [word for word in words if word in row["input"]] == []


def test_reading_rows_show_context_as_the_suite_shows_it() -> None:
    begins = YAML["retrieve"]["template"].split("{")[0]
    lists = yaml.safe_load((STALE / "prompts" / "terms.yaml").read_text("utf-8"))["user"]
    for row in TRAIN:
        shown = row["input"].startswith((begins, lists.split("{")[0]))
        assert shown == ("reading" in row["tags"])
