"""How well style.voice and style.all tell house answers from off-style paraphrases of them.

`python tests/unit/score/house_voice.py` prints the areas under the ROC curve that docs/scorers.md
shows.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from scipy.stats import mannwhitneyu

from harness.protocols import Resources
from harness.records import Answer, Case
from harness.score.style import Style
from harness.suite.load import load

ROOT = Path(__file__).parents[3]
PAIRS = [
    json.loads(line)
    for line in (ROOT / "tests/graders/style_paraphrases.jsonl").read_text("utf-8").splitlines()
]


def scorers() -> dict[str, Style]:
    """Task of suites/legal -> its style scorer, as a run builds it."""
    suite = load(ROOT / "suites" / "legal", "full")
    return {
        task.name: Style(
            next(spec.options for spec in task.scorers if spec.name == "style"),
            Resources(style=suite.style, train=suite.train),
        )
        for task in suite.tasks
        if task.name in ("clauses", "recency")
    }


def measured() -> dict[str, tuple[list[float], list[float]]]:
    """Metric -> values of the house answers and of the paraphrases, in the order of the pairs."""
    by_task = scorers()
    found: dict[str, tuple[list[float], list[float]]] = {
        "style.voice": ([], []),
        "style.all": ([], []),
    }
    for pair in PAIRS:
        scorer = by_task[pair["case"].partition("-")[0]]
        case = Case(pair["case"], "", "", "", "")
        for side, text in enumerate((pair["house"], pair["paraphrase"])):
            values = {s.metric: s.value for s in scorer.score(case, Answer("a", text))}
            for metric, sides in found.items():
                value = values[metric]
                if value is None:
                    raise ValueError(f"{metric} is not measured on {pair['case']}")
                sides[side].append(value)
    return found


def area(above: Iterable[float], below: Iterable[float]) -> float:
    """The chance that one of `above` has the higher value than one of `below`, ties half."""
    above, below = list(above), list(below)
    return float(mannwhitneyu(above, below).statistic) / (len(above) * len(below))


if __name__ == "__main__":
    for name, (house, paraphrased) in measured().items():
        shown = area(house, paraphrased)
        sys.stdout.write(f"{name}: AUC {shown:.3f} on {len(house)} pairs\n")
