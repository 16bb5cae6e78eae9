"""`bench history`: the command; the work is in harness.commands.trends."""

import os
from dataclasses import asdict
from pathlib import Path

import click


@click.command("history")
@click.argument("suite")
@click.option("--metric", help="The metric to follow. [default: list what there is]")
@click.option("--task", help="Only this task.")
@click.option("--slice", "part", default="all", show_default=True, help="This slice of the cases.")
@click.option("--candidate", help="Only this candidate.")
@click.option("--last", type=click.IntRange(1), default=20, show_default=True, help="Newest runs.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show_history(
    suite: str,
    metric: str | None,
    html: Path | None,
    as_json: bool,  # noqa: FBT001
    last: int,
    **only: str | None,
) -> None:
    """Follow a metric over the runs of SUITE.

    Every finished run is remembered in the store (.bench, or BENCH_HOME).
    A row is a candidate in a run: its mean, the 95 % interval, and the line
    that the gate's rule drew there.

    \b
    bench history suites/legal --metric recency.current --candidate lora
    """  # noqa: D301 - click knows \b by the character itself
    from harness.commands.running import print_json
    from harness.commands.trends import metrics_of, print_metrics, print_trend, suite_name, trend_of
    from harness.console import Log

    root, name, log = Path(os.environ.get("BENCH_HOME", ".bench")), suite_name(suite), Log()
    if metric is None:
        names = metrics_of(root, name, log)
        if as_json:
            print_json({"suite": name, "metrics": names})
        else:
            print_metrics(name, names)
        return
    trend = trend_of(root, name, metric, log, last=last, **only)
    if html:
        from harness.report.trend import save

        save(html, asdict(trend))
    if as_json:
        print_json(asdict(trend))
    else:
        print_trend(trend)
        if html:
            click.echo(f"page: {html}")
