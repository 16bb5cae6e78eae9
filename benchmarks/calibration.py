"""Does the gate err as often as it says? Simulated gates with known truths, by the code of a run.

    taskset -c 0 python benchmarks/calibration.py            # about ten minutes on one core
    taskset -c 0 python benchmarks/calibration.py --write    # and its table in docs/statistics.md

A world makes up the scores of two candidates: a kind of score, a number of cases, clusters or
none, and a true drop. Its answers go through `compare_tables`, `summarise_tables` and `judge`,
which is what a run does after it has turned its answers into arrays.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from harness.compare.intervals import t95
from harness.compare.paired import compare_tables
from harness.compare.summaries import summarise_tables
from harness.compare.table import Grid, TaskTable
from harness.gate.evidence import Evidence
from harness.gate.judge import judge, needed_pairs
from harness.records import Metric, Rule

Floats = NDArray[np.float64]
Kind = Literal["binary", "ordinal", "continuous"]

KINDS: tuple[Kind, ...] = ("binary", "ordinal", "continuous")
SIZES = (200, 1000)
DROPS = (0.01, 0.03, 0.05, 0.10)
MARGIN = 0.02
"""Margin of the rule that equal candidates are held to; planted drops have their own size."""
BOUND = 0.025
SLACK = 0.03
NOISE = 3
"""Standard errors by which a rate may exceed its bound: there are 60 rates to look at."""
CLUSTER_SIZES = (1, 2, 3, 4, 5, 6, 7)
SHARED = 0.3
"""Correlation of the differences of two cases in one cluster."""
REDRAWN = {"binary": 0.45, "ordinal": 0.4}
"""Share of cases that the candidate answers anew; the others it answers as the base does."""
LEVELS = {"binary": ((0.0, 1.0), (0.3, 0.7)), "ordinal": ((0.0, 0.5, 1.0), (0.2, 0.3, 0.5))}
RULES = (
    "A/A failures and passes of a drop as large as the margin are bounded by 2.5 % and three "
    "standard errors of the simulation; the share caught by 3 pp from the prediction."
)
BATCH = 500
PAIR = ("candidate", "base")
DOCS = Path(__file__).parent.parent / "docs" / "statistics.md"
MARKERS = ("<!-- calibration: begin -->", "<!-- calibration: end -->")


@dataclass(frozen=True, slots=True)
class World:
    """What is true: the candidate's mean is `drop` below the base's."""

    kind: Kind
    n: int
    clustered: bool
    drop: float


@dataclass(frozen=True, slots=True)
class Row:
    """Shares of a world's gates. `passed` is of a non_inferior rule with the drop as its margin.

    `failed` is of a non_inferior rule with margin 0, `predicted` what it should be. Where nothing
    was dropped, `failed_margin` is of the rule with MARGIN.
    """

    world: World
    gates: int
    failed: float
    passed: float
    predicted: float
    failed_margin: float

    def misses(self) -> list[str]:
        """Every bound that this world breaks, in words; rates by more than their noise."""
        found = []
        most = BOUND + NOISE * (BOUND * (1 - BOUND) / self.gates) ** 0.5
        for name, share in (("passes", self.passed), ("fails", self.failed)):
            if (name == "passes") == bool(self.world.drop) and share > most:
                found.append(f"{name} {share:.1%}, at most {BOUND:.1%}")
        if self.world.drop and abs(self.failed - self.predicted) > SLACK:
            found.append(f"catches {self.failed:.1%}, predicted {self.predicted:.1%}")
        return found


def worlds() -> Iterator[World]:
    """Every world of the table."""
    for kind, clustered, n, drop in product(KINDS, (False, True), SIZES, (0.0, *DROPS)):
        yield World(kind, n, clustered, drop)


def clusters_of(world: World) -> NDArray[np.int64]:
    """The cluster of each case: its own, or clusters of 1 to 7 cases."""
    if not world.clustered:
        return np.arange(world.n)
    rounds = world.n // sum(CLUSTER_SIZES) + 1
    sizes = np.tile(CLUSTER_SIZES, rounds)
    return np.repeat(np.arange(len(sizes)), sizes)[: world.n]


def draw(world: World, gates: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Scores of candidate and base, gates x cases each.

    In a cluster, a case takes the cluster's own draw with probability sqrt(SHARED), so that the
    differences of two cases correlate by SHARED.
    """
    own = _pairs(world, (gates, world.n), rng)
    if not world.clustered:
        return own
    places = clusters_of(world)
    common = _pairs(world, (gates, int(places[-1]) + 1), rng)
    takes = rng.random((gates, world.n)) < SHARED**0.5
    ours, theirs = (np.where(takes, c[:, places], o) for c, o in zip(common, own, strict=True))
    return ours, theirs


