"""Plans: which engine, and addresses that change with what changes answers."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from root_factory import MODEL, cases, make_plan, make_suite

from harness import plan as planning
from harness.errors import UnknownNameError, UsageError
from harness.plan import Cell, Plan
from harness.records import Adapter, AdapterSource, Model, Recipe, Row, Sampling, Suite
from harness.serve.vllm_engine import VllmEngine

ADAPTER = Adapter("lora", "/a", "digest-a", 4, 10)
PLAIN = make_suite()


@pytest.fixture(autouse=True)
def fresh_machine() -> Iterator[None]:
    """What the machine is, read again by every test and by whoever comes after."""
    planning.machine.cache_clear()
    yield
    planning.machine.cache_clear()


# ---------------------------------------------------------------- engines


@pytest.mark.parametrize(
    "wanted, missing, engine",
    [
        ("auto", "", "vllm"),
        ("auto", "pip install it", "transformers"),
        ("vllm", "", "vllm"),
        ("transformers", "pip install it", "transformers"),
    ],
)
def test_auto_takes_vllm_wherever_it_can_run(
    monkeypatch: pytest.MonkeyPatch, wanted: str, missing: str, engine: str
) -> None:
    monkeypatch.setattr(VllmEngine, "missing", staticmethod(lambda: missing))
    name, why = planning.choose_engine(wanted)
    assert (name, bool(why)) == (engine, True)


def test_an_engine_that_cannot_run_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VllmEngine, "missing", staticmethod(lambda: "pip install it"))
    with pytest.raises(UsageError) as caught:
        planning.choose_engine("vllm")
    assert str(caught.value) == "engine 'vllm' cannot run here (pip install it)"


def test_an_unknown_engine_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'transformers'"):
        planning.choose_engine("transformer")


# ---------------------------------------------------------------- addresses


def first_cell(made: Plan, adapter: Adapter | None = None) -> Cell:
    return replace(made.cells[0], adapter=adapter)


def keys(suite: Suite = PLAIN, model: Model = MODEL) -> tuple[str, str, str]:
    """The addresses of the run, of its adapter and of its first answers."""
    made = make_plan(suite, model)
    adapter = planning.adapter_key(made, suite.recipes[0])
    return made.id, adapter, planning.answer_key(made, first_cell(made))


def differing(before: tuple[str, ...], after: tuple[str, ...]) -> list[str]:
    named = zip(("run", "adapter", "answers"), before, after, strict=True)
    return [name for name, old, new in named if old != new]


ROW = Row("r", "in", "out")


@pytest.mark.parametrize(
    "change, moved",
    [
        (lambda s: replace(s, root="/elsewhere"), ""),
        (lambda s: replace(s, description="other"), "run"),
        (lambda s: replace(s, train=(ROW,)), "run adapter"),
        (lambda s: replace(s, train=(replace(ROW, where="x:1", tags=("t",)),)), "run adapter"),
        (lambda s: replace(s, recipes=(Recipe("lora", rank=8),)), "run adapter"),
        (lambda s: replace(s, recipes=(Recipe("other-name"),)), "run"),
        (lambda s: replace(s, template="{input}"), "run adapter answers"),
        (lambda s: replace(s, as_of=date(2020, 1, 1)), "run adapter answers"),
        (lambda s: replace(s, sampling=Sampling(0.7)), "run answers"),
        (lambda s: replace(s, tasks=(replace(s.tasks[0], max_tokens=5),)), "run answers"),
        (lambda s: replace(s, tasks=(replace(s.tasks[0], cases=cases(3)),)), "run answers"),
        (lambda s: replace(s, tasks=(replace(s.tasks[0], scorers=()),)), "run"),
    ],
)
def test_an_address_moves_with_what_changes_its_result_and_with_nothing_else(
    change: Callable[[Suite], Suite], moved: str
) -> None:
    before, after = keys(), keys(change(PLAIN))
    assert differing(before, after) == moved.split()


def test_other_weights_move_every_address_and_another_name_for_them_moves_none() -> None:
    assert not set(keys()) & set(keys(model=replace(MODEL, digest="d1")))
    assert keys() == keys(model=replace(MODEL, name="renamed", path="/moved"))


def test_where_a_row_was_read_from_changes_nothing() -> None:
    rows = [(replace(ROW, where=where),) for where in ("a:1", "b:2")]
    assert keys(replace(PLAIN, train=rows[0])) == keys(replace(PLAIN, train=rows[1]))


def test_answers_of_base_and_of_each_adapter_have_addresses_of_their_own() -> None:
    made = make_plan()
    other = replace(ADAPTER, digest="digest-b")
    found = {planning.answer_key(made, first_cell(made, a)) for a in (None, ADAPTER, other)}
    renamed = replace(ADAPTER, name="x", path="/y")
    assert len(found) == 3
    assert planning.answer_key(made, first_cell(made, renamed)) in found


EVERY = ["run", "adapter", "answers"]


@pytest.mark.parametrize(
    "part, moved",
    [
        ("torch", EVERY),
        ("peft", EVERY),
        ("transformers", EVERY),
        ("tokenizers", EVERY),
        ("rich", []),
    ],
)
def test_other_versions_of_what_computes_are_other_results(
    monkeypatch: pytest.MonkeyPatch, part: str, moved: list[str]
) -> None:
    before = keys()
    real = planning.package_version
    monkeypatch.setattr(
        planning, "package_version", lambda name: "99" if name == part else real(name)
    )
    planning.machine.cache_clear()
    assert differing(before, keys()) == moved


@pytest.mark.parametrize(
    "flags, moved", [("fpu avx2", []), ("fpu avx2 avx512_bf16", EVERY), ("fpu amx_bf16", EVERY)]
)
def test_a_cpu_with_other_number_formats_gives_other_results(
    monkeypatch: pytest.MonkeyPatch, flags: str, moved: list[str]
) -> None:
    real, found = Path.read_text, []

    def read(path: Path, **settings: str) -> str:
        return f"flags : {has}\n" if path == Path("/proc/cpuinfo") else real(path, **settings)

    monkeypatch.setattr(planning, "has_gpu", lambda: False)
    monkeypatch.setattr(Path, "exists", lambda path: True)
    monkeypatch.setattr(Path, "read_text", read)
    for has in ("fpu sse2", flags):  # noqa: B007 - `read` reads it
        planning.machine.cache_clear()
        found.append(keys())
    assert differing(*found) == moved


def test_a_gpu_gives_other_results_than_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for gpu in (False, True):
        monkeypatch.setattr(planning, "has_gpu", lambda gpu=gpu: gpu)
        planning.machine.cache_clear()
        found.append(keys())
    assert differing(*found) == EVERY


@pytest.mark.parametrize(
    "device, visible, found",
    [
        (True, None, True),
        (True, "", False),
        (True, "-1", False),
        (True, "0", True),
        (False, None, False),
    ],
)
def test_a_gpu_counts_where_it_is_visible(
    monkeypatch: pytest.MonkeyPatch, device: bool, visible: str | None, found: bool
) -> None:
    monkeypatch.setattr(Path, "exists", lambda path: device)
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert planning.has_gpu() is found


def test_a_run_moves_with_the_bytes_of_an_outside_adapter_and_not_with_its_place() -> None:
    def run(adapter: Adapter) -> str:
        return make_plan(outside={AdapterSource("path", "./finished"): adapter}).id

    assert run(ADAPTER) == run(replace(ADAPTER, name="x", path="/moved"))
    assert len({run(ADAPTER), run(replace(ADAPTER, digest="digest-b")), make_plan().id}) == 3


def test_an_absent_package_has_a_version_all_the_same() -> None:
    assert planning.package_version("no-such-package") == "absent"
