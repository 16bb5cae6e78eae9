"""What modules that know other names of values share."""

import re
from collections.abc import Callable, Iterator

from harness.score.spelling import spelling

Names = Iterator[tuple[str, bool]]
"""Patterns, and whether each stands for nothing else."""
Shape = tuple[str, Callable[[re.Match[str]], Names]]
"""A pattern of whole values, and what gives the other names of one."""


def number(amount: int | str) -> str:
    """A pattern for a number in digits or words."""
    return f"(?:{spelling(str(amount)).pattern})"
