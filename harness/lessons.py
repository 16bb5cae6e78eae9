"""The rows of a recipe as training shows them: chosen, replayed, and with passages to read."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from harness.records import Document, Passage, Passages, Recipe, Row, Suite
from harness.retrieve import context, search
from harness.suite.mixing import holding, own_rows, replayed


@dataclass(frozen=True, slots=True)
class Lesson:
    """A row as it is trained on; `kinds` say how it differs from the suite's row."""

    row: Row
    kinds: tuple[str, ...] = ()


def rows_of(suite: Suite, recipe: Recipe) -> tuple[Row, ...]:
    """The training rows of a recipe, with what is put into their prompts."""
    return tuple(lesson.row for lesson in lessons(suite, recipe))


def trunk_rows(suite: Suite, recipe: Recipe) -> list[tuple[Row, ...]]:
    """The rows of each size of a recipe's trunk; each holds those of the sizes before."""
    return [rows_of(suite, replace(recipe, limit=size)) for size in recipe.trunk]


def mixture(suite: Suite, recipe: Recipe) -> dict[str, int]:
    """How many rows a recipe that mixes has in all, and how many of each kind; else nothing."""
    if recipe.passages is None and recipe.replay is None:
        return {}
    made = lessons(suite, recipe)
    return {"rows": len(made), **Counter(kind for lesson in made for kind in lesson.kinds)}


def lessons(suite: Suite, recipe: Recipe) -> list[Lesson]:
    """The recipe's own rows and then those it replays, with passages where it has them."""
    own = own_rows(suite, recipe)
    made = [Lesson(row) for row in own]
    made += [Lesson(row, ("replayed",)) for row in replayed(suite, recipe, len(own))]
    if recipe.passages is None:
        return made
    return list(_reading(made, suite, recipe, recipe.passages))


def _reading(
    made: Sequence[Lesson], suite: Suite, recipe: Recipe, passages: Passages
) -> Iterator[Lesson]:
    """Rows that a document holds the answer to, as questions about passages.

    Only documents of the day that training ends are read: a later one would tell what became
    of a fact. Distractors are pieces of searchable documents, as retrieval would show them.
    What is drawn for a row depends on the recipe's seed and its question alone.

    Source:
        RAFT, arXiv 2403.10131.
    """
    settings = replace(suite.retrieval, index=None)
    pieces = search.corpus(suite.documents, suite.trained_until, settings)
    for lesson in made:
        gold = holding(lesson.row, suite.documents, suite.trained_until)
        if not gold:
            yield lesson
            continue
        drawn = random.Random(f"{recipe.seed}\0{lesson.row.input}")  # noqa: S311 - a sample
        lacking = drawn.random() < passages.without_gold
        about = {document.id for document in gold}
        rest = [piece for piece in pieces if piece.id not in about]
        beside = drawn.sample(rest, min(passages.distractors, len(rest)))
        shown = [_passage(document) for document in (beside if lacking else [*gold, *beside])]
        # the right one first: it must not be what does not fit
        kept, dropped = context.fitted(shown, settings.max_chars)
        drawn.shuffle(kept)
        asked = context.render(settings.template, kept, lesson.row.input)
        kinds = [*lesson.kinds, "with passages"]
        kinds += ["without the right passage"] if lacking else []
        kinds += ["with passages left out to fit"] if dropped else []
        yield Lesson(replace(lesson.row, input=asked), tuple(kinds))


def _passage(document: Document) -> Passage:
    return Passage(document.id, document.title, document.text)
