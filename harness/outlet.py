"""How the command ends: one line per mistake, an exit code, an output that may lose its reader."""

import os
import sys
import traceback
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any

import click

from harness.errors import BenchError, UsageError, from_os_error
from harness.executors import QUIET


class Outlet:
    """Standard output that may lose its reader: `bench gate x | head` still gives the verdict."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, into nothing once the reader is gone."""
        try:
            self._stream.write(text)
        except BrokenPipeError:
            self._drain()
        return len(text)

    def flush(self) -> None:
        """Flush, into nothing once the reader is gone."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._drain()

    def _drain(self) -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def guarded(command: click.Command) -> None:
    """Run the command; whatever stops it is one line and an exit code. Nothing phones home."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    outlet: Any = Outlet(sys.stdout)
    with redirect_stdout(outlet):
        try:
            call(command)
        finally:
            outlet.flush()


def call(command: click.Command) -> None:
    """The command, with whatever stops it as one line and an exit code."""
    try:
        command.main(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        remedy = f"see {context.command_path} --help" if context else ""
        fail(UsageError(error.format_message(), remedy=remedy))
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped; run the same command again to go on: finished work is kept", err=True)
        sys.exit(130)
    except BenchError as error:
        fail(error)
    except OSError as error:
        fail(from_os_error(error, "working on files"))
    except Exception as error:  # noqa: BLE001 - a defect of ours must still be one line
        log = Path(os.environ.get("BENCH_HOME", ".bench")) / "logs" / "crash.log"
        where, remedy = "", "please report it; no log could be written"
        with suppress(OSError):
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_text(traceback.format_exc(), encoding="utf-8")
            where, remedy = str(log), "please report it with this file"
        what = f"a defect in bench: {type(error).__name__}: {str(error).strip()[:200]}"
        fail(BenchError(what, where=where, remedy=remedy))


def fail(error: BenchError) -> None:
    """Show an error and exit with its code."""
    from harness.console import show_error

    show_error(error)
    sys.exit(error.exit_code)
