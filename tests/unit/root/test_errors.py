"""Errors: one line each, an exit code, the nearest valid name."""

import errno
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import errors
from harness.errors import BenchError, Problem, SuiteError, UnknownNameError


def tree(kind: type[BenchError]) -> list[type[BenchError]]:
    return [kind, *(found for below in kind.__subclasses__() for found in tree(below))]


def test_the_tree_drawn_in_the_docstring_is_the_tree() -> None:
    found = re.findall(r"(\w+Error) +(\d)", errors.__doc__ or "")
    drawn = [(name, int(code)) for name, code in found]
    own = [kind for kind in tree(BenchError) if kind.__module__ == errors.__name__]
    assert drawn == [(kind.__name__, kind.exit_code) for kind in own]


def test_no_verdict_shares_the_code_of_a_usage_error() -> None:
    codes = list(errors.EXIT_CODES.values())
    assert len(set(codes)) == len(codes)
    assert 2 not in codes


@pytest.mark.parametrize(
    "problem, line",
    [
        (Problem("bad"), "bad"),
        (Problem("bad", "a.yaml:3"), "a.yaml:3: bad"),
        (Problem("bad", "a.yaml:3", "good"), "a.yaml:3: bad (good)"),
        (Problem("bad\n\tword", "", "a\nb"), "bad word (a b)"),
    ],
)
def test_a_problem_is_place_what_and_remedy(problem: Problem, line: str) -> None:
    assert str(problem) == line


@given(st.text(), st.text(), st.text())
def test_a_problem_is_always_one_line(what: str, where: str, remedy: str) -> None:
    assert len(str(Problem(what, where, remedy)).splitlines()) <= 1


@pytest.mark.parametrize(
    "name, valid, remedy",
    [
        ("styel", ["style", "rouge"], "did you mean 'style'?"),
        ("zzz", ["style", "rouge"], "valid: rouge, style"),
        ("zzz", [], "none are defined"),
    ],
)
def test_an_unknown_name_gets_the_nearest_or_all(name: str, valid: list[str], remedy: str) -> None:
    assert UnknownNameError("scorer", name, valid).problems == [
        Problem(f"unknown scorer '{name}'", "", remedy)
    ]


def test_a_suite_error_carries_every_problem() -> None:
    problems = [Problem("a"), Problem("b")]
    assert SuiteError(problems).problems == problems
    assert str(SuiteError(problems)) == "2 problem(s) in the suite"


@pytest.mark.parametrize(
    "error, line",
    [
        (
            OSError(errno.ENOSPC, "No space left on device", "/x"),
            "/x: disk full while writing (free space and run again: finished work is kept)",
        ),
        (
            OSError(errno.EDQUOT, "Disk quota exceeded"),
            "disk full while writing (free space and run again: finished work is kept)",
        ),
        (PermissionError(errno.EACCES, "Permission denied", "/x"),
         "/x: Permission denied while writing"),
        (OSError("something odd"), "something odd while writing"),
    ],
)  # fmt: skip
def test_a_failed_file_operation_is_one_line(error: OSError, line: str) -> None:
    made = errors.from_os_error(error, "writing")
    assert (str(made), made.exit_code) == (line, 3)
