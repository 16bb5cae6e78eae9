"""One engine start answers what is open; its seconds are shared, its canary is kept per source."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar

import pytest
from root_factory import BASE, LORA, MODEL, cases, make_plan, make_suite
from tiny_tokenizers import make_model

from harness import answering, pipeline, requests, scoring
from harness.console import Log
from harness.errors import MachineError, MeasurementError
from harness.jobs import model_length, window_of
from harness.ledger import Meter, notes_of
from harness.plan import Plan, answer_key, canary_key
from harness.records import (
    Adapter,
    Answer,
    Candidate,
    Document,
    Request,
    Sampling,
    ScorerSpec,
    Task,
)
from harness.store import Store
from harness.template import template_of

ADAPTER = Adapter("lora", "/a", "digest-a", 4, 10)
GOLD = Candidate("gold", context="gold")
QUIET = Log(quiet=True)


class Engine:
    """An executor that answers; the adapter's next token is another one than the base's."""

    description: ClassVar[str] = "a fake"

    def waves(self) -> list[list[dict[str, Any]]]:
        """What was asked, wave by wave."""
        groups = groupby(self.job["requests"], key=lambda request: request["wave"])
        return [list(group) for _, group in groups]

    def __init__(self, keeps: int | None = None) -> None:
        self.keeps = keeps
        self.job: dict[str, Any] = {}

    def run(self, target: str, payload: Any, log: Path) -> Iterator[Any]:
        self.job = json.loads(json.dumps(payload))["job"]
        for probe in self.job["probes"]:
            token = "1" if probe["adapter"] else "2"
            yield asdict(Answer(probe["id"], "", first_logprobs={token: 0.0}))
        for request in self.job["requests"][: self.keeps]:
            yield asdict(Answer(request["id"], "said", (1, 2, 3)))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home")


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Base, lora and gold on two cases, the second without gold."""
    have, bare = cases(2)
    suite = make_suite(
        documents=(Document("doc", "Fees", "Fee 0 is 0 euros."),),
        tasks=(Task("fees", (replace(have, gold=("doc",)), bare), (ScorerSpec("rouge"),)),),
        candidates=(BASE, LORA, GOLD),
    )
    made = make_plan(suite, replace(MODEL, path=make_model(tmp_path / "model", window=512)))
    for cell in made.cells:
        cell.adapter = ADAPTER if cell.candidate == LORA else None
        cell.key = answer_key(made, cell)
    return made


# ---------------------------------------------------------------- one start


def test_every_open_case_is_asked_once_and_what_has_no_gold_is_not(
    plan: Plan, store: Store
) -> None:
    engine = Engine()
    answering.answer_plans([(plan, plan.cells)], store, engine, QUIET)
    base, lora, gold = (cell.key for cell in plan.cells)
    asked = {
        (f"{base}/case-0", None),
        (f"{base}/case-1", None),
        (f"{lora}/case-0", "digest-a"),
        (f"{lora}/case-1", "digest-a"),
        (f"{gold}/case-0", None),
    }
    first, again = engine.waves()
    assert {(r["id"], r["adapter"]) for r in first} == asked
    # half of them, so that none is asked again beside all that it was asked with
    assert len(again) == 3
    assert {(r["id"].removeprefix("repeat/"), r["adapter"]) for r in again} < asked
    assert [r["adapter"] for r in first] == [None, None, None, "digest-a", "digest-a"]
    assert [sorted(store.answers(key).done) for key in (base, lora, gold)] == [
        ["case-0", "case-1"],
        ["case-0", "case-1"],
        ["case-0"],
    ]


def test_a_case_that_nobody_is_asked_is_no_probe(plan: Plan) -> None:
    """It may be longer than the model reads."""
    template = template_of(plan.model, plan.suite)
    assert template is not None
    gold = next(cell for cell in plan.cells if cell.candidate == GOLD)
    assert len(requests.probe_prompts(plan.cells, template)) == 2
    assert requests.probe_prompts([gold], template) == [
        template.prompt_ids("", gold.asked[0].case.input)
    ]


def test_the_engine_is_told_where_an_answer_ends(plan: Plan, store: Store) -> None:
    engine = Engine()
    answering.answer_plans([(plan, plan.cells)], store, engine, QUIET)
    assert (engine.job["stop_ids"], engine.job["stop_texts"]) == ([1], ["\n### Input:"])


