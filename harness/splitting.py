"""Which rows of a recipe are trained on, and which serve as dev rows."""

from collections.abc import Sequence

from harness.records import EncodedRow, Recipe, Row
from harness.store import digest_of


def split(rows: Sequence[tuple[Row, EncodedRow]], recipe: Recipe) -> tuple[list[EncodedRow], ...]:
    """Train and dev rows: a seeded share, equal inputs always on one side.

    Rows that teach a fact stay in training where others can serve as dev, so that a fact is
    shown as often as the suite says.
    """
    taught = {encoded.prompt for row, encoded in rows if row.fact is not None}
    spare = sum(encoded.prompt not in taught for _, encoded in rows)
    enough = spare >= 2 * recipe.dev_fraction * len(rows)
    share = recipe.dev_fraction * (len(rows) / spare if enough and spare else 1.0)

    def is_dev(encoded: EncodedRow) -> bool:
        drawn = int(digest_of([encoded.prompt, recipe.seed])[:8], 16) / 0xFFFFFFFF
        return drawn < share and not (enough and encoded.prompt in taught)

    ordered = sorted(rows, key=lambda pair: digest_of([pair[0].id, recipe.seed]))
    dev = [encoded for _, encoded in ordered if is_dev(encoded)]
    train = [encoded for _, encoded in ordered if not is_dev(encoded)]
    return train, dev


def split_trunk(
    rows: Sequence[tuple[Row, EncodedRow]], sizes: Sequence[Sequence[Row]], recipe: Recipe
) -> tuple[list[EncodedRow], list[EncodedRow], tuple[int, ...]]:
    """Train rows by the size in which they are new, dev rows, and where each size ends.

    Whether a row is for dev hangs on it and the seed alone, so it is so in every size.
    """
    encoded = {row.id: one for row, one in rows}
    train: list[EncodedRow] = []
    dev: list[EncodedRow] = []
    phases: list[int] = []
    seen: set[str] = set()
    for size in sizes:
        fresh = sorted(
            (row.id for row in size if row.id not in seen),
            key=lambda name: digest_of([name, recipe.seed]),
        )
        seen.update(fresh)
        for name in fresh:
            drawn = int(digest_of([encoded[name].prompt, recipe.seed])[:8], 16) / 0xFFFFFFFF
            (dev if drawn < recipe.dev_fraction else train).append(encoded[name])
        phases.append(len(train))
    return train, dev, tuple(phases)
