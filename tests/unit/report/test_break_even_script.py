"""The report's script for the break-even gives the numbers that Python gives.

It runs where node or the distribution's Chromium is; without either, the test is skipped.
"""

import json
import math
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.compare import upkeep

sys.path.insert(0, str(Path(__file__).parents[1] / "compare"))

from test_break_even_simulated import CASE

SCRIPT = Path(harness.__file__).parent / "report" / "templates" / "breakeven.js"
CHANGES: tuple[dict[str, float], ...] = (
    {},
    {"change_rate": 0.0},
    {"queries_per_day": 0.0},
    {"lag_days": 0.0, "retrain_days": 1.0},
    {"change_rate": 2.0, "lag_days": 30.0},
    {"wrong_if_unchanged": 0.9, "recall": 0.95},
    {"recall": 0.1, "evaluation": 200.0, "index_day": 0.0},
    {"wrong_if_found": 0.3, "change_rate": 0.002, "evaluation": 200.0, "index_day": 1.0},
    {"retrain_days": 10.0, "evaluation": 5.0, "wrong_if_found": 0.3},
)
ASK = """
const plain = (value) => (value === Infinity ? "inf" : value);
const found = CASES.map((i) => ({
  stale: BreakEvenMath.staleness(i.change_rate, i.retrain_days, i.lag_days),
  tiny: BreakEvenMath.staleness(1e-9, 1),
  tuned: BreakEvenMath.tunedPerDay(i),
  rag: BreakEvenMath.ragPerDay(i),
  parts: [BreakEvenMath.tunedParts(i), BreakEvenMath.ragParts(i)],
  advantage: BreakEvenMath.advantage(i),
  rate: plain(BreakEvenMath.rateCrossover(i)),
  volume: plain(BreakEvenMath.volumeCrossover(i)),
  five: plain(BreakEvenMath.retrainEvery(i.change_rate, 0.05, i.lag_days)),
  cheapest: BreakEvenMath.cheapestInterval(i),
}));
"""


def plain(value: Any) -> Any:
    return "inf" if value == math.inf else None if value is None else float(value)


def in_python(i: dict[str, float]) -> dict[str, Any]:
    return {
        "stale": plain(upkeep.staleness(i["change_rate"], i["retrain_days"], i["lag_days"])),
        "tiny": plain(upkeep.staleness(1e-9, 1)),
        "tuned": plain(upkeep.tuned_per_day(i)),
        "rag": plain(upkeep.rag_per_day(i)),
        "parts": [
            {name: float(part) for name, part in parts.items()}
            for parts in (upkeep.tuned_parts(i), upkeep.rag_parts(i))
        ],
        "advantage": plain(upkeep.advantage(i)),
        "rate": plain(upkeep.rate_crossover(i)),
        "volume": plain(upkeep.volume_crossover(i)),
        "five": plain(upkeep.retrain_every(i["change_rate"], 0.05, i["lag_days"])),
        "cheapest": plain(upkeep.cheapest_interval(i)),
    }


def in_node(script: str, folder: Path) -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on the PATH")
    file = folder / "ask.js"
    file.write_text(script + "console.log(JSON.stringify(found));", "utf-8")
    return subprocess.run([node, str(file)], capture_output=True, text=True, check=True).stdout


def in_chromium(script: str, folder: Path) -> str:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no chromium on the PATH")
    page = folder / "ask.html"
    page.write_text(
        f"<pre></pre><script>{script}"
        "document.querySelector('pre').textContent = JSON.stringify(found);</script>",
        "utf-8",
    )
    done = subprocess.run(
        [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            f"--user-data-dir={folder / 'profile'}", "--dump-dom", page.as_uri(),
        ],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    shown = re.search(r"<pre>(.*)</pre>", done.stdout, re.DOTALL)
    assert shown is not None
    return unescape(shown[1])


@pytest.mark.parametrize("engine", [in_node, in_chromium])
def test_the_script_gives_the_numbers_of_python(engine: Any, tmp_path: Path) -> None:
    cases = [CASE | change for change in CHANGES]
    script = f"{SCRIPT.read_text('utf-8')}\nconst CASES = {json.dumps(cases)};{ASK}"
    found = json.loads(engine(script, tmp_path))
    expected = [in_python(case) for case in cases]
    kinds = {str(one[name]) for one in expected for name in ("rate", "volume", "five", "cheapest")}
    assert {"inf", "0.0", "None"} <= kinds  # every way to have no crossing is among the cases
    for here, there in zip(flat(expected), flat(found), strict=True):
        loose = 1e-5 if here[0].endswith("cheapest") else 1e-9  # a minimum is flat
        assert there[0] == here[0]
        assert there[1] == (here[1] if isinstance(here[1], str | None) else near(here[1], loose))


def near(value: float, loose: float) -> Any:
    return pytest.approx(value, rel=loose, abs=1e-12)


def flat(value: Any, path: str = "") -> list[tuple[str, Any]]:
    """Every number of nested lists and objects, with where it is."""
    if isinstance(value, dict):
        return [pair for name in sorted(value) for pair in flat(value[name], f"{path}/{name}")]
    if isinstance(value, list):
        return [pair for n, one in enumerate(value) for pair in flat(one, f"{path}/{n}")]
    return [(path, value)]


def test_the_script_needs_nothing_that_a_strict_page_forbids() -> None:
    text = SCRIPT.read_text("utf-8")
    assert not re.findall(r"\beval\b|\bFunction\(|document|window|fetch|import\b|require", text)
