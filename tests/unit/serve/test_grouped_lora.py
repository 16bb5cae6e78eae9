"""Grouped LoRA for vLLM's CPU build, against the formula y + scale·B(Ax) in float64."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.filterwarnings("ignore")

pytest.importorskip("vllm", exc_type=ImportError)
punica = pytest.importorskip("vllm.lora.punica_wrapper.punica_cpu", exc_type=ImportError)

from harness.errors import MachineError  # noqa: E402
from harness.serve import lora_op  # noqa: E402
from harness.serve.grouped_lora import GroupedLora  # noqa: E402
from harness.serve.lora_pack import Module  # noqa: E402

SLOTS, IN = 5, 24
RANKS = (1, 2, 7, 8, 16, 33, 64, 256)
# the widths of an unpacked projection, of gate and up, of QKV, and of slices too wide to join
SLICES = ((8,), (40, 40), (32, 16, 16), (1600, 1600))


@pytest.fixture(autouse=True, scope="module", params=["compiled", "oneDNN"])
def path(request: pytest.FixtureRequest) -> Iterator[None]:
    """Both ways, whatever this machine would take."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "oneDNN":
            patch.setattr(lora_op, "adders", dict)
        elif not lora_op.adders():
            pytest.skip("no compiler")
        yield


def step(made: Any, slots: list[int], sampled: list[int] | None = None) -> Any:
    """What vLLM calls when a batch has these rows; the adapter of slot n is called n + 1."""
    from vllm.lora.layers import LoRAMapping

    names = [slot + 1 for slot in slots]
    sampled = [slot + 1 for slot in sampled] if sampled is not None else names
    mapping = LoRAMapping(tuple(names), tuple(sampled), is_prefill=True)
    made.update_metadata(mapping, list(range(1, SLOTS + 1)), SLOTS, 100)
    return made


def wrapper(kind: Any = GroupedLora) -> Any:
    return kind(max_num_batched_tokens=8192, max_batches=8192, device="cpu", max_loras=SLOTS)


def adapters(widths: tuple[int, ...], ranks: list[int], highest: int = 0) -> dict[str, Any]:
    """Stacked weights as vLLM has them: zeros above each adapter's own rank, `highest` at most."""
    padded = max(highest, *ranks)
    keep = torch.arange(padded) < torch.tensor(ranks).view(-1, 1)
    a = tuple(torch.randn(SLOTS, 1, padded, IN) * keep[:, None, :, None] for _ in widths)
    b = tuple(torch.randn(SLOTS, 1, width, padded) * keep[:, None, None, :] for width in widths)
    return {"a": a, "b": b, "ranks": ranks, "widths": widths}


def by_formula(
    x: torch.Tensor, y: torch.Tensor, slots: list[int], of: dict[str, Any], scale: float = 1.0
) -> torch.Tensor:
    """Row by row as PEFT has it, each adapter cut to its own rank."""
    found = y.double()
    for row, slot in enumerate(slots):
        if slot < 0:
            continue
        rank, start = of["ranks"][slot], 0
        for a, b, width in zip(of["a"], of["b"], of["widths"], strict=True):
            low = a[slot, 0, :rank].double() @ x[row].double()
            delta = b[slot, 0, :, :rank].double() @ low
            found[row, start : start + width] += scale * delta
            start += width
    return found


def applied(
    made: Any, x: torch.Tensor, y: torch.Tensor, of: dict[str, Any], scale: float = 1.0
) -> torch.Tensor:
    found = y.clone()
    made.add_lora_linear(found, x, of["a"], of["b"], scale, of["widths"])
    return found


def assert_right(
    made: Any, slots: list[int], of: dict[str, Any], scale: float = 1.0, *, shift: float = 0.0
) -> None:
    """One step on random rows: the formula's, and -1 rows as they were, bit for bit."""
    x, y = torch.randn(len(slots), IN), torch.randn(len(slots), sum(of["widths"])) + shift
    found = applied(step(made, slots), x, y, of, scale)
    expected = by_formula(x, y, slots, of, scale)
    worst = float(expected.abs().max())
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-5 * worst)
    bare = torch.tensor(slots) < 0
    assert torch.equal(found[bare], y[bare])


