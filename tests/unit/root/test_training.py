"""Adapters from outside are checked before any compute; rows are split so that facts are taught."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from root_factory import BASE, LORA, make_suite
from tiny_adapters import DOWN, Q, adapter, base

from harness import models, splitting, training
from harness.errors import BenchError, UsageError
from harness.records import (
    Adapter,
    AdapterSource,
    Candidate,
    EncodedRow,
    Recipe,
    Row,
    Suite,
)
from harness.store import Store

SOURCE = AdapterSource("path", "finished")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home")


def suite_with(root: Path, *sources: AdapterSource) -> Suite:
    """A suite of `root` with a candidate per adapter source."""
    candidates = (Candidate(f"c{i}", source) for i, source in enumerate(sources))
    return make_suite(root=str(root), candidates=(BASE, *candidates))


def brought(root: Path, store: Store, *sources: AdapterSource) -> dict[AdapterSource, Adapter]:
    """The outside adapters of a suite in `root`, for a base beside it."""
    suite = suite_with(root, *(sources or (SOURCE,)))
    return training.outside_adapters(suite, base(root / "base"), store)


# ---------------------------------------------------------------- adapters from outside


def test_an_outside_adapter_is_known_by_its_bytes(tmp_path: Path, store: Store) -> None:
    path = adapter(tmp_path / "finished", {Q: (8, 8), DOWN: (16, 8)})
    size = (path / "adapter_model.safetensors").stat().st_size
    digest = store.adapter_digest(path)
    assert brought(tmp_path, store) == {SOURCE: Adapter("finished", str(path), digest, 4, size)}


def test_an_absolute_path_and_a_hub_id_lead_to_the_same_adapter(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = adapter(tmp_path / "finished", {Q: (8, 8)})
    monkeypatch.setattr(models, "from_hub", {"acme/lora": path}.__getitem__)
    absolute, hub = AdapterSource("path", str(path)), AdapterSource("hub", "acme/lora")
    found = brought(tmp_path, store, SOURCE, absolute, hub, SOURCE)
    assert list(found) == [SOURCE, absolute, hub]
    assert {(made.path, made.digest) for made in found.values()} == {
        (str(path), store.adapter_digest(path))
    }


def test_trained_adapters_and_none_are_not_from_outside(tmp_path: Path, store: Store) -> None:
    suite = make_suite(root=str(tmp_path), candidates=(BASE, LORA))
    assert training.outside_adapters(suite, base(tmp_path / "base"), store) == {}


@pytest.mark.parametrize(
    "pattern, rank", [(None, 4), ({}, 4), ({"q_proj": 2}, 4), ({"q_proj": 16, "k_proj": 8}, 16)]
)
def test_the_rank_is_the_largest_of_all_modules(
    tmp_path: Path, store: Store, pattern: dict[str, int] | None, rank: int
) -> None:
    adapter(tmp_path / "finished", {Q: (8, 8)}, rank_pattern=pattern)
    assert brought(tmp_path, store)[SOURCE].rank == rank


def cut(path: Path) -> None:
    """A download that was stopped."""
    weights = path / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4])


def says(**options: Any) -> Callable[[Path], None]:
    """An adapter whose config has other options."""

    def change(path: Path) -> None:
        file = path / "adapter_config.json"
        config = json.loads(file.read_text(encoding="utf-8")) | options
        file.write_text(json.dumps(config), encoding="utf-8")

    return change


@pytest.mark.parametrize(
    "spoil, what",
    [
        (says(use_dora=True), "use_dora is true, which engines do not serve"),
        (says(r=513), "rank 513 cannot be served (engines serve ranks 1 to 512; train it again)"),
        (says(r=None), "rank null cannot be served"),
        (says(rank_pattern={"q_proj": 1024}), "rank 1024 cannot be served"),
        (says(rank_pattern={"q_proj": None}), "rank null cannot be served"),
        (cut, "adapter_model.safetensors is damaged: tensors end at byte"),
        (lambda path: (path / "adapter_config.json").write_text("[", "utf-8"), "cannot be read"),
        (lambda path: (path / "adapter_model.safetensors").unlink(), "no adapter_model.safeten"),
        (lambda path: path.rename(path.with_name("finshed")), "did you mean"),
    ],
)
def test_an_adapter_that_no_engine_serves_is_refused_with_one_line(
    tmp_path: Path, store: Store, spoil: Callable[[Path], None], what: str
) -> None:
    spoil(adapter(tmp_path / "finished", {Q: (8, 8)}))
    with pytest.raises(UsageError) as caught:
        brought(tmp_path, store)
    (problem,) = caught.value.problems
    assert what in problem.what + f" ({problem.remedy})"
    assert problem.where == str(tmp_path / "finished")
    assert "\n" not in str(problem)


def test_an_adapter_for_another_base_is_refused_with_one_line(tmp_path: Path, store: Store) -> None:
    adapter(tmp_path / "finished", {Q: (12, 8)})
    with pytest.raises(UsageError, match="the adapter is for another base model") as caught:
        brought(tmp_path, store)
    assert len(caught.value.problems) == 1


# ---------------------------------------------------------------- train and dev rows


def rows_of(plain: int, facts: int) -> list[tuple[Row, EncodedRow]]:
    """Rows with prompts of their own: `plain` ones, then those that teach a fact."""
    made = []
    for number in range(plain + facts):
        fact = f"fact-{number}" if number >= plain else None
        row = Row(f"row-{number}", f"in {number}", "out", fact=fact)
        made.append((row, EncodedRow((number,), (number, 0))))
    return made


def numbers(rows: list[EncodedRow]) -> set[int]:
    return {row.completion[0] for row in rows}


@pytest.mark.parametrize("plain, facts", [(1000, 0), (800, 200), (200, 800), (0, 1000), (20, 980)])
def test_the_dev_share_is_near_what_the_recipe_says(plain: int, facts: int) -> None:
    train, dev = splitting.split(rows_of(plain, facts), Recipe("lora", dev_fraction=0.08))
    assert len(train) + len(dev) == 1000
    assert numbers(train) | numbers(dev) == set(range(1000))
    assert 50 <= len(dev) <= 110


def test_rows_that_teach_a_fact_stay_in_training_where_others_can_serve() -> None:
    train, _ = splitting.split(rows_of(200, 800), Recipe("lora", dev_fraction=0.08))
    assert numbers(train) >= set(range(200, 1000))


@pytest.mark.parametrize("plain", [0, 20])
def test_rows_that_teach_facts_are_held_out_where_hardly_any_other_is_there(plain: int) -> None:
    _, dev = splitting.split(rows_of(plain, 1000 - plain), Recipe("lora", dev_fraction=0.08))
    assert len(numbers(dev) & set(range(plain, 1000))) > 40


@pytest.mark.parametrize("facts", [0, 300, 700, 1000])
def test_equal_inputs_are_on_one_side_though_one_of_them_teaches_a_fact(facts: int) -> None:
    """Row n and row n+500 ask the same; rows that teach a fact may stand on either side."""
    rows = [
        (row, replace(encoded, prompt=(encoded.prompt[0] % 500,)))
        for row, encoded in rows_of(1000 - facts, facts)
    ]
    train, dev = splitting.split(rows, Recipe("lora", dev_fraction=0.08))
    assert {row.prompt for row in train} & {row.prompt for row in dev} == set()
    assert dev != []


def test_without_a_dev_share_every_row_is_trained_on() -> None:
    for rows in (rows_of(10, 0), rows_of(10, 10), rows_of(0, 10), []):
        train, dev = splitting.split(rows, Recipe("lora", dev_fraction=0))
        assert (len(train), dev) == (len(rows), [])


def test_the_split_hangs_on_the_seed_and_not_on_the_order_of_rows() -> None:
    rows = rows_of(500, 500)
    first = splitting.split(rows, Recipe("lora"))
    assert splitting.split(rows[::-1], Recipe("lora")) == first
    assert splitting.split(rows, Recipe("lora", seed=8)) != first


def test_a_recipe_without_rows_is_one_line(tmp_path: Path, store: Store) -> None:
    import tiny_tokenizers as tiny
    from root_factory import MODEL, make_plan

    from harness.console import Log
    from harness.executors import Inline

    plan = make_plan(model=replace(MODEL, path=tiny.make(tmp_path / "model")))
    with pytest.raises(BenchError) as caught:
        training.train_together([Recipe("lora")], plan, store, Inline(), Log(quiet=True))
    assert str(caught.value) == (
        "recipe 'lora' has no rows to train on (give the suite train rows)"
    )


# ---------------------------------------------------------------- one that diverges


class Diverging:
    """An executor whose training of recipe `lora` diverges; the others end well."""

    description: ClassVar[str] = "a fake"
    asked: ClassVar[list[list[str]]] = []

    def run(self, target: str, payload: Any, log: Path) -> Iterator[Any]:
        Diverging.asked.append([job["recipe"]["name"] for job in payload["jobs"]])
        costs = {"seconds": 1.0, "tokens_per_second": 1.0, "stacked": 1.0, "peak_flops": 1.0}
        for at, job in enumerate(payload["jobs"]):
            if job["recipe"]["name"] == "lora":
                told = {"message": "training diverged at step 1", "remedy": "lower it"}
                yield {"event": "failed", "job": at, "record": {"loss": [[1, 9.0]]}, **told}
            else:
                out = Path(job["out"])
                out.mkdir(exist_ok=True)
                (out / "adapter_config.json").write_text("{}", "utf-8")
                (out / "adapter_model.safetensors").write_bytes(b"weights")
                record = {"dev_loss": [], "stack_timings": {}, **costs}
                yield {"event": "done", "job": at, "record": record}


def test_where_one_diverges_the_others_are_kept_and_its_answers_are_errors(
    tmp_path: Path, store: Store
) -> None:
    import tiny_tokenizers as tiny
    from root_factory import MODEL, make_plan

    from harness import pipeline
    from harness.console import Log

    recipes = (Recipe("lora"), Recipe("then", start="lora"), Recipe("calm", rank=4))
    made = [Candidate(one.name, AdapterSource("recipe", one.name)) for one in recipes]
    suite = make_suite(
        recipes=recipes,
        candidates=(BASE, *made),
        train=(Row("r", "in", "out"),),
        template="{input}",
    )
    plan = make_plan(suite, replace(MODEL, path=tiny.make(tmp_path / "model")))
    Diverging.asked.clear()
    for _ in range(2):  # the second time nothing is trained again
        found = training.get_adapters(plan, store, Diverging(), Log(quiet=True))
    assert [sorted(names) for names in Diverging.asked] == [["calm", "lora"]]
    assert {source.value for source in found} == {"", "calm"}
    pipeline.give_adapters(plan, found, store)
    said = {
        cell.candidate.name: {answer.error for answer in store.answers(cell.key).done.values()}
        for cell in plan.cells
    }
    why = "recipe 'lora': training diverged at step 1 (lower it)"
    assert said == {
        "base": set(),
        "calm": set(),
        "lora": {why},
        "then": {f"recipe 'then' starts from another: {why}"},
    }
    left = [cell.candidate.name for cell in pipeline.open_cells(plan, store)]
    assert left == ["base", "calm"]
