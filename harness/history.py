"""What was measured before: an index of runs in the store, and how often a gate was asked.

    <store>/history.sqlite    runs, their summaries, their rules' verdicts

A run's point in history is its id with what was answered and what rules judged it: going through
the same answers again is a further look at the same point, not a new one.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from harness.console import Log
from harness.records import Case, Rule, Run
from harness.store import digest_of

Found = TypeVar("Found")
FILE = "history.sqlite"
SCHEMA = 1
PATIENCE = 10.0  # seconds that a writer waits for another
_TABLES = """
CREATE TABLE runs (
    key TEXT PRIMARY KEY, run TEXT, suite TEXT, profile TEXT, created TEXT, last_seen TEXT,
    looks INTEGER, model TEXT, model_digest TEXT, engine TEXT, command TEXT, folder TEXT,
    cases TEXT, n_cases INTEGER, answers TEXT, rules TEXT, verdict TEXT
);
CREATE INDEX runs_by_suite ON runs (suite, created);
CREATE TABLE adapters (key TEXT, candidate TEXT, adapter TEXT, digest TEXT);
CREATE TABLE metrics (key TEXT, metric TEXT, unit TEXT, better TEXT, lower REAL, upper REAL);
CREATE INDEX metrics_by_key ON metrics (key);
CREATE TABLE summaries (
    key TEXT, task TEXT, metric TEXT, slice TEXT, candidate TEXT,
    n INTEGER, clusters INTEGER, mean REAL, low REAL, high REAL
);
CREATE INDEX summaries_by_key ON summaries (key, metric);
CREATE TABLE rules (
    key TEXT, place INTEGER, kind TEXT, candidate TEXT, task TEXT, metric TEXT, slice TEXT,
    against TEXT, bar REAL, verdict TEXT, estimate REAL, low REAL, high REAL, n INTEGER
);
CREATE INDEX rules_by_key ON rules (key);
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a gate's verdict is about: the cases, what was said of them, and the rules."""

    cases: str
    answers: str
    rules: str


def asked_of(run: Run) -> Asked:
    """Digests of a run's cases, of the answers of its gated candidates, and of its rules.

    Where training happened and when it ran changes none of them; a case's place in a file
    neither. Of a run with rules, only the tasks that rules name count: `--adapter` asks no others,
    and it is the same try at the same cases.
    """
    rules = [result.rule for result in run.gate.rules] if run.gate else []
    judged = {rule.candidate for rule in rules}
    cases = sorted((case.id, case.task, case.input, case.reference) for case in judged_cases(run))
    tasks = {task for _, task, _, _ in cases}
    said = hashlib.sha256()
    for row in sorted(
        (one.candidate, one.task, one.case, one.sample, one.answer.text)
        for one in run.answers
        if one.task in tasks and (not judged or one.candidate in judged)
    ):
        said.update("\x1f".join(map(str, row)).encode("utf-8", "replace"))
    written = [asdict(rule) | {"where": ""} for rule in rules]
    return Asked(digest_of(cases), said.hexdigest()[:32], digest_of(written))


def judged_cases(run: Run) -> tuple[Case, ...]:
    """The cases of the tasks that rules name; all where a rule is about all tasks, or none is.

    What an adapter weighs is about no case.
    """
    rules = [result.rule for result in run.gate.rules] if run.gate else []
    tasks = {rule.task for rule in rules if rule.metric != "adapter_mb"}
    if not tasks or "" in tasks:
        return run.cases
    return tuple(case for case in run.cases if case.task in tasks)


def noted(root: Path, run: Run, log: Log) -> Run:
    """The run with what `looks` has to say among its gate's notes."""
    said = looks(root, run, log)
    if said is None or run.gate is None:
        return run
    return replace(run, gate=replace(run.gate, notes=(*run.gate.notes, said)))


def record(root: Path, run: Run, folder: Path, log: Log) -> None:
    """Append a finished run, or one more look at it; what goes wrong is said, and stops nothing."""
    asked = asked_of(run)
    key = digest_of([run.suite, run.profile, run.id, asdict(asked)])
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def append(index: sqlite3.Connection) -> None:
        again = "UPDATE runs SET looks = looks + 1, last_seen = ? WHERE key = ?"
        if not index.execute(again, (now, key)).rowcount:
            _append(index, key, run, asked, folder, now)

    _within(root, log, append)


def seen_again(root: Path, run: str, log: Log) -> None:
    """One more look at a run, whose verdict was given from memory."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = "UPDATE runs SET looks = looks + 1, last_seen = ? WHERE run = ?"
    _within(root, log, lambda index: index.execute(text, (now, run)))


def runs_of(root: Path, suite: str, log: Log) -> list[dict[str, Any]]:
    """A suite's points in history, oldest first."""
    text = "SELECT * FROM runs WHERE suite = ? ORDER BY created, rowid"
    return _rows(root, text, (suite,), log)


def suites_of(root: Path, log: Log) -> list[str]:
    """The suites that have a history."""
    text = "SELECT DISTINCT suite FROM runs ORDER BY suite"
    return [row["suite"] for row in _rows(root, text, (), log)]


def table_of(
    root: Path, table: Literal["metrics", "summaries", "rules"], suite: str, log: Log
) -> list[dict[str, Any]]:
    """Every row of a table that belongs to a suite, with the run's `key`, oldest run first."""
    text = (
        f"SELECT {table}.* FROM {table} JOIN runs USING (key)"  # noqa: S608 - our names
        f" WHERE suite = ? ORDER BY created, runs.rowid, {table}.rowid"
    )
    return _rows(root, text, (suite,), log)