@st.composite
def steps(draw: st.DrawFn) -> list[int]:
    """Slots of a step's rows: some adapters and the base, together or scattered."""
    present = draw(st.lists(st.integers(-1, SLOTS - 1), min_size=1, max_size=SLOTS + 1))
    rows = [draw(st.integers(1, 20)) for _ in present]
    slots = [slot for slot, count in zip(present, rows, strict=True) for _ in range(count)]
    return draw(st.permutations(slots)) if draw(st.booleans()) else sorted(slots)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(steps(), min_size=1, max_size=3),
    st.sampled_from(SLICES),
    st.lists(st.sampled_from(RANKS), min_size=SLOTS, max_size=SLOTS),
    st.sampled_from([1.0, 0.5, 2.0]),
    st.integers(0, 1000),
)
def test_every_step_equals_the_formula_and_rows_without_an_adapter_are_untouched(
    batches: list[list[int]], widths: tuple[int, ...], ranks: list[int], scale: float, seed: int
) -> None:
    """The same wrapper for step after step, as an engine has it, prompts and decoding alike."""
    torch.manual_seed(seed)
    made, of = wrapper(), adapters(widths, ranks)
    for slots in batches:
        assert_right(made, slots, of, scale)


@pytest.mark.parametrize("widths", SLICES)
@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([300, 17, 500, 1, 80, 64], id="prompts"),
        pytest.param([0, 2500, 300, 0, 0, 0], id="a long prompt"),
        pytest.param([1, 1, 1, 1, 1, 1], id="a row each"),
        pytest.param([0, 1, 0, 0, 0, 0], id="a single row"),
        pytest.param([6, 0, 0, 0, 0, 0], id="the base alone"),
    ],
)
def test_steps_of_every_size_equal_the_formula(rows: list[int], widths: tuple[int, ...]) -> None:
    torch.manual_seed(1)
    made, of = wrapper(), adapters(widths, [1, 64, 8, 16, 3])
    slots = [slot for slot, count in enumerate(rows, start=-1) for _ in range(count)]
    assert_right(made, slots, of)
    assert_right(made, slots[::-1], of)
    shuffled = [slots[index] for index in torch.randperm(len(slots)).tolist()]
    assert_right(made, shuffled, of)


def test_rows_do_not_depend_on_who_else_is_in_the_batch() -> None:
    torch.manual_seed(2)
    made, of = wrapper(), adapters((16, 8), [4, 8, 1, 16, 64])
    x, y = torch.randn(40, IN), torch.randn(40, 24)
    slots = [index % 6 - 1 for index in range(40)]
    whole = applied(step(made, slots), x, y, of)
    order = torch.randperm(40)
    mixed = applied(step(made, [slots[index] for index in order]), x[order], y[order], of)
    torch.testing.assert_close(mixed, whole[order], rtol=1e-5, atol=1e-5)
    alone = torch.tensor(slots) == 4
    single = applied(step(made, [4] * int(alone.sum())), x[alone], y[alone], of)
    torch.testing.assert_close(single, whole[alone], rtol=1e-5, atol=1e-5)


# ---------------------------------------------------------------- planted faults


def test_a_planted_index_fault_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows without an adapter that read the last slot, which is what the stock wrapper does."""
    kept = GroupedLora.token_lora_indices.fget
    wrong = property(lambda self: torch.where(kept(self) < 0, SLOTS - 1, kept(self)))
    monkeypatch.setattr(GroupedLora, "token_lora_indices", wrong)
    with pytest.raises(AssertionError):
        assert_right(wrapper(), [-1, 0, -1, 1], adapters((8,), [4] * SLOTS))


def test_a_planted_rank_fault_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """An adapter that loses the last of its ranks."""
    kept = Module.real_ranks
    wrong = lambda self, slot: tuple(rank - 1 for rank in kept(self, slot))  # noqa: E731
    monkeypatch.setattr(Module, "real_ranks", wrong)
    with pytest.raises(AssertionError):
        assert_right(wrapper(), [-1, 0, -1, 1], adapters((8,), [4, 256, 1, 1, 1]))


def test_a_planted_slot_fault_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slot that gets another adapter and goes on with the one before."""
    made, of = wrapper(), adapters((8,), [4] * SLOTS)
    assert_right(made, [0, 1, 2], of)
    monkeypatch.setattr(Module, "changed", lambda _: False)
    of["b"][0][1].mul_(2)
    with pytest.raises(AssertionError):
        assert_right(made, [0, 1, 2], of)


def test_the_stock_wrapper_answers_for_the_base_with_an_adapter_and_ours_does_not() -> None:
    """Why ours is there: in a mixed batch, index -1 reads the last adapter's weights.

    When this fails because a new vLLM leaves such rows alone, ours is needed for speed only.
    """
    torch.manual_seed(3)
    of, slots = adapters((8,), [4] * SLOTS), [-1, 0, -1, 1, 1]
    x, y = torch.randn(5, IN), torch.randn(5, 8)
    bare = torch.tensor(slots) < 0
    stock = applied(step(wrapper(punica.PunicaWrapperCPU), slots), x, y, of)
    assert not torch.equal(stock[bare], y[bare])
    last = by_formula(x, y, [slot if slot >= 0 else SLOTS - 1 for slot in slots], of)
    torch.testing.assert_close(stock.double(), last, rtol=1e-4, atol=1e-4)
    assert torch.equal(applied(step(wrapper(), slots), x, y, of)[bare], y[bare])


