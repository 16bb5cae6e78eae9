"""How an engine is started for a job: chosen from the plan, not from a user's guess.

Everything here is a pure function of the job, the model's shape and the free memory, so that a
job starts alike whenever it is started, and so that the choices are tested without an engine.
"""

from dataclasses import dataclass
from typing import Any

from harness.records import EngineJob

RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)  # what vLLM takes as max_lora_rank
GIB = 1 << 30
CPU_SEQUENCES = 64
GPU_SEQUENCES = 256
ROWS = 32  # of a batch of the transformers engine
CPU_BLOCK = 32  # tokens; the CPU build's attention takes multiples of 32, its default is 128
MOST_LORAS = 32
LORA_SHARE = 8  # adapters in one batch take at most an eighth of the free memory
CACHE_SHARE = 4  # the key-value cache of a CPU at most a quarter
GPU_SHARE = 0.85  # of a GPU's memory, for weights and key-value cache together
GPU_SHARE_SMALL = 0.7  # after it was too much
FREE_SHARE = 0.95  # of what others leave free there


@dataclass(frozen=True, slots=True)
class Shape:
    """A decoder's sizes: `keys` is key heads x head size, `width` bytes of a number."""

    layers: int
    hidden: int
    inner: int
    keys: int
    width: int

    @property
    def cache_bytes(self) -> int:
        """Key-value cache of one token, over all layers."""
        return 2 * self.layers * self.keys * self.width

    def slot_bytes(self, rank: int) -> int:
        """What room for one adapter takes, at most: vLLM makes it for every projection.

        Query, key, value and output have 2·hidden at most, the three of the MLP hidden+inner.
        """
        return self.layers * rank * (11 * self.hidden + 3 * self.inner) * self.width


def shape_of(config: Any, width: int) -> Shape:
    """A model's shape from its (text) config; what a config does not name is its usual value."""
    hidden = int(config.hidden_size)
    heads = int(config.num_attention_heads)
    groups = getattr(config, "num_key_value_heads", None) or heads
    size = getattr(config, "head_dim", None) or hidden // heads
    inner = getattr(config, "intermediate_size", None) or 4 * hidden
    layers = int(config.num_hidden_layers)
    return Shape(layers, hidden, int(inner), int(groups) * int(size), width)


def sequences_of(engine: str, job: EngineJob, *, gpu: bool) -> int:
    """How many requests an engine has side by side for a job."""
    usual = {"transformers": ROWS}.get(engine, GPU_SEQUENCES if gpu else CPU_SEQUENCES)
    return job.max_sequences or usual


def rank_bucket(ranks: dict[str, int]) -> int:
    """The smallest max_lora_rank that holds every adapter.

    Raises:
        ValueError: no engine serves that rank; suites and outside adapters are checked before.
    """
    highest = max(ranks.values())
    found = next((rank for rank in RANKS if rank >= highest), None)
    if found is None:
        raise ValueError(f"rank {highest} is above {RANKS[-1]}")
    return found


def loras_of(job: EngineJob, shape: Shape, memory: int) -> int:
    """How many adapters one batch may mix: all, within a share of the free memory."""
    room = memory // LORA_SHARE // max(1, shape.slot_bytes(rank_bucket(job.ranks)))
    return max(1, min(len(job.adapters), MOST_LORAS, room))


def cache_gib(job: EngineJob, shape: Shape, memory: int) -> int:
    """GiB of a CPU's key-value cache: for whole sequences, within a share of the free memory."""
    sequences = job.max_sequences or CPU_SEQUENCES
    wanted = sequences * job.max_model_len * shape.cache_bytes
    return max(1, int(min(wanted, memory // CACHE_SHARE) / GIB + 0.5))


def settings_of(
    job: EngineJob, shape: Shape, *, gpu: bool, memory: int, total: int
) -> dict[str, Any]:
    """Arguments of `vllm.LLM` that hang on the plan and the device; `memory` of `total` is free.

    Adapters: room for all that one batch may mix, and for all in the machine's memory, so that
    none is read from disk twice. Where there are more than one batch takes, requests that come
    ordered by adapter are served in waves by vLLM's scheduler: it skips what has no slot yet.
    There is one rank bucket. A second one would be a second engine, which pays where ranks lie
    far apart, padding is paid for (the GPU kernels multiply at `max_lora_rank`) and the job
    outlasts another start of minutes; on a CPU our wrapper multiplies at each adapter's own rank.

    A CPU runs eagerly (it starts in seconds) and with small blocks, so that short common
    prefixes are found in the cache; a GPU with CUDA graphs and vLLM's block size of 16.
    """
    settings: dict[str, Any] = {
        "max_model_len": job.max_model_len,
        "max_num_seqs": sequences_of("vllm", job, gpu=gpu),
        "seed": job.sampling.seed,
        "enable_prefix_caching": True,
    }
    if job.adapters:
        settings |= {
            "enable_lora": True,
            "max_lora_rank": rank_bucket(job.ranks),
            "max_loras": loras_of(job, shape, memory),
            "max_cpu_loras": len(job.adapters),
        }
    if gpu:
        fewer = 0 < job.max_sequences < GPU_SEQUENCES
        share = min(GPU_SHARE_SMALL if fewer else GPU_SHARE, FREE_SHARE * memory / total)
        return settings | {"gpu_memory_utilization": round(share, 3)}
    return settings | {"enforce_eager": True, "block_size": CPU_BLOCK}
