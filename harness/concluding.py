"""What a finished run's numbers come to: curves, claims, costs, and the decision."""

from collections import Counter
from dataclasses import replace

from harness.compare.breakeven import break_even
from harness.compare.claimed import claims
from harness.compare.costs import costs
from harness.compare.curves import learning_curves
from harness.compare.dearer import cost_findings
from harness.compare.decision import decide
from harness.lessons import lessons
from harness.plan import needed_recipes
from harness.records import Run, Suite


def conclude(run: Run, suite: Suite) -> Run:
    """The run with its conclusions, each seeing those before it."""
    run = replace(run, costs=costs(run, suite.decision, suite.endpoint))
    run = replace(run, findings=(*run.findings, *cost_findings(run, suite)))
    run = replace(run, curves=learning_curves(run, suite, shown(suite)))
    run = replace(run, break_even=break_even(run, suite, shown(suite, anew=True)))
    run = replace(run, claims=claims(run, suite))
    return replace(run, decision=decide(run, suite))


def shown(suite: Suite, *, anew: bool = False) -> dict[str, Counter[str]]:
    """Per recipe, how many of its rows carry a fact, with those of what it starts from.

    `anew` leaves out rows that say the same again, in the recipe or after its start.
    """
    found: dict[str, Counter[str]] = {}
    for recipe in needed_recipes(suite):  # what a recipe starts from comes first
        made = lessons(suite, recipe)
        if anew and recipe.start:  # what its start was trained on is no new row
            made = [lesson for lesson in made if "replayed" not in lesson.kinds]
        rows = [(one.row.fact, one.row.input, one.row.output) for one in made]
        kept = dict.fromkeys(rows) if anew else rows
        own = Counter(fact for fact, _, _ in kept if fact is not None)
        found[recipe.name] = own + found.get(recipe.start or "", Counter())
    return found
