"""Suites asked at an endpoint: names instead of weights, prices, what is said, what is refused."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from command import Bench
from fake_server import KEY, Fake, Says, chat, models, serving
from tiny import edited, write_suite

from harness.cli import cli
from harness.errors import BenchError
from harness.records import Run
from harness.report.json import read
from harness.requests import REPEATS

Change = Callable[[dict[str, Any]], Any]
COUNTED = 3 * 8 + 5 * 10  # answers of the tiny suite
REPEATED = 15


def served(url: str, **more: Any) -> Change:
    """The tiny suite with its base and its adapter on a server."""

    def change(suite: dict[str, Any]) -> None:
        suite["model"] = "served:x"
        suite["endpoint"] = {"url": url, **more}
        suite.pop("recipes")
        suite.pop("train")
        for name in ("lora", "lora+retrieved"):
            suite["candidates"][name]["adapter"] = "served:y"

    return change


def says(path: str, body: dict[str, Any], _: int) -> Says:
    """The adapter begins as the house does, the base does not."""
    if path == "models":
        return models("w", "x", y="x")
    text = "Answer: the Patron waits." if body["model"] == "y" else "They wait."
    return chat(text, body["model"])


class Asked:
    """`bench run` in this process, on a copy of the tiny suite that `change` was made to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plain = write_suite(folder / "plain", folder / "no-model")
        self.suites = 0

    def suite(self, change: Change) -> Path:
        self.suites += 1
        return edited(self.plain, self.folder / f"suite-{self.suites}", change)

    def __call__(self, suite: Path, *more: object) -> Run:
        words = ["run", suite, "--reports", self.folder / "reports", "--executor", "inline"]
        runner = CliRunner(env={"BENCH_HOME": str(self.folder / "home")})
        done = runner.invoke(cli, [*map(str, [*words, *more]), "--json"])
        if isinstance(done.exception, BenchError):
            raise done.exception
        assert done.stdout, done.exception
        return read(Path(json.loads(done.stdout)["data"]))

    def refusal(self, change: Change, *more: object) -> str:
        """The one line that the command ends with."""
        with pytest.raises(BenchError) as caught:
            self(self.suite(change), *more)
        (problem,) = caught.value.problems
        return str(problem).replace(f"{self.folder}/", "")


@pytest.fixture
def ask(tmp_path: Path) -> Asked:
    return Asked(tmp_path)


@pytest.fixture
def fake() -> Iterator[Fake]:
    with serving(says) as made:
        yield made


# ---------------------------------------------------------------- what is asked and told


def test_base_and_adapter_are_asked_by_their_names_and_only_names_are_vouched_for(
    ask: Asked, fake: Fake
) -> None:
    run = ask(ask.suite(served(fake.url, input_price=1.5, output_price=6.0)))
    sent = fake.bodies("chat/completions")
    assert len(sent) == COUNTED + REPEATED
    assert {body["model"] for body in sent} == {"x", "y"}
    assert (run.engine, run.engine_reason) == ("endpoint", f"the suite is asked at {fake.url}")
    assert (run.model.name, run.model.path) == ("served:x", "")
    style = {
        one.candidate: one.mean
        for one in run.summaries
        if (one.task, one.metric, one.slice) == ("notes", "style.opening", "all")
    }
    assert style == {"base": 0.0, "base+house": 0.0, "lora": 1.0}
    assert run.warnings == (
        f"which weights {fake.url} answered with was not checked: only names are known of them",
    )
    assert "base cost 0.0006 at the endpoint's prices: 198 tokens read, 54 written" in run.notes
    assert run.notes[-2].startswith(f"0 of {REPEATED} greedy answers differed")
    assert run.notes[-1] == "asking these answers again cost 0.0005 more"


def test_a_server_that_answers_with_one_model_under_every_name_is_told(ask: Asked) -> None:
    def deaf(path: str, body: dict[str, Any], before: int) -> Says:
        return says(path, body, before) if path == "models" else chat("Yes.", body["model"])

    with serving(deaf) as fake:
        run = ask(ask.suite(served(fake.url)))
    assert run.warnings[-1].startswith("all 18 answers of lora are those of base, word for word")


