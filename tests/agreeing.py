"""The numbers of a run's reports, read out of each file, and what they should be.

What is expected is taken from run.json and the exported scores with pandas and json alone; only
the rounding is the harness's own (harness/figures.py).
"""

import html
import json
import math
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pandas as pd

from harness.figures import percent, points, three

KEYS = ["task", "metric", "slice", "candidate"]
PAIRS = [*KEYS, "baseline"]
_NUMBER = re.compile(
    r'<a class="num" href="#cases\?([^"]*)">([^<]*)</a>(?: <span class="ci">([^<]*)</span>)?'
)


class Files:
    """The files of a run's folder, each as what it says."""

    def __init__(self, folder: Path) -> None:
        self.run: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        self.page = (folder / "report.html").read_text(encoding="utf-8")
        self.markdown = (folder / "report.md").read_text(encoding="utf-8")
        self.folder = folder
        self.units = {one["name"]: one["unit"] for one in self.run["metrics"]}
        plain = re.sub(r"<[^>]*>", " ", re.sub(r"<svg.*?</svg>|<script.*?</script>", " ", self.page,
                                               flags=re.DOTALL))  # fmt: skip
        unescaped = html.unescape(re.sub(r"\\([\\`*_\[\]|~])", r"\1", self.markdown))
        self.words = {
            "report.html": " ".join(html.unescape(plain).split()),
            "report.md": " ".join(unescaped.split()),
            "report.txt": " ".join((folder / "report.txt").read_text(encoding="utf-8").split()),
        }

    def table(self, name: str) -> pd.DataFrame:
        """An exported table."""
        return pd.read_parquet(self.folder / "tables" / f"{name}.parquet")

    def level(self, one: dict[str, Any], value: str = "mean") -> str:
        """'93 % [80, 98]', as it should be printed; '' where nothing was measured."""
        return _said(one, value, self.units.get(one["metric"], "share"), percent, "%")

    def difference(self, one: dict[str, Any], value: str = "difference") -> str:
        """'+91 pp [80, 97]', as it should be printed."""
        said = _said(one, value, self.units.get(one["metric"], "share"), points, "pp")
        return f"+{said}" if said and one[value] > 0 else said


def _said(one: dict[str, Any], value: str, unit: str, share: Any, of_shares: str) -> str:
    if one[value] is None:
        return ""
    is_share = unit == "share"
    said = f"{share(one[value])} {of_shares}" if is_share else f"{three(one[value])}"
    if of_shares == "pp" and not is_share:
        said = f"{said} {unit}"
    if one["low"] is None or one["high"] is None:
        return said
    ends = [percent(end) if is_share else three(end) for end in (one["low"], one["high"])]
    return f"{said} [{', '.join(ends)}]"


def spread(figures: list[float | None] | None, unit: str = "") -> str:
    """'2,400 queries per day [1,700, no bound]'."""
    if figures is None:
        return ""
    value, low, high = figures
    said = f"{three(value)} {unit}".strip()
    if low is None and high is None:
        return said
    return f"{said} [{', '.join('no bound' if x is None else three(x) for x in (low, high))}]"


def same(expected: float | None, found: float | None) -> bool:
    """Equal to the last digits, or both missing."""
    gone = [x is None or math.isnan(x) for x in (expected, found)]
    if any(gone):
        return all(gone)
    return math.isclose(expected, found, rel_tol=1e-9, abs_tol=1e-12)  # type: ignore[arg-type]


def tables_differ(files: Files) -> list[str]:
    """Where a CSV or Parquet table is not what run.json says."""
    found = []
    for name, keys, values in (
        ("summaries", KEYS, ("mean", "low", "high", "n")),
        ("comparisons", PAIRS, ("difference", "low", "high", "n")),
    ):
        wanted = {tuple(row[key] for key in keys): row for row in files.run[name]}
        csv = pd.read_csv(files.folder / f"{name}.csv")
        for source, frame in ((f"{name}.csv", csv), (f"{name}.parquet", files.table(name))):
            rows = {tuple(str(row[key]).removeprefix("'") for key in keys): row
                    for row in frame.to_dict("records")}  # fmt: skip
            found += [f"{source}: rows"] if set(rows) != set(wanted) else []
            found += [
                f"{source} {key} {value}: {row[value]} is not {wanted[key][value]}"
                for key, row in rows.items()
                for value in values
                if key in wanted and not same(wanted[key][value], row[value])
            ]
    return found


def _scores(files: Files) -> pd.DataFrame:
    """Measured values: one row per case, candidate and metric, the mean of its samples."""
    scores = files.table("scores").dropna(subset=["value"])
    return scores.groupby(["task", "metric", "candidate", "case"])["value"].mean().reset_index()


def recomputed_differ(files: Files) -> list[str]:
    """Where a mean or a difference of run.json is not what pandas makes of the score rows."""
    scores = _scores(files)
    tags = {(c["task"], c["id"]): {"all", *c["tags"]} for c in files.run["cases"]}
    held = [tags[key] for key in zip(scores["task"], scores["case"], strict=True)]
    found = []
    groups = scores.groupby(["task", "metric", "candidate"]).groups
    frames = {key: scores.loc[rows] for key, rows in groups.items()}
    parts = {
        part: frame_of(scores, held, part)
        for part in {one["slice"] for one in files.run["summaries"]}
    }
    for one in files.run["summaries"]:
        frame = frames.get((one["task"], one["metric"], one["candidate"]))
        inside = frame[frame.index.isin(parts[one["slice"]])] if frame is not None else None
        size = 0 if inside is None else len(inside)
        if size != one["n"]:
            found.append(f"n of {[one[key] for key in KEYS]}: {size} is not {one['n']}")
        elif size and not same(one["mean"], float(inside["value"].mean())):
            found.append(f"mean of {[one[key] for key in KEYS]}")
    for one in files.run["comparisons"]:
        pair = [frames.get((one["task"], one["metric"], one[who])) for who in PAIRS[3:]]
        if any(frame is None for frame in pair) or not one["n"]:
            continue
        own, other = (f[f.index.isin(parts[one["slice"]])].set_index("case")["value"] for f in pair)
        apart = (own - other).dropna()
        if len(apart) != one["n"] or not same(one["difference"], float(apart.mean())):
            found.append(f"difference of {[one[key] for key in PAIRS]}")
    return found


