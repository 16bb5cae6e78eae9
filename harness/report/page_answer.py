"""The answer of report.html: what to use per need, how sure, why, and what it cannot do."""

import re
from collections import Counter
from typing import Any

from harness.records import Metric, Run
from harness.records.decision import NeedResult, Option
from harness.report import decided, marks, text, view
from harness.report.links import Answers, case_link, link

SURE = {"shown": "●", "leaning": "◐", "not shown": "○", "not measured": "–"}
MEETS = {"shown": "✓", "missed": "✗", "not shown": "?", "unmeasured": "–"}
MEETS_WORDS = {
    "shown": "meets the target",
    "missed": "misses the target",
    "not shown": "not shown to meet the target",
    "unmeasured": "not measured",
}
WAYS = {
    "base": "as it is",
    "prompt": "prompt",
    "fine-tune": "fine-tuning",
    "RAG": "RAG",
    "combine": "fine-tuning + RAG",
    "none": "none",
}


def _metric(metrics: dict[str, Metric], name: str) -> Metric:
    return metrics.get(name, Metric(name, ""))


def _option(one: Option, need: NeedResult, metric: Metric) -> dict[str, Any]:
    where = {"task": need.task, "metric": need.metric, "slice": need.slice}
    money = "" if one.cost_per_1000 is None else f"{one.cost_per_1000:.3g}"
    return {
        "item": one,
        "way": WAYS[one.way],
        "value": text.number(one.mean, metric),
        "bounds": text.bounds(one.low, one.high, metric),
        "target": need.target,
        "mark": _band(one.mean, one.low, one.high, metric),
        "meets": MEETS_WORDS[one.meets],
        "sign": MEETS[one.meets],
        "cost": money,
        "link": link(**where, candidate=one.candidate) if need.task else "",
    }


def _band(
    mean: float | None, low: float | None, high: float | None, metric: Metric
) -> marks.Mark | None:
    top = marks.reach([mean, high])
    return marks.band(mean, low, high, metric, top)


def _tick(target: float | None, metric: Metric) -> float | None:
    """Where the target stands on a bar; None where the bar has no end of its own."""
    if target is None or metric.upper is None:
        return None
    mark = marks.band(target, None, None, metric, metric.upper)
    return mark.mid if mark else None


_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


def split(sentence: str) -> tuple[str, str]:
    """The first sentence, which is the headline, and what follows."""
    first, *rest = _SENTENCE.split(sentence.strip(), maxsplit=1)
    return first, rest[0] if rest else ""


def _over(run: Run, one: NeedResult, metric: Metric) -> str:
    """How far the candidate is from the base where the need was measured."""
    base, found = view.plain(run), (one.task, one.metric, one.slice, one.candidate)
    for item in run.comparisons:
        key = (item.task, item.metric, item.slice, item.candidate)
        if item.baseline == base and key == found and item.difference is not None:
            return f"{text.difference(item.difference, item.low, item.high, metric)} over {base}"
    return ""


def _need(run: Run, one: NeedResult, answers: Answers) -> dict[str, Any]:
    metric = _metric(view.metric_map(run), one.metric)
    where = {"task": one.task, "metric": one.metric, "slice": one.slice}
    met = next((o.meets for o in one.options if o.candidate == one.candidate), None)
    if met is None:
        met = "unmeasured" if one.mean is None else "not shown"
    known = bool(one.task and one.candidate)
    missed = one.way == "none" and one.sure == "shown"
    return {
        "item": one,
        "way": WAYS[one.way],
        "place": decided.place(one, view.metric_map(run)),
        "over": _over(run, one, metric),
        "mark": "✗" if missed else SURE[one.sure],
        "sure": "shown to miss" if missed else one.sure,
        "met": MEETS_WORDS[met],
        "sign": MEETS[met],
        "meets": met,
        "value": text.number(one.mean, metric) if one.mean is not None else "",
        "bounds": text.bounds(one.low, one.high, metric),
        "target": text.number(one.target, metric) if one.target is not None else "",
        "tick": _tick(one.target, metric),
        "drawn": _band(one.mean, one.low, one.high, metric),
        "link": link(**where, candidate=one.candidate) if known else "",
        "failing": answers.failing(one.task, one.metric, one.slice, one.candidate),
        "options": [_option(o, one, metric) for o in one.options],
    }


def adapted(run: Run) -> set[str]:
    """Names of the candidates with an adapter."""
    return {r.candidate.name for r in run.candidates if r.candidate.adapter.kind != "none"}


def _weak(run: Run, needs: list[dict[str, Any]], answers: Answers) -> list[dict[str, Any]]:
    """What the answer cannot do: needs not shown to be met, and what fine-tuning lost."""
    found = []
    for need in needs:
        one = need["item"]
        if one.sure == "not measured":
            words = one.why or "not measured"
            found.append({"title": one.need, "sign": "–", "words": words, "link": ""})
        elif need["meets"] != "shown":
            reach = f"reach {need['target']}" if need["target"] else "meet a target"
            short = need["meets"] == "missed"
            words = f"does not {reach}" if short else f"not shown to {reach}"
            line = {"title": one.need, "sign": need["sign"], "words": words}
            found.append(line | {"link": need["failing"]})
    for loss in decided.broke(run)[: decided.MOST_BROKE]:
        case = decided.example(answers, loss)
        title, _, words = loss.sentence.partition(": ")
        line = {"title": title, "sign": "▼", "words": words or loss.claim}
        found.append(line | {"link": case_link(case) if case else ""})
    return found


def build(run: Run) -> dict[str, Any]:
    """Needs, weaknesses and what would turn the answer over; no needs without a decision."""
    answers = Answers(run)
    decision = run.decision
    needs = [_need(run, one, answers) for one in decision.needs] if decision else []
    headline, lead = split(decision.sentence) if decision else ("", "")
    return {
        "decision": decision,
        "headline": headline,
        "lead": lead,
        "needs": needs,
        "weak": _weak(run, needs, answers) if decision else [],
        "sure": Counter((need["mark"], need["sure"]) for need in needs),
        "changes": [(n["item"].need, n["item"].change) for n in needs if n["item"].change],
        "currency": run.break_even.currency if run.break_even else "",
    }