def _pairs(world: World, shape: tuple[int, int], rng: np.random.Generator) -> tuple[Floats, Floats]:
    if world.kind == "continuous":
        quality = rng.beta(4, 2, shape)
        lowered = 0.5 - 2 * world.drop
        ours = rng.beta(4 * lowered, 4 * (1 - lowered), shape)
        return (quality + ours) / 2, (quality + rng.beta(2, 2, shape)) / 2
    levels, shares = LEVELS[world.kind]
    base = rng.choice(levels, size=shape, p=shares)
    anew = rng.choice(levels, size=shape, p=shares)
    spoilt = rng.random(shape) < _spoilt(world)
    again = rng.random(shape) < REDRAWN[world.kind]
    return np.where(again, np.where(spoilt, 0.0, anew), base), base


def _spoilt(world: World) -> float:
    """Of the answers drawn anew, the share that is set to 0 to lose `drop` in all."""
    levels, shares = LEVELS[world.kind]
    return world.drop / (REDRAWN[world.kind] * float(np.dot(levels, shares)))


def true_se(world: World) -> float:
    """The standard error of the mean difference, from the law that the scores are drawn by."""
    if world.kind == "continuous":
        lowered = 0.5 - 2 * world.drop
        variance = (lowered * (1 - lowered) + 0.25) / 5 / 4
    else:
        levels, shares = (np.asarray(part) for part in LEVELS[world.kind])
        spoilt, mean = _spoilt(world), float(levels @ shares)
        square = float(levels**2 @ shares)
        apart = (1 - spoilt) * 2 * (square - mean**2) + spoilt * square
        variance = REDRAWN[world.kind] * apart - world.drop**2
    sizes = np.bincount(clusters_of(world))
    shared = SHARED if world.clustered else 0.0
    return float(np.sqrt(variance * (sizes + shared * sizes * (sizes - 1)).sum())) / world.n


def predicted(world: World) -> float:
    """The power of a t test with as many clusters: noncentral t at the true drop and its SE."""
    df = int(clusters_of(world)[-1])
    return float(stats.nct.cdf(-t95(df), df, -world.drop / true_se(world)))


def metric_of(world: World, index: int) -> Metric:
    """A gate's metric; each gate of a batch has its own."""
    return Metric(f"m{index}", "simulated", binary=world.kind == "binary")


def table_of(world: World, ours: Floats, theirs: Floats) -> TaskTable:
    """Scores (gates x cases) as the arrays that a run makes of its answers, a metric per gate."""
    nothing = np.zeros((world.n, 2), dtype=np.bool_)
    grids = tuple(
        Grid(metric_of(world, index), np.stack(pair, axis=1), nothing, nothing)
        for index, pair in enumerate(zip(ours, theirs, strict=True))
    )
    ids = tuple(f"c{index:04d}" for index in range(world.n))
    whole = {"all": np.ones(world.n, dtype=np.bool_)}
    return TaskTable("t", ids, clusters_of(world), whole, PAIR, grids)


def rules_of(world: World, gates: int) -> list[Rule]:
    """Per gate two rules: margin 0, and the margin that is as large as the drop."""
    return [
        Rule("non_inferior", PAIR[0], "t", f"m{index}", against=PAIR[1], margin=margin)
        for index in range(gates)
        for margin in (0.0, world.drop or MARGIN)
    ]


