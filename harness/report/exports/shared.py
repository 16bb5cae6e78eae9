"""What exports share: names that every file system takes, values by key, JSON on disk."""

import hashlib
import json
import math
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from harness.errors import from_os_error
from harness.records import CandidateResult, Case, Run, Score, ScoredAnswer, Summary
from harness.report.text import one_line, save, utf8

_BREAKS = re.compile(r"[\x7f-\x9f\u2028\u2029]")
MOST = 80
"""Characters of a name made from a suite's; file systems take 255 bytes."""


def nothing() -> str:
    """What a format lacks whose files are written without the tool that opens them: ''."""
    return ""


def plain(name: str, allowed: str = r"\w.\-+") -> str:
    """A name of allowed characters; one that had to be changed ends in a hash of what it was.

    So two names never become one, and none leads out of its folder.
    """
    kept = re.sub(rf"[^{allowed}]+", "_", one_line(name)).strip(". ")[:MOST]
    if kept == name and kept:
        return kept
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{kept}-{digest}" if kept else digest


def folder_at(to: str) -> Path:
    """The folder to write into, made if it is not there; a failure is one BenchError."""
    folder = Path(to)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise from_os_error(error, "making a folder for the export") from error
    return folder


def dumped(data: Any, *, indent: int | None = None) -> str:
    """JSON as UTF-8 can hold it: a lone surrogate becomes U+FFFD, control characters escapes.

    So do the characters at which some readers of lines break a line.
    """
    return _BREAKS.sub(_escape, utf8(json.dumps(data, ensure_ascii=False, indent=indent)))


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"


def save_json(path: Path, data: Any) -> Path:
    """Write JSON and return where."""
    return save(path, dumped(data, indent=1))


def finite(value: float | None) -> float | None:
    """The number, or None where nothing finite was measured."""
    return None if value is None or not math.isfinite(value) else value


def groups(run: Run) -> Iterator[tuple[str, CandidateResult, list[ScoredAnswer]]]:
    """Every task and candidate that has answers, with them in the order of cases and samples."""
    found: dict[tuple[str, str], list[ScoredAnswer]] = {}
    for one in run.answers:
        found.setdefault((one.task, one.candidate), []).append(one)
    for task in dict.fromkeys(key[0] for key in found):
        for result in run.candidates:
            answers = found.get((task, result.candidate.name))
            if answers:
                yield task, result, answers


def cases_of(run: Run) -> dict[tuple[str, str], Case]:
    """Cases by task and id."""
    return {(case.task, case.id): case for case in run.cases}


def summaries_of(run: Run, task: str, candidate: str) -> list[Summary]:
    """The means of a candidate in a task, over all cases and over slices."""
    return [one for one in run.summaries if (one.task, one.candidate) == (task, candidate)]


def behind(one: Summary) -> dict[str, float | int | None]:
    """What a mean rests on: its interval, n, clusters, and how many cases have no value."""
    return {
        "low": finite(one.low), "high": finite(one.high), "n": one.n, "clusters": one.clusters,
        "unmeasured": one.unmeasured, "errors": one.errors,
    }  # fmt: skip


def value_of(score: Score) -> float | None:
    """A score's number, or None where nothing was measured."""
    return finite(score.value) if score.state == "ok" else None


def day(one: date | None) -> str | None:
    """A date as JSON has it."""
    return one.isoformat() if one else None


def described(result: CandidateResult) -> dict[str, Any]:
    """What a candidate is made of, as plain data; what it has not is left out."""
    candidate, adapter = result.candidate, result.adapter
    found = {
        "candidate": candidate.name,
        "adapter": candidate.adapter.value or None,
        "adapter_digest": adapter.digest if adapter else None,
        "prompt": candidate.prompt,
        "context": candidate.context if candidate.context != "none" else None,
    }
    return {key: value for key, value in found.items() if value is not None}
