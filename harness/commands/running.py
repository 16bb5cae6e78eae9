"""What the commands of `bench` share: a suite loaded, suites run, and what is printed then."""

import json
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from harness.records import Run, Suite


def load_suite(path: str, profile: str | None) -> "Suite":
    """The suite, in the profile asked for or the one that fits the machine."""
    from harness.plan import has_gpu
    from harness.suite.load import load

    return load(path, profile, has_gpu=has_gpu())


def run_suites(suites: "Sequence[Suite]", **settings: Any) -> "Iterator[Run]":
    """Run suites through the pipeline, each run as it is finished."""
    from harness import pipeline, preparing, registry
    from harness.console import Log
    from harness.store import Store

    log = Log(quiet=settings["quiet"])
    store = Store(Path(os.environ.get("BENCH_HOME", ".bench")))
    executor = registry.load("executor", settings["executor"])()
    options = preparing.Options(
        model=settings["model"],
        engine=settings["engine"],
        endpoint=settings.get("endpoint", ""),
        answers=settings.get("answers", ""),
        reports=settings["reports"],
        command=command_line(),
        baseline=settings.get("baseline"),
        allow_inconclusive=settings.get("allow_inconclusive", False),
    )
    yield from pipeline.run_all(suites, options, store, executor, log)


def command_line() -> str:
    """The command as it can be typed again."""
    return shlex.join(["bench", *sys.argv[1:]])


def print_json(data: Any) -> None:
    """JSON for a script, on standard output."""
    click.echo(json.dumps(data, indent=1, default=str, ensure_ascii=False))


def report_runs(suites: "Sequence[Suite]", *, as_json: bool, **settings: Any) -> None:
    """Run suites, print each run when it is finished, and exit with the worst verdict."""
    from harness.commands.views import exit_code, folder_of, run_line, show_run

    codes = []
    for finished in run_suites(suites, **settings):
        codes.append(exit_code(finished))
        folder = folder_of(settings["reports"], finished)
        if as_json:
            print_json(run_line(finished, folder))
        else:
            show_run(finished, folder)
    sys.exit(worst(codes))


def worst(codes: Sequence[int]) -> int:
    """The exit code of several verdicts: error, then fail, then inconclusive."""
    return next((code for code in (3, 1, 4) if code in codes), 0)