def test_a_start_after_a_stop_asks_whole_waves_and_keeps_each_answer_once(
    plan: Plan, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A complete wave is not asked again; of a torn one only the missing answers are kept."""
    monkeypatch.setattr(requests, "WAVE", 2)
    stopped = Engine(keeps=3)
    with pytest.raises(MachineError) as caught:
        answering.answer_plans([(plan, plan.cells)], store, stopped, QUIET)
    assert str(caught.value) == (
        "the engine gave 3 of 8 answers (run again: finished answers are kept)"
    )
    engine = Engine()
    answering.answer_plans([(plan, plan.cells)], store, engine, QUIET)
    before, after = ([[r["id"] for r in wave] for wave in e.waves()] for e in (stopped, engine))
    assert [len(wave) for wave in before] == [2, 2, 1, 3]
    assert before[1:3] == after[:2]
    for cell in plan.cells:
        lines = store.answers(cell.key).path.read_text(encoding="utf-8").splitlines()[1:]
        assert len(lines) == len({*lines}) == sum(not one.skip for one in cell.asked)


def test_company_is_forgotten_when_all_have_answered(plan: Plan, store: Store) -> None:
    """Cells that are complete do not come back when another one is opened later."""
    answering.answer_plans([(plan, plan.cells)], store, Engine(), QUIET)
    extra = replace(plan.cells[0], key="extra")
    more = replace(plan, cells=(*plan.cells, extra))
    engine = Engine()
    answering.answer_plans([(more, [extra])], store, engine, QUIET)
    assert {r["id"] for r in engine.waves()[0]} == {"extra/case-0", "extra/case-1"}


def test_how_many_repeated_answers_differ_is_counted(plan: Plan, store: Store) -> None:
    class Moody(Engine):
        def run(self, target: str, payload: Any, log: Path) -> Iterator[Any]:
            for message in super().run(target, payload, log):
                other = message["request"].startswith("repeat/") and "case-0" in message["request"]
                yield {**message, "token_ids": (9,)} if other else message

    answering.answer_plans([(plan, plan.cells)], store, Moody(), QUIET)
    told = store.value(f"repeats-{plan.id}")
    assert (told["asked"], told["differ"]) == (3, 1)
    assert next(notes_of(plan, store)).startswith("1 of 3 greedy answers differed")
    assert [sorted(store.answers(cell.key).done) for cell in plan.cells][2] == ["case-0"]


@pytest.mark.parametrize("engine, asked", [("endpoint", 1), ("vllm", 0)])
def test_only_a_servers_failures_are_asked_again(
    plan: Plan, store: Store, engine: str, asked: int
) -> None:
    cell = plan.cells[0]
    kept = store.answers(cell.key)
    kept.append(Answer("case-0", "", finish="error", error="503 busy"))
    kept.append(Answer("case-1", "so far", finish="error", error="content_filter"))
    kept.close()
    assert len(requests.settled(store.answers(cell.key).done, engine)) == 2 - asked
    assert len(pipeline.open_cells(replace(plan, engine=engine, cells=(cell,)), store)) == asked


def test_drawn_answers_are_not_repeated(plan: Plan, store: Store) -> None:
    drawn = replace(plan, suite=replace(plan.suite, sampling=Sampling(temperature=0.7)))
    engine = Engine()
    answering.answer_plans([(drawn, drawn.cells)], store, engine, QUIET)
    assert len(engine.waves()) == 1
    assert not any("differed" in note for note in notes_of(drawn, store))


def test_answers_are_scored_while_others_are_given(plan: Plan, store: Store) -> None:
    early = scoring.Early([plan])
    answering.answer_plans([(plan, plan.cells)], store, Engine(), QUIET, early)
    cell = plan.cells[0]
    done = store.answers(cell.key).done["case-0"]
    late = scoring.score_cells(plan, store)
    assert early.take(cell, cell.asked[0], replace(done, text="another")) is None
    assert scoring.score_cells(plan, store, early=early) == late


def test_the_canarys_distances_are_kept_per_source(plan: Plan, store: Store) -> None:
    answering.answer_plans([(plan, plan.cells)], store, Engine(), QUIET)
    assert [store.value(canary_key(plan, source)) for source in ("base", "digest-a")] == [
        {"to_reference": 0.0, "effect": 0.0},
        {"to_reference": 0.0, "effect": 1.0},
    ]


def test_a_start_that_fails_leaves_the_next_one(plan: Plan, store: Store) -> None:
    """Another sampling is another start; the first failure is told when all are done."""

    class Failing(Engine):
        def run(self, target: str, payload: Any, log: Path) -> Iterator[Any]:
            if payload["job"]["sampling"]["seed"] == 1:
                raise MachineError("the engine died")
            return super().run(target, payload, log)

    other = replace(plan, id="other", suite=replace(plan.suite, sampling=Sampling(seed=1)))
    cells = [replace(cell, key=f"other-{cell.key}") for cell in plan.cells]
    works = [(replace(other, cells=tuple(cells)), cells), (plan, plan.cells)]
    with pytest.raises(MachineError, match="the engine died"):
        answering.answer_plans(works, store, Failing(), QUIET)
    assert [len(store.answers(cell.key).done) for cell in plan.cells] == [2, 2, 1]
    assert [len(store.answers(cell.key).done) for cell in cells] == [0, 0, 0]


def test_of_several_suites_the_canary_says_whose_adapter_it_means(plan: Plan, store: Store) -> None:
    class Base(Engine):
        def run(self, target: str, payload: Any, log: Path) -> Iterator[Any]:
            for probe in json.loads(json.dumps(payload))["job"]["probes"]:
                yield asdict(Answer(probe["id"], "", first_logprobs={"2": 0.0}))

    other = replace(plan, id="other", suite=replace(plan.suite, name="pool"))
    with pytest.raises(MeasurementError, match="adapter 'shop/lora, pool/lora' changes nothing"):
        answering.answer_plans([(plan, plan.cells), (other, plan.cells)], store, Base(), QUIET)


# ---------------------------------------------------------------- seconds


@pytest.fixture
def tick(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock: reads what is in the list."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def shares(store: Store, *cells: str) -> list[float | None]:
    return [store.value(f"seconds-{cell}") for cell in cells]


def test_seconds_are_shared_by_tokens(store: Store, tick: list[float]) -> None:
    meter = Meter(store)
    meter.count("a", 20, 0)
    meter.count("b", 10, 0)
    meter.count("a", 10, 0)
    tick[0] += 4
    meter.settle()
    assert shares(store, "a", "b", "c") == [3.0, 1.0, None]
    assert (meter.answers, meter.tokens, meter.seconds) == (3, 40, 4.0)


def test_seconds_add_up_over_starts(store: Store, tick: list[float]) -> None:
    for _ in range(2):
        meter = Meter(store)
        meter.count("a", 5, 0)
        tick[0] += 2
        meter.settle()
        tick[0] += 50  # nobody works between two starts
    assert shares(store, "a") == [4.0]


def test_a_start_that_is_killed_has_accounted_for_all_but_its_last_seconds(
    store: Store, tick: list[float]
) -> None:
    meter = Meter(store)
    for _ in range(8):
        tick[0] += 2
        meter.count("a", 1, 2)
    assert shares(store, "a") == [12.0]


def test_seconds_before_the_first_answer_began_are_no_cells(
    store: Store, tick: list[float]
) -> None:
    """A model that takes 50 s to load is not a base, answered first, that takes 50 s to answer."""
    meter = Meter(store)
    tick[0] += 53
    meter.count("a", 1, 3)
    meter.settle()
    tick[0] += 1
    meter.settle()
    assert shares(store, "a") == [3.0]
    assert meter.seconds == 3.0


# ---------------------------------------------------------------- lengths


@pytest.mark.parametrize(
    "prompt, budget, length",
    [(10, 10, 256), (200, 48, 256), (200, 49, 320), (300, 100, 448), (400, 100, 512)],
)
def test_the_window_is_what_the_longest_request_needs_in_steps_of_64(
    plan: Plan, prompt: int, budget: int, length: int
) -> None:
    """Never more than the model reads, here 512."""
    requests = [Request("short", (1,), max_tokens=1), Request("a", (1,) * prompt, None, budget)]
    assert model_length(plan, requests) == length


def test_a_model_that_names_no_window_has_a_wide_one(tmp_path: Path, plan: Plan) -> None:
    (Path(plan.model.path) / "config.json").write_text('{"model_type": "bloom"}', encoding="utf-8")
    assert window_of(plan) == 1 << 20


@pytest.mark.parametrize("text", ["{", "{}", '{"model_type": "no-such"}'])
def test_a_model_whose_config_cannot_be_used_is_one_line(plan: Plan, text: str) -> None:
    (Path(plan.model.path) / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(MachineError, match="the model's config cannot be used") as caught:
        window_of(plan)
    assert caught.value.problems[0].where == plan.model.path
    assert "\n" not in str(caught.value)