def test_house_words_and_passages_are_in_the_messages(ask: Asked, fake: Fake) -> None:
    ask(ask.suite(served(fake.url)))
    sent = [body["messages"] for body in fake.bodies("chat/completions")]
    house = [turns for turns in sent if turns[0]["role"] == "system"]
    assert {turns[0]["content"] for turns in house} == {"Begin with Answer:"}
    assert any("The locker costs 5 euros." in turns[-1]["content"] for turns in sent)


def test_another_url_for_the_suite_is_asked_anew_and_the_same_one_not_again(
    ask: Asked, fake: Fake
) -> None:
    suite = ask.suite(served("http://127.0.0.1:9/v1"))
    first = ask(suite, "--endpoint", fake.url)
    asked = len(fake.asked)
    again = ask(suite, "--endpoint", fake.url)
    assert (again.id, len(fake.asked)) == (first.id, asked)
    with serving(says) as other:
        moved = ask(suite, "--endpoint", other.url)
        assert len(other.asked) == asked
    assert moved.id != first.id


def test_a_failed_request_is_that_answers_error_and_is_asked_again_next_time(ask: Asked) -> None:
    def broken(path: str, body: dict[str, Any], before: int) -> Says:
        if path != "models" and "baker" in body["messages"][-1]["content"]:
            return Says({"error": {"message": "blocked by the content filter"}}, 400)
        return says(path, body, before)

    with serving(broken) as fake:
        suite = ask.suite(served(fake.url))
        run = ask(suite)
        lost = [one for one in run.answers if one.answer.finish == "error"]
        assert {one.case for one in lost} == {"note-1"}
        assert len(lost) == 3
        assert all("content filter" in one.answer.error for one in lost)
        fake.script = says
        fake.asked.clear()
        mended = ask(suite)
        cases = [body["messages"][-1]["content"] for body in fake.bodies("chat/completions")]
        assert set(cases) == {"Write a note to the baker."}
    assert [one for one in mended.answers if one.answer.finish == "error"] == []
    compared = REPEATED - 1 + 2  # one of the first start's failed
    assert any(f"of {compared} greedy answers differed" in note for note in mended.notes)


def test_draws_are_sent_with_seeds_of_their_own_and_each_is_kept(ask: Asked, fake: Fake) -> None:
    def change(suite: dict[str, Any]) -> None:
        served(fake.url)(suite)
        suite["sampling"] = {"temperature": 0.8, "samples": 2, "seed": 5}

    run = ask(ask.suite(change))
    sent = fake.bodies("chat/completions")
    assert len(sent) == len(run.answers) == 2 * COUNTED  # nothing drawn is asked again
    cases = {one.case for one in run.answers}
    assert len({body["seed"] for body in sent}) == 2 * len(cases)
    assert {one.n for one in run.summaries if one.slice == "all" and one.n} == {8, 10}


# ---------------------------------------------------------------- resuming


def test_a_killed_run_pays_for_no_answer_twice(tmp_path: Path) -> None:
    enough = threading.Event()

    def script(path: str, body: dict[str, Any], before: int) -> Says:
        if path == "models":
            return says(path, body, before)
        if before >= 30:
            enough.set()
            return Says(says(path, body, before).body, wait=5.0)
        return says(path, body, before)

    bench = Bench(tmp_path / "bench")
    with serving(script) as fake:
        suite = write_suite(tmp_path / "plain", tmp_path / "no-model")
        suite = edited(suite, tmp_path / "served", served(fake.url, concurrency=2))
        words = ("run", suite, "--reports", bench.reports)
        running = bench.start(*words, start_new_session=True)
        assert enough.wait(120)
        os.killpg(running.pid, 9)
        running.communicate()
        kept = sum(len(cell) for cell in bench.answers().values())
        assert 0 < kept < COUNTED
        fake.script = says
        fake.asked.clear()
        done = bench(*words)
        assert done.returncode in (0, 1, 3, 4), done.stderr
        asked = len(fake.bodies("chat/completions"))
        assert COUNTED - kept <= asked <= COUNTED - kept + REPEATS


