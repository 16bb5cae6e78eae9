"""The compiled part of LoRA on a CPU: lora_op.cpp, built for this machine when it is first wanted.

It is a plain shared library without torch's headers, built in a second and kept under torch's
folder of extensions by a digest of what it was made from. Without a compiler there is none, and
products go through oneDNN as they did (lora_step).
"""

import ctypes
import hashlib
import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import torch
from torch.nn.functional import pad

from harness.serve.lora_pack import Module
from harness.serve.lora_plan import Batch

SOURCE = Path(__file__).with_suffix(".cpp")
FLAGS = ("-O3", "-march=native", "-std=c++17", "-fopenmp", "-fPIC", "-fno-math-errno", "-Wno-psabi")
SIDE = 16  # columns of a panel, as in lora_op.cpp
PATIENCE = 120  # seconds for the compiler

Add = Callable[[int, int, int, int, int, int, float], None]


@cache
def adders() -> dict[torch.dtype, Add]:
    """The function that adds adapters to rows, per number format; none without a compiler."""
    try:
        return loaded(built())
    except (OSError, subprocess.SubprocessError, LookupError) as error:
        said = " ".join((getattr(error, "stderr", "") or str(error)).split())[:300]
        logging.getLogger(__name__).warning("LoRA goes through oneDNN, which is slower: %s", said)
        return {}


def loaded(path: Path) -> dict[torch.dtype, Add]:
    """What the library at `path` has.

    A function takes the addresses of a module's and of a batch's table, then address and row step
    of x and of y, and the scale.
    """
    library = ctypes.PyDLL(str(path))
    library.lora_tiles()
    found: dict[torch.dtype, Add] = {}
    whole, address = ctypes.c_int64, ctypes.c_void_p
    for dtype in (torch.float32, torch.bfloat16):
        function = getattr(library, f"lora_add_{str(dtype).removeprefix('torch.')}")
        function.restype = None
        function.argtypes = [address, address, address, whole, address, whole, ctypes.c_float]
        found[dtype] = function
    return found


def built(flags: tuple[str, ...] = ()) -> Path:
    """The library for this machine, compiled with FLAGS or others where it is not there yet.

    Raises:
        LookupError: no compiler, or torch does without OpenMP.
        OSError, subprocess.SubprocessError: it could not be built.
    """
    flags = flags or FLAGS
    compiler = shutil.which(os.environ.get("CXX") or "g++") or shutil.which("clang++")
    if compiler is None:
        raise LookupError("no C++ compiler (g++)")
    # what this compiler makes of this machine: its version, and the instructions there are
    macros = call(compiler, *flags, "-dM", "-E", "-x", "c++", os.devnull)
    openmp = runtime()
    parts = (SOURCE.read_bytes(), repr(flags).encode(), macros.encode(), openmp.encode())
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
    root = os.environ.get("TORCH_EXTENSIONS_DIR") or "~/.cache/torch_extensions"
    folder = Path(root).expanduser() / "bench_lora"
    wanted = folder / f"{digest}.so"
    if not wanted.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as part:
            made = Path(part) / wanted.name
            objects = made.with_suffix(".o")
            call(compiler, *flags, "-c", str(SOURCE), "-o", str(objects))
            call(compiler, "-shared", str(objects), openmp, "-o", str(made))
            made.replace(wanted)
    return wanted


def call(*command: str) -> str:
    """What the compiler prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    return done.stdout


def runtime() -> str:
    """The OpenMP library that torch has loaded: a second one would be threads beside its own.

    Raises:
        LookupError: there is none.
    """
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        path = line.split(maxsplit=5)[-1]
        if Path(path).name.startswith(("libgomp", "libiomp", "libomp")):
            return path
    raise LookupError("torch has loaded no OpenMP library")


def columns_of(weight: torch.Tensor) -> torch.Tensor:
    """A weight, (columns, depth), as lora_op.cpp reads it; both rounded up to 16 with zeros.

    (columns/16, depth, 16), or in bfloat16 (columns/16, depth/2, 16, 2).
    """
    columns, depth = weight.shape
    filled = pad(weight, (0, -depth % SIDE, 0, -columns % SIDE))
    near = 2 if weight.dtype == torch.bfloat16 else 1
    return filled.view(-1, SIDE, filled.shape[1] // near, near).transpose(1, 2).contiguous()


class Table:
    """A module's adapters as lora_op.cpp reads them, laid out when a batch first has them.

    `columns` is the width of y, which may lack the last columns of B.
    """

    def __init__(self, module: Module, columns: int) -> None:
        self.module, self.columns, self.seen = module, columns, module.seen
        slots, _, _, depth = module.a[0].shape
        widths = []
        for b in module.b:
            widths.append(min(b.shape[2], columns))
            columns -= widths[-1]
        head = [depth, len(widths), *widths]
        self.numbers = torch.tensor(head + [0] * (slots * len(widths) * 3))
        self.cells = self.numbers[len(head) :].view(slots, len(widths), 3)
        self.kept: dict[int, list[torch.Tensor]] = {}

    def holds(self, module: Module, columns: int) -> bool:
        """Whether this is still what lies in the module's slots."""
        return self.seen == module.seen and self.columns == columns

    def fill(self, slots: tuple[int, ...]) -> bool:
        """Whether any of these slots does something here."""
        for slot in slots:
            if slot not in self.kept:
                self.kept[slot] = self._laid_out(slot)
        return any(self.kept[slot] for slot in slots)

    def _laid_out(self, slot: int) -> list[torch.Tensor]:
        kept = []
        for number, rank in enumerate(self.module.real_ranks(slot)):
            if rank:
                a = columns_of(self.module.a[number][slot, 0, :rank])
                b = columns_of(self.module.b[number][slot, 0, :, :rank])
                wide = -(-rank // SIDE) * SIDE
                self.cells[slot, number] = torch.tensor([a.data_ptr(), b.data_ptr(), wide])
                kept += [a, b]
        return kept


class CompiledStep:
    """All adapters of a batch added to its rows in one call."""

    def __init__(self, add: Add, table: Table, batch: Batch) -> None:
        self.call, self.kept = add, (table, batch.blocks)  # the addresses are theirs
        self.table, self.blocks = (numbers.data_ptr() for numbers in (table.numbers, batch.blocks))

    def add(self, x: torch.Tensor, y: torch.Tensor, scale: float) -> None:
        """Add scale·B(Ax) to the batch's rows of y, (tokens, out), in place."""
        self.call(
            self.table, self.blocks, x.data_ptr(), x.stride(0), y.data_ptr(), y.stride(0), scale
        )
