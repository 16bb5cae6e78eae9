"""A CI job on this machine: the files and variables that a runner gives to a step."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
SCRIPT = ROOT / ".ci/gate"
CALLERS = ("GITHUB_", "GATE_", "RUNNER_", "CI", "PYTHON", "BENCH_")


@dataclass(frozen=True, slots=True)
class Step:
    """What a step came to: exit code, log, outputs, and what it added to the job's page."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str

    @property
    def annotations(self) -> list[str]:
        """The workflow commands that the runner obeys, those for which it is stopped left out."""
        found: list[str] = []
        token = None
        for line in self.log.splitlines():
            if token is not None:
                token = None if line == f"::{token}::" else token
            elif line.startswith("::stop-commands::"):
                token = line.removeprefix("::stop-commands::")
            elif line.startswith("::"):
                found.append(line)
        return found


@dataclass(slots=True)
class Job:
    """A workspace, in which steps run one after the other as a runner would have them."""

    folder: Path
    more: dict[str, str] = field(default_factory=dict)
    count: int = 0

    @property
    def workspace(self) -> Path:
        """Where steps run."""
        return self.folder / "workspace"

    def environment(self, **variables: str) -> dict[str, str]:
        """The caller's variables but for those of a CI or of Python, and then ours."""
        kept = {key: text for key, text in os.environ.items() if not key.startswith(CALLERS)}
        return {**kept, **self.more, **variables}

    def shell(self, words: str | list[str], **variables: str) -> Step:
        """One step: a command, or a line for bash as GitHub starts it."""
        self.count += 1
        self.workspace.mkdir(parents=True, exist_ok=True)
        files = {
            name: self.folder / f"{name}.{self.count}"
            for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH")
        }
        for path in files.values():
            path.touch()
        given = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_WORKSPACE": str(self.workspace),
            **{name: str(path) for name, path in files.items()},
        }
        bash = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c"]
        done = subprocess.run(
            [*bash, words] if isinstance(words, str) else words,
            cwd=self.workspace,
            env=self.environment(**{**given, **variables}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        lines = files["GITHUB_OUTPUT"].read_text(encoding="utf-8").splitlines()
        outputs = {name: value for name, _, value in (line.partition("=") for line in lines)}
        text = files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
        return Step(done.returncode, done.stdout, outputs, text)

    def gate(self, *words: str, **variables: str) -> Step:
        """The script, as a job without the action runs it."""
        return self.shell(["sh", str(SCRIPT), *words], **variables)

    def action(self, name: str, inputs: Mapping[str, str]) -> Step:
        """The step `name` of action.yml with these inputs, its expressions filled in."""
        (step,) = [one for one in ACTION["runs"]["steps"] if one.get("name") == name]
        known = {f"inputs.{key}": one.get("default", "") for key, one in ACTION["inputs"].items()}
        known |= {f"inputs.{key}": text for key, text in inputs.items()}
        known["runner.temp"] = str(self.folder)
        variables = {key: filled(text, known) for key, text in step["env"].items()}
        return self.shell(step["run"], **variables)


def filled(text: str, known: Mapping[str, str]) -> str:
    """Text with its `${{ … }}` replaced; an unknown name is a KeyError."""
    return re.sub(r"\$\{\{ *([\w.-]+) *\}\}", lambda found: known[found[1]], text)
