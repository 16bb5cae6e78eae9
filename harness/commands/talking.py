"""`bench serve`: talk to what a run measured, on a server of this machine's own."""

import json
import os
import secrets
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.commands.flags import reports_option

if TYPE_CHECKING:
    from harness.commands.measured import Talk

KEY = "BENCH_SERVE_KEY"


@click.command()
@click.argument("suite")
@click.argument("run_id", metavar="[RUN]", default="latest")
@click.option("--port", type=click.IntRange(1, 65535), help="Port on 127.0.0.1. [default: free]")
@click.option(
    "--length", type=click.IntRange(64), help="Tokens of a conversation. [default: as measured]"
)
@reports_option
@click.option("--json", "as_json", is_flag=True, help="Print one line: url, key, models.")
def serve(
    suite: str,
    run_id: str,
    port: int | None,
    length: int | None,
    reports: Path,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Talk to what RUN of SUITE measured.

    Starts vLLM's OpenAI-compatible server on this machine alone, with the
    run's base and adapters by name, and stops it on Ctrl-C. RUN is a run's id,
    its beginning, or latest. The key is random, or BENCH_SERVE_KEY.
    """
    from harness.commands.loopback import free_port, serving
    from harness.commands.measured import prepare
    from harness.console import Log
    from harness.store import Store

    store = Store(Path(os.environ.get("BENCH_HOME", ".bench")))
    talk = prepare(suite, run_id, reports, store, length)
    key = os.environ.get(KEY) or secrets.token_urlsafe(24)
    log = Log()
    logfile = store.root / "logs" / "serve.log"
    with serving(talk, free_port(port), key, logfile) as server:
        log.stage("serve", f"{', '.join(talk.names)}; log {logfile}")
        server.wait(log)
        if as_json:
            click.echo(json.dumps({"url": server.url, "key": key, "models": talk.names}))
        else:
            for line in greeting(talk, server.url, "" if os.environ.get(KEY) else key):
                click.echo(line)
        sys.stdout.flush()
        raise server.died()


def greeting(talk: "Talk", url: str, key: str) -> Iterator[str]:
    """How to ask each served name, what the server cannot know, and how to stop it."""
    yield f"{url} serves run {talk.run.id} of {talk.suite.name}, on this machine alone"
    if not talk.run.engine.startswith("vllm"):
        yield f"measured with engine {talk.run.engine}: answers may differ in their last digits"
    if key:
        yield f"\nexport {KEY}={key}"
    for name in talk.names:
        yield f"\n# {name}{shown_as(talk, name)}"
        yield curl(talk, url, name)
    yield from left_out(talk)
    yield "\nAnswers come as they were measured: same template, stop tokens and temperature."
    yield "Ctrl-C stops the server."


def shown_as(talk: "Talk", name: str) -> str:
    """What stands behind a served name."""
    if name in talk.base:
        return f": the base, {talk.run.model.name}"
    adapter = talk.adapters[name]
    return f": adapter {adapter.name} (rank {adapter.rank}, {adapter.digest[:8]})"


def curl(talk: "Talk", url: str, name: str) -> str:
    """A line to paste: the run's shortest case, to one served name."""
    case = min(talk.run.cases, key=lambda one: (len(one.input), one.id))
    room = next((task.max_tokens for task in talk.suite.tasks if task.name == case.task), 128)
    body: dict[str, Any] = {
        "model": name,
        "messages": [{"role": "user", "content": case.input}],
        "max_tokens": min(room, talk.length // 2),
    }
    if talk.template.stop_texts:
        body["stop"] = list(talk.template.stop_texts)
    return (
        f'curl -s {url}/chat/completions -H "Authorization: Bearer ${KEY}" '
        f"-H 'Content-Type: application/json' -d {shlex.quote(json.dumps(body))}"
    )


def left_out(talk: "Talk") -> Iterator[str]:
    """The candidates that are more than their weights, and what a question to them lacks."""
    whole = []
    for one in (result.candidate for result in talk.run.candidates):
        lacks = [f"prompt '{one.prompt}' around it"] if one.prompt else []
        lacks += [f"{one.context} passages in it"] if one.context != "none" else []
        if lacks:
            served = one.name if one.name in talk.adapters else talk.base[0]
            yield f"\n{one.name} was measured with more: ask {served}, with {' and '.join(lacks)}"
        else:
            whole.append(one.name)
    if whole:
        yield f"\nmeasured with the question alone: {', '.join(whole)}"
