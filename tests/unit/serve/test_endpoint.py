"""What engine `endpoint` asks a server, what it makes of the answers, and what it refuses."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fake_server import Fake, Says, Script, chat, models, serving

from harness.errors import MachineError, MeasurementError, UsageError
from harness.records import Answer, Endpoint, EngineJob, Request, Sampling
from harness.serve import asker, http
from harness.serve.decode import Decoder
from harness.serve.endpoint import EndpointEngine

ASK = (("system", "Be brief."), ("user", "Why?"))
IDS = (5, 60, 61)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits of milliseconds, and tokens that are written as their numbers."""
    monkeypatch.setattr(http, "FIRST_WAIT", 0.002)
    monkeypatch.setattr(asker, "decoder_of", decoder)


def decoder(job: EngineJob) -> Decoder:
    made = object.__new__(Decoder)
    made.tokenizer = SimpleNamespace(decode=lambda ids, **_: " ".join(map(str, ids)))
    made.stop_ids, made.stop_texts = frozenset(job.stop_ids), job.stop_texts
    return made


def run(fake: Fake, *requests: Request, **job: Any) -> list[Answer | str]:
    endpoint = Endpoint(fake.url, model=job.pop("model", "base"), retries=1, concurrency=4)
    made = EngineJob(job.pop("path", ""), requests, endpoint=endpoint, **job)
    return list(EndpointEngine().generate(made))


def ask(fake: Fake, *requests: Request, **job: Any) -> list[Answer]:
    return [one for one in run(fake, *requests, **job) if isinstance(one, Answer)]


def talk(name: str = "cell/a", adapter: str | None = None, **more: Any) -> Request:
    return Request(name, (), adapter, 7, messages=ASK, **more)


def tokens(name: str = "cell/a", adapter: str | None = None, **more: Any) -> Request:
    return Request(name, IDS, adapter, 7, **more)


def always(said: Says, listed: Says | None = None) -> Script:
    """The same reply to everything but the list of models."""
    listing = listed or models("base")
    return lambda path, *_: listing if path == "models" else said


def completion(**more: Any) -> Says:
    """An answer to token ids as vLLM gives it."""
    choice = {
        "text": "7 8",
        "finish_reason": "stop",
        "token_ids": [7, 8, 1],
        "prompt_token_ids": list(IDS),
        **more,
    }
    usage = {"prompt_tokens": 3, "completion_tokens": 3}
    return Says({"model": "base", "choices": [choice], "usage": usage})


# ---------------------------------------------------------------- chat


def test_a_greedy_chat_is_sent_with_nothing_drawn() -> None:
    with serving(always(chat(" Because. "))) as fake:
        (answer,) = ask(fake, talk())
    assert fake.bodies("chat/completions") == [
        {
            "model": "base",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Why?"},
            ],
            "max_tokens": 7,
            "temperature": 0.0,
        }
    ]
    assert (answer.text, answer.finish, answer.token_ids) == ("Because.", "stop", ())
    assert (answer.prompt_tokens, answer.completion_tokens) == (11, 3)
    assert answer.seconds > 0


def test_each_sample_is_drawn_with_a_seed_of_its_own() -> None:
    with serving(always(chat("x"))) as fake:
        both = (talk("cell/a"), talk("other/a", sample=1))
        ask(fake, *both, sampling=Sampling(0.7, 0.9, seed=5, samples=2))
    sent = fake.bodies("chat/completions")
    assert [(b["temperature"], b["top_p"]) for b in sent] == [(0.7, 0.9)] * 2
    assert len({b["seed"] for b in sent}) == 2


@pytest.mark.parametrize("budget, finish", [(3, "length"), (4, "stop")])
def test_an_answer_that_used_up_its_budget_was_cut_where_the_server_does_not_say(
    budget: int, finish: str
) -> None:
    said = chat("half of", reason=None)
    with serving(always(said)) as fake:
        (answer,) = ask(fake, Request("cell/a", (), None, budget, messages=ASK))
    assert (answer.completion_tokens, answer.finish) == (3, finish)


