"""Names instead of weights: which engine asks them, what stands for them, what they cost."""

from dataclasses import replace

import pytest

from harness import served
from harness.errors import UsageError
from harness.records import (
    Adapter,
    AdapterSource,
    Answer,
    Candidate,
    CandidateResult,
    Endpoint,
    Model,
    ScoredAnswer,
    Suite,
)

URL = "http://127.0.0.1:9/v1"
LOCAL = ("transformers", "vLLM is not installed")
MINE = Candidate("mine", AdapterSource("served", "y"))


def suite(model: str = "served:x", *candidates: Candidate, url: str = URL) -> Suite:
    endpoint = Endpoint(url) if url else None
    return Suite("s", "", "full", "", model, 7, (), (), candidates, (), endpoint=endpoint)


# ---------------------------------------------------------------- which engine


def test_a_suite_with_a_url_is_asked_there_unless_another_engine_is_wanted() -> None:
    local = suite("./base")
    assert served.engine_for(local, "auto", LOCAL) == ("endpoint", f"the suite is asked at {URL}")
    assert served.engine_for(local, "transformers", LOCAL) == LOCAL
    assert served.engine_for(suite("./base", url=""), "auto", LOCAL) == LOCAL


def test_the_commands_url_stands_over_the_suites_and_leaves_its_other_settings() -> None:
    kept = replace(suite(), endpoint=Endpoint(URL, key="KEY", concurrency=3))
    moved = served.pointed(kept, "http://other/v1").endpoint
    assert moved == Endpoint("http://other/v1", key="KEY", concurrency=3)
    assert served.pointed(kept, "") is kept
    assert served.pointed(suite(url=""), "http://other/v1").endpoint == Endpoint("http://other/v1")


@pytest.mark.parametrize(
    ("model", "candidates", "what"),
    [
        ("served:x", (), "model 'served:x' is on a server"),
        ("./base", (MINE,), "adapter 'served:y' of candidate 'mine' is on a server"),
    ],
)
def test_what_is_on_a_server_needs_the_engine_that_asks_one(
    model: str, candidates: tuple[Candidate, ...], what: str
) -> None:
    with pytest.raises(UsageError, match=f"{what}, and the engine is transformers"):
        served.engine_for(suite(model, *candidates, url=""), "auto", LOCAL)


# ---------------------------------------------------------------- what stands for weights


def test_the_name_of_the_base_is_what_the_server_is_asked_for() -> None:
    endpoint = served.named(suite("served:org/x")).endpoint
    assert endpoint == Endpoint(URL, model="org/x")
    local = suite("./base")
    assert served.named(local) is local


def test_a_base_and_an_adapter_are_known_by_where_they_are() -> None:
    here, there = suite("served:x"), suite("served:x", url="http://other/v1")
    assert served.model_of(here, "served:x").digest == served.model_of(here, "served:x").digest
    assert served.model_of(here, "served:x").digest != served.model_of(there, "served:x").digest
    one, other = (served.adapter_of(MINE.adapter, s.endpoint) for s in (here, there))
    assert (one.name, one.path, one.rank) == ("y", "served:y", 0)
    assert one.digest != other.digest


@pytest.mark.parametrize("kind", ["recipe", "path", "hub"])
def test_bytes_of_an_adapter_fit_no_base_that_is_elsewhere(kind: str) -> None:
    source = AdapterSource(kind, "z")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="a base whose weights are not here"):
        served.model_of(suite("served:x", Candidate("lora", source)), "served:x")


# ---------------------------------------------------------------- what a reader is told


def test_what_is_known_by_name_only_is_said() -> None:
    away, here = Model("served:x", "", "d"), Model("base", "/base", "d")
    (both,) = served.warnings_of(suite("served:x", MINE), away, "endpoint")
    assert (
        both == f"which weights {URL} answered with was not checked: only names are known of them"
    )
    (adapters,) = served.warnings_of(suite("./base", MINE), here, "endpoint")
    assert adapters.startswith("the adapters of mine were not checked against their bytes")
    assert list(served.warnings_of(suite("./base"), here, "endpoint")) == []
    assert list(served.warnings_of(suite("./base"), here, "vllm")) == []


def said(candidate: str, *texts: str) -> list[ScoredAnswer]:
    return [
        ScoredAnswer(f"case-{number}", "t", candidate, Answer("", text), ())
        for number, text in enumerate(texts)
    ]


BASE, OTHER = Candidate("base"), Candidate("other", AdapterSource("served", "z"))
SIX = ("a", "b", "c", "d", "e", "f")


@pytest.mark.parametrize(
    "one, other, texts, told",
    [
        (BASE, MINE, SIX, True),
        (OTHER, MINE, SIX, True),
        (BASE, MINE, (*SIX[:5], "another"), False),
        (BASE, MINE, SIX[:4], False),  # too few to say
        (replace(OTHER, adapter=MINE.adapter), MINE, SIX, False),  # it is the same one
        (replace(BASE, context="gold"), MINE, SIX, False),  # asked otherwise
        (BASE, Candidate("mine", AdapterSource("recipe", "mine")), SIX, False),  # has a canary
    ],
)
def test_a_server_that_ignores_adapters_is_seen_by_its_equal_answers(
    one: Candidate, other: Candidate, texts: tuple[str, ...], *, told: bool
) -> None:
    results = [CandidateResult(candidate) for candidate in (one, other)]
    answers = [*said(one.name, *SIX), *said(other.name, *texts)]
    found = list(served.alike("endpoint", results, answers))
    assert [words.partition(" are ")[0] for words in found] == ["all 6 answers of mine"] * told


def test_answers_that_failed_are_not_equal() -> None:
    failed = [replace(a, answer=Answer("", "", finish="error")) for a in said("mine", *SIX)]
    results = [CandidateResult(BASE), CandidateResult(MINE)]
    answers = [*said("base", *[""] * len(SIX)), *failed]
    assert list(served.alike("endpoint", results, answers)) == []


def test_tokens_have_a_price_where_the_suite_gives_one_and_the_endpoint_is_asked() -> None:
    adapter = Adapter("y", "served:y", "d", 0, 0)
    result = CandidateResult(MINE, adapter, answer_tokens=2_000, prompt_tokens=1_000_000)
    priced = replace(suite(), endpoint=Endpoint(URL, input_price=0.5, output_price=10.0))
    assert list(served.notes_of(priced, "endpoint", [result])) == [
        "mine cost 0.5200 at the endpoint's prices: 1000000 tokens read, 2000 written"
    ]
    assert list(served.notes_of(priced, "transformers", [result])) == []
    assert list(served.notes_of(suite(), "endpoint", [result])) == []


def test_the_commands_url_is_the_root_of_an_api() -> None:
    line = r"the URL of --endpoint cannot be used \(it should be a URL such as http"
    with pytest.raises(UsageError, match=line):
        served.pointed(suite(), "localhost:8000")
