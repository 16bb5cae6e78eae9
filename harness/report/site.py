"""The pages of `bench view` that no report is: the list of runs, the trends, two runs compared."""

from typing import Any

from harness.report.html import environment

COLUMNS = ("candidate", "task, metric", "change, 95 % interval", "n", "+/−", "reads as")


def runs(rows: list[dict[str, Any]], *, trends: bool) -> str:
    """The list of runs, newest first; two of them are picked to be compared."""
    template = environment().get_template("site_runs.html.j2")
    return template.render(title="Runs", rows=rows, trends=trends)


def trends(suites: dict[str, dict[str, dict[str, int]]]) -> str:
    """Per suite, each metric with the tasks it was measured on and in how many runs."""
    return environment().get_template("site_trends.html.j2").render(title="Trends", suites=suites)


def moves(found: dict[str, Any], before: str, after: str) -> str:
    """What moved between two runs; `found` is harness.commands.moves.Moves as data.

    `before` and `after` are the runs' addresses below /runs/.
    """
    rows = [row for row in found["moves"] if row["flipped"] or row["slice"] != "all"]
    rows.sort(key=lambda row: (row["matters"] not in ("better", "worse"), row["slice"] != "all"))
    template = environment().get_template("site_moves.html.j2")
    return template.render(
        title=f"{found['before']} against {found['after']}",
        found=found,
        rows=rows,
        before=before,
        after=after,
        columns=COLUMNS,
    )


def problem(words: str) -> str:
    """A page that says what cannot be shown."""
    return environment().get_template("site_problem.html.j2").render(title="Not shown", words=words)
