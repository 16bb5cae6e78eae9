"""What `bench init` and `bench check` do and print."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.console import many
from harness.errors import Problem, SuiteError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from harness.records import Suite
    from harness.suite.init import Made


OF_DATA = {
    "--input": "inputs",
    "--output": "output",
    "--tags": "tags",
    "--source": "origin",
    "--id": "identity",
    "--split": "split",
    "--subset": "subset",
    "--skip-bad": "skip_bad",
    "--nested-as-json": "nested_as_json",
}  # what means something only with --from


def init_suite(folder: Path, source: str | None, name: str | None, **flags: Any) -> "Made":
    """Make a suite as the flags of `bench init` say."""
    from harness.suite.columns import Columns
    from harness.suite.gather import Asked
    from harness.suite.init import init

    asked = None
    if source is None:
        idle = next((option for option, key in OF_DATA.items() if flags[key]), None)
        if idle is not None:
            raise UsageError(f"{idle} says how to read data", remedy="name the data with --from")
    else:
        columns = Columns(
            inputs=flags["inputs"],
            output=flags["output"] or "",
            tags=flags["tags"] or "",
            source=flags["origin"] or "",
            id=flags["identity"] or "",
            nested_as_json=flags["nested_as_json"],
        )
        asked = Asked(
            source, columns, flags["split"], flags["subset"], flags["rows"], flags["skip_bad"]
        )
    same = ("near", "overlap", "model", "seed", "force")
    settings = {key: flags[key] for key in same}
    return init(folder, name or folder.resolve().name, asked, most=flags["cases"], **settings)


def schema_of(file: str) -> dict[str, Any]:
    """The JSON Schema of a kind of suite file, or of run.json.

    Raises:
        UnknownNameError: there is no such file; names the nearest.
    """
    from harness.report import json as report_json
    from harness.suite.schema import FILES, json_schema

    if file == "run":
        return report_json.json_schema()
    if file not in FILES:
        raise UnknownNameError("suite file", file, [*FILES, "run"])
    return json_schema(file)


def made_lines(folder: Path, made: "Made") -> Iterator[str]:
    """What was written and found, for a person."""
    from harness.suite import leak, profile

    yield from made.notes
    yield from profile.lines(made.profile) if made.profile else ()
    yield from leak.lines(made.leakage) if made.leakage else ()
    yield from (f"wrote {path}" for path in made.files)
    yield f"next: bench check {folder} && bench run {folder}"


def made_data(made: "Made") -> dict[str, Any]:
    """The same for a script."""
    return {
        "files": [str(path) for path in made.files],
        "notes": list(made.notes),
        "profile": asdict(made.profile) if made.profile else None,
        "leakage": asdict(made.leakage) if made.leakage else None,
    }


def check_suites(
    paths: Sequence[str],
    load: "Callable[[str], Suite]",
    *,
    explain: bool,
    near: float,
    overlap: float,
    as_json: bool,
) -> list[dict[str, Any]]:
    """Check suites, print what is well unless `as_json`, and return what was found.

    Raises:
        SuiteError: every problem of all of them; printed lines come first.
    """
    problems: list[Problem] = []
    found = []
    for path in paths:
        try:
            suite = load(path)
        except SuiteError as error:
            problems += error.problems
            continue
        one = _examined(path, suite, explain=explain, near=near, overlap=overlap)
        problems += one.pop("problems")
        printed = one.pop("lines")
        found.append(one)
        for line in () if as_json else printed:
            click.echo(line)
    if problems:
        raise SuiteError(problems)
    return found


def _examined(
    path: str, suite: "Suite", *, explain: bool, near: float, overlap: float
) -> dict[str, Any]:
    from harness.suite import contrast, leak
    from harness.suite.check import check

    problems = check(suite)
    cases = sum(len(task.cases) for task in suite.tasks)
    leakage = leak.suite_leakage(suite, near=near, overlap=overlap)
    tables = contrast.contrasts(suite) if explain else []
    well = (
        f"{path}: ok ({suite.profile} profile, {many(len(suite.train), 'training row')}, "
        f"{many(cases, 'case')} in {many(len(suite.tasks), 'task')}, "
        f"{many(len(suite.facts), 'fact')})"
    )
    lines = [] if problems else [well, *leak.lines(leakage)]
    lines += contrast.lines(tables) if explain else []
    return {
        "suite": path,
        "profile": suite.profile,
        "rows": len(suite.train),
        "cases": cases,
        "leakage": asdict(leakage),
        **({"contrasts": [asdict(one) for one in tables]} if explain else {}),
        "problems": problems,
        "lines": lines,
    }
