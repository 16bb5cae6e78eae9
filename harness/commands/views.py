"""What the commands print: runs, cases, listings, the moves between two runs."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness import registry
from harness.errors import EXIT_CODES, UnknownNameError, UsageError, nearest
from harness.pipeline import report_folder
from harness.records import Run

WIDTH = 80
KINDS = (
    "suites", "runs", "scorers", "engines", "retrievers", "reports", "exports", "executors",
)  # fmt: skip


def console() -> Console:
    """Standard output, 80 columns at most; colour only on a terminal."""
    made = Console(highlight=False)
    if made.width > WIDTH or not made.is_terminal:
        made.width = WIDTH
    return made


# ---------------------------------------------------------------- runs


def folder_of(reports: Path, run: Run) -> Path:
    """Where a run's reports are."""
    return report_folder(reports, run.suite, run.id)


def stored_runs(reports: Path) -> list[Path]:
    """Every run.json, newest last."""
    return sorted(reports.glob("*/*/run.json"), key=lambda path: path.stat().st_mtime)


def find_run(reports: Path, text: str) -> Run:
    """A run by folder, by id or its beginning, by suite (its newest), or `latest`.

    Raises:
        UsageError: no such run; names the nearest id.
    """
    from harness.report.json import read

    path = Path(text)
    for direct in (path, path / "run.json"):
        if direct.is_file():
            return read(direct)
    known = stored_runs(reports)
    if not known:
        raise UsageError("no runs yet", where=str(reports), remedy="bench run SUITE")
    if text == "latest":
        return read(known[-1])
    suite, _, start = text.rpartition("/")
    matches = [
        p
        for p in known
        if (p.parent.name.startswith(start) and suite in ("", p.parent.parent.name))
        or p.parent.parent.name == text
    ]
    ids = [p.parent.name for p in known]
    if not matches:
        raise UnknownNameError("run", text, ["latest", *ids])
    by_suite = all(p.parent.parent.name == text for p in matches)
    if len(matches) > 1 and not by_suite:
        raise UsageError(
            f"'{text}' is the beginning of {len(matches)} runs",
            remedy="one of " + ", ".join(p.parent.name for p in matches),
        )
    return read(matches[-1])


def exit_code(run: Run) -> int:
    """The exit code of a run: its gate's; without one 0, or 3 where nothing was measured."""
    from harness.report.gatefile import exit_code as gate_code

    if run.gate:
        return gate_code(run.gate)
    return 0 if any(summary.n for summary in run.summaries) else EXIT_CODES["ERROR"]


def run_line(run: Run, folder: Path) -> dict[str, Any]:
    """What a script needs of a finished run."""
    return {
        "suite": run.suite,
        "run": run.id,
        "profile": run.profile,
        "verdict": run.gate.verdict if run.gate else None,
        "exit_code": exit_code(run),
        "report": str(folder / "report.html"),
        "data": str(folder / "run.json"),
        "seconds": run.stage_seconds,
        "warnings": list(run.warnings),
    }


def show_run(run: Run, folder: Path) -> None:
    """The terminal report, then again verdict and decision, and where the files are."""
    from harness.report import decided, screen, view
    from harness.report.terminal import render

    out = console()
    render(run, out)
    out.print()
    word, _ = view.verdict(run)
    verdict = (f"{view.MARKS[word]} {word}", screen.STYLES[word])
    out.print(Text.assemble(verdict, f"  {decided.headline(run)}"), width=min(out.width, WIDTH))
    for label, name in (
        ("report", "report.html"),
        ("for a pull request", "report.md"),
        ("data", "run.json"),
    ):
        out.print(Text(f"{label:<19}{folder / name}"), soft_wrap=True)
    out.print(Text(f"one case           bench show CASE-ID --run {run.id}"), soft_wrap=True)


def gate_lines(run: Run) -> Iterable[str]:
    """The verdict and each rule, for a CI log."""
    if run.gate is None:
        return
    yield f"gate: {run.gate.verdict} ({run.suite}, run {run.id})"
    for result in run.gate.rules:
        rule = result.rule
        part = rule.slice if rule.slice != "all" else ""
        place = " ".join(filter(None, (rule.candidate, rule.task, rule.metric, part)))
        yield f"  {result.verdict:<13}{place}: {result.reason}"


