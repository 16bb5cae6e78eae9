"""lm-evaluation-harness's results: a folder per candidate with a file and its samples."""

import hashlib
import re
from typing import Any, ClassVar

from harness.records import CandidateResult, Case, Run, ScoredAnswer
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
    save_json,
    summaries_of,
    value_of,
)
from harness.report.text import one_line, save

FILTER = "none"


class LmEvalExport:
    """Writes `<model>__<candidate>/results_<time>.json` and a samples file per task."""

    description: ClassVar[str] = "lm-evaluation-harness's results and samples, for its tools"
    noun: ClassVar[str] = "file"
    opens: ClassVar[str] = "lm_eval.utils.make_table, or pandas.read_json(…, lines=True)"
    addresses: ClassVar[bool] = False
    missing = staticmethod(nothing)

    def write(self, run: Run, to: str) -> list[str]:
        """A folder per candidate into the folder `to`."""
        folder = folder_at(to)
        # the tools read the time off the name, after its last underscore
        stamp = re.sub(r"[^\w.+-]", "-", run.created).replace("_", "-")
        found: dict[str, list[tuple[str, CandidateResult, list[ScoredAnswer]]]] = {}
        for group in groups(run):
            found.setdefault(group[1].candidate.name, []).append(group)
        written = []
        for name, tasks in found.items():
            model = f"{run.model.name}/{name}"
            place = folder_at(str(folder / plain(sanitized(model))))
            path = place / f"results_{stamp}.json"
            written.append(str(save_json(path, results_of(run, model, tasks))))
            for task, _, answers in tasks:
                path = place / f"samples_{plain(task)}_{stamp}.jsonl"
                lines = samples_of(run, task, answers)
                written.append(str(save(path, "".join(f"{dumped(line)}\n" for line in lines))))
        return written


def sanitized(model: str) -> str:
    """A model's name as lm-evaluation-harness writes it into paths."""
    return re.sub(r"[\"<>:/|\\?*\[\]]+", "__", model)


def results_of(
    run: Run, model: str, tasks: list[tuple[str, CandidateResult, list[ScoredAnswer]]]
) -> dict[str, Any]:
    """What `simple_evaluate` returns, for a candidate; slices are subtasks of their task."""
    result = tasks[0][1]
    found: dict[str, Any] = {
        "results": {},
        "group_subtasks": {},
        "configs": {},
        "versions": {},
        "n-shot": {},
        "higher_is_better": {},
        "n-samples": {},
        "config": {
            "model": run.engine,
            "model_args": {"pretrained": run.model.name, **described(result)},
            "model_revision": run.model.revision,
            "model_sha": run.model.digest,
            "batch_size": None,
        },
        "git_hash": None,
        "date": run.created,
        "transformers_version": run.environment.get("transformers"),
        "model_source": "bench",
        "model_name": model,
        "model_name_sanitized": sanitized(model),
        "system_instruction": None,
        "chat_template": None,
        "total_evaluation_time_seconds": str(result.answer_seconds),
        "bench": {"run": run.id, "suite": run.suite, "warnings": list(run.warnings)},
    }
    for task, one, answers in tasks:
        _add(found, run, task, one, answers)
    return found


def _add(
    found: dict[str, Any],
    run: Run,
    task: str,
    result: CandidateResult,
    answers: list[ScoredAnswer],
) -> None:
    """A task and its slices; a mean that was not measured is null."""
    means = summaries_of(run, task, result.candidate.name)
    directions = {one.name: {"higher": True, "lower": False}.get(one.better) for one in run.metrics}
    asked = {one.case for one in answers}
    tags = {case.id: case.tags for case in run.cases if case.task == task}
    slices = list(dict.fromkeys(one.slice for one in means))
    names = {
        part: plain(task) if part == "all" else plain(f"{task}:{part}", r"\w.\-+:")
        for part in slices
    }
    found["group_subtasks"][names.get("all", plain(task))] = [
        name for part, name in names.items() if part != "all"
    ]
    for part, name in names.items():
        own = [one for one in means if one.slice == part]
        count = sum(part == "all" or part in tags.get(case, ()) for case in asked)
        alias = one_line(task if part == "all" else part)
        values: dict[str, Any] = {"name": name, "alias": alias, "sample_len": count}
        for one in own:
            values[f"{one.metric},{FILTER}"] = finite(one.mean)
            values[f"{one.metric}_stderr,{FILTER}"] = "N/A"
        found["results"][name] = values
        found["versions"][name] = run.id
        found["n-shot"][name] = 0
        found["n-samples"][name] = {"original": count, "effective": count}
        found["higher_is_better"][name] = {one.metric: directions.get(one.metric) for one in own}
        found["configs"][name] = {
            "task": name,
            "dataset_name": run.suite,
            "description": run.tasks.get(task, ""),
            "output_type": "generate_until",
            "repeats": 1 + max(one.sample for one in answers),
            "metadata": {one.metric: behind(one) for one in own},
        }


def samples_of(run: Run, task: str, answers: list[ScoredAnswer]) -> list[dict[str, Any]]:
    """A line per case and sample; a score that was not measured is null."""
    cases = cases_of(run)
    order = {case.id: at for at, case in enumerate(c for c in run.cases if c.task == task)}
    return [_line(cases[task, one.case], order[one.case], one) for one in answers]


def _line(case: Case, place: int, one: ScoredAnswer) -> dict[str, Any]:
    prompt = one.prompt or case.input
    doc = {
        "id": case.id,
        "input": case.input,
        "reference": case.reference,
        "cluster": case.cluster,
        "tags": list(case.tags),
        "as_of": day(case.as_of),
    }
    said = one.answer.text
    scores = {score.metric: value_of(score) for score in one.scores}
    return {
        **scores,
        "doc_id": place,
        "doc": doc,
        "target": case.reference,
        "arguments": {"gen_args_0": {"arg_0": prompt, "arg_1": {}}},
        "resps": [[said]],
        "filtered_resps": [said],
        "filter": FILTER,
        "metrics": list(scores),
        "doc_hash": _hash(dumped(doc)),
        "prompt_hash": _hash(prompt),
        "target_hash": _hash(case.reference),
        "sample": one.sample,
        "states": {score.metric: score.state for score in one.scores if score.state != "ok"},
        "reasons": {score.metric: score.reason for score in one.scores if score.reason},
    }


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
