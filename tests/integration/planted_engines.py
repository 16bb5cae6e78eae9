"""Engines with a planted fault, brought by a package that only the tests install.

What goes wrong is in the variable PLANTED, as JSON: `fault`, the request before which it happens
(`after` so many answers, or any wave that holds the id in `poison`), in how many `starts`, and the
file in which each start is noted.
"""

import json
import os
import signal
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar

from harness.records import Answer, EngineJob

ENTRIES = "[bench.engines]\nplanted = planted_engines:Planted\nlight = planted_engines:Light\n"


def install(site: Path) -> str:
    """Put this module into a folder as pip would; the folder, for PYTHONPATH."""
    info = site / "planted_engines-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: planted-engines\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(ENTRIES, encoding="utf-8")
    (site / "planted_engines.py").write_text(Path(__file__).read_text("utf-8"), encoding="utf-8")
    return str(site)


def fail(fault: str) -> None:
    """What a real engine may do."""
    if fault == "exit":
        os._exit(9)
    if fault == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "memory":
        raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
    if fault == "hang":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
    raise KeyError(fault)


class Planted:
    """The engine that is always there, with a fault."""

    description: ClassVar[str] = "transformers, with a planted fault"

    @staticmethod
    def missing() -> str:
        """Nothing."""
        return ""

    def generate(self, job: EngineJob) -> Iterator[Any]:
        """Answers up to the fault."""
        from harness.serve.transformers_engine import TransformersEngine

        yield from faulty(job, TransformersEngine().generate(job))


class Light:
    """Answers at once, so that a start takes no time."""

    description: ClassVar[str] = "says where it is, with a planted fault"

    @staticmethod
    def missing() -> str:
        """Nothing."""
        return ""

    def generate(self, job: EngineJob) -> Iterator[Any]:
        """Answers up to the fault, wave by wave."""
        poison = json.loads(os.environ["PLANTED"]).get("poison", "")
        yield None

        def said() -> Iterator[Any]:
            yield from (Answer(probe.id, "") for probe in job.probes)
            for _, wave in groupby(job.requests, key=lambda request: request.wave):
                together = [request.id for request in wave]
                if poison in together:
                    fail("exit")
                for name in together:
                    yield Answer(name, f"beside {len(together) - 1}")

        yield from faulty(job, said())


def faulty(job: EngineJob, made: Iterator[Any]) -> Iterator[Any]:
    """What an engine yields, until the fault."""
    planted = json.loads(os.environ["PLANTED"])
    notes = Path(planted["notes"])
    earlier = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
    with notes.open("a", encoding="utf-8") as file:
        file.write(json.dumps([len(job.requests), job.max_sequences]) + "\n")
    answered = 0
    for one in made:
        if isinstance(one, Answer) and not one.request.startswith("probe/"):
            if len(earlier) < planted.get("starts", 0) and answered == planted["after"]:
                fail(planted["fault"])
            answered += 1
        yield one