# ---------------------------------------------------------------- listings


def listing(what: str, reports: Path) -> dict[str, list[dict[str, str]]]:
    """Suites below here, runs, and what is registered."""
    if what not in ("all", *KINDS):
        raise UnknownNameError("kind of thing to list", what, ["all", *KINDS])
    wanted = KINDS if what == "all" else (what,)
    found: dict[str, list[dict[str, str]]] = {}
    for kind in wanted:
        if kind == "suites":
            found[kind] = list_suites()
        elif kind == "runs":
            found[kind] = [list_run(path) for path in stored_runs(reports)]
        else:
            one = kind.removesuffix("s")
            found[kind] = [
                {"name": n, "about": registry.describe(one, n)} for n in registry.names(one)
            ]
    return found


def list_suites() -> list[dict[str, str]]:
    """Suites in this folder, one and two levels down."""
    import yaml

    files = sorted({*Path().glob("*/suite.yaml"), *Path().glob("*/*/suite.yaml")})
    found = []
    for path in files:
        try:
            data = yaml.safe_load(path.read_text(encoding="utf-8"))
            about = str(data.get("description") or "") if isinstance(data, dict) else "damaged"
        except (yaml.YAMLError, UnicodeDecodeError):
            about = "damaged: bench check says where"
        found.append({"name": str(path.parent), "about": about})
    return found


def list_run(path: Path) -> dict[str, str]:
    """One stored run."""
    from harness.report.json import read

    try:
        run = read(path)
    except UsageError as error:
        return {"name": f"{path.parent.parent.name}/{path.parent.name}", "about": str(error)}
    verdict = run.gate.verdict if run.gate else "no gate"
    about = f"{run.created[:16].replace('T', ' ')}  {verdict}  {run.profile}  {run.model.name}"
    return {"name": f"{run.suite}/{run.id}", "about": about}


def print_listing(found: dict[str, list[dict[str, str]]]) -> None:
    """Names and what they are, by kind."""
    out = console()
    for kind, rows in found.items():
        out.print(Text(kind, style="bold"))
        table = Table(box=None, show_header=False, padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column()
        for row in rows or [{"name": "none yet", "about": ""}]:
            table.add_row(Text(row["name"]), Text(row["about"]))
        out.print(table)


# ---------------------------------------------------------------- one case


def case_data(run: Run, case_id: str) -> dict[str, Any]:
    """A case with everything that was said and scored."""
    case = next((case for case in run.cases if case.id == case_id), None)
    if case is None:
        ids = [case.id for case in run.cases]
        close = nearest(case_id, ids) or ids[0]
        raise UsageError(f"run {run.id} has no case '{case_id}'", remedy=f"such as '{close}'")
    answers = [answer for answer in run.answers if answer.case == case_id]
    return {"run": run.id, "case": asdict(case), "answers": [asdict(answer) for answer in answers]}


def print_case(data: dict[str, Any]) -> None:
    """A case, then per candidate its context, answer, scores and reasons."""
    from harness.report.text import clean

    out = console()
    case = data["case"]
    out.print(Text(f"{case['id']} ({case['task']})", style="bold"))
    for label in ("input", "reference"):
        out.print(Text(f"\n{label}", style="cyan"))
        out.print(Text(clean(case[label])))
    if case["tags"]:
        out.print(Text(f"\ntags: {', '.join(case['tags'])}"))
    several = any(answer["sample"] for answer in data["answers"])
    for answer in data["answers"]:
        out.print()
        drawn = f" · sample {answer['sample'] + 1}" if several else ""
        out.rule(Text(answer["candidate"] + drawn, style="bold"), align="left")
        for passage in answer["passages"]:
            out.print(Text(f"context [{passage['document']}] {clean(passage['text'])}", "dim"))
        finish = "" if answer["answer"]["finish"] == "stop" else f" ({answer['answer']['finish']})"
        out.print(Text(clean(answer["answer"]["text"] or answer["answer"]["error"]) + finish))
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(overflow="fold")
        for score in answer["scores"]:
            value = score["state"] if score["value"] is None else f"{score['value']:g}"
            table.add_row(
                Text(score["metric"], style="cyan"), Text(value), Text(clean(score["reason"]))
            )
        out.print(table)
