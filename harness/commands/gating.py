"""`bench gate`: a verdict for CI, on the terminal and in files."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from harness.commands.flags import EXITS, suite_options
from harness.commands.running import load_suite, print_json, run_suites
from harness.commands.verdict_files import FILES, VerdictFiles, folder_name, verdict_files
from harness.errors import MeasurementError, UsageError

if TYPE_CHECKING:
    from harness.commands.recall import Memory, Verdict
    from harness.pins import Baseline
    from harness.records import Run, Suite


@click.command(epilog=EXITS)
@click.argument("suite")
@click.option("--adapter", help="Judge this finished adapter (folder or hub id); train nothing.")
@click.option(
    "--baseline",
    metavar="FILE_OR_RUN",
    help="Hold rules against this baseline file or run, and not against the pinned one.",
)
@click.option(
    "--policy",
    type=click.Path(path_type=Path),
    help="YAML file with a `gate:` list, in the place of the suite's rules.",
)
@click.option(
    "--allow-inconclusive", is_flag=True, help="Let INCONCLUSIVE pass (exit code 0); recorded."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where gate.json, gate.junit.xml and gate.md go. [default: REPORTS/SUITE/gate]",
)
@click.option("--plan", is_flag=True, help="Say what the cases can decide; run nothing.")
@suite_options
def gate(
    suite: str,
    *,
    as_json: bool,
    out: Path | None,
    plan: bool,
    **settings: Any,
) -> None:
    """Judge SUITE's gate rules and exit with the verdict.

    With --adapter, only the candidates that the rules name are asked, with
    that adapter in the place of a trained one. Whatever stops the gate is
    written down as ERROR: no file of an earlier verdict stays.
    """
    from harness.commands.recall import Memory

    if plan:
        foretell(suite, settings, as_json=as_json)
    folder = out or settings["reports"] / folder_name(suite) / "gate"
    with verdict_files(folder, suite, keep=bool(out) or Path(suite).exists()) as files:
        memory = Memory(suite, {**settings, "out": folder})
        verdict = memory.find()
        if verdict:
            files.save(*verdict.texts)
        else:
            verdict = reached(suite, settings, files, memory)
    if as_json:
        print_json({**verdict.data, **verdict.more})
    for line in () if as_json else verdict.lines:
        click.echo(line)
    sys.exit(verdict.data["exit_code"])


def reached(
    suite: str, settings: dict[str, Any], files: VerdictFiles, memory: "Memory"
) -> "Verdict":
    """Run and judge the suite, write the verdict down, and remember it."""
    from harness.commands.recall import Verdict
    from harness.suite import files as suite_files

    suite_files.READ.clear()
    loaded = chosen(suite, settings)
    settings["baseline"] = given(settings.pop("baseline"), settings["reports"], loaded)
    (judged,) = run_suites([loaded], **settings)
    data, texts = files.write(judged)
    report = settings["reports"] / judged.suite / judged.id
    more = {"report": str(report / "report.html"), "data": str(report / "run.json")}
    lines = tuple(lines_of(judged, data, files.folder, report))
    verdict = Verdict(data, texts, lines, {**more, "seconds": judged.stage_seconds})
    memory.keep(judged, verdict, suite_files.READ, report)
    return verdict


def foretell(path: str, settings: dict[str, Any], *, as_json: bool) -> NoReturn:
    """Print the plan of a suite's rules, and exit with what it comes to."""
    from harness.commands.foreseen import foresee

    suite = chosen(path, settings)
    given(settings["baseline"], settings["reports"], suite)
    found = foresee(suite, settings["reports"])
    lines = found.pop("lines")
    if as_json:
        print_json(found)
    for line in () if as_json else lines:
        click.echo(line)
    sys.exit(found["exit_code"])


def chosen(path: str, settings: dict[str, Any]) -> "Suite":
    """The suite with the rules and the adapter that are to be judged.

    Raises:
        UsageError: it has no rules, or the adapter has no place in it.
    """
    from harness.shipped import judged_alone, with_adapter

    suite = load_suite(path, settings["profile"])
    if policy := settings.pop("policy"):
        from harness.suite.policy import with_policy

        suite = with_policy(suite, policy)
    if not suite.rules:
        raise UsageError("the suite has no gate rules", where=path, remedy="add a `gate:` list")
    adapter = settings.pop("adapter")
    return with_adapter(judged_alone(suite), adapter) if adapter else suite


def given(text: str | None, reports: Path, suite: "Suite") -> "Baseline | None":
    """The baseline that rules need: of `--baseline`, a pin or its data or a run, or the pinned one.

    Raises:
        UsageError: there is no such run, or no rule is held against a baseline.
        MeasurementError: there is none, or its file is damaged.
    """
    from harness import baselines, pins
    from harness.commands.views import find_run

    if text is None:
        found = baselines.pinned(suite) if baselines.used_by(suite.rules) else None
        if found is None and baselines.used_by(suite.rules):
            raise MeasurementError(baselines.NONE, where=suite.root)
        return found
    if not baselines.used_by(suite.rules):
        what = "no gate rule is held against a baseline"
        raise UsageError(f"{what}, so --baseline changes nothing", remedy="against: baseline")
    path = Path(text)
    if path.is_file() and path.name.endswith(".jsonl.gz"):
        return pins.unpacked(path.read_bytes(), text)
    if (root := path.parent if path.name == pins.PIN else path) and (root / pins.PIN).is_file():
        return pins.read(root)
    return pins.of_run(find_run(reports, text))


def lines_of(run: "Run", data: dict[str, Any], folder: Path, report: Path) -> Iterator[str]:
    """The verdict for a CI log; its last line says it all."""
    from harness.commands.views import gate_lines

    yield from gate_lines(run)
    for one in data["must_pass"]:
        if one["verdict"] != "PASS":
            yield f"  {one['verdict']:<13}must-pass case {one['case']}: {one['reason']}"
    for adapter in data["adapters"]:
        yield f"adapter of {', '.join(adapter['candidates'])}: {adapter['digest']}"
        yield from (f"  sha256 {sha}  {name}" for name, sha in adapter["sha256"].items())
    if data["baseline"]:
        yield f"baseline: {data['baseline']}"
    yield from (f"note: {note}" for note in data["notes"])
    yield f"verdict: {', '.join(str(folder / name) for name in FILES)}"
    yield f"reports: {report}"
    yield data["summary"]
