"""Inspect's log format (version 2, JSON): a log per task and candidate, for `inspect view`."""

import hashlib
import math
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from harness.records import Answer, CandidateResult, Case, Run, Score, ScoredAnswer
from harness.report.exports.shared import (
    behind,
    cases_of,
    day,
    described,
    dumped,
    finite,
    folder_at,
    groups,
    nothing,
    plain,
    summaries_of,
    value_of,
)
from harness.report.text import save

VERSION = 2
STOPS = {"stop": "stop", "length": "max_tokens", "error": "unknown"}


class InspectExport:
    """Writes `<time>_<task>_<id>.json` files; samples are cases, epochs are samples of a case."""

    description: ClassVar[str] = "Inspect's logs, one per task and candidate, for inspect view"
    noun: ClassVar[str] = "log"
    opens: ClassVar[str] = "inspect view --log-dir {to}"
    addresses: ClassVar[bool] = False
    missing = staticmethod(nothing)

    def write(self, run: Run, to: str) -> list[str]:
        """A log per task and candidate into the folder `to`."""
        folder = folder_at(to)
        cases = cases_of(run)
        written = []
        for task, result, answers in groups(run):
            log = log_of(run, task, result, answers, cases)
            stamp = _when(run).isoformat(timespec="seconds").replace(":", "-")
            # Inspect reads task and id off the name, split at underscores
            name = plain(f"{run.suite}-{task}-{result.candidate.name}", r"\w.\-").replace("_", "-")
            path = folder / f"{stamp}_{name}_{log['eval']['task_id']}.json"
            written.append(str(save(path, dumped(log))))
        return written


def log_of(
    run: Run,
    task: str,
    result: CandidateResult,
    answers: list[ScoredAnswer],
    cases: dict[tuple[str, str], Case],
) -> dict[str, Any]:
    """A candidate's answers to a task as Inspect's EvalLog."""
    model = f"{run.model.name}/{result.candidate.name}"
    samples = [_sample(cases[task, one.case], one, model) for one in answers]
    seconds = sum(one.answer.seconds for one in answers)
    epochs = 1 + max(one.sample for one in answers)
    usage = {model: _tokens([one.answer for one in answers])}
    begun = _when(run)
    return {
        "version": VERSION,
        "status": "success",
        "eval": {
            "eval_id": _id(run.id, task, model, "eval"),
            "run_id": _id(run.id),
            "created": begun.isoformat(timespec="seconds"),
            "task": f"{run.suite}/{task}",
            "task_id": _id(run.suite, task, model),
            "task_description": run.tasks.get(task) or None,
            "task_args": described(result),
            "dataset": {
                "name": f"{run.suite}/{task}",
                "samples": len({one.case for one in answers}),
                "sample_ids": list(dict.fromkeys(one.case for one in answers)),
                "shuffled": False,
            },
            "model": model,
            "config": {"epochs": epochs},
            "packages": dict(run.environment),
            "tags": ["bench", f"run {run.id}", f"profile {run.profile}"],
            "metadata": _about(run, result),
        },
        "plan": {"name": "bench", "steps": [{"solver": run.engine, "params": described(result)}]},
        "results": _results(run, task, result, answers, epochs),
        "stats": {
            "started_at": begun.isoformat(timespec="seconds"),
            "completed_at": (begun + timedelta(seconds=seconds)).isoformat(timespec="seconds"),
            "model_usage": usage,
        },
        "samples": samples,
    }


def _about(run: Run, result: CandidateResult) -> dict[str, Any]:
    return {
        "bench_run": run.id,
        "command": run.command,
        "model_digest": run.model.digest,
        "trained_until": day(run.trained_until),
        "as_of": day(run.as_of),
        "verdict": run.gate.verdict if run.gate else None,
        "answer_seconds": result.answer_seconds,
        "warnings": list(run.warnings),
    }


def _results(
    run: Run, task: str, result: CandidateResult, answers: list[ScoredAnswer], epochs: int
) -> dict[str, Any]:
    """Means with their intervals, those of slices as metadata; what has no mean has none here."""
    found: dict[str, dict[str, Any]] = {}
    for one in summaries_of(run, task, result.candidate.name):
        numbers = {"mean": one.mean, "low": one.low, "high": one.high}
        shown = {name: value for name, value in numbers.items() if finite(value) is not None}
        if one.slice == "all":
            named = {**shown, "n": one.n}
            found[one.metric] = {
                "name": one.metric,
                "scorer": one.metric,
                "reducer": "mean" if epochs > 1 else None,
                "scored_samples": one.n,
                "unscored_samples": one.unmeasured + one.errors,
                "metrics": {key: {"name": key, "value": at} for key, at in named.items()},
                "metadata": {"clusters": one.clusters, "errors": one.errors, "slices": {}},
            }
    for one in summaries_of(run, task, result.candidate.name):
        if one.slice != "all" and one.metric in found:
            slices = found[one.metric]["metadata"]["slices"]
            slices[one.slice] = {"mean": finite(one.mean), **behind(one)}
    done = sum(one.answer.finish != "error" for one in answers)
    return {
        "total_samples": len(answers),
        "completed_samples": done,
        "scores": list(found.values()),
    }


def _sample(case: Case, one: ScoredAnswer, model: str) -> dict[str, Any]:
    answer = one.answer
    said = {"role": "assistant", "content": answer.text, "source": "generate"}
    sample: dict[str, Any] = {
        "id": case.id,
        "epoch": one.sample + 1,
        "input": case.input,
        "target": case.reference,
        "messages": [{"role": "user", "content": one.prompt or case.input}, said],
        "output": {
            "model": model,
            "choices": [{"message": said, "stop_reason": STOPS[answer.finish]}],
            "usage": _tokens([answer]),
            "error": answer.error or None,
        },
        "scores": {score.metric: _score(score) for score in one.scores},
        "metadata": {
            "cluster": case.cluster,
            "tags": list(case.tags),
            "fact": case.fact,
            "as_of": day(case.as_of),
            "passages": [passage.document for passage in one.passages],
        },
        "model_usage": {model: _tokens([answer])},
        "total_time": answer.seconds,
    }
    if answer.finish == "error":
        failed = answer.error or "the engine gave no answer"
        sample["error"] = {"message": failed, "traceback": "", "traceback_ansi": ""}
    return sample


def _score(score: Score) -> dict[str, Any]:
    """A score; NaN is Inspect's own mark for one that is kept and counts in no metric."""
    value = value_of(score)
    found: dict[str, Any] = {
        "value": math.nan if value is None else value,
        "explanation": score.reason or None,
        "metadata": {"label": score.label, "state": score.state},
    }
    return found if value is not None else {**found, "reason": score.state}


def _tokens(answers: list[Answer]) -> dict[str, int]:
    read = sum(one.prompt_tokens for one in answers)
    given = sum(len(one.token_ids) or one.completion_tokens for one in answers)
    return {"input_tokens": read, "output_tokens": given, "total_tokens": read + given}


def _when(run: Run) -> datetime:
    """The day and time of the run in UTC, to the second."""
    found = datetime.fromisoformat(run.created)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def _id(*parts: str) -> str:
    """An id that is the same each time, as long as Inspect's own."""
    text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:22]
