"""docs/costs.md lists every input as it is, and its examples print what it says."""

import contextlib
import io
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

import harness
from harness.records import PRICES, RATES, CostInput

PAGE = Path(harness.__file__).parent.parent / "docs" / "costs.md"
TABLES = {"PRICES": PRICES, "RATES": RATES}


def blocks() -> list[tuple[str, str]]:
    """Each example with what the page says it prints."""
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```\n```text\n(.*?)```", text, re.DOTALL)


def table(inputs: Mapping[str, CostInput]) -> str:
    """The page's table of inputs."""
    measured = any(one.measured for one in inputs.values())
    head = ("name", "unit", "what", "default", *(["measured as"] if measured else []))
    rows = [head, ("---",) * len(head), *(row(one, measured=measured) for one in inputs.values())]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def row(one: CostInput, *, measured: bool) -> tuple[str, ...]:
    default = "see left" if one.default is None else f"{one.default:.6g}"
    unit = one.unit.format(currency="money")
    return (f"`{one.name}`", unit, one.says, default, *([one.measured or "–"] if measured else []))


@pytest.mark.parametrize("name", TABLES)
def test_the_page_lists_every_input_with_unit_and_default(name: str) -> None:
    assert table(TABLES[name]) in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(("code", "said"), blocks(), ids=range(len(blocks())))
def test_an_example_prints_what_the_page_says(code: str, said: str) -> None:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    assert out.getvalue() == said
