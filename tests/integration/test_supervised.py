"""An engine that crashes, hangs or has no memory costs a start, and neither answer nor number."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import planted_engines
import psutil
import pytest
from command import Bench, Done, Result

from harness import supervising
from harness.console import Log
from harness.errors import MeasurementError
from harness.executors import PATIENCE, CrashError, Subprocess
from harness.records import Answer, EngineJob, Request, Run
from harness.report.json import read
from harness.store import Store


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> str:
    return planted_engines.install(tmp_path_factory.mktemp("planted") / "site")


class Notes:
    """Which faults are planted, and what each start was asked."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "starts"

    def plant(self, **fault: Any) -> str:
        return json.dumps({"notes": str(self.path), **fault})

    @property
    def starts(self) -> list[list[int]]:
        """Requests and max_sequences of each start."""
        return [json.loads(line) for line in self.path.read_text("utf-8").splitlines()]


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path)


class Said(Log):
    """Keeps what it warns of."""

    def __init__(self) -> None:
        super().__init__(quiet=True)
        self.lines: list[str] = []

    def caution(self, text: str) -> None:
        self.lines.append(text)


# ---------------------------------------------------------------- a whole run


def texts(run: Run) -> dict[tuple[str, str, str], str]:
    return {(a.candidate, a.task, a.case): a.answer.text for a in run.answers}


@pytest.mark.parametrize(
    "fault, says",
    [
        ("exit", r"died with exit code 9: starting the engine again, 5 of \d+ answers are there"),
        ("memory", "out of memory: going on with 32 sequences at a time"),
    ],
)
def test_a_run_whose_engine_fails_in_the_middle_of_a_batch_ends_with_the_same_answers(
    fault: str, says: str, done: Done, bench: Bench, site: str, notes: Notes
) -> None:
    shutil.copytree(done.bench.home / "adapters", bench.home / "adapters")
    planted = notes.plant(fault=fault, after=5, starts=1)
    args = ("run", done.suite, "--engine", "planted", "--reports", bench.reports)
    result: Result = bench(*args, env={"PYTHONPATH": site, "PLANTED": planted})
    assert result.returncode == done.result.returncode, result.stderr
    assert len(re.findall(says, result.stderr)) == 1, result.stderr
    assert len(notes.starts) == 2
    (data,) = bench.reports.glob("tiny/*/run.json")
    assert texts(read(data)) == texts(done.run)  # other tests may have runs beside that one
    for lines in bench.answers().values():
        cases = [line["request"] for line in lines]
        assert len(cases) == len(set(cases))


# ---------------------------------------------------------------- the supervisor and real children


@pytest.fixture
def job(tmp_path: Path) -> EngineJob:
    """Three waves of four, and an adapter."""
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_config.json").write_text("{}", encoding="utf-8")
    digest = Store(tmp_path / "home").adapter_digest(folder)
    requests = [Request(f"r{n:02}", (1,) * (5 + n), digest, wave=n // 4) for n in range(12)]
    return EngineJob("", tuple(requests), (Request("probe/base/0", (1,)),), {digest: str(folder)})


@pytest.fixture
def supervised(
    site: str, job: EngineJob, notes: Notes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Asks engine `light` in a child process."""
    monkeypatch.setenv("PYTHONPATH", site)

    def ask(log: Log, **fault: Any) -> Iterator[Answer]:
        monkeypatch.setenv("PLANTED", notes.plant(**fault))
        return supervising.answers(
            "light", job, Subprocess(), tmp_path / "logs" / "engine.log", log, lambda _: None
        )

    return ask


def test_an_engine_that_hangs_is_ended_started_again_and_loses_nothing(
    supervised: Any, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not mind a polite signal, as an engine that waits for a GPU does not."""
    monkeypatch.setenv(PATIENCE, "5")
    monkeypatch.setattr("harness.executors.GRACE", 0.2)
    log = Said()
    found = [(a.request, a.text) for a in supervised(log, fault="hang", after=6, starts=1)]
    assert found == [(f"r{n:02}", "beside 3") for n in range(12)]
    what = "nothing was heard of the child process for 5 s"
    assert log.lines == [f"{what}: starting the engine again, 6 of 12 answers are there"]
    assert notes.starts == [[12, 0], [8, 0]]
    assert [c for c in psutil.Process().children() if c.status() != psutil.STATUS_ZOMBIE] == []


@pytest.mark.parametrize(
    "fault, says, sequences",
    [
        ("killed", "killed by the system, most often for lack of memory: going on with 32", 32),
        ("memory", "out of memory: going on with 32 sequences at a time", 32),
        ("KeyError", "KeyError: 'KeyError': starting the engine again, 6 of 12 answers are", 0),
    ],
)
def test_an_engine_that_fails_goes_on_where_it_was(
    supervised: Any, notes: Notes, fault: str, says: str, sequences: int
) -> None:
    log = Said()
    found = [(a.request, a.text) for a in supervised(log, fault=fault, after=6, starts=1)]
    assert found == [(f"r{n:02}", "beside 3") for n in range(12)]
    (line,) = log.lines
    assert line.startswith(says)
    assert notes.starts == [[12, 0], [8, sequences]]


def test_a_request_that_kills_its_engine_is_an_error_and_its_company_is_answered(
    supervised: Any, notes: Notes
) -> None:
    log = Said()
    found = {a.request: a for a in supervised(log, poison="r06")}
    assert sorted(found) == [f"r{n:02}" for n in range(12)]
    assert [name for name, a in found.items() if a.finish == "error"] == ["r06"]
    assert "the engine died of it" in found["r06"].error
    assert "died with exit code 9" in found["r06"].error
    assert [found[f"r{n:02}"].text for n in (0, 3, 8, 11)] == ["beside 3"] * 4
    assert len(notes.starts) == 5


def test_an_engine_that_always_dies_is_given_up_after_three_starts(
    supervised: Any, notes: Notes
) -> None:
    with pytest.raises(CrashError, match="died with exit code 9"):
        list(supervised(Said(), fault="exit", after=0, starts=99))
    assert len(notes.starts) == 3


def test_an_adapter_that_is_overwritten_while_it_is_measured_ends_the_run(
    supervised: Any, job: EngineJob, notes: Notes
) -> None:
    """The name stays; a start after a crash would serve the new bytes."""
    (folder,) = job.adapters.values()
    found = supervised(Said(), fault="exit", after=6, starts=1)
    seen = [next(found).request]
    (Path(folder) / "adapter_config.json").write_text('{"r": 8}', encoding="utf-8")
    with pytest.raises(MeasurementError, match="no longer those that the run was planned with"):
        seen += [answer.request for answer in found]
    assert len(notes.starts) == 1


def test_a_prompt_that_would_be_cut_is_refused_by_the_child(
    supervised: Any, job: EngineJob, tmp_path: Path
) -> None:
    payload = {"engine": "light", "job": {**asdict(job), "max_model_len": 64}}
    supervised(Said())
    with pytest.raises(MeasurementError, match="its prompt or its answer would be cut"):
        list(Subprocess().run(supervising.WORKER, payload, tmp_path / "log"))
