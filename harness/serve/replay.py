"""Engine `replay`: answers that were given before, or elsewhere, from a JSONL file."""

import difflib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal

from harness.errors import (
    Problem,
    SuiteError,
    UsageError,
    from_os_error,
)
from harness.records import Answer, EngineJob, Request

OUTPUTS = ("output", "answer", "text", "completion")
"""Names that an answer's text may have in a row; a row has one of them."""
SHARED = ("case", "input", "candidate", "sample", "finish", "error")
COUNTS = ("prompt_tokens", "completion_tokens")
KEYS = (*SHARED, *COUNTS, "seconds", "target_logprobs", *OUTPUTS)
NAME_LENGTHS = range(1, 101)
FINISHES = ("stop", "length", "error")
LIKE = 0.8  # how like a known key an unknown one must be to count as a slip of the keyboard
SERVED = "served:"


@dataclass(frozen=True, slots=True)
class Replayed:
    """A row of a file of answers. `case` is '' where the row gives the case's input instead.

    `sample` counts a candidate's answers to one case, from 0. `target_logprobs` are those of an
    answer in run.json: the log-probabilities of the texts that scorers compare. `data` is the row
    as it was read, `where` its `file:line`.
    """

    candidate: str
    case: str
    output: str
    input: str = ""
    sample: int = 0
    finish: Literal["stop", "length", "error"] = "stop"
    error: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    target_logprobs: tuple[tuple[float, ...], ...] = ()
    where: str = ""
    data: dict[str, Any] = field(default_factory=dict)


class ReplayEngine:
    """Gives to each request the answer that its candidate has for its case in `job.answers`."""

    description: ClassVar[str] = "answers from a file, given before or elsewhere"

    @staticmethod
    def missing() -> str:
        """Nothing: it only reads a file."""
        return ""

    def generate(self, job: EngineJob) -> Iterator[Answer]:
        """An answer per request, in order; one that the file has not is an error.

        A request's id ends in `/` and its case's id, and its adapter's place is `served:` and
        its candidate's name.

        Raises:
            SuiteError: with every bad row of the file.
            UsageError: there is no file, or the job asks for what a file cannot give.
        """
        if not job.answers:
            raise UsageError("engine replay has no answers", remedy="name a JSONL file of them")
        if job.probes:
            raise UsageError(
                "answers from a file cannot be probed",
                where=job.answers,
                remedy="a replayed job has no probes",
            )
        rows = read_answers(Path(job.answers))
        found = {(row.candidate, row.case, row.sample): row for row in rows}
        for request in job.requests:
            candidate = job.adapters.get(request.adapter or "", "").removeprefix(SERVED)
            case = request.id.partition("/")[2]
            yield _answer(request, found.get((candidate, case, request.sample)))


def _answer(request: Request, row: Replayed | None) -> Answer:
    if row is None:
        return Answer(request.id, "", finish="error", error="there is none in the file")
    return Answer(
        request.id,
        row.output,
        finish=row.finish,
        prompt_tokens=row.prompt_tokens,
        seconds=row.seconds,
        error=row.error,
        completion_tokens=row.completion_tokens,
        target_logprobs=row.target_logprobs,
    )


# ---------------------------------------------------------------- the file


