"""A README.md per adapter with the results in the Hugging Face hub's `model-index` metadata."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from harness.records import Adapter, CandidateResult, Comparison, Metric, Run, Summary
from harness.report import view
from harness.report.exports.shared import behind, finite, folder_at, nothing, plain
from harness.report.text import (
    change,
    difference,
    estimate,
    markdown,
    one_line,
    quantity,
    save,
    seconds,
)

MEASURED = "A LoRA adapter for {}, measured on the suite {} (profile {}, run {})."
MEANS = """Means with 95 % intervals and n: the headline metrics of each task. More are in this
file's metadata, where what was not measured is left out."""
LIMITS = """The numbers are of these weights on this suite, answered by the engine {}. Another
training of the same recipe gives other weights."""
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


class ModelCardExport:
    """Writes `<adapter>/README.md`; nothing is sent to the hub."""

    description: ClassVar[str] = "a README.md per adapter with its results as hub metadata"
    noun: ClassVar[str] = "card"
    opens: ClassVar[str] = "the hub, once it lies beside the adapter's files"
    addresses: ClassVar[bool] = False
    missing = staticmethod(nothing)

    def write(self, run: Run, to: str) -> list[str]:
        """A card per adapter into the folder `to`."""
        folder, written = folder_at(to), []
        for adapter, names in view.adapters(run):
            place = folder_at(str(folder / plain(adapter.name)))
            written.append(str(save(place / "README.md", card(run, adapter, names))))
        return written


def card(run: Run, adapter: Adapter, names: list[str]) -> str:
    """The card of an adapter that the candidates `names` use."""
    from huggingface_hub import ModelCardData

    base = run.model.name if HUB_ID.fullmatch(run.model.name) else None
    data = ModelCardData(
        base_model=base,
        library_name="peft",
        pipeline_tag="text-generation",
        tags=["lora", "bench"],
        model_name=one_line(adapter.name),
        eval_results=list(_results(run, names)),
    )
    body = [
        f"# {markdown(adapter.name)}",
        MEASURED.format(*map(markdown, (run.model.name, run.suite, run.profile, run.id))),
        *_decision(run, names),
        "## How it was trained",
        "\n".join(_training(adapter)),
        "## Results",
        MEANS,
        "\n".join(_table(run, names)),
        *_against(run, names),
        "## How far this goes",
        LIMITS.format(markdown(run.engine)),
        "\n".join(f"- {markdown(one)}" for one in run.warnings),
    ]
    return f"---\n{data.to_yaml()}\n---\n\n" + "\n\n".join(filter(None, body)) + "\n"


def _results(run: Run, names: list[str]) -> Iterator[Any]:
    """An EvalResult per measured mean: every metric over all cases, headlines in slices too."""
    from huggingface_hub import EvalResult

    metrics = {metric.name: metric for metric in run.metrics}
    for one in run.summaries:
        metric = metrics.get(one.metric)
        mean = finite(one.mean)
        if one.candidate not in names or metric is None or mean is None:
            continue
        if metric.diagnostic or not (one.slice == "all" or metric.headline):
            continue
        suite, task, part = (one_line(name) for name in (run.suite, one.task, one.slice))
        where = task if part == "all" else f"{task}, {part}"
        candidate = one_line(one.candidate)
        yield EvalResult(
            task_type="text-generation",
            task_name=one_line(run.tasks.get(one.task, "")) or None,
            dataset_type=suite,
            dataset_name=f"{suite}: {where}, answered by {candidate}",
            # the hub groups numbers by these, so the candidate and slice must be among them
            dataset_config=f"{task}/{candidate}",
            dataset_split=part,
            metric_type=one.metric,
            metric_name=one_line(metric.description) or None,
            metric_value=mean,
            metric_args=_behind(one, metric),
        )


def _behind(one: Summary, metric: Metric) -> dict[str, Any]:
    found = {**behind(one), "unit": metric.unit, "better": metric.better}
    return {name: value for name, value in found.items() if value is not None}


def _decision(run: Run, names: list[str]) -> Iterator[str]:
    if run.decision is None:
        return
    yield "## What it is for"
    yield markdown(run.decision.sentence)
    served = [one for one in run.decision.needs if one.candidate in names]
    yield "\n".join(
        f"- {markdown(one.need)}, by {markdown(one.candidate)} ({one.sure}): {markdown(one.why)}"
        for one in served
    )


def _training(adapter: Adapter) -> Iterator[str]:
    record = adapter.record
    yield f"- digest of its files: `{markdown(adapter.digest)}`"
    yield f"- rank {adapter.rank}, {quantity(adapter.size, 'B')}"
    recipe = record.get("recipe")
    if isinstance(recipe, dict):
        shown = ", ".join(f"{name} {value}" for name, value in recipe.items() if value)
        yield f"- recipe: {markdown(shown)}"
    rows = record.get("rows")
    if isinstance(rows, int):
        yield f"- {rows} rows, data digest `{markdown(str(record.get('data_digest', '')))}`"
    spent = record.get("seconds")
    if isinstance(spent, int | float):
        yield f"- {seconds(float(spent))} on {markdown(str(record.get('device', 'this machine')))}"


def _table(run: Run, names: list[str]) -> Iterator[str]:
    headline = {metric.name: metric for metric in run.metrics if metric.headline}
    yield "| task | slice | candidate | metric | mean | n |"
    yield "|---|---|---|---|---|---|"
    for one in run.summaries:
        if one.candidate in names and one.metric in headline:
            shown = estimate(one.mean, one.low, one.high, headline[one.metric])
            place = map(markdown, (one.task, one.slice, one.candidate, one.metric))
            yield f"| {' | '.join(place)} | {shown} | {one.n} |"


def _against(run: Run, names: list[str]) -> Iterator[str]:
    """What the adapter alone changed against the base, where that is shown."""
    metrics = {metric.name: metric for metric in run.metrics if not metric.diagnostic}
    alone = [one.candidate.name for one in run.candidates if _alone(one, names)]
    found = [
        one
        for one in run.comparisons
        if one.candidate in alone and one.baseline == "base" and one.slice == "all"
        and one.metric in metrics and one.outcome in ("better", "worse")
    ]  # fmt: skip
    if found:
        yield "## Against the base"
        yield "\n".join(f"- {_moved(one, metrics[one.metric])}" for one in found)


def _alone(result: CandidateResult, names: list[str]) -> bool:
    one = result.candidate
    return one.name in names and one.prompt is None and one.context == "none"


def _moved(one: Comparison, metric: Metric) -> str:
    low, high = one.low, one.high
    shown = (
        difference(one.difference, low, high, metric)
        if low is not None
        else change(one.difference, metric)
    )
    return (
        f"{one.outcome}: {markdown(one.metric)} in {markdown(one.task)}, "
        f"{markdown(one.candidate)}: {shown}, n = {one.n}"
    )
