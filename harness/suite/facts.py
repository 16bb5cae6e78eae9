"""Facts through time: which value held on a day, and what a case's fact has done since training.

Validity is half open: a version holds on `valid_from` and no longer on `valid_to`.
"""

from datetime import date
from itertools import pairwise

from harness.errors import Problem
from harness.records import Fact, Version


def at(fact: Fact, day: date) -> Version | None:
    """The version that held on `day`; None before the first, after the last, or in a gap."""
    for version in reversed(fact.versions):
        if version.valid_from <= day and (version.valid_to is None or day < version.valid_to):
            return version
    return None


def since(then: Version | None, now: Version) -> str:
    """What happened to a fact between two days: `changed`, `unchanged` or `new`."""
    if then is None:
        return "new"
    return "unchanged" if then.value == now.value else "changed"


def interval_problems(fact: Fact) -> list[Problem]:
    """Versions that end before they begin, are out of order, or overlap."""
    name, found = f"fact '{fact.id}'", []
    for version in fact.versions:
        if version.valid_to is not None and version.valid_to <= version.valid_from:
            what = (
                f"{name}: '{version.value}' ends {version.valid_to}, not after it begins"
                f" {version.valid_from}"
            )
            found.append(Problem(what, fact.where, "valid_to is the first day without the value"))
    for old, new in pairwise(fact.versions):
        if new.valid_from <= old.valid_from:
            what = (
                f"{name}: '{new.value}' ({new.valid_from}) is listed after '{old.value}'"
                f" ({old.valid_from})"
            )
            found.append(Problem(what, fact.where, "list versions oldest first"))
        elif old.valid_to is None or old.valid_to > new.valid_from:
            end = f"until {old.valid_to}" if old.valid_to else "without end"
            what = f"{name}: '{old.value}' ({end}) overlaps '{new.value}' (from {new.valid_from})"
            remedy = f"give '{old.value}' valid_to {new.valid_from} or earlier"
            found.append(Problem(what, fact.where, remedy))
    return found
