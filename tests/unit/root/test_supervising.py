"""Over as many starts as it takes, every answer comes once, and each step says what happened."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import pytest

from harness.console import Log
from harness.errors import MachineError, MeasurementError, UsageError
from harness.executors import CrashError, HungError, NoMemoryError
from harness.records import Answer, EngineJob, Request
from harness.supervising import answers

Fault = Callable[[int, dict[str, Any], list[str]], BaseException | None]
DIED = CrashError("the engine died")


class Engine:
    """An executor whose engine answers wave by wave; `fault` may end it before any message.

    It is called with the number of the start, the request and what this start has answered.
    """

    description: ClassVar[str] = "a fake"

    def __init__(self, fault: Fault = lambda *_: None) -> None:
        self.fault = fault
        self.jobs: list[dict[str, Any]] = []
        self.closed = 0

    def run(self, target: str, payload: Any, log: Path) -> Iterator[Any]:
        job = json.loads(json.dumps(payload))["job"]
        self.jobs.append(job)
        said: list[str] = []
        try:
            yield {"_alive": 1}
            for request in (*job["probes"], *job["requests"]):
                error = self.fault(len(self.jobs), request, said)
                if error is not None:
                    raise error
                yield asdict(Answer(request["id"], f"start {len(self.jobs)}"))
                said.append(request["id"])
        finally:
            self.closed += 1

    def asked(self) -> list[str]:
        """What each start was asked, as one word: digits of a wave, waves apart."""
        found = []
        for job in self.jobs:
            waves: dict[int, str] = {}
            for request in job["requests"]:
                waves[request["wave"]] = waves.get(request["wave"], "") + request["id"]
            found.append(" ".join(waves.values()))
        return found


class Said(Log):
    """Keeps what it warns of."""

    def __init__(self) -> None:
        super().__init__(quiet=True)
        self.lines: list[str] = []

    def caution(self, text: str) -> None:
        self.lines.append(text)


def job_of(words: str, sequences: int = 0) -> EngineJob:
    """A job whose requests are letters; words are waves. Letters later in a wave are shorter."""
    requests = [
        Request(name, (1,) * (20 - at), wave=number)
        for number, word in enumerate(words.split())
        for at, name in enumerate(word)
    ]
    probes = (Request("probe/base/0", (1,)), Request("probe/base/1", (1,)))
    return EngineJob("m", tuple(requests), probes, max_sequences=sequences)


def ask(
    engine: Engine, words: str, log: Log | None = None, sequences: int = 0, check: Any = len
) -> Iterator[Answer]:
    log = log or Said()
    return answers("vllm", job_of(words, sequences), engine, Path("log"), log, check)


def told(found: Iterator[Answer]) -> str:
    """The answers in their order; a capital letter is one that is an error."""
    return "".join(a.request.upper() if a.finish == "error" else a.request for a in found)


def before(name: str, starts: set[int], error: BaseException = DIED) -> Fault:
    """Ends the named starts before this request."""
    return lambda start, request, _: error if start in starts and request["id"] == name else None


def with_(name: str, error: BaseException = DIED) -> Fault:
    """Ends every start as soon as its wave is reached, whatever runs first in it."""

    def fault(start: int, request: dict[str, Any], said: list[str]) -> BaseException | None:
        wave = [r for r in engine.jobs[-1]["requests"] if r["wave"] == request["wave"]]
        dies = not request["id"].startswith("probe") and name in [r["id"] for r in wave]
        return error if dies else None

    engine = Engine(fault)
    fault.engine = engine  # type: ignore[attr-defined]
    return fault


# ---------------------------------------------------------------- undisturbed


def test_without_a_fault_there_is_one_start_and_the_check_sees_the_probes_first() -> None:
    seen: list[Any] = []
    engine, log = Engine(), Said()
    found = ask(engine, "abc de", log, check=seen.extend)
    first = next(found)
    assert [probe.request for probe in seen] == ["probe/base/0", "probe/base/1"]
    assert first.request + told(found) == "abcde"
    assert (engine.asked(), log.lines) == (["abc de"], [])


def test_notes_of_an_engine_are_said() -> None:
    class Noting(Engine):
        def run(self, target: str, payload: Any, log: Path) -> Iterator[Any]:
            yield {"_note": "halving"}
            yield from super().run(target, payload, log)

    log = Said()
    assert told(ask(Noting(), "ab", log)) == "ab"
    assert log.lines == ["halving"]


def test_probes_alone_are_a_job_too() -> None:
    engine, seen = Engine(before("probe/base/1", {1})), []
    assert told(ask(engine, "", check=seen.extend)) == ""
    assert (len(engine.jobs), len(seen)) == (2, 2)


# ---------------------------------------------------------------- crashes


@pytest.mark.parametrize(
    "error", [DIED, HungError("nothing was heard of the child process for 300 s")]
)
def test_after_a_crash_whole_waves_are_asked_again_and_no_answer_comes_twice(
    error: CrashError,
) -> None:
    """Wave `cde` is torn: its company in the second start is that of the first."""
    engine, log = Engine(before("e", {1}, error)), Said()
    found = list(ask(engine, "ab cde fg", log))
    assert [(a.request, a.text[-1]) for a in found] == [
        *((name, "1") for name in "abcd"),
        *((name, "2") for name in "efg"),
    ]
    assert engine.asked() == ["ab cde fg", "cde fg"]
    what = error.problems[0].what
    assert log.lines == [f"{what}: starting the engine again, 4 of 7 answers are there"]


def test_the_probes_are_checked_at_every_start() -> None:
    checks: list[int] = []
    told(ask(Engine(before("b", {1})), "abc", check=lambda probes: checks.append(len(probes))))
    assert checks == [2, 2]


def test_a_crash_after_the_last_answer_changes_nothing() -> None:
    class Late(Engine):
        def run(self, target: str, payload: Any, log: Path) -> Iterator[Any]:
            yield from super().run(target, payload, log)
            raise DIED

    engine = Late()
    assert told(ask(engine, "ab")) == "ab"
    assert len(engine.jobs) == 1


@pytest.mark.parametrize("name", ["probe/base/0", "a"])
def test_three_starts_without_an_answer_are_enough(name: str) -> None:
    engine = Engine(
        lambda start, request, _: DIED if "/" in name or len(request["id"]) == 1 else None
    )
    with pytest.raises(CrashError) as caught:
        told(ask(engine, "abc"))
    assert caught.value is DIED
    assert len(engine.jobs) == 3


@pytest.mark.parametrize(
    "error",
    [
        MeasurementError("vLLM changed the prompt's token ids"),
        UsageError("no such adapter"),
        MachineError("vLLM cannot serve this model"),
    ],
)
def test_what_an_engine_says_itself_is_never_tried_again(error: Exception) -> None:
    engine = Engine(before("b", {1}, error))
    with pytest.raises(type(error)):
        told(ask(engine, "abc"))
    assert len(engine.jobs) == 1


def test_a_failed_check_ends_everything_and_the_child() -> None:
    def fail(probes: list[Answer]) -> None:
        raise MeasurementError("canary: wrong weights")

    engine = Engine()
    with pytest.raises(MeasurementError, match="canary"):
        next(ask(engine, "ab", check=fail))
    assert (len(engine.jobs), engine.closed) == (1, 1)


def test_a_reader_who_stops_ends_the_child() -> None:
    engine = Engine()
    found = ask(engine, "ab")
    next(found)
    found.close()  # type: ignore[attr-defined]
    assert engine.closed == 1


def test_an_engine_that_leaves_answers_out_is_an_error() -> None:
    class Short(Engine):
        def run(self, target: str, payload: Any, log: Path) -> Iterator[Any]:
            yield from [*super().run(target, payload, log)][:-1]

    with pytest.raises(MachineError, match="the engine gave 2 of 3 answers"):
        told(ask(Short(), "abc"))


def test_an_answer_that_nobody_asked_for_is_an_error() -> None:
    class Stray(Engine):
        def run(self, target: str, payload: Any, log: Path) -> Iterator[Any]:
            yield from super().run(target, payload, log)
            yield asdict(Answer("z", ""))

    with pytest.raises(MachineError, match="the engine answered 'z' out of turn"):
        told(ask(Stray(), "abc"))


# ---------------------------------------------------------------- the request that it dies of


@pytest.mark.parametrize("name", list("abcdefgh"))
@pytest.mark.parametrize("words", ["abcdefgh", "xy abcdefgh z"])
def test_a_request_that_the_engine_dies_of_is_an_error_and_all_others_are_answered(
    words: str, name: str
) -> None:
    """Whichever it is, and whether anything was answered before or not."""
    log = Said()
    fault = with_(name)
    engine: Engine = fault.engine  # type: ignore[attr-defined]
    last = words.replace(" ", "")
    if words == "abcdefgh" and name == "h":
        # the shortest request stands alone first, to show that the engine can answer at all
        with pytest.raises(CrashError):
            told(ask(engine, words, log))
        return
    found = list(ask(engine, words, log))
    assert sorted(a.request for a in found) == sorted(last)
    assert [a.request for a in found if a.finish == "error"] == [name]
    assert f"request {name} is given up: the engine died of it: the engine died" in log.lines
    assert len(engine.jobs) <= 3 + 2 * len("abcdefgh").bit_length()


def test_a_wave_is_asked_again_as_a_whole_once_before_it_is_cut() -> None:
    fault = with_("b")
    engine: Engine = fault.engine  # type: ignore[attr-defined]
    told(ask(engine, "xy abcd"))
    assert engine.asked() == ["xy abcd", "abcd", "ab cd", "a b cd", "cd"]


def test_three_requests_in_a_row_that_it_dies_of_are_the_engine_and_not_the_requests() -> None:
    engine = Engine(lambda start, request, said: DIED if request["id"] in "bcdefgh" else None)
    with pytest.raises(CrashError):
        told(ask(engine, "abcdefgh"))
    assert len(engine.jobs) < 16


def test_an_engine_that_takes_requests_in_no_order_has_none_to_blame() -> None:
    """A server is asked many at once: of what was it that it died?"""

    class Server(Engine):
        def run(self, target: str, payload: Any, log: Path) -> Iterator[Any]:
            self.jobs.append(json.loads(json.dumps(payload))["job"])
            for request in (*self.jobs[-1]["probes"], *self.jobs[-1]["requests"][1::2]):
                yield asdict(Answer(request["id"], ""))
            raise DIED

    engine, seen = Server(), []

    def follow() -> None:
        for answer in ask(engine, "a b c d e"):
            seen.append(answer.request + answer.error)  # noqa: PERF401 - what came before it died

    with pytest.raises(CrashError):
        follow()
    assert seen == ["b", "d", "c", "e"]
    assert len(engine.jobs) == 6


# ---------------------------------------------------------------- memory


def test_out_of_memory_halves_what_runs_side_by_side_and_says_so() -> None:
    log, full = Said(), NoMemoryError("no memory for the model (CUDA out of memory)")
    engine = Engine(lambda start, request, _: full if start <= 2 and request["id"] == "b" else None)
    assert told(ask(engine, "abc", log, sequences=64)) == "abc"
    assert [job["max_sequences"] for job in engine.jobs] == [64, 32, 16]
    assert log.lines == [
        "out of memory: going on with 32 sequences at a time",
        "out of memory: going on with 16 sequences at a time",
    ]


def test_halving_begins_at_what_the_engine_chooses_itself() -> None:
    engine = Engine(before("b", {1}, NoMemoryError("no memory")))
    told(answers("transformers", job_of("abc"), engine, Path("log"), Said(), len))
    assert [job["max_sequences"] for job in engine.jobs] == [0, 16]


def test_a_kill_by_the_system_is_taken_for_a_lack_of_memory_and_said_as_what_it_is() -> None:
    log = Said()
    killed = NoMemoryError("harness.serve.worker:generate was killed by the system (most often …)")
    told(ask(Engine(before("b", {1}, killed)), "abc", log, sequences=8))
    assert log.lines == [
        "killed by the system, most often for lack of memory: going on with 4 sequences at a time"
    ]


def test_a_model_that_does_not_fit_at_all_is_tried_three_times() -> None:
    engine = Engine(lambda *_: NoMemoryError("no memory for the model"))
    with pytest.raises(NoMemoryError):
        told(ask(engine, "abc", sequences=64))
    assert [job["max_sequences"] for job in engine.jobs] == [64, 32, 16]


def test_a_wave_that_needs_few_rows_gets_there_however_often_it_halves() -> None:
    engine = Engine()
    engine.fault = lambda start, request, _: (
        NoMemoryError("no memory") if len(request["id"]) == 1 and start < 6 else None
    )
    assert told(ask(engine, "abc", sequences=32)) == "abc"
    assert [job["max_sequences"] for job in engine.jobs] == [32, 16, 8, 4, 2, 1]


def test_a_request_for_which_one_sequence_is_too_much_is_an_error() -> None:
    fault = with_("b", NoMemoryError("no memory"))
    engine: Engine = fault.engine  # type: ignore[attr-defined]
    assert sorted(told(ask(engine, "x abcd", sequences=2))) == ["B", "a", "c", "d", "x"]
