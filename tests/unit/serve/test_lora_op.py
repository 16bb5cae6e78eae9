"""The compiled part of LoRA on a CPU, on every kind of instructions, against float64."""

import logging
import platform
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.filterwarnings("ignore")

pytest.importorskip("vllm", exc_type=ImportError)

from harness.serve import lora_op  # noqa: E402
from harness.serve.grouped_lora import GroupedLora  # noqa: E402
from harness.serve.lora_pack import Module  # noqa: E402
from harness.serve.lora_plan import BLOCK, Batch  # noqa: E402

SLOTS = 4
RANKS = (0, 1, 2, 8, 15, 16, 17, 33, 64, 256)
# unpacked, gate and up, QKV, and widths that end within a panel
SLICES = ((16,), (160, 160), (64, 32, 32), (7, 50, 129))
PLAIN = tuple(flag for flag in lora_op.FLAGS if "march" not in flag)
KINDS = {
    "native": lora_op.FLAGS,
    "no tiles": (*lora_op.FLAGS, "-mno-amx-bf16"),
    "avx2": (*PLAIN, "-march=x86-64-v3"),
    "oldest": (*PLAIN, "-march=x86-64"),
}
if platform.machine() != "x86_64":
    KINDS = {"native": lora_op.FLAGS}
FORMATS = {torch.float32: 1e-4, torch.bfloat16: 0.02}


@pytest.fixture(scope="module", params=list(KINDS))
def functions(request: pytest.FixtureRequest) -> dict[torch.dtype, Any]:
    if not lora_op.adders():
        pytest.skip("no compiler")
    return lora_op.loaded(lora_op.built(KINDS[request.param]))


def module(ranks: list[int], widths: tuple[int, ...], depth: int, dtype: torch.dtype) -> Module:
    """Stacked weights as vLLM has them, zeros above each adapter's own rank."""
    padded = max(1, *ranks)
    keep = torch.arange(padded) < torch.tensor(ranks).view(-1, 1)
    a = tuple((torch.randn(SLOTS, 1, padded, depth) * keep[:, None, :, None]) for _ in widths)
    b = tuple((torch.randn(SLOTS, 1, n, padded) * keep[:, None, None, :]) for n in widths)
    made = Module(tuple(w.to(dtype) for w in a), tuple(w.to(dtype) for w in b), {})
    made.changed()
    return made


def by_formula(x: torch.Tensor, y: torch.Tensor, slots: list[int], of: Module) -> torch.Tensor:
    """Row by row in float64, A x rounded as B reads it."""
    found = y.double()
    for row, slot in enumerate(slots):
        start = 0
        for a, b in zip(of.a, of.b, strict=True):
            end = start + b.shape[2]
            if slot >= 0:
                low = (a[slot, 0].double() @ x[row].double()).to(x.dtype).double()
                found[row, start:end] += 0.5 * (b[slot, 0].double() @ low)
            start = end
    return found


def applied(function: Any, x: torch.Tensor, y: torch.Tensor, slots: Any, of: Module) -> Any:
    found, batch = y.clone(), Batch(torch.tensor(slots, dtype=torch.long))
    table = lora_op.Table(of, y.shape[1])
    if batch.present and table.fill(batch.present):
        lora_op.CompiledStep(function, table, batch).add(x, found, 0.5)
    return found


def inputs(rows: int, of: Module) -> tuple[torch.Tensor, torch.Tensor]:
    width, dtype = sum(b.shape[2] for b in of.b), of.a[0].dtype
    return torch.randn(rows, of.a[0].shape[3]).to(dtype), torch.randn(rows, width).to(dtype)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-1, SLOTS - 1), st.integers(1, 40)), min_size=1, max_size=6),
    st.booleans(),
    st.lists(st.sampled_from(RANKS), min_size=SLOTS, max_size=SLOTS),
    st.sampled_from(SLICES),
    st.sampled_from([1, 15, 16, 24, 33, 96]),
    st.sampled_from(list(FORMATS)),
    st.integers(0, 1000),
)
def test_every_row_gets_its_adapters_part_and_rows_without_one_stay(
    functions: dict[torch.dtype, Any],
    runs: list[tuple[int, int]],
    scattered: bool,
    ranks: list[int],
    widths: tuple[int, ...],
    depth: int,
    dtype: torch.dtype,
    seed: int,
) -> None:
    torch.manual_seed(seed)
    slots = [slot for slot, count in runs for _ in range(count)]
    if scattered:
        slots = [slots[index] for index in torch.randperm(len(slots)).tolist()]
    of = module(ranks, widths, depth, dtype)
    x, y = inputs(len(slots), of)
    found, expected = applied(functions[dtype], x, y, slots, of), by_formula(x, y, slots, of)
    within = FORMATS[dtype]
    worst = float(expected.abs().max())
    torch.testing.assert_close(found.double(), expected, rtol=within, atol=within * worst / 5)
    bare = torch.tensor([slot < 0 or ranks[slot] == 0 for slot in slots])
    assert torch.equal(found[bare], y[bare])


