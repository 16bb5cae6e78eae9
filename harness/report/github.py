"""A verdict as GitHub Actions reads it: annotations of a job, and the outputs of a step.

The grammar of workflow commands, with what must be escaped, is GitHub's: "Workflow commands for
GitHub Actions", docs.github.com. They are made from gate.json, so that they are there too where
the gate did not come to an end.
"""

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from harness.report.text import clean, one_line

MOST = 9
"""Annotations of a level beside the one that counts the rest; GitHub shows ten of a step."""
LONGEST = 1_000
LEVELS = {"ERROR": "error", "FAIL": "error", "INCONCLUSIVE": "warning"}
_PLACE = re.compile(r"^(?P<file>.+?):(?P<line>\d+)(?::|$)")


def message(words: str) -> str:
    """A message for a workflow command: %, CR and LF would end it or be read as escapes."""
    plain = clean(words).replace("%", "%25")
    return plain.replace("\r", "%0D").replace("\n", "%0A")


def value(words: str) -> str:
    """A property for a workflow command, which a comma or colon would end too."""
    return message(words).replace(":", "%3A").replace(",", "%2C")


def command(level: str, title: str, words: str, where: str = "") -> str:
    """One annotation; `where` is `file:line`, and is left out where there is no such file."""
    properties = {**place(where), "title": one_line(title, 200)}
    text = ",".join(f"{name}={value(said)}" for name, said in properties.items())
    short = words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
    return f"::{level} {text}::{message(short)}"


def place(where: str) -> dict[str, str]:
    """File and line of `file:line: …`, the file as the repository knows it."""
    found = _PLACE.match(where)
    if found is None or not Path(found["file"]).is_file():
        return {}
    root = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()
    file = Path(found["file"]).resolve()
    name = file.relative_to(root) if file.is_relative_to(root) else file
    return {"file": str(name), "line": found["line"]}


def annotations(data: dict[str, Any]) -> Iterator[str]:
    """A line per rule and must-pass case that is not PASS, the worst first, then the verdict."""
    lines: list[tuple[str, str]] = []
    for verdict in ("ERROR", "FAIL", "INCONCLUSIVE"):
        let = verdict == "INCONCLUSIVE" and data["allow_inconclusive"]
        level = "notice" if let else LEVELS[verdict]
        lines += [(level, line) for line in _rules(data, verdict, level)]
        lines += [(level, line) for line in _musts(data, verdict, level)]
    yield from _few(lines)
    refused = data["exit_code"] != 0
    where = "" if data["rules"] else data["reason"]
    yield command("error" if refused else "notice", "bench gate", data["summary"], where)


def _rules(data: dict[str, Any], verdict: str, level: str) -> Iterator[str]:
    for one in data["rules"]:
        if one["verdict"] == verdict:
            words = f"{one['says']}: {one['reason']}"
            yield command(level, f"{verdict}: gate of {data['suite']}", words, one["where"])


def _musts(data: dict[str, Any], verdict: str, level: str) -> Iterator[str]:
    for one in data["must_pass"]:
        if one["verdict"] == verdict:
            words = f"{one['case']} ({one['candidate']}, {one['metric']}): {one['reason']}"
            title = f"{verdict}: must-pass case of {data['suite']}"
            yield command(level, title, words, one.get("where", ""))


def _few(lines: Iterable[tuple[str, str]]) -> Iterator[str]:
    """As many of a level as GitHub shows; one line counts the rest."""
    left: dict[str, int] = {}
    for level, line in lines:
        left[level] = left.get(level, 0) + 1
        # the verdict's own line takes one place of its level
        if left[level] < MOST:
            yield line
    for level, count in left.items():
        if count >= MOST:
            words = f"{count - MOST + 1} more: see the job's summary or gate.json"
            yield command(level, "bench gate", words)


def outputs(data: dict[str, Any], reports: Path) -> Iterator[str]:
    """`name=value` lines for GITHUB_OUTPUT; a value is always one line."""
    report = reports / data["suite"] / data["run"] / "report.html"
    there = data["run"] and report.is_file()
    yield f"verdict={one_line(data['verdict'])}"
    yield f"exit-code={int(data['exit_code'])}"
    yield f"summary={one_line(data['summary'], LONGEST)}"
    yield f"run={one_line(data['run'])}"
    yield f"report={one_line(str(report)) if there else ''}"


def main(what: str, verdict: str, reports: str) -> None:
    """Print the `annotations` or `outputs` of a gate.json."""
    data = json.loads(Path(verdict).read_bytes())
    lines = annotations(data) if what == "annotations" else outputs(data, Path(reports))
    sys.stdout.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main(*sys.argv[1:4])
