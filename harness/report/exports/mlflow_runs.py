"""Runs of MLflow, one per candidate, in the experiment named as the suite."""

import importlib.util
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

from harness.errors import MachineError
from harness.records import CandidateResult, Run
from harness.report.exports.shared import described, finite, folder_at, plain
from harness.report.text import one_line

QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ALLOW_FILE_STORE": "true"}
"""Nothing is sent to MLflow's makers; a folder is a store, which MLflow has to be told."""

KEY = r"\w.\- :/"
BATCH, LONGEST = 100, 5000
"""Numbers in one call, and characters of a value, that every store takes."""


class MlflowExport:
    """Logs parameters, means with intervals, n, and the loss curves of training.

    Exported again, a run takes the place of what it had logged before.
    """

    description: ClassVar[str] = "runs of MLflow, one per candidate; -o may be its server's address"
    noun: ClassVar[str] = "run"
    opens: ClassVar[str] = "MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri {to}"
    addresses: ClassVar[bool] = True

    @staticmethod
    def missing() -> str:
        """What to install where MLflow is not there."""
        return "" if importlib.util.find_spec("mlflow") else "pip install mlflow-skinny"

    def write(self, run: Run, to: str) -> list[str]:
        """Log the run to a folder or a tracking server; the ids of MLflow's runs.

        Raises:
            MachineError: the store refuses, in its own words.
        """
        address = to if "://" in to else folder_at(to).resolve().as_uri()
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient

        try:
            client = MlflowClient(tracking_uri=address)
            experiment = _experiment(client, plain(run.suite, KEY))
            _forget(client, experiment, run.id)
            return [_log(client, experiment, run, result) for result in run.candidates]
        except MlflowException as error:
            said = one_line(str(error), 200)
            raise MachineError(f"MLflow refused: {said}", where=one_line(to)) from error


def _experiment(client: Any, name: str) -> str:
    found = client.get_experiment_by_name(name)
    return str(found.experiment_id if found else client.create_experiment(name))


def _forget(client: Any, experiment: str, run_id: str) -> None:
    mine = f"tags.`bench.run` = '{run_id}'"
    for old in client.search_runs([experiment], filter_string=mine, max_results=1000):
        client.delete_run(old.info.run_id)


def _log(client: Any, experiment: str, run: Run, result: CandidateResult) -> str:
    from mlflow.entities import Metric, Param, RunTag

    began = int(_when(run).timestamp() * 1000)
    name = one_line(result.candidate.name, 200)
    made = client.create_run(experiment, start_time=began, run_name=name)
    key: str = made.info.run_id
    tags = [RunTag(at, _short(value)) for at, value in _tags(run)]
    params = [Param(plain(at, KEY), _short(value)) for at, value in _params(run, result)]
    metrics = [
        Metric(plain(at, KEY), number, began, step) for at, number, step in _numbers(run, result)
    ]
    client.log_batch(key, tags=tags)
    for start in range(0, max(len(metrics), len(params)), BATCH):
        span = slice(start, start + BATCH)
        client.log_batch(key, metrics=metrics[span], params=params[span])
    client.set_terminated(key, "FINISHED", began + int(1000 * result.answer_seconds))
    return key


def _when(run: Run) -> datetime:
    found = datetime.fromisoformat(run.created)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _short(value: Any) -> str:
    return one_line(str(value), LONGEST)


def _tags(run: Run) -> Iterator[tuple[str, Any]]:
    yield "bench.run", run.id
    yield "bench.suite", run.suite
    yield "bench.profile", run.profile
    yield "bench.verdict", run.gate.verdict if run.gate else "NO GATE"
    if run.decision:
        yield "bench.decision", run.decision.sentence


def _params(run: Run, result: CandidateResult) -> Iterator[tuple[str, Any]]:
    yield "model", run.model.name
    yield "model_digest", run.model.digest
    yield "engine", run.engine
    yield from described(result).items()
    recipe = result.adapter.record.get("recipe") if result.adapter else None
    for name, value in recipe.items() if isinstance(recipe, dict) else ():
        yield f"recipe.{name}", value


def _numbers(run: Run, result: CandidateResult) -> Iterator[tuple[str, float, int]]:
    """Name, value and step; what was not measured is not logged."""
    for one in run.summaries:
        if one.candidate != result.candidate.name:
            continue
        # a store of files keeps a name as a path, so no name may begin another
        name = f"{one.task}/{one.metric}/{one.slice}"
        for part, number in (("mean", one.mean), ("low", one.low), ("high", one.high)):
            value = finite(number)
            if value is not None:
                yield f"{name}/{part}", value, 0
        yield f"{name}/n", float(one.n), 0
    for name in ("answers", "answer_tokens", "prompt_tokens", "answer_seconds", "truncated"):
        yield f"cost/{name}", float(getattr(result, name)), 0
    record = result.adapter.record if result.adapter else {}
    for name in ("loss", "dev_loss"):
        yield from ((f"train/{name}", loss, step) for step, loss in _curve(record.get(name)))
    for name in ("seconds", "tokens", "rows"):
        value = record.get(name)
        if isinstance(value, int | float):
            yield f"train/{name}", float(value), 0


def _curve(points: Any) -> Iterator[tuple[int, float]]:
    """Steps and losses of a training record, which may have come from outside."""
    for point in points if isinstance(points, list | tuple) else ():
        if isinstance(point, list | tuple) and len(point) == 2:
            step, loss = point
            if isinstance(step, int) and isinstance(loss, int | float) and finite(loss) is not None:
                yield step, float(loss)