def test_a_server_that_calls_the_budget_by_its_newer_name_is_told_it_so() -> None:
    words = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."

    def script(path: str, body: dict[str, Any], before: int) -> Says:
        if path == "models":
            return models("base")
        return Says({"error": {"message": words}}, 400) if "max_tokens" in body else chat("x")

    with serving(script) as fake:
        found = ask(fake, *[talk(f"cell/{i}") for i in range(20)])
    assert {answer.text for answer in found} == {"x"}
    refused = [body for body in fake.bodies("chat/completions") if "max_tokens" in body]
    assert len(refused) <= 4  # those that were on their way when the first was refused
    assert fake.bodies("chat/completions")[-1]["max_completion_tokens"] == 7


@pytest.mark.parametrize(
    "said, text, finish, error",
    [
        (chat("half of", reason="length"), "half of", "length", ""),
        (chat("half of", reason="max_tokens"), "half of", "length", ""),
        (chat("half of", reason="content_filter"), "half of", "error", "content_filter"),
        (chat("", reason="abort"), "", "error", "gave up on the request (abort)"),
        (chat(None), "", "stop", ""),
        (chat(None, refusal="I will not."), "I will not.", "stop", ""),
        (chat("one\n### Input: two", reason="length"), "one", "stop", ""),
        (chat([{"text": "a"}, {"text": "b"}]), "ab", "stop", ""),  # type: ignore[arg-type]
        (Says({"choices": []}), "", "error", "holds no answer"),
    ],
)
def test_why_an_answer_ended_is_kept(said: Says, text: str, finish: str, error: str) -> None:
    with serving(always(said)) as fake:
        (answer,) = ask(fake, talk(), stop_texts=("\n### Input:",))
    assert (answer.text, answer.finish) == (text, finish)
    assert error in answer.error
    assert bool(answer.error) == bool(error)


def test_a_request_without_messages_cannot_be_put_to_a_chat() -> None:
    with serving(always(chat("x"))) as fake, pytest.raises(MachineError, match="no messages"):
        run(fake, tokens())


# ---------------------------------------------------------------- token ids


def test_token_ids_are_sent_with_nothing_left_to_the_servers_defaults() -> None:
    with serving(always(completion())) as fake:
        (answer,) = ask(fake, tokens(), path="m", stop_ids=(1, 2))
    (body,) = fake.bodies("completions")
    assert (body["prompt"], body["stop_token_ids"]) == ([5, 60, 61], [1, 2])
    assert (body["temperature"], body["top_p"], body["top_k"]) == (0.0, 1.0, 0)
    assert (body["repetition_penalty"], body["min_p"], body["return_token_ids"]) == (1.0, 0.0, True)
    assert not {"seed", "logprobs"} & body.keys()
    assert (answer.text, answer.token_ids, answer.finish) == ("7 8", (7, 8), "stop")
    assert (answer.prompt_tokens, answer.completion_tokens) == (3, 3)


def test_without_its_tokens_an_answer_is_the_text_with_the_tokens_that_were_counted() -> None:
    with serving(always(completion(token_ids=None, text=" a\n### b", finish_reason="length"))) as f:
        (answer,) = ask(f, tokens(), path="m", stop_ids=(1,), stop_texts=("\n###",))
    assert (answer.text, answer.token_ids, answer.finish) == ("a", (), "stop")
    assert answer.completion_tokens == 3


def test_an_end_that_only_the_server_knows_is_an_end() -> None:
    with serving(always(completion(token_ids=[7, 8, 99]))) as fake:
        (answer,) = ask(fake, tokens(), path="m", stop_ids=(1,))
    assert (answer.token_ids, answer.finish) == ((7, 8, 99), "stop")


@pytest.mark.parametrize("change", [{"prompt_token_ids": [0, 5, 60, 61]}, {"usage": 4}])
def test_a_prompt_that_the_server_changed_ends_the_run(change: dict[str, Any]) -> None:
    said = completion(**change)
    if "usage" in change:
        said.body["usage"]["prompt_tokens"] = change["usage"]
    with serving(always(said)) as fake, pytest.raises(MeasurementError, match="prompt"):
        run(fake, tokens(), path="m", stop_ids=(1,))


def test_first_logprobs_go_by_token_id_likeliest_first() -> None:
    top = {"token_id:9": -2.0, "token_id:7": -0.5, "token_id:3": -4.0}
    with serving(always(completion(logprobs={"top_logprobs": [top]}))) as fake:
        (answer,) = ask(fake, tokens(logprobs=2), path="m", stop_ids=(1,))
    assert list(answer.first_logprobs.items()) == [("7", -0.5), ("9", -2.0)]
    assert fake.bodies("completions")[0]["logprobs"] == 2


