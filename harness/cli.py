"""The `bench` command. A stage is imported inside the command that needs it: help is instant."""

import sys
from pathlib import Path
from typing import Any

import click

from harness import __version__, outlet
from harness.commands.exporting import export
from harness.commands.flags import (
    EXITS,
    check_options,
    init_options,
    reports_option,
    score_options,
    suite_options,
)
from harness.commands.following import show_history
from harness.commands.gating import gate
from harness.commands.moved import compare_command
from harness.commands.pinning import baseline
from harness.commands.running import load_suite, print_json, report_runs
from harness.commands.sweeping import sweep_command
from harness.commands.talking import serve
from harness.commands.viewing import view


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="Start with: bench init my-suite, then bench run my-suite. " + EXITS,
)
@click.version_option(__version__, prog_name="bench")
def cli() -> None:
    """Find out what fine-tuning a language model gained and what it broke.

    A suite says what good looks like. `bench run` trains its candidate LoRA
    adapters, lets base and adapters answer the same cases, scores style,
    terminology and factual recency, and writes reports with a verdict.
    """


@cli.command(epilog=EXITS)
@click.argument("suites", nargs=-1, required=True)
@suite_options
def run(suites: tuple[str, ...], as_json: bool, **settings: Any) -> None:  # noqa: FBT001
    """Train, answer, score, compare, report and judge SUITES.

    Only what is not in the store (.bench, or BENCH_HOME) is computed, so a
    killed run goes on where it stopped. Several suites (suites/*) share one
    engine start per base model. The exit code is the gates' verdict.
    """
    loaded = [load_suite(suite, settings["profile"]) for suite in suites]
    report_runs(loaded, as_json=as_json, **settings)


@cli.command(epilog=EXITS)
@click.argument("answers", type=click.Path(path_type=Path, dir_okay=False))
@score_options
def score(answers: Path, suite: str, profile: str | None, as_json: bool, **settings: Any) -> None:  # noqa: FBT001
    """Score ANSWERS that were made elsewhere, a JSONL file.

    A line has the case's id (or its input), the answer and the name of the
    candidate that gave it:

    \b
    {"case": "fees-1", "candidate": "base", "output": "12 euros"}

    Comparisons, reports and gate are those of `bench run`; no model is needed.
    """  # noqa: D301 - click knows \b by the character itself
    from harness.replaying import ENGINE, replayed

    loaded = replayed(load_suite(suite, profile), answers)
    more = {"model": None, "engine": ENGINE, "executor": "inline", "answers": str(answers)}
    report_runs([loaded], as_json=as_json, **settings, **more)


@cli.command()
@click.argument("suites", nargs=-1, required=True)
@check_options
def check(
    suites: tuple[str, ...],
    profile: str | None,
    as_json: bool,  # noqa: FBT001
    **flags: Any,
) -> None:
    """Validate SUITES: files, names, dates, leaks, and that scorers can tell.

    Each reference answer must pass its task's scorers and an empty answer
    must not. All problems are shown at once. Near-duplicates between
    training and cases are counted, and are no error.
    """
    from harness.commands.authoring import check_suites

    found = check_suites(suites, lambda path: load_suite(path, profile), as_json=as_json, **flags)
    if as_json:
        print_json(found)


@cli.command("list")
@click.argument("what", default="all")
@reports_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_all(what: str, reports: Path, as_json: bool) -> None:  # noqa: FBT001
    """List suites, runs, scorers, engines, retrievers, reports, exports or executors."""
    from harness.commands.views import listing, print_listing

    found = listing(what, reports)
    if as_json:
        print_json(found)
    else:
        print_listing(found)


@cli.command()
@click.argument("case", required=False)
@click.option("--run", "run_id", default="latest", show_default=True, help="Run id, or latest.")
@reports_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(case: str | None, run_id: str, reports: Path, as_json: bool) -> None:  # noqa: FBT001
    """Show one CASE: prompt, context, every answer, every score and why.

    Without CASE, print the run's report.
    """
    from harness.commands.views import case_data, find_run, folder_of, print_case, show_run

    finished = find_run(reports, run_id)
    if case is None:
        show_run(finished, folder_of(reports, finished))
        return
    data = case_data(finished, case)
    if as_json:
        print_json(data)
    else:
        print_case(data)


@cli.command()
@click.argument("run_id", metavar="RUN", default="latest")
@reports_option
def report(run_id: str, reports: Path) -> None:
    """Render the reports of RUN again, from its run.json."""
    from harness.commands.views import find_run
    from harness.console import Log
    from harness.pipeline import write_reports

    write_reports(find_run(reports, run_id), reports, Log())


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(as_json: bool) -> None:  # noqa: FBT001
    """Say what this machine can do, and what to install for more."""
    from harness.commands.doctor import examine, print_findings

    found = examine()
    if as_json:
        print_json(found)
    else:
        print_findings(found)
    sys.exit(0 if all(item["state"] != "broken" for item in found) else 3)


@cli.command()
@click.argument("file", default="suite")
def schema(file: str) -> None:
    """Print the JSON Schema of suite.yaml, of another suite FILE, or of run.json (run)."""
    from harness.commands.authoring import schema_of

    print_json(schema_of(file))


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@init_options
def init(folder: Path | None, source: str | None, as_json: bool, **flags: Any) -> None:  # noqa: FBT001
    """Make a new suite in FOLDER that runs at once.

    With --from, your rows are split into training and cases, and you are told
    what was found in them; without, a small example is written to edit.

    \b
    bench init my-suite --from tickets.csv
    bench init my-suite --from chats.jsonl
    bench init my-suite --from rows.csv --input Question --output Reply

    A column that is named like input, prompt, question, output, completion,
    answer or messages is found without being told.
    """  # noqa: D301 - click knows \b by the character itself
    from harness.commands.authoring import init_suite, made_data, made_lines

    if folder is None:
        folder = Path(click.prompt("Folder of the new suite", default="my-suite"))
        source = source or click.prompt("Your data (empty: an example)", default="") or None
    made = init_suite(folder, source, **flags)
    if as_json:
        print_json(made_data(made))
    for line in () if as_json else made_lines(folder, made):
        click.echo(line)


cli.add_command(serve)
cli.add_command(gate)
cli.add_command(baseline)
cli.add_command(compare_command)
cli.add_command(show_history)
cli.add_command(view)
cli.add_command(export)
cli.add_command(sweep_command)


def main() -> None:
    """Entry point: a user's mistake is one line, never a traceback."""
    outlet.guarded(cli)


if __name__ == "__main__":
    main()
