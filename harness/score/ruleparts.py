"""What the kinds of style rules share: reading their options, and what a check gives."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import regex  # type: ignore[import-untyped]  # like re, with a time limit

from harness.score.text import quote

SECONDS = 0.5  # a pattern that takes longer on one answer is an error, not a failure


class Checked(NamedTuple):
    """Whether a text keeps a rule, and what was seen; `passed` is None if it took too long."""

    passed: bool | None
    reason: str


Check = Callable[[str], Checked]


def read_texts(options: Mapping[str, Any], key: str, *, needed: bool = False) -> list[str]:
    """The text or texts of a key, [] without it; ValueError for anything else, or blank ones."""
    found = options.get(key, [])
    found = [found] if isinstance(found, str) else found
    texts = list(found) if isinstance(found, Sequence) else []
    if texts != found or not all(isinstance(text, str) and text.strip() for text in texts):
        raise ValueError(f"{key} is {found!r} (write a text or a list of texts)")
    if needed and not texts:
        raise ValueError(f"{key} is missing (write a text or a list of texts)")
    return texts


def read_number(options: Mapping[str, Any], key: str) -> float | None:
    """The number of a key, None without it; ValueError for anything else."""
    found = options.get(key)
    if found is not None and (isinstance(found, bool) or not isinstance(found, int | float)):
        raise ValueError(f"{key} is {found!r} (write a number)")
    if found is not None and not 0 <= found < float("inf"):
        raise ValueError(f"{key} is {found:g} (write a number of at least 0)")
    return found


def finder(phrases: Sequence[str]) -> Any:
    """A pattern that finds any of the phrases as whole words, whatever their case and spacing."""
    parts = [r"\s+".join(map(regex.escape, phrase.split())) for phrase in phrases]
    return regex.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)", regex.IGNORECASE)


def band(
    options: Mapping[str, Any], measure: Callable[[str], float], unit: str
) -> tuple[Check, str]:
    """A check that what is measured lies between the options `min` and `max`."""
    low, high = read_number(options, "min"), read_number(options, "max")
    if low is None and high is None:
        raise ValueError("min and max are both missing (write at least one number)")
    if low is not None and high is not None and low > high:
        raise ValueError(f"min {low:g} is above max {high:g}")

    def check(text: str) -> Checked:
        count = measure(text)
        passed = (low is None or count >= low) and (high is None or count <= high)
        return Checked(passed, f"{count:.4g} {unit} in {quote(text)}")

    least = "" if low is None else f"at least {low:g}"
    most = "" if high is None else f"at most {high:g}"
    return check, f"{' and '.join(filter(None, (least, most)))} {unit}"
