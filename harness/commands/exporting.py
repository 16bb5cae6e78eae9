"""`bench export`: a run in the formats of other tools."""

from pathlib import Path

import click

from harness.commands.flags import reports_option
from harness.errors import MachineError, UsageError


@click.command("export")
@click.argument("run_id", metavar="RUN", default="latest")
@click.option(
    "--to",
    "target",
    required=True,
    metavar="FORMAT",
    help="inspect, lm-eval, model-card, mlflow, parquet or csv.",
)
@click.option(
    "-o",
    "--out",
    metavar="DIR",
    help="Where to write; for mlflow also an address. [default: exports/FORMAT in RUN's folder]",
)
@reports_option
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def export(run_id: str, target: str, out: str | None, reports: Path, as_json: bool) -> None:  # noqa: FBT001
    """Write RUN in a FORMAT that other tools open.

    \b
    bench export --to inspect -o logs      then: inspect view --log-dir logs
    bench export --to model-card -o cards  a README.md for each adapter
    bench export --to parquet -o tables    for pandas, DuckDB or R

    Nothing is sent anywhere, but for an address that you give to mlflow.
    """  # noqa: D301 - click knows \b by the character itself
    from harness import registry
    from harness.commands.running import print_json
    from harness.commands.views import find_run, folder_of
    from harness.console import many

    made = registry.load("export", target, where="--to")()
    if missing := made.missing():
        raise MachineError(f"the export to {target} does not work here", remedy=missing)
    if out and "://" in out and not made.addresses:
        raise UsageError(f"{target} is written to a folder, not to {out}", where="-o")
    run = find_run(reports, run_id)
    to = out or str(folder_of(reports, run) / "exports" / target)
    with registry.blaming("export", target):
        written = made.write(run, to)
    if not written:
        raise UsageError(f"run {run.id} has nothing to make a {made.noun} of", where=target)
    opens = made.opens.format(to=to)
    if as_json:
        print_json({"run": run.id, "to": to, "written": written, "opens": opens})
        return
    click.echo(f"{many(len(written), 'item')} of {run.suite}/{run.id} in {to}")
    click.echo(f"open with: {opens}")