# ---------------------------------------------------------------- slots


def test_a_slot_that_gets_another_adapter_serves_that_one() -> None:
    """As vLLM writes it: zeroed and copied in place, without gradients, between two steps."""
    torch.manual_seed(4)
    made, of = wrapper(), adapters((8, 8), [8, 8, 8, 8, 8], highest=64)
    slots = [2, 2, -1, 0, 2, 1]
    assert_right(made, slots, of)
    for rank in (64, 1, 0, 16):
        with torch.inference_mode():
            for a, b in zip(of["a"], of["b"], strict=True):
                a[2], b[2] = 0, 0
                a[2, 0, :rank].copy_(torch.randn(rank, IN))
                b[2, 0, :, :rank].copy_(torch.randn(8, rank))
            of["ranks"][2] = rank
            assert_right(made, slots, of)
            assert_right(made, [2] * 30, of)


def test_an_adapter_that_leaves_some_slices_alone_changes_only_the_others() -> None:
    torch.manual_seed(5)
    made, of = wrapper(), adapters((16, 8, 8), [4, 8, 16, 2, 1])
    of["a"][1][2], of["b"][1][2] = 0, 0
    of["b"][0][3] = 0
    x, y = torch.randn(4, IN), torch.randn(4, 32)
    slots = [3, 2, 2, 0]
    found = applied(step(made, slots), x, y, of)
    torch.testing.assert_close(found.double(), by_formula(x, y, slots, of), rtol=1e-4, atol=1e-4)
    assert torch.equal(found[1:3, 16:24], y[1:3, 16:24])
    assert torch.equal(found[0, :16], y[0, :16])


def test_many_sets_of_adapters_one_after_another_stay_right() -> None:
    """More sets than are kept packed."""
    torch.manual_seed(6)
    made, of = wrapper(), adapters((8,), [4, 8, 16, 1, 2])
    for bits in [*range(1, 32), *range(31, 0, -1)]:
        assert_right(made, [slot for slot in range(SLOTS) if bits >> slot & 1] * 3 + [-1], of)


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf"), 3e38])
@pytest.mark.parametrize("side", ["a", "b"])
@pytest.mark.parametrize("rows", [3, 300])
@pytest.mark.parametrize("scattered", [False, True])
def test_broken_weights_of_one_adapter_stay_in_its_own_rows(
    bad: float, side: str, rows: int, scattered: bool
) -> None:
    torch.manual_seed(7)
    of = adapters((8, 8), [4, 8, 16, 1, 2])
    of[side][0][1, 0, 0, 0] = bad
    slots = [slot for slot in (-1, 0, 1, 2, 3) for _ in range(rows)]
    if scattered:
        slots = [slots[index] for index in torch.randperm(len(slots)).tolist()]
    x, y = torch.randn(len(slots), IN), torch.randn(len(slots), 16)
    found = applied(step(wrapper(), slots), x, y, of)
    others = torch.tensor(slots) != 1
    expected = by_formula(x, y, slots, of)[others]
    torch.testing.assert_close(found[others].double(), expected, rtol=1e-4, atol=1e-4)
    bare = torch.tensor(slots) < 0
    assert torch.equal(found[bare], y[bare])


@pytest.mark.parametrize("rows", [4, 300])
def test_float16_that_overflows_in_columns_of_others_changes_nothing(rows: int) -> None:
    """Rows of 60000 times another adapter's weights are inf, and inf·0 would be nan."""
    of = adapters((8,), [4] * SLOTS)
    half = of | {name: tuple(t.half() for t in of[name]) for name in ("a", "b")}
    half["a"][0][0] *= 1e-3
    half["a"][0][1] = 100.0
    slots = [0] * rows + [1] * rows
    x, y = torch.ones(2 * rows, IN).half(), torch.zeros(2 * rows, 8).half()
    x[:rows] = 60000.0
    found = applied(step(wrapper(), slots), x, y, half)
    assert found.isfinite().all()
    expected = by_formula(x, y, slots, half)
    torch.testing.assert_close(found.double(), expected, rtol=0.02, atol=1.0)


