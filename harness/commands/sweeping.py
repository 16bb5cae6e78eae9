"""`bench sweep`: a recipe with several learning rates, and the table of what came of it."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from harness.sweeping import Sweep


@click.command("sweep")
@click.argument("suite")
@click.option("--recipe", default="lora", show_default=True, help="The recipe to train.")
@click.option("--rates", metavar="LIST", help="Such as 1e-4,3e-4,1e-3. [default: around its own]")
@click.option("--halving", is_flag=True, help="Give up the worse half after a part of the steps.")
@click.option("--profile", help="Sizes to use, such as quick or full. [default: by GPU]")
@click.option("--model", help="Base model: hub id, folder, or embedded:smollm2-135m.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
@click.option(
    "--executor",
    default="subprocess",
    show_default=True,
    help="Where stages run: subprocess or inline.",
)
def sweep_command(
    suite: str,
    recipe: str,
    rates: str | None,
    as_json: bool,  # noqa: FBT001
    executor: str,
    **settings: str | bool | None,
) -> None:
    """Find a learning rate: train a recipe of SUITE with each of several.

    Rates are judged by the loss on rows that the recipe holds back from
    training (dev_fraction). Nothing is asked and no case is looked at, so
    the choice tells nothing of the cases. What is in the store is used.

    \b
    bench sweep suites/legal --recipe lora --rates 3e-4,1e-3,3e-3
    """  # noqa: D301 - click knows \b by the character itself
    from harness import registry
    from harness.commands.running import load_suite, print_json
    from harness.console import Log
    from harness.store import Store
    from harness.sweeping import sweep

    profile, model = settings["profile"], settings["model"]
    loaded = load_suite(suite, str(profile) if profile else None)
    store = Store(Path(os.environ.get("BENCH_HOME", ".bench")))
    tools = (store, registry.load("executor", executor)(), Log(quiet=bool(settings["quiet"])))
    found = sweep(
        loaded,
        recipe,
        rates,
        tools,
        model=str(model) if model else None,
        halving=bool(settings["halving"]),
    )
    if as_json:
        print_json(asdict(found))
    else:
        print_sweep(found)


def print_sweep(found: "Sweep") -> None:
    """A row a training, by rate; those of a part of the steps before those of all."""
    from harness.commands.views import console

    out = console()
    table = Table(box=None, padding=(0, 2, 0, 0))
    heads = ("rate", "of the steps", "dev loss", "dev rows", "steps", "lowest at", "seconds")
    for head in heads:
        table.add_column(head, justify="right", overflow="fold")
    for one in found.tried:
        told = "diverged" if one.loss is None else f"{one.loss:.4f}"
        numbers = (one.rows, one.steps, one.best_step, f"{one.seconds:.0f}")
        shown = ["" for _ in numbers] if one.loss is None else [str(number) for number in numbers]
        table.add_row(
            *(Text(cell) for cell in (f"{one.rate:g}", f"{100 * one.part:.3g} %", told, *shown))
        )
    out.print(table)
    out.print(Text(found.words))
