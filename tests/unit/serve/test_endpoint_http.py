"""How often a server is asked, how long is waited, and what is said of it."""

from collections import deque
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from fake_server import KEY, Fake, Says, Script, chat, models, serving

from harness.errors import MachineError, UsageError
from harness.records import Answer, Endpoint, EngineJob, Request
from harness.serve import http
from harness.serve.endpoint import EndpointEngine


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits of milliseconds, and a key in the environment."""
    monkeypatch.setattr(http, "FIRST_WAIT", 0.002)
    monkeypatch.setenv("BENCH_TEST_KEY", KEY)


def requests(count: int) -> tuple[Request, ...]:
    return tuple(
        Request(f"cell/{i}", (), max_tokens=5, messages=(("user", f"question {i}"),))
        for i in range(count)
    )


def run(fake: Fake, count: int = 1, **settings: Any) -> list[Answer]:
    return [one for one in everything(fake, count, **settings) if isinstance(one, Answer)]


def everything(fake: Fake, count: int = 1, **settings: Any) -> list[Answer | str]:
    endpoint = Endpoint(**{"url": fake.url, "model": "base", "retries": 3, **settings})
    return list(EndpointEngine().generate(EngineJob("", requests(count), endpoint=endpoint)))


def after(*first: Says) -> Script:
    """Some replies to the first tries, then answers."""

    def script(path: str, body: dict[str, Any], before: int) -> Says:
        if path == "models":
            return models("base")
        return first[before] if before < len(first) else chat("fine")

    return script


@pytest.mark.parametrize(
    "trouble",
    [
        Says({"error": {"message": "slow down"}}, 429),
        Says("oops", 500),
        Says({"detail": "starting"}, 503),
        Says("<html>gateway</html>", 200),
        Says({"error": {"message": "overloaded", "code": 502}}, 200),
        Says('{"choices"', torn=True),
    ],
    ids=["429", "500", "503", "no JSON", "error in a 200", "torn"],
)
def test_what_may_pass_is_tried_again(trouble: Says) -> None:
    with serving(after(trouble, trouble)) as fake:
        (answer,) = run(fake)
    assert (answer.text, answer.finish) == ("fine", "stop")
    assert len(fake.bodies("chat/completions")) == 3


def test_a_server_that_hangs_is_asked_again() -> None:
    with serving(after(Says({}, wait=0.6))) as fake:
        (answer,) = run(fake, timeout=0.25)
    assert answer.text == "fine"


def test_each_wait_is_longer_than_the_last_and_none_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "FIRST_WAIT", 0.5)
    found = [[http.back_off(turn) for _ in range(50)] for turn in range(12)]
    for turn, waits in enumerate(found):
        bound = min(http.LONGEST_WAIT, 0.5 * 2**turn)
        assert bound / 2 <= min(waits) < max(waits) <= bound


@pytest.mark.parametrize("dated", [False, True])
def test_retry_after_is_waited_for_by_all_and_said(
    monkeypatch: pytest.MonkeyPatch, dated: bool
) -> None:
    monkeypatch.setattr(http, "FELT", 0.1)
    value = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    busy = Says({"error": "slow down"}, 429, {"Retry-After": value if dated else "0.5"})
    with serving(after(busy, busy)) as fake:
        made = everything(fake, 6, concurrency=2)
    assert sum(isinstance(one, Answer) for one in made) == 6
    notes = [one for one in made if isinstance(one, str)]
    assert len(notes) == 1
    assert "slow down; trying again in" in notes[0]
    waits = [b - a for a, b in zip(fake.times, fake.times[1:], strict=False)]
    # of the two that run side by side both are told, and nobody asks before the time is over
    assert max(waits) >= 0.4
    assert sum(wait > 0.3 for wait in waits) == 1


@pytest.mark.parametrize("value", ["0", "Wed, 21 Oct 2015 07:28:00 GMT", "soon"])
def test_a_retry_after_that_asks_for_nothing_does_not_hurry_us(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setattr(http, "FIRST_WAIT", 0.2)
    with serving(after(Says("busy", 503, {"Retry-After": value}))) as fake:
        assert run(fake)[0].text == "fine"
    assert fake.times[-1] - fake.times[-2] >= 0.1


@pytest.mark.parametrize(
    "value, seconds",
    [
        ("7", 7.0),
        ("0.25", 0.25),
        ("-3", None),
        ("soon", None),
        ("", None),
        ("inf", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert http.retry_after({"retry-after": value}) == seconds


def test_a_server_that_wants_a_long_rest_is_not_waited_for() -> None:
    busy = Says({"error": "come back tomorrow"}, 429, {"Retry-After": "86400"})
    with serving(after(busy)) as fake, pytest.raises(MachineError) as caught:
        run(fake)
    assert "wants 86400 s of rest: come back tomorrow" in str(caught.value)


def test_what_the_server_refuses_for_good_is_an_error_in_its_words_and_not_tried_again() -> None:
    refusal = {"error": {"message": "This model's context\nis 4 tokens", "type": "invalid"}}

    def script(path: str, body: dict[str, Any], before: int) -> Says:
        if path == "models":
            return models("base")
        long = "question 1" in str(body["messages"])
        return Says(refusal, 400) if long else chat("fine")

    with serving(script) as fake:
        good, bad = sorted(run(fake, 2), key=lambda one: one.request)
    assert (good.text, bad.text) == ("fine", "")
    assert (bad.finish, bad.error) == ("error", "This model's context is 4 tokens (400)")
    assert len(fake.bodies("chat/completions")) == 2


def test_a_request_that_always_fails_is_an_error_when_the_rest_is_answered() -> None:
    def script(path: str, body: dict[str, Any], before: int) -> Says:
        if path == "models":
            return models("base")
        return Says("boom", 500) if "question 0" in str(body["messages"]) else chat("fine")

    with serving(script) as fake:
        found = run(fake, 5, concurrency=2, retries=1)
    assert [answer.finish for answer in found] == ["stop"] * 4 + ["error"]
    assert (found[-1].request, found[-1].error) == ("cell/0", "boom (500)")
    tries = [b for b in fake.bodies("chat/completions") if "question 0" in str(b["messages"])]
    assert len(tries) == 4  # two, and two more at the end


def test_a_server_that_never_answers_ends_the_run_and_not_each_request() -> None:
    with serving(after(*[Says("boom", 500)] * 99)) as fake, pytest.raises(MachineError) as caught:
        run(fake, 2, retries=1)
    assert "asked for a first answer: boom" in str(caught.value)


def test_a_server_that_goes_away_ends_the_run_and_what_it_gave_is_kept() -> None:
    def script(path: str, body: dict[str, Any], before: int) -> Says:
        if path == "models":
            return models("base")
        return chat("fine") if before < 3 else Says("boom", 500)

    kept: list[Any] = []
    with serving(script) as fake:
        endpoint = Endpoint(fake.url, model="base", concurrency=1, retries=0)
        made = EndpointEngine().generate(EngineJob("", requests(40), endpoint=endpoint))
        with pytest.raises(MachineError) as caught:
            deque(map(kept.append, made), maxlen=0)
    assert len(kept) == 3
    assert "asked 8 times in a row: boom" in str(caught.value)
    assert len(fake.bodies("chat/completions")) == 11


def test_an_account_without_credit_ends_the_run_at_once() -> None:
    spent = {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}
    with serving(after(Says(spent, 429))) as fake, pytest.raises(MachineError) as caught:
        run(fake)
    assert "You exceeded your quota" in str(caught.value)
    assert len(fake.bodies("chat/completions")) == 1


def test_no_more_run_side_by_side_than_allowed() -> None:
    def script(path: str, body: dict[str, Any], before: int) -> Says:
        return models("base") if path == "models" else Says(chat("fine").body, wait=0.03)

    with serving(script) as fake:
        found = run(fake, 12, concurrency=4)
    assert (len(found), fake.busiest) == (12, 4)


def test_a_caller_that_stops_early_leaves_no_request_running() -> None:
    def script(path: str, body: dict[str, Any], before: int) -> Says:
        return models("base") if path == "models" else Says(chat("fine").body, wait=0.02)

    with serving(script) as fake:
        endpoint = Endpoint(fake.url, model="base", concurrency=1)
        job = EngineJob("", requests(500), endpoint=endpoint)
        made: Any = EndpointEngine().generate(job)
        next(made)
        made.close()
        assert len(fake.asked) < 100


# ---------------------------------------------------------------- keys and URLs


@pytest.mark.parametrize("key, where", [("", "models"), ("BENCH_OTHER_KEY", "models")])
def test_a_missing_or_wrong_key_is_one_line_without_any_key(
    monkeypatch: pytest.MonkeyPatch, key: str, where: str
) -> None:
    monkeypatch.setenv("BENCH_OTHER_KEY", "sk-not-this-one")
    with serving(after(), key=KEY) as fake, pytest.raises(UsageError) as caught:
        run(fake, 3, key=key)
    text = str(caught.value)
    assert "refuses the key" in text
    assert "sk-" not in text
    assert [path for path, _ in fake.asked] == [where]


def test_the_right_key_is_sent() -> None:
    with serving(after(), key=KEY) as fake:
        assert run(fake, key="BENCH_TEST_KEY")[0].text == "fine"


def test_the_key_is_in_no_answer_even_where_the_server_says_it() -> None:
    said = Says({"error": {"message": f"bad request of {KEY}"}}, 400)
    with serving(after(said), key=KEY) as fake:
        (answer,) = run(fake, key="BENCH_TEST_KEY")
    assert answer.error == "bad request of *** (400)"


@pytest.mark.parametrize("value", [None, "", "sk\u2019x", "sk a\nb"])
def test_a_variable_without_a_usable_key_is_named(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("BENCH_TEST_KEY")
    if value is not None:
        monkeypatch.setenv("BENCH_TEST_KEY", value)
    with pytest.raises(UsageError, match="BENCH_TEST_KEY"):
        http.key_of(Endpoint("http://127.0.0.1/v1", key="BENCH_TEST_KEY"))


@pytest.mark.parametrize(
    "url, root",
    [
        ("http://h:8000/v1", "http://h:8000/v1"),
        ("http://h:8000/v1/", "http://h:8000/v1"),
        ("http://h:8000", "http://h:8000/v1"),
        ("https://h/api/v1/chat/completions", "https://h/api/v1"),
        ("https://h/openai/deployments", "https://h/openai/deployments"),
    ],
)
def test_a_url_is_taken_as_people_write_it(url: str, root: str) -> None:
    assert str(http.root_of(url)) == root


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://h/v1", "http://", "http://h:port/v1"])
def test_what_is_no_url_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        http.root_of(url)
    assert caught.value.problems[0].remedy == http.EXAMPLE


def test_nobody_at_the_url_is_one_line() -> None:
    with serving(after()) as fake:
        pass
    with pytest.raises(MachineError) as caught:
        run(fake)
    assert str(caught.value).startswith(f"{fake.url}, asked for its models: ConnectError:")


def test_no_url_asks_for_one() -> None:
    with pytest.raises(UsageError, match="--endpoint"):
        EndpointEngine().generate(EngineJob("", requests(1)))


@pytest.mark.parametrize(
    "body, words",
    [
        ({"error": {"message": "a"}}, "a"),
        ({"error": "b"}, "b"),
        ({"detail": [{"msg": "c"}]}, '[{"msg": "c"}]'),
        ({"message": "d"}, "d"),
        ({"error": {"code": 4}}, '{"code": 4}'),
        ({"other": 1}, ""),
        (["e"], ""),
    ],
)
def test_a_servers_words_are_found_in_the_shapes_that_servers_use(body: Any, words: str) -> None:
    assert http.words_of(body) == words
