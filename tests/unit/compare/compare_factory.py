"""Small runs from plain numbers, for the tests of harness/compare."""

from collections.abc import Mapping, Sequence

from harness.records import Answer, Candidate, Case, Metric, Score, ScoredAnswer

Cell = float | str | None
Column = Sequence[Cell]


def cases_of(
    clusters: Sequence[str] | int,
    task: str = "t",
    tags: Mapping[int, tuple[str, ...]] | None = None,
) -> list[Case]:
    """Cases c0, c1, …; a number means that many clusters of one."""
    names = [f"k{i}" for i in range(clusters)] if isinstance(clusters, int) else list(clusters)
    return [
        Case(f"c{i:04d}", task, "in", "out", name, tags=(tags or {}).get(i, ()))
        for i, name in enumerate(names)
    ]


def answers_of(
    cases: Sequence[Case], columns: Mapping[str, Mapping[str, Column]]
) -> list[ScoredAnswer]:
    """columns: candidate -> metric -> a cell per case: a number, "error" or None (unmeasured)."""
    return [
        ScoredAnswer(
            case.id,
            case.task,
            candidate,
            Answer(f"{case.id}/{candidate}", "text"),
            tuple(score_of(metric, column[row]) for metric, column in by_metric.items()),
        )
        for candidate, by_metric in columns.items()
        for row, case in enumerate(cases)
    ]


def score_of(metric: str, cell: Cell) -> Score:
    if cell is None:
        return Score(metric, None, "unmeasured")
    if cell == "error":
        return Score(metric, None, "error")
    return Score(metric, float(cell))


def candidates_of(*names: str) -> list[Candidate]:
    return [Candidate(name) for name in names]


def binary(name: str = "m", better: str = "higher") -> Metric:
    return Metric(name, "a test metric", better=better, binary=True)  # type: ignore[arg-type]
