"""`bench baseline`: the run that later gates are held against."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.commands.flags import reports_option
from harness.commands.running import load_suite, print_json
from harness.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from harness.records import Run


@click.group()
def baseline() -> None:
    """Pin the run that later gates are held against, or show it."""


@baseline.command("set")
@click.argument("suite")
@click.argument("run_id", metavar="[RUN]", default="latest")
@click.option("--candidate", "names", multiple=True, help="Keep only this one; several times.")
@click.option("--force", is_flag=True, help="Pin a run whose own gate is ERROR.")
@reports_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def set_baseline(
    suite: str,
    run_id: str,
    names: tuple[str, ...],
    reports: Path,
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Pin RUN (default: the latest of SUITE) as what SUITE's gate is held against.

    Its answers go into SUITE/baseline, and their hash into
    SUITE/baseline.json: commit both. Rules that say `against: baseline` are
    then held against the candidate of the same name in that run.
    """
    from harness import pins

    root, name = suite_root(suite)
    run = run_of(name, run_id, reports)
    check_run(run, names, force=force)
    pin = pins.write(root, pins.of_run(run, names))
    if as_json:
        print_json(pin)
        return
    print_pin(root, pin)
    if run.gate and run.gate.verdict in ("FAIL", "INCONCLUSIVE", "ERROR"):
        click.echo(f"note: the run's own gate is {run.gate.verdict}")
    click.echo(f"commit {root / pins.PIN} and {root / pin['file']}")


@baseline.command("show")
@click.argument("suite")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show_baseline(suite: str, as_json: bool) -> None:  # noqa: FBT001
    """Show SUITE's pinned baseline, its hash checked against the data."""
    from harness import pins

    root, _ = suite_root(suite)
    pin = pins.read_pin(root / pins.PIN)
    if pin is None:
        what, remedy = "no baseline is pinned", f"bench baseline set {suite}"
        raise UsageError(what, where=str(root), remedy=remedy)
    pins.read(root)
    if as_json:
        print_json({**pin, "verified": True})
        return
    print_pin(root, pin)
    click.echo("the data are those that were pinned")


def suite_root(suite: str) -> "tuple[Path, str]":
    """A suite's folder and name; the suite is read, so that a broken one is told."""
    loaded = load_suite(suite, None)
    return Path(loaded.root), loaded.name


def run_of(name: str, run_id: str, reports: Path) -> "Run":
    """A run of a suite.

    Raises:
        UsageError: there is none, or it is of another suite.
    """
    from harness.commands.views import find_run

    if run_id == "latest" and not list(reports.glob(f"{name}/*/run.json")):
        what = f"no run of suite '{name}' yet"
        raise UsageError(what, where=str(reports), remedy="bench run SUITE")
    run = find_run(reports, name if run_id == "latest" else run_id)
    if run.suite != name:
        what = f"run {run.id} is of suite '{run.suite}', not of '{name}'"
        raise UsageError(what, where=run_id, remedy="name a run of this suite")
    return run


def check_run(run: "Run", names: tuple[str, ...], *, force: bool) -> None:
    """Refuse a run that later ones cannot be held against.

    Raises:
        UsageError: it has no answers, was made before runs said how they measure, or is ERROR.
        UnknownNameError: it has no such candidate.
    """
    from harness import baselines

    known = [one.candidate.name for one in run.candidates]
    for name in names:
        if name not in known:
            raise UnknownNameError("candidate", name, known)
    if not run.answers or not run.setup:
        what = "has no answers" if not run.answers else "does not say how it measured"
        raise UsageError(f"run {run.id} {what}", remedy="run the suite again, then pin that run")
    rules = run.gate.rules if run.gate else ()
    held = baselines.used_by([one.rule for one in rules])
    broken = [one for one in rules if one.verdict == "ERROR" and one.rule not in held]
    if broken and not force:
        raise UsageError(
            f"the gate of run {run.id} is ERROR: {broken[0].reason}",
            remedy="pin a run that was measured whole, or --force",
        )


def print_pin(root: Path, pin: dict[str, Any]) -> None:
    """A pin for a person."""
    from harness.pins import PIN

    candidates = pin.get("candidates", {})
    for label, words in (
        ("baseline", f"run {pin['run']} of {pin.get('run_created', '')}"),
        ("pinned", f"{pin.get('pinned', '')} in {root / PIN}"),
        ("sha256", pin["sha256"]),
        ("holds", f"{pin.get('answers')} answers to {pin.get('cases')} cases"),
        ("file", f"{root / pin['file']} ({pin.get('bytes', 0) / 1e3:,.0f} kB)"),
        ("readable by", pin.get("readable_by", "")),
        ("model", pin.get("model", {}).get("name", "")),
    ):
        click.echo(f"{label:<12}{words}")
    for name, digest in candidates.items():
        click.echo(f"{'candidate':<12}{name}" + (f"  adapter {digest[:12]}" if digest else ""))