def looks(root: Path, run: Run, log: Log) -> str | None:
    """What a reader must know of earlier gates on the same cases; None where there were none.

    Every further adapter that is judged on the same cases is one more chance for one that is no
    better to pass by luck. By the union bound (Bonferroni) k tries at 2.5 % each let one pass
    with a probability of at most k times 2.5 %. The same answers judged again are no new try.
    """
    if run.gate is None or not run.gate.rules:
        return None
    asked = asked_of(run)
    tried: dict[str, list[str]] = {}
    policies = {asked.rules}
    for row in runs_of(root, run.suite, log):
        if row["answers"] == asked.answers and row["rules"] == asked.rules:
            break  # what came later is no reason to trust this verdict less
        if row["cases"] == asked.cases and row["verdict"] not in (None, "ERROR"):
            tried.setdefault(row["answers"], []).append(row["verdict"])
            policies.add(row["rules"])
    tried.pop(asked.answers, None)
    if not tried and len(policies) == 1:
        return None
    return _told(len(judged_cases(run)), list(tried.values()), len(policies))


def _told(cases: int, earlier: Sequence[Sequence[str]], policies: int) -> str:
    tries = len(earlier) + 1
    passed = sum("PASS" in verdicts for verdicts in earlier)
    said = f"look {tries} at these {cases} cases"
    if earlier:
        said += (
            f": {len(earlier)} other {'set' if len(earlier) == 1 else 'sets'} of answers "
            f"{'was' if len(earlier) == 1 else 'were'} judged on them before, {passed} passed; "
            f"with {tries} tries an adapter that is not good enough passes a rule by luck in up "
            f"to {min(100.0, 2.5 * tries):.3g} % (union bound) instead of 2.5 %"
        )
    if policies > 1:
        said += f"; {policies} different sets of rules were tried on them"
    return f"{said}; fresh cases, or a wider margin to the bar, would make up for it"


def _append(
    index: sqlite3.Connection, key: str, run: Run, asked: Asked, folder: Path, now: str
) -> None:
    gate = run.gate
    row = (
        key, run.id, run.suite, run.profile, now, now, 1, run.model.name, run.model.digest,
        run.engine, run.command, str(folder), asked.cases, len(run.cases), asked.answers,
        asked.rules, gate.verdict if gate else None,
    )  # fmt: skip
    _insert(index, "runs", [row])
    adapters = [
        (key, one.candidate.name, one.adapter.name, one.adapter.digest)
        for one in run.candidates
        if one.adapter and not one.candidate.curve
    ]
    _insert(index, "adapters", adapters)
    metrics = [(key, m.name, m.unit, m.better, m.lower, m.upper) for m in run.metrics]
    _insert(index, "metrics", metrics)
    points = {one.candidate.name for one in run.candidates if one.candidate.curve}
    summaries = [
        (key, s.task, s.metric, s.slice, s.candidate, s.n, s.clusters, s.mean, s.low, s.high)
        for s in run.summaries
        if s.n and s.candidate not in points
    ]
    _insert(index, "summaries", summaries)
    judged = [
        (
            key, place, one.rule.kind, one.rule.candidate, one.rule.task, one.rule.metric,
            one.rule.slice, one.rule.against, bar_of(one.rule), one.verdict, one.estimate,
            one.low, one.high, one.n,
        )
        for place, one in enumerate(gate.rules if gate else ())
    ]  # fmt: skip
    _insert(index, "rules", judged)


def bar_of(rule: Rule) -> float | None:
    """What a rule's numbers are held against, in the metric's unit; None for single cases."""
    match rule.kind:
        case "superior":
            return rule.min_effect
        case "non_inferior":
            return -rule.margin
        case "no_new_failures":
            return None
        case _:
            return rule.value


def _insert(index: sqlite3.Connection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        index.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - our names


def _rows(root: Path, text: str, values: tuple[Any, ...], log: Log) -> list[dict[str, Any]]:
    def read(index: sqlite3.Connection) -> list[dict[str, Any]]:
        return [dict(row) for row in index.execute(text, values)]

    return _within(root, log, read) or []


def _within(root: Path, log: Log, work: Callable[[sqlite3.Connection], Found]) -> Found | None:
    """What `work` finds in one transaction, or None where the index cannot be had.

    History is never in the way: what is wrong is said. A damaged file is set aside, and one that
    a newer bench wrote is left alone.
    """
    path = root / FILE
    try:
        with closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as index:
            index.row_factory = sqlite3.Row
            index.execute("BEGIN IMMEDIATE")
            version = index.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA:
                log.caution(f"history is not kept: {FILE} is of a newer bench (schema {version})")
                return None
            if not version:
                for statement in _TABLES.split(";"):
                    index.execute(statement)
                index.execute(f"PRAGMA user_version = {SCHEMA}")
            found = work(index)
            index.execute("COMMIT")
            return found
    except sqlite3.OperationalError as error:
        log.caution(f"history is not kept: {FILE}: {error}")
    except sqlite3.DatabaseError as error:
        with suppress(OSError):
            path.replace(path.with_suffix(".damaged"))
        log.caution(f"{FILE} was damaged ({error}): set aside, and history begins again")
    return None
