"""Engine settings are chosen from the plan: adapters, ranks, memory and device."""

from typing import Any

import pytest
import transformers

from harness.records import EngineJob, Request, Sampling
from harness.serve import settings
from harness.serve.settings import GIB, Shape, cache_gib, settings_of, shape_of

SMALL = Shape(layers=30, hidden=576, inner=1536, keys=192, width=2)
LARGE = Shape(layers=80, hidden=8192, inner=28672, keys=1024, width=2)


def job(*ranks: int, **more: Any) -> EngineJob:
    names = [f"d{number}" for number in range(len(ranks))]
    known = dict(zip(names, ranks, strict=True))
    return EngineJob("m", (), adapters={n: f"/{n}" for n in names}, ranks=known, **more)


def chosen(one: EngineJob, *, gpu: bool, shape: Shape = SMALL, gib: int = 64) -> dict[str, Any]:
    return settings_of(one, shape, gpu=gpu, memory=gib * GIB, total=80 * GIB)


@pytest.mark.parametrize("gpu", [False, True])
def test_without_adapters_lora_is_off(gpu: bool) -> None:
    assert [name for name in chosen(job(), gpu=gpu) if "lora" in name] == []


@pytest.mark.parametrize("gpu", [False, True])
@pytest.mark.parametrize(
    "ranks, bucket", [((1,), 1), ((2,), 8), ((8, 16), 16), ((8, 65), 128), ((512,), 512)]
)
def test_one_rank_bucket_holds_every_adapter(
    ranks: tuple[int, ...], bucket: int, gpu: bool
) -> None:
    found = chosen(job(*ranks), gpu=gpu)
    assert (found["enable_lora"], found["max_lora_rank"]) == (True, bucket)


def test_a_rank_above_the_last_bucket_is_no_job() -> None:
    with pytest.raises(ValueError, match="rank 513 is above 512"):
        chosen(job(513), gpu=True)


@pytest.mark.parametrize("gpu", [False, True])
@pytest.mark.parametrize("count, most", [(1, 1), (16, 16), (32, 32), (100, 32)])
def test_all_adapters_share_a_batch_up_to_a_limit_and_all_stay_in_memory(
    count: int, most: int, gpu: bool
) -> None:
    found = chosen(job(*[16] * count), gpu=gpu)
    assert (found["max_loras"], found["max_cpu_loras"]) == (most, count)


def test_large_adapters_take_at_most_an_eighth_of_the_free_memory() -> None:
    slot = LARGE.slot_bytes(64)
    found = chosen(job(*[64] * 16), gpu=True, shape=LARGE, gib=80)["max_loras"]
    assert 1 < found < 16
    assert found * slot <= 80 * GIB / 8 < (found + 1) * slot
    assert chosen(job(*[512] * 16), gpu=True, shape=LARGE, gib=2)["max_loras"] == 1


def test_a_slot_is_as_large_as_the_adapter_over_all_projections() -> None:
    """Llama: q, k, v, o, gate, up and down; keys and values may be narrower than thought."""
    h, i, rank = SMALL.hidden, SMALL.inner, 16
    narrow = rank * (2 * h + 2 * (h + SMALL.keys) + 2 * h + 3 * (h + i))
    assert narrow <= SMALL.slot_bytes(rank) / (SMALL.layers * SMALL.width) <= 1.3 * narrow


def test_a_cpu_starts_eagerly_with_small_blocks_and_a_gpu_with_graphs_and_its_own() -> None:
    cpu, gpu = chosen(job(8), gpu=False), chosen(job(8), gpu=True)
    assert (cpu["enforce_eager"], cpu["block_size"]) == (True, 32)
    assert not {"enforce_eager", "block_size"} & gpu.keys()
    assert cpu["enable_prefix_caching"] is gpu["enable_prefix_caching"] is True
    assert "gpu_memory_utilization" not in cpu


@pytest.mark.parametrize(
    "sequences, gib, share", [(0, 80, 0.85), (128, 80, 0.7), (256, 80, 0.85), (0, 40, 0.475)]
)
def test_a_gpu_gives_what_is_free_and_less_after_it_was_too_much(
    sequences: int, gib: int, share: float
) -> None:
    found = chosen(job(max_sequences=sequences), gpu=True, gib=gib)
    assert found["gpu_memory_utilization"] == share


@pytest.mark.parametrize(
    "engine, gpu, usual",
    [("vllm", False, 64), ("vllm", True, 256), ("transformers", True, 32), ("other", False, 64)],
)
def test_a_job_may_say_how_many_run_side_by_side(engine: str, gpu: bool, usual: int) -> None:
    assert settings.sequences_of(engine, job(), gpu=gpu) == usual
    assert settings.sequences_of(engine, job(max_sequences=3), gpu=gpu) == 3
    assert chosen(job(max_sequences=3), gpu=gpu)["max_num_seqs"] == 3


def test_seed_and_window_are_the_jobs() -> None:
    found = chosen(job(max_model_len=640, sampling=Sampling(seed=5)), gpu=False)
    assert (found["seed"], found["max_model_len"]) == (5, 640)


def test_settings_do_not_hang_on_what_is_left_to_ask() -> None:
    """A resumed run starts like the first one."""
    whole = job(8, 8, 16)
    some = EngineJob("m", (Request("a", (1,), "d0"),), adapters=whole.adapters, ranks=whole.ranks)
    assert chosen(whole, gpu=True) == chosen(some, gpu=True)


def test_the_cache_holds_all_sequences_and_at_most_a_quarter_of_memory() -> None:
    one, per_token = job(max_model_len=1 << 20), 2 * 30 * 192 * 2
    wanted = round(64 * (1 << 20) * per_token / GIB)
    for memory, gib in ((1 << 50, wanted), (40 * GIB, 10), (1 << 20, 1)):
        assert cache_gib(one, SMALL, memory) == gib
    assert cache_gib(job(max_model_len=1 << 20, max_sequences=1), SMALL, 1 << 50) == 23


def config(kind: str, **sizes: Any) -> Any:
    return transformers.AutoConfig.for_model(kind, **sizes).get_text_config()


@pytest.mark.parametrize(
    "one, shape",
    [
        (
            config(
                "llama",
                num_hidden_layers=3,
                hidden_size=64,
                intermediate_size=96,
                num_attention_heads=4,
                num_key_value_heads=2,
            ),
            Shape(3, 64, 96, 32, 2),
        ),
        (config("gpt2", n_layer=3, n_embd=64, n_head=4), Shape(3, 64, 256, 64, 2)),
        (
            config(
                "qwen3",
                num_hidden_layers=3,
                hidden_size=64,
                intermediate_size=96,
                num_attention_heads=4,
                num_key_value_heads=2,
                head_dim=128,
            ),
            Shape(3, 64, 96, 256, 2),
        ),
    ],
)
def test_a_shape_is_read_from_every_kind_of_config(one: Any, shape: Shape) -> None:
    assert shape_of(one, 2) == shape