def simulate(world: World, gates: int, seed: int = 0) -> Row:
    """Judge `gates` gates of a world."""
    rng = np.random.default_rng([seed, *_numbers(world)])
    said: list[str] = []
    for start in range(0, gates, BATCH):
        size = min(BATCH, gates - start)
        table = table_of(world, *draw(world, size, rng))
        rules = rules_of(world, size)
        compared = compare_tables([table], needed_pairs(rules), seed)
        metrics = [grid.metric for grid in table.grids]
        found = judge(Evidence(rules, summarise_tables([table]), compared, metrics))
        said += [result.verdict for result in found.rules]
    plain, wide = said[::2], said[1::2]
    return Row(
        world,
        gates,
        failed=plain.count("FAIL") / gates,
        passed=wide.count("PASS") / gates,
        predicted=predicted(world),
        failed_margin=wide.count("FAIL") / gates,
    )


def _numbers(world: World) -> tuple[int, int, int, int]:
    return KINDS.index(world.kind), world.n, int(world.clustered), round(1000 * world.drop)


def table(rows: Sequence[Row]) -> list[str]:
    """The rows as a Markdown table: one line per kind, clustering and size."""
    head = [
        "score",
        "cases",
        "clusters",
        "A/A: margin 0 fails",
        f"margin {100 * MARGIN:g} pp fails",
    ]
    head += [f"−{100 * drop:g} pp: caught (predicted)" for drop in DROPS]
    head += ["passes a drop as large as the margin, at worst"]
    lines = [f"| {' | '.join(head)} |", "|---" * 3 + "|---:" * (len(head) - 3) + "|"]
    groups: dict[tuple[str, int, bool], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.world.kind, row.world.n, row.world.clustered), []).append(row)
    for (kind, n, _), members in groups.items():
        count = int(clusters_of(members[0].world)[-1]) + 1
        even, *dropped = members
        cells = [kind, f"{n:,}", f"{count:,}", f"{even.failed:.1%}", f"{even.failed_margin:.1%}"]
        cells += [f"{row.failed:.1%} ({row.predicted:.1%})" for row in dropped]
        cells += [f"{max(row.passed for row in dropped):.1%}"]
        lines.append(f"| {' | '.join(cell.replace('%', ' %') for cell in cells)} |")
    return lines


def write(lines: Sequence[str], page: Path = DOCS, markers: tuple[str, str] = MARKERS) -> None:
    """Put the lines between the page's markers."""
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(markers[0])
    _, after = rest.split(markers[1])
    body = "\n".join([markers[0], *lines, markers[1]])
    page.write_text(before + body + after, encoding="utf-8")


def main() -> int:
    """Simulate all worlds; 1 where one breaks a bound."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gates", type=int, default=4000, help="per world (default 4000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="write the table into the docs")
    given = parser.parse_args()
    began, rows = time.monotonic(), []
    for world in worlds():
        row = simulate(world, given.gates, given.seed)
        rows.append(row)
        print(
            f"{world.kind:10} n={world.n:<5} {'clustered' if world.clustered else 'single':9} "
            f"drop={world.drop:.2f} fails {row.failed:6.2%} (predicted {row.predicted:6.2%}) "
            f"passes {row.passed:6.2%} {'; '.join(row.misses())}",
            flush=True,
        )
    misses = [f"{row.world}: {miss}" for row in rows for miss in row.misses()]
    took = time.monotonic() - began
    lines = [
        f"{given.gates:,} gates in each of {len(rows)} worlds, seed {given.seed}:",
        "",
        *table(rows),
        "",
        f"Broken: {len(misses)}. {RULES}",
        *(f"- {miss}" for miss in misses),
    ]
    print("\n".join(lines))
    print(f"{took:.0f} seconds")
    if given.write:
        write(lines)
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
