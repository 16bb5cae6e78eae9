"""Rows that a recipe takes, those it replays, and the documents that a row's answer is in."""

from collections.abc import Callable, Sequence
from datetime import date

from harness.records import Document, Recipe, Row, Suite
from harness.suite.expect import chain, taken
from harness.suite.files import Problems
from harness.suite.rows import valid_on
from harness.suite.sample import sample

Where = Callable[..., str]


def seed_of(suite: Suite, recipe: Recipe) -> int:
    """What a recipe's samples are drawn with."""
    return suite.seed if recipe.draw is None else recipe.draw


def own_rows(suite: Suite, recipe: Recipe) -> list[Row]:
    """The rows that a recipe names: by tag, then a nested sample."""
    chosen = [row for row, own in zip(suite.train, taken(recipe, suite), strict=True) if own]
    return sample(chosen, recipe.limit, seed_of(suite, recipe))


def others(suite: Suite, recipe: Recipe) -> list[Row]:
    """The rows that a recipe may replay: none of its tags, and of its start's where it has one.

    Which rows its `limit` leaves out does not change them, so that samples stay nested.
    """
    if recipe.replay is None:
        return []
    known = {one.name: one for one in suite.recipes}
    starts = {one.name: one.start for one in suite.recipes}
    before = [known[name] for name in chain(recipe.start, starts)] if recipe.start else []
    old = {row.id for one in before for row in own_rows(suite, one)}
    only, without = set(recipe.replay.only), set(recipe.replay.without)
    return [
        row
        for row, own in zip(suite.train, taken(recipe, suite), strict=True)
        if not own
        and (row.id in old or recipe.start is None)
        and (not only or only & set(row.tags))
        and not without & set(row.tags)
    ]


def replayed(suite: Suite, recipe: Recipe, own: int) -> list[Row]:
    """A seeded sample of other rows, which is the recipe's share beside `own` rows of its own."""
    if recipe.replay is None:
        return []
    wanted = max(1, round(own * recipe.replay.share / (1 - recipe.replay.share)))
    return sample(others(suite, recipe), wanted, seed_of(suite, recipe))


def holding(row: Row, documents: Sequence[Document], day: date | None) -> list[Document]:
    """The documents that a row's answer is in: they name its fact, or are its source."""
    return [
        document
        for document in documents
        if valid_on(document, day) and (row.fact in document.facts or row.source == document.id)
    ]


def check_mixing(suite: Suite, where: Where, problems: Problems) -> None:
    """Note recipes whose passages or replayed rows cannot be had."""
    used = {candidate.adapter.value for candidate in suite.candidates}
    tags = {tag for row in suite.train for tag in row.tags}
    for recipe in suite.recipes:
        if recipe.replay is not None:
            place = ("recipes", recipe.name, "replay")
            for key in ("only", "without"):
                for tag in getattr(recipe.replay, key):
                    if tag not in tags:
                        problems.unknown("row tag", tag, tags, where(*place, key))
            known = recipe.start in {None, *(one.name for one in suite.recipes)}
            if recipe.name in used and suite.train and known and not others(suite, recipe):
                what = f"recipe '{recipe.name}' has no other row to replay"
                remedy = "choose its own rows with only or without, or remove replay"
                problems.add(what, where(*place), remedy)
        if recipe.passages is not None:
            _check_passages(suite, recipe, where, problems)


def _check_passages(suite: Suite, recipe: Recipe, where: Where, problems: Problems) -> None:
    place = ("recipes", recipe.name, "passages")
    passages = recipe.passages
    if passages and passages.without_gold and not passages.distractors:
        what = f"recipe '{recipe.name}' leaves passages out and has none in their place"
        remedy = "give distractors, or without_gold: 0"
        problems.add(what, where(*place), remedy)
    dated = any(document.valid_from or document.valid_to for document in suite.documents)
    if suite.trained_until is None and dated:
        what = f"recipe '{recipe.name}' trains on passages, but nothing says as of which day"
        problems.add(what, where(*place), "set dates.trained_until")
        return
    day = suite.trained_until
    chosen = [*own_rows(suite, recipe), *others(suite, recipe)]
    if not any(holding(row, suite.documents, day) for row in chosen):
        what = f"recipe '{recipe.name}' has no row whose fact or source is a document"
        on = f" valid on {day}" if day else ""
        problems.add(f"{what}{on}", where(*place), "name facts in the documents' front matter")
