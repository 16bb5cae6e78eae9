"""A base that is here and is asked at a server: its token ids, its canary, adapters by name.

The server computes with the tiny model itself, one request at a time.
"""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fake_server import Says, Script, models, serving
from tiny import edited, write_suite

from harness.cli import cli
from harness.errors import BenchError, MeasurementError
from harness.records import Run
from harness.report.json import read

Logits = Callable[[list[int]], Any]
HOUSE = "Answer: the Patron waits."


def server_of(folder: Path, spoil: Callable[[Any], Any] = lambda logits: logits) -> Script:
    """Completions by the model of a folder, greedily; `spoil` makes other weights of its logits.

    The adapter `y` says always the same.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    fixed = tokenizer(HOUSE, add_special_tokens=False)["input_ids"]
    one_at_a_time = threading.Lock()

    def logprobs(ids: list[int]) -> Any:
        with torch.inference_mode():
            return spoil(model(torch.tensor([ids])).logits[0]).log_softmax(-1)

    def says(path: str, body: dict[str, Any], _: int) -> Says:
        if path == "models":
            return models("base", y="base")
        ids, made = list(body["prompt"]), []
        with one_at_a_time:
            rows = logprobs(ids)
            for token in fixed if body["model"] == "y" else [None] * body["max_tokens"]:
                made.append(int(rows[-1].argmax()) if token is None else token)
                if made[-1] in body.get("stop_token_ids", ()):
                    break
                rows = logprobs([*ids, *made]) if token is None else rows
            first = logprobs(ids)
        choice: dict[str, Any] = {"token_ids": made, "prompt_token_ids": ids, "text": ""}
        choice["finish_reason"] = "length" if len(made) == body["max_tokens"] else "stop"
        if body.get("echo"):
            scored = [None, *(float(first[at, ids[at + 1]]) for at in range(len(ids) - 1))]
            names = [f"token_id:{token}" for token in ids]
            choice["logprobs"] = {"tokens": names, "token_logprobs": scored}
        elif body.get("logprobs"):
            best = first[-1].topk(body["logprobs"])
            found = zip(best.indices.tolist(), best.values.tolist(), strict=True)
            choice["logprobs"] = {"top_logprobs": [{f"token_id:{k}": v for k, v in found}]}
        usage = {"prompt_tokens": len(ids), "completion_tokens": len(made)}
        return Says({"model": body["model"], "choices": [choice], "usage": usage})

    return says


def small(suite: dict[str, Any]) -> None:
    """The base and an adapter that the server has, on one task."""
    suite["candidates"] = {"base": {}, "mine": {"adapter": "served:y"}}
    for key in ("gate", "recipes", "train"):
        suite.pop(key)
    suite["tasks"] = {"fees": {**suite["tasks"]["fees"], "max_tokens": 12}}


def run(folder: Path, model: Path, *words: str) -> Run:
    suite = edited(write_suite(folder / "plain", model), folder / "small", small)
    more = ["--executor", "inline", "--reports", str(folder / "reports"), "--json", *words]
    runner = CliRunner(env={"BENCH_HOME": str(folder / "home")})
    done = runner.invoke(cli, ["run", str(suite), *more])
    if isinstance(done.exception, BenchError):
        raise done.exception
    assert done.stdout, done.exception
    return read(Path(json.loads(done.stdout)["data"]))


def test_the_base_passes_its_canary_and_answers_as_it_does_here(
    tiny_model: Path, tmp_path: Path
) -> None:
    with serving(server_of(tiny_model)) as fake:
        there = run(tmp_path / "there", tiny_model, "--endpoint", fake.url)
        prompts = {tuple(body["prompt"]) for body in fake.bodies("completions")}
    assert prompts
    assert there.engine == "endpoint"
    assert there.environment["canary base"].startswith("0.0000 from the reference")
    assert there.warnings[0] == (
        f"the adapters of mine were not checked against their bytes: {fake.url} has them by name"
    )
    texts = {(one.candidate, one.case): one.answer for one in there.answers}
    assert {answer.text for (who, _), answer in texts.items() if who == "mine"} == {HOUSE}
    bare = {"mine": {"adapter": "served:y"}}
    here_suite = edited(
        write_suite(tmp_path / "plain", tiny_model),
        tmp_path / "here",
        lambda suite: [small(suite), suite["candidates"].pop(*bare)],
    )
    words = ["run", str(here_suite), "--engine", "transformers", "--executor", "inline", "--json"]
    runner = CliRunner(env={"BENCH_HOME": str(tmp_path / "home")})
    done = runner.invoke(cli, [*words, "--reports", str(tmp_path / "reports")])
    here = read(Path(json.loads(done.stdout)["data"]))
    for one in here.answers:
        other = texts["base", one.case]
        assert (other.token_ids, other.text, other.finish) == (
            one.answer.token_ids,
            one.answer.text,
            one.answer.finish,
        )
    preferred = [
        {
            one.case: score.value
            for one in whose.answers
            for score in one.scores
            if one.candidate == "base" and score.metric == "recency.prefers_current"
        }
        for whose in (here, there)
    ]
    assert preferred[0] == preferred[1]
    assert 0.0 in preferred[0].values()


def test_a_server_with_other_weights_than_the_base_measures_nothing(
    tiny_model: Path, tmp_path: Path
) -> None:
    with (
        serving(server_of(tiny_model, lambda logits: -logits)) as fake,
        pytest.raises(MeasurementError),
    ):
        run(tmp_path, tiny_model, "--endpoint", fake.url)
    assert not list((tmp_path / "reports").glob("*/*/run.json"))