@pytest.mark.parametrize("logprobs", [None, {"top_logprobs": [{" a": -0.1}]}, {}])
def test_logprobs_that_do_not_say_which_token_end_the_run(logprobs: Any) -> None:
    said = completion(logprobs=logprobs)
    with serving(always(said)) as fake, pytest.raises(MeasurementError, match="by token id"):
        run(fake, tokens(logprobs=2), path="m", stop_ids=(1,))


def echoed(*scored: int, values: list[float | None]) -> Script:
    """The prompt with its logprobs where it is asked for."""
    names = [f"token_id:{token}" for token in (*IDS, *scored, 4)]
    back = {"tokens": names, "token_logprobs": [None, -9.0, -9.0, *values, -9.0]}

    def script(path: str, body: dict[str, Any], before: int) -> Says:
        if path == "models":
            return models("base")
        if not body.get("echo"):
            return completion()
        return completion(logprobs=back, prompt_token_ids=body["prompt"])

    return script


def test_targets_are_scored_by_the_logprobs_of_an_echoed_prompt() -> None:
    with serving(echoed(70, 71, values=[-0.5, -0.25])) as fake:
        (answer,) = ask(fake, tokens(targets=((70, 71),)), path="m", stop_ids=(1,))
    assert answer.target_logprobs == ((-0.5, -0.25),)
    assert fake.bodies("completions")[1]["prompt"] == [5, 60, 61, 70, 71]


def test_a_server_that_scores_other_tokens_ends_the_run() -> None:
    with (
        serving(echoed(70, 72, values=[-0.5, -0.25])) as fake,
        pytest.raises(MeasurementError, match="other tokens"),
    ):
        run(fake, tokens(targets=((70, 71),)), path="m", stop_ids=(1,))


def test_a_server_that_echoes_nothing_leaves_targets_unscored() -> None:
    with serving(always(completion())) as fake:
        (answer,) = ask(fake, tokens(targets=((70, 71),)), path="m", stop_ids=(1,))
    assert (answer.text, answer.target_logprobs) == ("7 8", ())


def test_probes_come_first_and_one_without_an_answer_ends_the_run() -> None:
    top = {"logprobs": {"top_logprobs": [{"token_id:7": -0.5}]}}
    probes = (tokens("probe/base/0", logprobs=1), tokens("probe/base/1", logprobs=1))
    job: dict[str, Any] = {"path": "m", "stop_ids": (1,), "probes": probes}
    with serving(always(completion(**top))) as fake:
        found = [answer.request for answer in ask(fake, tokens(), **job)]
    assert sorted(found[:2]) == ["probe/base/0", "probe/base/1"]
    assert found[2:] == ["cell/a"]
    with (
        serving(always(Says({"error": "no logprobs here"}, 400))) as fake,
        pytest.raises(MachineError, match="probe got no answer: no logprobs here"),
    ):
        run(fake, tokens(), **job)


# ---------------------------------------------------------------- which model answers


@pytest.mark.parametrize(
    "adapter, told",
    [("served:house", "base"), ("served:house", "other"), (None, "house"), (None, "style")],
)
def test_another_model_than_the_one_asked_ends_the_run(adapter: str | None, told: str) -> None:
    """`style` is not asked here, but the server says that it is an adapter."""
    script = always(chat("x", model=told), models("base", style="base"))
    places = {"d1": "served:house"}
    with serving(script) as fake, pytest.raises(MeasurementError) as caught:
        run(fake, talk(adapter="d1" if adapter else None), adapters=places)
    assert f"answers as '{told}' where '{'house' if adapter else 'base'}' was asked" in str(
        caught.value
    )


def test_an_alias_of_the_base_does_not_excuse_an_adapter() -> None:
    requests = (talk("cell/a"), talk("cell/b", "d1"))
    with (
        serving(always(chat("x", model="base-2026-01-31"))) as fake,
        pytest.raises(MeasurementError, match="where 'house' was asked"),
    ):
        run(fake, *requests, adapters={"d1": "served:house"})


