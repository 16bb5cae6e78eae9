"""Any metric of Hugging Face `evaluate` as a scorer, one answer against one reference at a time."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from harness.protocols import Resources
from harness.records import Answer, Case, Metric, Score
from harness.score.hf_loading import load, settings, value
from harness.score.options import all_errors, all_unmeasured, choice, only
from harness.score.text import LIMIT, quote

_PROBE = "a text"


class _Loaded(NamedTuple):
    name: str
    module: Any
    key: str
    kwargs: dict[str, Any]


class Evaluate:
    """Scores answers with metrics of `evaluate`.

    Options: `metric` (a name or a list of names), `key` (which number of the result), `kwargs` (for
    compute) and `better` (higher, lower or neither). With several metrics, `key`, `kwargs` and
    `better` may be mappings from a metric's name.
    """

    description: ClassVar[str] = "any metric of Hugging Face evaluate, by name"

    def __init__(self, options: dict[str, Any], resources: Resources) -> None:
        del resources
        only(options, ("metric", "key", "kwargs", "better"), "option for evaluate")
        names = _names(options.get("metric"))
        self._loaded: list[_Loaded] = []
        metrics = []
        for name in names:
            own = {"better": "higher", **_of(options, name, names)}
            better: Any = choice(own, "better", ("higher", "lower", "neither"))
            one = _loaded(name, own)
            self._loaded.append(one)
            says = f"{name} of Hugging Face evaluate" + (f", its {one.key}" if one.key else "")
            shown = f"evaluate.{name.replace('/', '-')}"
            metrics.append(Metric(shown, says, "score", None, None, better))
        self.metrics: tuple[Metric, ...] = tuple(metrics)

    def score(self, case: Case, answer: Answer) -> list[Score]:
        """One number per metric; what a metric cannot compute for an answer is an error."""
        if answer.finish == "error":
            return all_errors(self.metrics, answer)
        if not case.reference.strip():
            return all_unmeasured(self.metrics, "the case has no reference")
        pair = f"{quote(answer.text, 40)} against {quote(case.reference, 40)}"
        scores = []
        for one, metric in zip(self._loaded, self.metrics, strict=True):
            texts = answer.text[:LIMIT], case.reference[:LIMIT]
            try:
                number = value(one.module, one.name, *texts, one.key, one.kwargs)
            except Exception as error:  # noqa: BLE001 - a metric's own code may raise anything
                why = f"{type(error).__name__}: {error}"
                scores.append(Score(metric.name, None, "error", reason=" ".join(why.split())[:300]))
            else:
                scores.append(Score(metric.name, number, reason=pair))
        return scores


def _names(wanted: Any) -> list[str]:
    names = [wanted] if isinstance(wanted, str) else wanted
    if (
        not isinstance(names, Sequence)
        or not names
        or not all(isinstance(name, str) and name for name in names)
        or len(set(names)) < len(names)
    ):
        raise ValueError(
            f"evaluate: metric is {wanted!r} (write a name such as exact_match, or a list of them)"
        )
    return list(names)


def _of(options: Mapping[str, Any], name: str, names: Sequence[str]) -> dict[str, Any]:
    """The options of one metric: those for all, or what a mapping says under its name."""
    found: dict[str, Any] = {}
    for option in ("key", "kwargs", "better"):
        given = options.get(option)
        if given is None:
            continue
        if isinstance(given, Mapping) and (option != "kwargs" or len(names) > 1):
            only(given, names, f"metric in {option} of evaluate")
            given = given.get(name)
        if given is not None:
            found[option] = given
    return found


def _loaded(name: str, own: Mapping[str, Any]) -> _Loaded:
    key, kwargs = own.get("key", ""), own.get("kwargs", {})
    if not isinstance(key, str) or not isinstance(kwargs, Mapping):
        what = f"key is {key!r}" if not isinstance(key, str) else f"kwargs is {kwargs!r}"
        raise ValueError(f"evaluate: {what} (write key: text, kwargs: {{name: value}})")  # noqa: TRY004
    one = _Loaded(name, load(name, *settings()), key, dict(kwargs))
    try:
        value(one.module, name, _PROBE, _PROBE, key, one.kwargs)
    except Exception as error:  # noqa: BLE001 - a metric's own code may raise anything
        raise ValueError(f"evaluate: {' '.join(str(error).split())[:300]}") from None
    return one
