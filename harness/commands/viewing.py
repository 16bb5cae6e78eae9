"""`bench view`: the command; the pages are in harness.commands.shelf."""

import json
import os
import sys
from pathlib import Path

import click

from harness.commands.flags import reports_option


def _has_screen() -> bool:
    """Whether a browser would be seen: a terminal, and on Linux a display."""
    shown = sys.platform != "linux" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    return sys.stdout.isatty() and bool(shown)


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port on 127.0.0.1. [default: free]")
@click.option(
    "--open/--no-open",
    "opened",
    default=None,
    help="Open the browser. [default: where there is a screen]",
)
@reports_option
@click.option("--json", "as_json", is_flag=True, help="Print one line: url. Opens nothing.")
def view(port: int | None, opened: bool | None, reports: Path, as_json: bool) -> None:  # noqa: FBT001
    """Show all runs in the browser: reports, trends, two runs compared.

    Serves the reports folder on this machine alone and writes nothing; its
    address is printed. Ctrl-C stops it. Trends come from the store (.bench,
    or BENCH_HOME).
    """
    import webbrowser

    from harness.commands.shelf import Shelf
    from harness.commands.shelf_server import started

    shelf = Shelf(reports, Path(os.environ.get("BENCH_HOME", ".bench")))
    try:
        with started(shelf, port) as server:
            runs = len(shelf.known())
            if as_json:
                click.echo(json.dumps({"url": server.url, "runs": runs}))
            else:
                click.echo(f"{server.url} shows {runs} runs of {reports}; Ctrl-C stops it")
            sys.stdout.flush()
            if opened or (opened is None and not as_json and _has_screen()):
                webbrowser.open(server.url)
            server.serve_forever()
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
