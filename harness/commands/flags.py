"""Options that commands share, and the many of `bench init`; nothing heavy is imported here."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from harness.errors import UsageError
from harness.suite.alike import LONG, NEAR, OVERLAP

EXITS = "Exit codes: 0 pass, 1 fail, 2 usage or suite error, 3 error, 4 inconclusive."
REPORTS = Path("reports")
ENGINES = "auto, vllm, transformers or endpoint"

Flag = Callable[[Any], Any]


def together(flags: Sequence[Flag]) -> Flag:
    """One decorator for several options, shown in their order."""

    def decorate(command: Any) -> Any:
        for flag in reversed(flags):
            command = flag(command)
        return command

    return decorate


def likeness(_: click.Context, option: click.Parameter, value: float) -> float:
    """The share of a likeness option; UsageError outside 0 to 1."""
    if not 0 < value <= 1:
        remedy = "give more than 0, at most 1"
        raise UsageError(f"--{option.name} is {value:g}", remedy=remedy)
    return value


reports_option = click.option(
    "--reports",
    type=click.Path(path_type=Path, file_okay=False),
    default=REPORTS,
    show_default=True,
    help="Where reports are.",
)
run_options = (
    reports_option,
    click.option("--json", "as_json", is_flag=True, help="Print run.json's path and verdict."),
    click.option("--quiet", is_flag=True, help="No progress."),
)
suite_options = together(
    (
        click.option("--profile", help="Sizes to use, such as quick or full. [default: by GPU]"),
        click.option("--model", help="Base model: hub id, folder, or embedded:smollm2-135m."),
        click.option("--engine", default="auto", show_default=True, help=f"{ENGINES}."),
        click.option(
            "--endpoint",
            default="",
            metavar="URL",
            help="Ask an OpenAI-compatible server, such as http://127.0.0.1:8000/v1.",
        ),
        *run_options,
        click.option(
            "--executor",
            default="subprocess",
            show_default=True,
            help="Where stages run: subprocess or inline.",
        ),
    )
)
score_options = together(
    (
        click.option("--suite", required=True, help="The suite whose cases were answered."),
        click.option("--profile", help="Sizes to use, such as quick or full. [default: by GPU]"),
        *run_options,
    )
)
likeness_options = together(
    (
        click.option(
            "--near",
            type=float,
            callback=likeness,
            default=NEAR,
            show_default=True,
            help="Short inputs that share so much are near-duplicates (0 to 1).",
        ),
        click.option(
            "--overlap",
            type=float,
            callback=likeness,
            default=OVERLAP,
            show_default=True,
            help=f"The same for inputs of {LONG} words or more.",
        ),
    )
)
init_options = together(
    (
        click.option(
            "--from",
            "source",
            metavar="DATA",
            help="CSV, TSV, JSONL, JSON or Parquet file, dataset folder, or hub id OWNER/NAME.",
        ),
        click.option(
            "--input",
            "inputs",
            metavar="COLUMN",
            multiple=True,
            help="Column of what is asked; several are joined. [default: guessed]",
        ),
        click.option("--output", metavar="COLUMN", help="Column of the answer. [default: guessed]"),
        click.option("--tags", metavar="COLUMN", help="Column of tags: slices of the report."),
        click.option("--source", "origin", metavar="COLUMN", help="Column of where a row is from."),
        click.option("--id", "identity", metavar="COLUMN", help="Column of ids."),
        click.option("--split", default="", help="Split of a dataset. [default: train]"),
        click.option("--subset", default="", help="Subset (config) of a dataset of the hub."),
        click.option(
            "--rows",
            type=click.IntRange(2),
            default=20_000,
            show_default=True,
            help="Most rows taken; of more, a seeded sample.",
        ),
        click.option(
            "--cases",
            type=click.IntRange(1),
            default=100,
            show_default=True,
            help="Most rows held back as cases; never more than a fifth.",
        ),
        likeness_options,
        click.option("--skip-bad", is_flag=True, help="Leave out rows that cannot be used."),
        click.option("--nested-as-json", is_flag=True, help="Write lists and objects as JSON."),
        click.option("--name", help="Name of the suite. [default: the folder's]"),
        click.option("--model", help="Base model to write into the suite."),
        click.option("--seed", type=int, default=7, show_default=True, help="Decides the split."),
        click.option("--force", is_flag=True, help="Overwrite what is there."),
        click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON."),
    )
)
check_options = together(
    (
        click.option("--profile", help="Profile to check. [default: by GPU]"),
        click.option(
            "--explain",
            is_flag=True,
            help="Show what good, empty, stale and wrong answers score.",
        ),
        likeness_options,
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
    )
)
