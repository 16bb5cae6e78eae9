"""Checks that scorers share: options that are known, answers that can be judged."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from harness.errors import unknown_remedy
from harness.records import Answer, Metric, Score


def only(options: Mapping[str, Any], valid: Iterable[str], what: str) -> None:
    """Raise ValueError for the first key that is not valid, naming the nearest one."""
    names = list(valid)
    for key in options:
        if key not in names:
            raise ValueError(f"unknown {what} '{key}' ({unknown_remedy(str(key), names)})")


@lru_cache(maxsize=1024)
def unmeasured(name: str, reason: str) -> Score:
    """A metric that was not measured; answers share the score, which cannot be changed."""
    return Score(name, None, "unmeasured", reason=reason)


def all_unmeasured(metrics: Sequence[Metric], reason: str) -> list[Score]:
    """Every metric unmeasured for one reason."""
    return [unmeasured(metric.name, reason) for metric in metrics]


def all_errors(metrics: Sequence[Metric], answer: Answer, label: str = "") -> list[Score]:
    """Every metric in state error, for an answer that the engine could not give."""
    reason = f"no answer: {answer.error or 'the engine gave no reason'}"
    return [Score(metric.name, None, "error", label, reason) for metric in metrics]


def choice(options: Mapping[str, Any], key: str, valid: Sequence[str], default: str = "") -> str:
    """The value of an option if it is valid, else ValueError with the nearest one."""
    found = options.get(key, default)
    if found not in valid:
        raise ValueError(f"{key} is {found!r} ({unknown_remedy(str(found), valid)})")
    return str(found)