# ---------------------------------------------------------------- what is refused

REMEDY = "give --endpoint http://HOST:PORT/v1, or an `endpoint:` section in suite.yaml"


def without_endpoint(suite: dict[str, Any]) -> None:
    served("")(suite)
    suite.pop("endpoint")


def test_names_on_a_server_need_to_be_told_which(ask: Asked) -> None:
    line = "tiny: model 'served:x' is on a server, and the engine is transformers"
    assert ask.refusal(without_endpoint, "--engine", "transformers") == f"{line} ({REMEDY})"
    line = "tiny: engine 'endpoint' has no URL"
    assert ask.refusal(without_endpoint, "--engine", "endpoint") == f"{line} ({REMEDY})"


def test_an_adapter_is_not_trained_for_a_base_that_is_elsewhere(ask: Asked, fake: Fake) -> None:
    def change(suite: dict[str, Any]) -> None:
        suite["model"], suite["endpoint"] = "served:x", {"url": fake.url}

    assert ask.refusal(change) == (
        "tiny: candidate 'lora' has an adapter for a base whose weights are not here "
        "(name it as the server does (served:NAME), or give a local --model)"
    )
    assert fake.asked == []


@pytest.mark.parametrize(
    ("model", "other", "what"),
    [
        ("served:x", "z", "the model is 'served:x', and endpoint.model is 'z'"),
        ("served: ", "", "the model is 'served: ', which names no model"),
    ],
)
def test_the_base_has_one_name(ask: Asked, fake: Fake, model: str, other: str, what: str) -> None:
    def change(suite: dict[str, Any]) -> None:
        served(fake.url, **({"model": other} if other else {}))(suite)
        suite["model"] = model

    remedy = "name it once, as the server does: model: served:NAME"
    assert ask.refusal(change) == f"tiny: {what} ({remedy})"


def test_an_adapter_that_the_server_does_not_know_is_named_with_its_nearest(
    ask: Asked, fake: Fake
) -> None:
    def script(path: str, body: dict[str, Any], before: int) -> Says:
        if path != "models" and body["model"] not in ("x", "fees-v2"):
            return Says({"error": {"message": "no such model"}}, 404)
        return models("x", **{"fees-v2": "x"}) if path == "models" else says(path, body, before)

    fake.script = script

    def change(suite: dict[str, Any]) -> None:
        served(fake.url)(suite)
        suite["candidates"]["lora"]["adapter"] = "served:fees-v3"

    line = ask.refusal(change)
    assert "does not serve 'fees-v3'" in line
    assert "did you mean 'fees-v2'?" in line


def test_a_wrong_key_is_one_line_with_the_variables_name_and_not_the_key(
    ask: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_TEST_KEY", "sk-wrong-0123456789")
    with serving(says, key=KEY) as fake:
        line = ask.refusal(served(fake.url, key="BENCH_TEST_KEY"))
    assert "refuses the key" in line
    assert "BENCH_TEST_KEY" in line
    assert "sk-" not in line


def test_a_judge_on_the_server_is_refused_before_anything_is_paid(ask: Asked, fake: Fake) -> None:
    def change(suite: dict[str, Any]) -> None:
        served(fake.url)(suite)
        judge = {"against": "base", "rubric": "Be brief."}
        suite["tasks"]["notes"]["scorers"] = {"style": {}, "judge": judge}

    assert ask.refusal(change).startswith("tiny: the judge of task 'notes' is 'served:x', not here")
    assert fake.asked == []


def test_a_judge_is_never_asked_at_the_endpoint(ask: Asked, fake: Fake, tiny_model: Path) -> None:
    def change(suite: dict[str, Any]) -> None:
        served(fake.url)(suite)
        judge = {"against": "base", "rubric": "Be brief.", "model": str(tiny_model)}
        judge["engine"] = "endpoint"
        suite["tasks"]["notes"]["scorers"] = {"style": {}, "judge": judge}

    line = "tiny: the judge of task 'notes' is asked with engine endpoint"
    assert ask.refusal(change).startswith(line)
    assert fake.asked == []