def read_answers(path: Path) -> list[Replayed]:
    """The answers of a JSONL file, in its order.

    Raises:
        SuiteError: with every bad row; two answers to one thing name both lines.
        UsageError: the file cannot be read, or is empty.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(
            from_os_error(error, "reading answers").problems[0].what, where=str(path)
        ) from error
    problems: list[Problem] = []
    found: list[Replayed] = []
    for number, line in enumerate(raw.split(b"\n"), 1):
        where = f"{path}:{number}"
        if not line.strip():
            continue
        faults, row = _read(line, where)
        problems += [Problem(what, where, remedy) for what, remedy in faults]
        if row is not None:
            found.append(row)
    problems += _twice(found)
    if problems:
        raise SuiteError(problems)
    if not found:
        raise UsageError(
            "the file holds no answers",
            where=str(path),
            remedy='a row is {"case": ID, "candidate": NAME, "output": TEXT}',
        )
    return found


Faults = list[tuple[str, str]]
"""What is wrong, and the remedy."""


def _read(line: bytes, where: str) -> tuple[Faults, Replayed | None]:
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return [(f"is not UTF-8: byte {error.start + 1}", "save the file as UTF-8")], None
    except json.JSONDecodeError as error:
        what = f"is no JSON at character {error.pos + 1}: {error.msg}"
        return [(what, "one object a line")], None
    except (ValueError, RecursionError):  # a number or a nest that no reader takes
        return [("is no JSON that can be read", "one object a line")], None
    if not isinstance(row, dict):
        return [(f"is a {type(row).__name__}, not an object", "one object a line")], None
    faults = _faults(row)
    if faults:
        return faults, None
    text = next(row[name] for name in OUTPUTS if name in row)
    given = {name: row[name] for name in KEYS if name in row and name not in OUTPUTS}
    given = {name: value for name, value in given.items() if value is not None}
    given["case"] = str(given.get("case", ""))
    given["target_logprobs"] = tuple(map(tuple, given.get("target_logprobs", ())))
    if given.get("error") and "finish" not in given:
        given["finish"] = "error"
    return [], Replayed(**given, output=text, where=where, data=row)


def _faults(row: dict[str, Any]) -> Faults:
    """Everything wrong with a row's keys and values."""
    # what else a row holds is its maker's business, but a slip of the keyboard is not
    slips = {key: _meant(key) for key in row if key not in KEYS}
    faults = [
        (f"unknown key '{key}'", f"did you mean '{like}'?") for key, like in slips.items() if like
    ]
    texts = [name for name in OUTPUTS if name in row]
    if len(texts) != 1:
        has = f"has {' and '.join(texts)}" if texts else "has no answer"
        faults.append((has, f"one of {', '.join(OUTPUTS)}"))
    if all(row.get(name) in (None, "") for name in ("case", "input")):
        faults.append(("names no case", "add case, its id, or input, its text"))
    faults += _candidate_faults(row.get("candidate"))
    if isinstance(row.get("case"), bool | float | list | dict):
        faults.append((f"case is {json.dumps(row['case'])}", "a case's id"))
    faults += [
        (f"{name} is {json.dumps(row[name])[:60]}", "a text")
        for name in (*texts, "input", "candidate", "error")
        if name in row and not isinstance(row[name], str)
    ]
    if row.get("finish") not in (None, *FINISHES):
        faults.append((f"finish is {json.dumps(row['finish'])}", f"one of {', '.join(FINISHES)}"))
    for name in ("sample", *COUNTS):
        value = row.get(name, 0)
        if value is not None and (type(value) is not int or value < 0):
            faults.append((f"{name} is {json.dumps(value)[:60]}", "a whole number, 0 or more"))
    seconds = row.get("seconds")
    if seconds is not None and (
        type(seconds) not in (int, float) or not 0 <= seconds < float("inf")
    ):
        faults.append((f"seconds is {json.dumps(seconds)[:60]}", "a number, 0 or more"))
    if not _likelihoods(row.get("target_logprobs")):
        faults.append(("target_logprobs are no numbers", "a list of numbers, 0 or less, a text"))
    return faults


@lru_cache(maxsize=1024)  # most rows have the same keys
def _meant(key: str) -> str:
    """The key that a slip of the keyboard was meant to be, or ''."""
    return next(iter(difflib.get_close_matches(key, KEYS, 1, LIKE)), "")


def _candidate_faults(name: Any) -> Faults:
    """What keeps a candidate's name out of reports; what is no text is said elsewhere."""
    if name in (None, ""):
        return [("names no candidate", "add candidate: who gave the answer")]
    if not isinstance(name, str) or (name.isprintable() and len(name.strip()) in NAME_LENGTHS):
        return []
    what = f"candidate is {json.dumps(name)[:60]}"
    return [(what, f"1 to {NAME_LENGTHS[-1]} characters that can be printed")]


def _likelihoods(value: Any) -> bool:
    """Whether it is a list of log-probabilities per text, or nothing."""
    if value is None:
        return True
    return isinstance(value, list) and all(
        isinstance(one, list) and all(type(x) in (int, float) and -1e9 < x <= 0 for x in one)
        for one in value
    )


def _twice(rows: Sequence[Replayed]) -> list[Problem]:
    """A problem per row that answers what an earlier one has answered; it names both lines."""
    first: dict[tuple[str, str, str, int], Replayed] = {}
    problems = []
    for row in rows:
        earlier = first.setdefault(
            (row.candidate, row.case, row.case or row.input, row.sample), row
        )
        if earlier is not row:
            what = f"case '{row.case}'" if row.case else f"input '{row.input[:40]}'"
            line = earlier.where.rpartition(":")[2]
            remedy = "keep one; several answers to a case need sample: 0, 1, ..."
            twice = f"'{row.candidate}' answers {what} a second time, after line {line}"
            problems.append(Problem(twice, row.where, remedy))
    return problems