def test_a_base_may_answer_under_its_full_name_which_is_said_once() -> None:
    with serving(always(chat("x", model="base-2026-01-31"))) as fake:
        made = run(fake, talk("cell/a"), talk("cell/b"))
    assert sum(isinstance(one, Answer) for one in made) == 2
    assert [one for one in made if isinstance(one, str)] == [
        f"{fake.url} answers as 'base-2026-01-31' where 'base' was asked"
    ]


@pytest.mark.parametrize("status", [403, 404, 307])
def test_a_model_that_the_server_does_not_serve_is_one_error_with_the_nearest(status: int) -> None:
    gone = Says({"error": {"message": "no such model"}}, status)
    script = always(gone, models("base-7b", "large"))
    with serving(script) as fake, pytest.raises(UsageError) as caught:
        run(fake, *[talk(f"cell/{i}") for i in range(30)], model="base-8b")
    assert str(caught.value) == (
        f"{fake.url} does not serve 'base-8b': no such model ({status}) (did you mean 'base-7b'?)"
    )
    assert len(fake.bodies("chat/completions")) <= 4


def test_a_refusal_after_answers_is_that_answers_own() -> None:
    def script(path: str, body: dict[str, Any], before: int) -> Says:
        if path == "models":
            return models("base")
        return Says({"error": "moderated"}, 403) if before == 6 else chat("x")

    with serving(script) as fake:
        found = ask(fake, *[talk(f"cell/{i}") for i in range(9)])
    assert sorted(answer.error for answer in found) == [""] * 8 + ["moderated (403)"]


def test_names_of_the_same_weights_are_one_base() -> None:
    """VLLM lists each name that it was given, and answers under the first."""
    with serving(always(chat("x", "base-a"), models("base-a", "base-b"))) as fake:
        assert [len(run(fake, talk(), model=name)) for name in ("", "base-b")] == [1, 1]


def test_the_only_base_needs_no_name_and_of_several_one_must_be_named() -> None:
    with serving(always(chat("x", "only"), models("only", house="only"))) as fake:
        assert ask(fake, talk(), model="")[0].text == "x"
    with (
        serving(always(chat("x"), models("one", "two"))) as fake,
        pytest.raises(UsageError, match=r"has 2 models .*one, two"),
    ):
        run(fake, talk(), model="")


def test_a_server_that_lists_no_models_is_asked_all_the_same() -> None:
    with serving(always(chat("x"), Says({"detail": "Not Found"}, 404))) as fake:
        assert ask(fake, talk())[0].text == "x"


# ---------------------------------------------------------------- adapters


def loading(said: Says, listed: Says) -> Script:
    """Loading an adapter is answered with `said`; whoever is asked answers under its name."""

    def script(path: str, body: dict[str, Any], before: int) -> Says:
        if path == "models":
            return listed
        return said if path == "load_lora_adapter" else chat("x", body["model"])

    return script


def test_a_folder_is_loaded_under_its_digest_and_what_is_there_is_not(tmp_path: Path) -> None:
    places = {"d1": str(tmp_path / "one"), "d2": str(tmp_path / "two"), "d3": "served:house"}
    requests = [talk(f"cell/{d}", d) for d in places]
    with serving(loading(Says("Success: added"), models("base", d2="base"))) as fake:
        assert len(ask(fake, *requests, adapters=places)) == 3
    loaded = fake.bodies("load_lora_adapter")
    assert loaded == [{"lora_name": "d1", "lora_path": str(tmp_path / "one")}]
    assert {body["model"] for body in fake.bodies("chat/completions")} == {"d1", "d2", "house"}


@pytest.mark.parametrize(
    "said",
    [
        Says({"detail": "Not Found"}, 404),
        Says({"error": {"message": "LoRA rank 32 is greater than max_lora_rank 16"}}, 500),
    ],
)
def test_a_folder_that_the_server_does_not_load_is_one_line_with_what_to_do(
    tmp_path: Path, said: Says
) -> None:
    with serving(loading(said, models("base"))) as fake, pytest.raises(UsageError) as caught:
        run(fake, talk(adapter="d1"), adapters={"d1": str(tmp_path)})
    text = str(caught.value)
    assert http.words_of(said.body) in text
    assert f"--lora-modules d1={tmp_path}" in text
    assert "served:NAME" in text
    assert len(fake.bodies("load_lora_adapter")) == 1