def frame_of(scores: pd.DataFrame, held: list[set[str]], part: str) -> set[Any]:
    """The rows of a slice, by index."""
    return set(scores.index[[part in tags for tags in held]])


def page_differs(files: Files) -> tuple[int, list[str]]:
    """How many numbers of report.html were checked by their own links, and those that are wrong."""
    levels = {tuple(one[key] for key in KEYS): files.level(one) for one in files.run["summaries"]}
    pairs = {
        tuple(one[key] for key in PAIRS): files.difference(one) for one in files.run["comparisons"]
    }
    checked, found = 0, []
    # points of a curve rest on some of the answers that their links lead to, `unsaid` has curves
    page = re.sub(r'<section id="curves".*?</section>', "", files.page, flags=re.DOTALL)
    for query, value, bounds in _NUMBER.findall(page):
        place = {"slice": "all", **dict(parse_qsl(html.unescape(query)))}
        extra = set(place) - {*KEYS, "against"}
        key = tuple(place.get(name, "") for name in (*KEYS, "against"))
        wanted = pairs.get(key) if "against" in place else levels.get(key[:4])
        other = "%" in (wanted or "") and "%" not in value  # examples that a claim needed
        if extra or wanted is None or other or not bounds.startswith("["):
            continue
        checked += 1
        unit = files.units.get(place["metric"], "")
        said = html.unescape(f"{value} {bounds.partition(']')[0]}]")
        said = said if "against" in place else said.replace(f" {unit} [", " [")
        if said != wanted:
            found.append(f"{place}: '{said}' is not '{wanted}'")
    return checked, found


def results_differ(files: Files) -> tuple[int, list[str]]:
    """Cells of the results tables of report.md that were checked, and those that are wrong."""
    levels = {tuple(one[key] for key in KEYS): files.level(one) for one in files.run["summaries"]}
    plain = html.unescape(re.sub(r"\\([\\`*_\[\]~])", r"\1", files.markdown))
    part = plain.partition("<summary>Results</summary>")[2].partition("</details>")[0]
    checked, found, task, titles = 0, [], "", []
    for line in part.splitlines():
        if head := re.match(r"\*\*(.+?)\*\* \(", line):
            task, titles = head[1], []
        elif line.startswith("| candidate |"):
            titles = [cell.strip() for cell in line.strip("|").split("|")][1:]
        elif line.startswith("| ") and titles and not line.startswith("| ---"):
            name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            for title, cell in zip(titles, cells, strict=True):
                metric, *rest = re.sub(r" \(.*?\)", "", title).split(" ")
                wanted = levels.get((task, metric, rest[0] if rest else "all", name))
                checked += 1
                if cell != (wanted or ("" if wanted is None else "not measured")):
                    found.append(f"{task} {name} {title}: '{cell}' is not '{wanted}'")
    return checked, found


def unsaid(files: Files) -> list[str]:
    """What the conclusions of run.json hold and a report does not say as it should be printed."""
    run, wanted = files.run, []
    everywhere = ("report.html", "report.md", "report.txt")
    decision, cost = run["decision"], run["break_even"]
    for need in decision["needs"] if decision else ():
        level = files.level(need)
        wanted += [(name, level) for name in everywhere if level]
        row = f"{level or 'not measured'} | {percent(need['target'])} % | {need['n']:,} |"
        wanted += (
            [("report.md", row)] if need["target"] is not None and _is_share(need, files) else []
        )
    wanted += [(name, decision["sentence"]) for name in everywhere if decision]
    for claim in run["claims"]:
        if claim["effect"] is not None and claim["unit"] == "share" and claim["baseline"]:
            wanted += [(name, files.difference(claim, "effect")) for name in everywhere]
    for curve in run["curves"]:
        if curve["needed"] is not None:
            said = f"{three(curve['needed'][0])} {curve['axis']}"
            wanted += [(name, said) for name in everywhere]
            wanted += [(name, spread(curve["needed"], curve["axis"])) for name in everywhere[1:]]
    for key, unit in (("tuned", ""), ("rag", ""), ("by_rate", ""), ("by_volume", "")):
        if cost and cost[key]:
            wanted += [("report.html", spread(cost[key], unit))]
    for key, unit in (
        ("tuned", f"{cost['currency']} per day" if cost else ""),
        ("rag", f"{cost['currency']} per day" if cost else ""),
        ("by_rate", "changes per fact and day"),
        ("by_volume", "queries per day"),
    ):
        if cost and cost[key]:
            wanted += [(name, spread(cost[key], unit)) for name in everywhere[1:]]
    return [f"{name}: {said}" for name, said in wanted if said not in files.words[name]]


def _is_share(need: dict[str, Any], files: Files) -> bool:
    return bool(files.units.get(need["metric"], "share") == "share")