@pytest.mark.parametrize("dtype", list(FORMATS))
@pytest.mark.parametrize("rows", [1, 5, 200])
def test_a_row_does_not_depend_on_its_company_nor_on_threads(
    functions: dict[torch.dtype, Any], dtype: torch.dtype, rows: int
) -> None:
    """Bit for bit."""
    torch.manual_seed(1)
    of = module([4, 64, 16, 1], (160, 33), 96, dtype)
    slots = [index % (SLOTS + 1) - 1 for index in range(rows)]
    x, y = inputs(rows, of)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            found.append(applied(functions[dtype], x, y, slots, of))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])
    last = applied(functions[dtype], x[-1:], y[-1:], slots[-1:], of)
    assert torch.equal(last, found[0][-1:])


def test_columns_that_y_lacks_are_not_written(functions: dict[torch.dtype, Any]) -> None:
    """A head's B may be wider than the logits."""
    torch.manual_seed(2)
    of = module([4, 8, 16, 1], (40,), 24, torch.float32)
    x, y = inputs(3, of)
    whole = applied(functions[torch.float32], x, y, [0, 2, 3], of)
    wide = y.clone()
    narrow = wide[:, :21]
    table, batch = lora_op.Table(of, 21), Batch(torch.tensor([0, 2, 3]))
    assert table.fill(batch.present)
    lora_op.CompiledStep(functions[torch.float32], table, batch).add(x, narrow, 0.5)
    assert torch.equal(wide[:, :21], whole[:, :21])
    assert torch.equal(wide[:, 21:], y[:, 21:])


def test_blocks_are_small_and_hold_each_row_once() -> None:
    slots = [2] * 40 + [-1] * 3 + [0, 1, 0]
    numbers = Batch(torch.tensor(slots)).blocks.tolist()
    blocks = [numbers[1 + 3 * index : 4 + 3 * index] for index in range(numbers[0])]
    rows = numbers[1 + 3 * numbers[0] :]
    assert all(0 < count <= BLOCK for _, _, count in blocks)
    found = {row: slot for slot, first, count in blocks for row in rows[first : first + count]}
    assert found == {row: slot for row, slot in enumerate(slots) if slot >= 0}
    assert len(rows) == len(found)


# ---------------------------------------------------------------- building


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder of extensions, and nothing loaded."""
    monkeypatch.setenv("TORCH_EXTENSIONS_DIR", str(tmp_path / "extensions"))
    lora_op.adders.cache_clear()
    yield tmp_path
    lora_op.adders.cache_clear()


def test_it_is_built_once_and_anew_when_the_source_or_a_flag_changes(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lora_op.built()
    made = first.stat().st_mtime_ns
    assert lora_op.built() == first
    assert first.stat().st_mtime_ns == made
    assert lora_op.built((*lora_op.FLAGS, "-g0")) != first
    other = fresh / "other.cpp"
    other.write_bytes(lora_op.SOURCE.read_bytes() + b"\n")
    monkeypatch.setattr(lora_op, "SOURCE", other)
    assert lora_op.built() != first
    assert len(list(first.parent.iterdir())) == 3


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (lambda patch, tmp: patch.setattr("shutil.which", lambda _: None), "no C++ compiler"),
        (lambda patch, tmp: patch.setattr(lora_op, "FLAGS", ("-no-such",)), "no-such"),
        (lambda patch, tmp: patch.setattr(lora_op, "SOURCE", broken(tmp)), "broken.cpp"),
        (lambda patch, tmp: patch.setenv("TORCH_EXTENSIONS_DIR", str(broken(tmp))), "broken.cpp"),
    ],
    ids=["no compiler", "an older compiler", "an error", "no folder"],
)
def test_without_it_the_log_says_why_and_the_sums_are_right(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any, plant: Any, said: str
) -> None:
    plant(monkeypatch, fresh)
    with caplog.at_level(logging.WARNING):
        made = GroupedLora(max_num_batched_tokens=64, max_batches=64, device="cpu", max_loras=SLOTS)
    (line,) = [r.getMessage() for r in caplog.records if r.name == lora_op.__name__]
    assert line.startswith("LoRA goes through oneDNN, which is slower: ")
    assert said in line
    assert "\n" not in line
    made.update_metadata(mapping([1, -1, 0]), [1, 2, 3, 4], SLOTS, 100)
    of = module([4, 8, 1, 1], (8,), 24, torch.float32)
    x, y = inputs(3, of)
    found = y.clone()
    made.add_lora_linear(found, x, of.a, of.b, 0.5, (8,))
    expected = by_formula(x, y, [1, -1, 0], of)
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-4)


def broken(folder: Path) -> Path:
    path = folder / "broken.cpp"
    path.write_text("int lora_tiles( {", encoding="utf-8")
    return path


def mapping(slots: list[int]) -> Any:
    from vllm.lora.layers import LoRAMapping

    names = tuple(slot + 1 for slot in slots)
    return LoRAMapping(names, names, is_prefill=True)


def test_torch_without_openmp_is_a_reason_too(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = SimpleNamespace(read_text=lambda encoding: "0-1 r-xp 00000000 00:00 0\n")
    monkeypatch.setattr(lora_op, "Path", lambda name: nothing if "maps" in name else Path(name))
    with pytest.raises(LookupError, match="OpenMP"):
        lora_op.runtime()


def test_the_source_is_part_of_the_package() -> None:
    """What setuptools puts into a wheel."""
    import tomllib

    root = Path(lora_op.__file__).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["harness"]
    packed = {path for pattern in patterns for path in (root / "harness").glob(pattern)}
    assert lora_op.SOURCE in packed