@pytest.mark.parametrize("rows", [3, 200])
def test_bfloat16_stays_bfloat16(rows: int) -> None:
    torch.manual_seed(8)
    of = adapters((40, 8), [4, 8, 16, 1, 64])
    of |= {name: tuple(t.bfloat16() for t in of[name]) for name in ("a", "b")}
    slots = [slot for slot in range(-1, SLOTS) for _ in range(rows)]
    x, y = torch.randn(len(slots), IN).bfloat16(), torch.randn(len(slots), 48).bfloat16()
    found = applied(step(wrapper(), slots), x, y, of)
    assert found.dtype == torch.bfloat16
    expected = by_formula(x, y, slots, of)
    torch.testing.assert_close(found.double(), expected, rtol=0.02, atol=0.5)
    assert torch.equal(found[:rows], y[:rows])


def test_inputs_with_more_than_two_dimensions_are_rows_too() -> None:
    torch.manual_seed(9)
    of, slots = adapters((8,), [4] * SLOTS), [-1, 0, -1, 1, 1]
    x, y = torch.randn(5, IN), torch.randn(5, 8)
    found = applied(step(wrapper(), slots), x.view(1, 5, IN), y.view(1, 5, 8), of)
    torch.testing.assert_close(found[0].double(), by_formula(x, y, slots, of), rtol=1e-4, atol=1e-4)


def test_rows_of_a_wider_tensor_are_read_where_they_are() -> None:
    torch.manual_seed(10)
    of, slots = adapters((8,), [4] * SLOTS), [-1, 0, -1, 1, 1]
    x, y = torch.randn(5, 2 * IN)[:, IN:], torch.randn(5, 8)
    found = applied(step(wrapper(), slots), x, y, of)
    torch.testing.assert_close(found.double(), by_formula(x, y, slots, of), rtol=1e-4, atol=1e-4)


# ---------------------------------------------------------------- head and embeddings


def test_logits_get_their_adapters_part_and_the_bases_rows_none() -> None:
    """Rows of the head are those that are sampled from, fewer than the tokens of a step."""
    torch.manual_seed(11)
    of, sampled = adapters((50,), [4, 8, 16, 1, 2]), [-1, 3, 0, -1]
    x, y = torch.randn(4, IN), torch.randn(4, 50)
    made, found = step(wrapper(), [-1] * 5 + [3, 3, 0, 0, 0, -1], sampled), y.clone()
    made.add_lora_logits(found, x, of["a"][0], of["b"][0], 1.0)
    expected = by_formula(x, y, sampled, of)
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-4)
    assert torch.equal(found[[0, 3]], y[[0, 3]])


def test_an_adapter_that_leaves_the_head_alone_leaves_the_logits_alone() -> None:
    of, y = adapters((50,), [4] * SLOTS), torch.randn(3, 50)
    made, found = step(wrapper(), [0, 1, -1]), y.clone()
    made.add_lora_logits(found, torch.randn(3, IN), torch.zeros_like(of["a"][0]), of["b"][0], 1.0)
    assert torch.equal(found, y)


def test_embeddings_get_their_adapters_part_and_the_bases_rows_none() -> None:
    """What comes in is what A gave already, (tokens, rank)."""
    torch.manual_seed(12)
    of, slots = adapters((8,), [4] * SLOTS), [-1, 0, -1, 1, 1]
    low, y = torch.randn(5, 4), torch.randn(5, 8)
    found = y.clone()
    step(wrapper(), slots).add_lora_embedding(found, low, of["b"][0])
    wanted = y.clone()
    for row, slot in enumerate(slots):
        if slot >= 0:
            wanted[row] += of["b"][0][slot, 0] @ low[row]
    torch.testing.assert_close(found, wanted)


def scored(head: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Logits of these rows in a step that samples from two rows of the third adapter."""
    of = adapters((50,), [4] * SLOTS)
    y = torch.zeros(len(x), 50)
    step(wrapper(), [2] * 9, [2, 2]).add_lora_logits(y, x, head, of["b"][0], 1.0)
    return y


def test_scored_prompts_have_the_bases_logits_where_no_adapter_changes_the_head() -> None:
    whole, zeros = torch.randn(9, IN), torch.zeros(SLOTS, 1, 4, IN)
    for rows in (1, 2, 8):
        assert not scored(zeros, whole[:rows]).any()


def test_scored_prompts_are_refused_where_an_adapter_changes_the_head() -> None:
    """The call does not say whose prompt it is, and as many rows may be sampled from."""
    whole, head = torch.randn(9, IN), torch.randn(SLOTS, 1, 4, IN)
    for rows in (1, 2, 8):
        with pytest.raises(MachineError, match="cannot tell whose prompt is scored"):
            scored(head, whole[:rows])
    assert scored(head, whole[torch.tensor([3, 7])]).any()
