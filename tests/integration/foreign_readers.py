"""What other tools read in our exports, as JSON: run by a child that has them on its path.

python foreign_readers.py inspect|lm-eval|mlflow FOLDER
"""

import json
import math
import sys
from pathlib import Path
from typing import Any


def plain(value: Any) -> Any:
    """A value for JSON; what is not a number is 'nan'."""
    return "nan" if isinstance(value, float) and math.isnan(value) else value


def inspect(folder: str) -> Any:
    """Logs by Inspect's readers: its file listing, whole logs, headers, and its data frames."""
    from inspect_ai.analysis import evals_df, samples_df
    from inspect_ai.log import list_eval_logs, read_eval_log, read_eval_log_sample_summaries

    found = []
    for info in list_eval_logs(folder):
        log = read_eval_log(info)
        header = read_eval_log(info, header_only=True)
        summaries = read_eval_log_sample_summaries(info)
        found.append(
            {
                "listed_task": info.task,
                "status": header.status,
                "task": log.eval.task,
                "model": log.eval.model,
                "created": log.eval.created,
                "epochs": log.eval.config.epochs,
                "summaries": len(summaries),
                "results": {
                    score.name: {
                        **{name: metric.value for name, metric in score.metrics.items()},
                        "unscored": score.unscored_samples,
                    }
                    for score in log.results.scores
                },
                "samples": [
                    {
                        "id": one.id,
                        "epoch": one.epoch,
                        "input": one.input,
                        "target": one.target,
                        "text": one.output.completion,
                        "stop": one.output.stop_reason,
                        "error": one.error.message if one.error else None,
                        "scores": {k: plain(v.value) for k, v in (one.scores or {}).items()},
                        "reasons": {k: v.reason for k, v in (one.scores or {}).items()},
                    }
                    for one in log.samples
                ],
            }
        )
    frame = samples_df(folder)
    return {"logs": found, "evals": len(evals_df(folder)), "samples": len(frame)}


def lm_eval(folder: str) -> Any:
    """Results and samples by lm-evaluation-harness's own helpers, as its upload finds them."""
    from lm_eval.utils import (
        get_file_datetime,
        get_file_task_name,
        get_results_filenames,
        get_sample_results_filenames,
        make_table,
        sanitize_model_name,
    )

    paths = [str(path) for path in Path(folder).rglob("*") if path.is_file()]
    found: dict[str, Any] = {}
    for path in get_results_filenames(paths):
        data = json.loads(Path(path).read_text(encoding="utf-8"))
        found[Path(path).parent.name] = {
            "sanitized": sanitize_model_name(data["model_name"]),
            "time": get_file_datetime(path).removesuffix(".json"),
            "table": make_table(data),
            "results": data["results"],
            "samples": {},
        }
    from datasets import load_dataset

    for path in get_sample_results_filenames(paths):
        rows = load_dataset("json", data_files=path, split="train", cache_dir=f"{folder}-cache")
        one = found[Path(path).parent.name]
        one["samples"][get_file_task_name(Path(path).name)] = list(rows)
        assert get_file_datetime(path) == one["time"]
    return found


def mlflow(folder: str) -> Any:
    """Runs of every experiment, by MLflow's client and its search."""
    import os

    os.environ["MLFLOW_ALLOW_FILE_STORE"] = os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=Path(folder).resolve().as_uri())
    found = {}
    for experiment in client.search_experiments():
        runs = client.search_runs([experiment.experiment_id])
        found[experiment.name] = [
            {
                "name": run.info.run_name,
                "status": run.info.status,
                "params": run.data.params,
                "metrics": run.data.metrics,
                "tags": run.data.tags,
                "loss": [
                    [one.step, one.value]
                    for one in client.get_metric_history(run.info.run_id, "train/loss")
                ],
            }
            for run in runs
        ]
    return found


if __name__ == "__main__":
    readers = {"inspect": inspect, "lm-eval": lm_eval, "mlflow": mlflow}
    found = readers[sys.argv[1]](sys.argv[2])
    Path(sys.argv[3]).write_text(json.dumps(found, default=str), encoding="utf-8")
