"""House style: which of the suite's rules does an answer keep?

Rules come first because they say what is wrong; see docs/scorers.md for the kinds.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from harness.errors import unknown_remedy
from harness.protocols import Resources
from harness.records import Answer, Case, Metric, Score
from harness.score.derive import derived
from harness.score.options import all_errors, only
from harness.score.rules import StyleRule, build
from harness.score.text import quote
from harness.score.voice import Voice, has_voice

_ALL = "style.all"
_VOICE = Metric(
    "style.voice",
    "similarity to the training outputs in frequent words and character trigrams",
    unit="similarity",
    need="style",
)


class Style:
    """Scores an answer on each rule, 0 or 1, on all at once, and on its nearness to the voice.

    Option `rules` holds names of rules in style.yaml, or rules written out. Without it all of
    style.yaml counts; without style.yaml, the rules that training outputs and references keep.
    """

    description: ClassVar[str] = "house-style rules kept, each and all"

    def __init__(self, options: dict[str, Any], resources: Resources) -> None:
        only(options, ("rules",), "option for style")
        self.rules = [build(rule) for rule in _chosen(options, resources)]
        names = [rule.name for rule in self.rules]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"two style rules are named '{twice}' (rename one)")
        self.metrics: tuple[Metric, ...] = (
            Metric(_ALL, "keeps every style rule", need="style", binary=True, headline=True),
            *(
                Metric(f"style.{rule.name}", rule.description, need="style", binary=True)
                for rule in self.rules
            ),
        )
        self._train = resources.train
        self._speaks = has_voice(row.output for row in self._train)
        if self._speaks:
            self.metrics += (_VOICE,)

    def score(self, case: Case, answer: Answer) -> list[Score]:
        """`style.all` first, then one score per rule, then `style.voice` if measured."""
        del case
        if answer.finish == "error":
            return all_errors(self.metrics, answer)
        scores = [_scored(rule, answer.text) for rule in self.rules]
        heard = [self._heard(answer.text)] if self._speaks else []
        return [_together(scores), *scores, *heard]

    @cached_property
    def _voice(self) -> Voice:
        rows = self._train
        return Voice((row.output for row in rows), (row.input for row in rows))

    def _heard(self, text: str) -> Score:
        if not text.strip():
            return Score(_VOICE.name, 0.0, reason="the answer is empty")
        heard = self._voice.hear(text)
        reason = f"{quote(text, 40)} is closest to {heard.closest}"
        return Score(_VOICE.name, heard.similarity, reason=reason)


def _chosen(options: Mapping[str, Any], resources: Resources) -> list[Mapping[str, Any]]:
    """The rules to build: those of the option, else of the suite, else of its texts."""
    of_suite = resources.style.get("rules")
    if of_suite is not None and not isinstance(of_suite, list):
        raise ValueError(f"rules in the suite's style is {of_suite!r} (write a list of rules)")
    wanted = options.get("rules")
    if wanted is None:
        if of_suite:
            return of_suite
        return list(derived([*(row.output for row in resources.train), *resources.references]))
    if not isinstance(wanted, Sequence) or isinstance(wanted, str) or not wanted:
        raise ValueError(f"style: rules is {wanted!r} (write a list of names or rules)")
    named = {str(rule.get("name")): rule for rule in of_suite or [] if isinstance(rule, Mapping)}
    for rule in wanted:
        if not isinstance(rule, Mapping) and rule not in named:
            remedy = unknown_remedy(str(rule), named)
            raise ValueError(f"style: no rule is named {rule!r} ({remedy})")
    return [rule if isinstance(rule, Mapping) else named[rule] for rule in wanted]


def _scored(rule: StyleRule, text: str) -> Score:
    passed, reason = rule.judge(text)
    name = f"style.{rule.name}"
    if passed is None:
        return Score(name, None, "error", reason=reason)
    return Score(name, float(passed), label="pass" if passed else "fail", reason=reason)


def _together(scores: Sequence[Score]) -> Score:
    if not scores:
        return Score(_ALL, None, "unmeasured", reason="the suite has no style rules")
    broken = [score for score in scores if score.value == 0.0]
    unclear = [score for score in scores if score.state != "ok"]
    if broken:
        said = "; ".join(f"{score.metric}: {score.reason}" for score in broken[:3])
        return Score(
            _ALL, 0.0, label="fail", reason=f"breaks {len(broken)} of {len(scores)}: {said}"
        )
    if unclear:
        return Score(_ALL, None, "error", reason=f"{unclear[0].metric}: {unclear[0].reason}")
    return Score(_ALL, 1.0, label="pass", reason=f"keeps all {len(scores)} rules")
