"""What can go wrong, and the exit code that tells it to a script.

BenchError                 3  anything we can name
├── UsageError             2  a wrong flag, path or name on the command line
│   ├── UnknownNameError   2  a name that is not there; carries the nearest valid one
│   └── SuiteError         2  every problem of a suite at once
└── MachineError           3  disk, memory, a crashed or missing engine
    └── MeasurementError   3  a guard found that the wrong thing would be measured

Exit codes: 0 PASS, 1 FAIL, 2 usage or suite error, 3 ERROR, 4 INCONCLUSIVE.
"""

import difflib
import errno
from collections.abc import Iterable
from dataclasses import dataclass

# what writing fails with where there is no room: what to call it, and the remedy
NO_ROOM = {
    errno.ENOSPC: ("disk full", "free space"),
    errno.EDQUOT: ("disk full", "free space"),
    errno.EFBIG: ("file size limit reached", "raise it (ulimit -f)"),
}
# how libraries say that there was no memory; torch's CPU allocator uses the last two
NO_MEMORY = ("out of memory", "cannot allocate memory", "can't allocate memory", "enough memory")
EXIT_CODES = {"PASS": 0, "FAIL": 1, "ERROR": 3, "INCONCLUSIVE": 4}


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """The valid name closest to `name`, or None when nothing is close."""
    cutoff = 0.5 if len(name) > 2 else 0.6  # one letter of two in common is no likeness
    close = difflib.get_close_matches(name, list(valid), n=1, cutoff=cutoff)
    return close[0] if close else None


@dataclass(frozen=True, slots=True)
class Problem:
    """One line for a person: what is wrong, where (file:line), and the remedy."""

    what: str
    where: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" ({self.remedy})" if self.remedy else ""
        return " ".join(f"{place}{self.what}{remedy}".split())


class BenchError(Exception):
    """Root of every error that is shown as one line."""

    exit_code = 3

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.problems: list[Problem] = [Problem(what, where, remedy)]
        super().__init__(str(self.problems[0]))


class UsageError(BenchError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class UnknownNameError(UsageError):
    """A name that is not among the valid ones."""

    def __init__(self, kind: str, name: str, valid: Iterable[str], *, where: str = "") -> None:
        super().__init__(
            f"unknown {kind} '{name}'", where=where, remedy=unknown_remedy(name, valid)
        )


class SuiteError(UsageError):
    """All problems found in a suite; never raised with an empty list."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(f"{len(problems)} problem(s) in the suite")
        self.problems = problems


class MachineError(BenchError):
    """The machine, not the suite, is at fault."""


class MeasurementError(MachineError):
    """A guard stopped a run that would have measured the wrong thing."""


def out_of_memory(error: BaseException) -> bool:
    """Whether an error of Python, torch or CUDA says that there was no memory left."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(words in text for words in NO_MEMORY)


def unknown_remedy(name: str, valid: Iterable[str]) -> str:
    """What to write instead of an unknown name: the nearest valid one, or all of them."""
    names = sorted(valid)
    close = nearest(name, names)
    if close:
        return f"did you mean '{close}'?"
    return f"valid: {', '.join(names)}" if names else "none are defined"


def from_os_error(error: OSError, doing: str) -> BenchError:
    """A one-line error for a failed file operation; a full disk names what is kept."""
    if error.errno in NO_ROOM:
        what, remedy = NO_ROOM[error.errno]
        return MachineError(
            f"{what} while {doing}",
            where=str(error.filename or ""),
            remedy=f"{remedy} and run again: finished work is kept",
        )
    reason = error.strerror or str(error)
    return MachineError(f"{reason} while {doing}", where=str(error.filename or ""))
