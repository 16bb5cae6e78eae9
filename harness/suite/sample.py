"""A seeded sample that keeps the mix of tags, the same on every machine."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol, TypeVar


class Tagged(Protocol):
    """What a row and a case have in common."""

    @property
    def input(self) -> str:
        """What is asked."""

    @property
    def tags(self) -> tuple[str, ...]:
        """The strata."""


Item = TypeVar("Item", bound=Tagged)


def sample(items: Sequence[Item], limit: int | None, seed: int) -> list[Item]:
    """At most `limit` items, stratified by their set of tags, in their own order.

    Samples are nested: those of 100 are all among those of 200. Order within a stratum comes
    from a hash of the seed and the text, so neither PYTHONHASHSEED nor a moved line matters.
    """
    if limit is None or limit >= len(items):
        return list(items)
    strata: dict[tuple[str, ...], list[tuple[bytes, int]]] = defaultdict(list)
    for index, item in enumerate(items):
        digest = hashlib.sha256(f"{seed}\0{item.input}".encode()).digest()
        strata[tuple(sorted(set(item.tags)))].append((digest, index))
    ranked: list[tuple[float, bytes, int]] = []
    for members in strata.values():
        members.sort()
        # spreading each stratum evenly over 0..1 makes every prefix proportional
        ranked += [
            ((rank + 0.5) / len(members), digest, index)
            for rank, (digest, index) in enumerate(members)
        ]
    ranked.sort()
    return [items[index] for index in sorted(index for _, _, index in ranked[:limit])]
