"""What the machine offers: device, number format, threads, memory."""

import math
import os
import resource
import sys
import time
from collections.abc import Iterator
from typing import Any

import psutil
import torch

from harness.errors import UsageError

SHARDED = "sharded"  # a job's device where its base lies on all GPUs, layer by layer


def device_for(name: str) -> torch.device:
    """The device behind a name, made the current one. UsageError for a wrong name.

    `auto` is CUDA where there is one; so is `sharded`, the first of the devices that share a base.
    """
    if name in ("auto", SHARDED):
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"unknown device '{name}'", remedy="valid: auto, cpu, cuda") from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise UsageError(f"device '{name}' is not there", remedy="use auto or cpu")
    if device.index is not None and device.type == "cuda":
        torch.cuda.set_device(device)
    return device


def gpus(_payload: Any) -> Iterator[list[int]]:
    """One message: free bytes of each visible CUDA device; for a child, whose context ends."""
    yield [torch.cuda.mem_get_info(index)[0] for index in range(torch.cuda.device_count())]


def dtype_for(device: torch.device) -> torch.dtype:
    """bfloat16 where the hardware multiplies in it, else float32."""
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    elif device.type == "cpu":
        has = torch.cpu.get_capabilities()
        fast = any(has.get(flag) for flag in ("amx_bf16", "avx512_bf16", "bf16"))
    else:
        fast = False
    return torch.bfloat16 if fast else torch.float32


def use_threads(threads: int) -> int:
    """Set torch's CPU threads; 0 means OMP_NUM_THREADS, else the physical cores it may run on."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if threads <= 0 and asked.isdecimal():
        threads = int(asked)
    if threads <= 0:
        allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
        physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
        threads = min(physical, allowed) if allowed else physical
    torch.set_num_threads(threads)
    return threads


def gemm_peak(device: torch.device, dtype: torch.dtype) -> float:
    """FLOP/s of the fastest of five products of square matrices, 2048 wide: the machine's peak."""
    side = 2048
    a, b = (torch.ones(side, side, device=device, dtype=dtype) for _ in range(2))
    best = math.inf
    for _ in range(6):  # the first one warms up
        began = time.perf_counter()
        torch.mm(a, b)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        best = min(best, time.perf_counter() - began)
    return 2 * side**3 / best


def peak_memory_bytes(device: torch.device) -> int:
    """The most memory used so far: of the devices for CUDA, else of this process."""
    if device.type == "cuda":
        return sum(map(torch.cuda.max_memory_allocated, range(torch.cuda.device_count())))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that an allocation did not fit."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and "not enough memory" in str(error)
