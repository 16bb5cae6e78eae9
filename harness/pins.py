"""Baselines on disk: a run's answers in one small file, pinned by its hash.

    SUITE/baseline.json               the pin: file, sha256, run, when, who can read it
    SUITE/baseline/<sha>.jsonl.gz     a header line, a line per case, a line per answer

Both are made to be committed with the suite. The same run gives the same bytes.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from harness.errors import MeasurementError, from_os_error
from harness.records import Answer, Candidate, Case, Model, Run, ScoredAnswer
from harness.score.judge import METRIC as JUDGED
from harness.store import digest_of, write_atomic

SCHEMA = 1
PIN, FOLDER = "baseline.json", "baseline"
READERS = "whoever can read the suite's folder: the file holds the answers and what they read"
AGAIN = "pin it again: bench baseline set SUITE"


@dataclass(frozen=True, slots=True)
class Kept:
    """A candidate of the baseline with the digest of its adapter ('' without one)."""

    candidate: Candidate
    digest: str = ""


@dataclass(frozen=True, slots=True)
class KeptCase:
    """A case of the baseline: `asked` is the digest of its input, `whole` of all of it.

    `tags` are its slices, for cases that leave one later.
    """

    id: str
    task: str
    asked: str
    whole: str
    tags: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Header:
    """The run that a baseline was made of; `setup` is the run's."""

    schema: int
    run: str
    suite: str
    profile: str
    created: str
    model: Model
    engine: str
    candidates: tuple[Kept, ...]
    setup: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Baseline:
    """A run that later ones are held against; `sha256` is '' where its data are not pinned.

    Answers have no scores but a judge's, which cannot be computed again from the text.
    """

    header: Header
    cases: dict[str, KeptCase] = field(default_factory=dict)
    answers: tuple[ScoredAnswer, ...] = ()
    sha256: str = ""

    @property
    def says(self) -> str:
        """The baseline in a few words, for a verdict."""
        pinned = f"sha256 {self.sha256[:12]}" if self.sha256 else "not pinned"
        return f"run {self.header.run} of {self.header.created[:10]}, {pinned}"


def kept_case(case: Case) -> KeptCase:
    """The digests of a case; where it was read from does not count."""
    whole = {key: value for key, value in asdict(case).items() if key != "where"}
    asked, all_of_it = digest_of(case.input)[:12], digest_of(whole)[:12]
    return KeptCase(case.id, case.task, asked, all_of_it, case.tags)


def of_run(run: Run, names: Sequence[str] = ()) -> Baseline:
    """What a later gate needs of a run; of the candidates in `names`, or of all.

    No rule names a point of a learning curve, so these are no part of all.
    """
    kept = tuple(
        Kept(
            replace(one.candidate, adapter=replace(one.candidate.adapter, value="")),
            one.adapter.digest if one.adapter else "",
        )
        for one in run.candidates
        if one.candidate.name in names or (not names and not one.candidate.curve)
    )
    chosen = {one.candidate.name for one in kept}
    answers = [slim(one) for one in run.answers if one.candidate in chosen]
    answers.sort(key=lambda one: (one.task, one.case, one.candidate, one.sample))
    used = {one.case for one in answers}
    cases = {case.id: kept_case(case) for case in run.cases if case.id in used}
    model = replace(run.model, path="")
    header = Header(
        SCHEMA, run.id, run.suite, run.profile, run.created, model, run.engine, kept, run.setup
    )
    return Baseline(header, dict(sorted(cases.items())), tuple(answers))


def slim(one: ScoredAnswer) -> ScoredAnswer:
    """An answer with what scorers read of it; the prompt is a digest, to see that it changed."""
    given = one.answer
    length = len(given.token_ids) or given.completion_tokens
    answer = Answer(
        request=given.request,
        text=given.text,
        finish=given.finish,
        error=given.error,
        target_logprobs=given.target_logprobs,
        completion_tokens=length,
    )
    judged = tuple(score for score in one.scores if score.metric == JUDGED or skipped(one))
    return replace(one, answer=answer, scores=judged, prompt=digest_of(one.prompt)[:12])


def skipped(one: ScoredAnswer) -> bool:
    """Whether the candidate was not asked this case, so that nothing about it is measured."""
    why = one.answer.error
    states = {(score.state, score.reason) for score in one.scores}
    return bool(why) and states == {("unmeasured", why)}


# ---------------------------------------------------------------- bytes


@cache
def _types() -> tuple[TypeAdapter[Header], TypeAdapter[KeptCase], TypeAdapter[ScoredAnswer]]:
    return TypeAdapter(Header), TypeAdapter(KeptCase), TypeAdapter(ScoredAnswer)


def packed(baseline: Baseline) -> bytes:
    """A baseline as gzipped JSON lines; the same baseline gives the same bytes."""
    head, case, answer = _types()

    def lines() -> Iterator[bytes]:
        yield head.dump_json(baseline.header)
        yield from (case.dump_json(one) for one in baseline.cases.values())
        yield from (answer.dump_json(clean(one), exclude_defaults=True) for one in baseline.answers)

    return gzip.compress(b"\n".join(lines()) + b"\n", mtime=0)


def clean(one: ScoredAnswer) -> ScoredAnswer:
    """An answer whose text UTF-8 can hold: lone surrogates become U+FFFD."""
    text = one.answer.text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return one if text == one.answer.text else replace(one, answer=replace(one.answer, text=text))


def unpacked(raw: bytes, where: str) -> Baseline:
    """A baseline from its file's bytes.

    Raises:
        MeasurementError: they are no baseline, or one of another schema.
    """
    head, case, answer = _types()
    try:
        first, *rest = gzip.decompress(raw).splitlines()
        found = json.loads(first).get("schema")
        if found != SCHEMA:
            what = f"the baseline has schema {found}, and this bench reads {SCHEMA}"
            raise MeasurementError(what, where=where, remedy=AGAIN)
        header = head.validate_json(first)
        cases, answers = {}, []
        for line in rest:
            if line.startswith(b'{"id"'):
                one = case.validate_json(line)
                cases[one.id] = one
            else:
                answers.append(answer.validate_json(line))
    except (OSError, EOFError, zlib.error, ValueError, AttributeError, ValidationError) as error:
        what = f"the baseline cannot be read ({type(error).__name__})"
        raise MeasurementError(what, where=where, remedy=AGAIN) from None
    return Baseline(header, cases, tuple(answers), hashlib.sha256(raw).hexdigest())


# ---------------------------------------------------------------- the pin


def write(root: Path, baseline: Baseline) -> dict[str, Any]:
    """Keep a baseline in a suite's folder and pin it; what the pin before named is removed.

    Returns the pin.
    """
    raw = packed(baseline)
    sha = hashlib.sha256(raw).hexdigest()
    file = root / FOLDER / f"{sha[:12]}.jsonl.gz"
    header = baseline.header
    pin = {
        "schema": SCHEMA,
        "file": f"{FOLDER}/{file.name}",
        "sha256": sha,
        "bytes": len(raw),
        "suite": header.suite,
        "profile": header.profile,
        "run": header.run,
        "run_created": header.created,
        "pinned": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "model": {"name": header.model.name, "digest": header.model.digest},
        "candidates": {one.candidate.name: one.digest or None for one in header.candidates},
        "cases": len(baseline.cases),
        "answers": len(baseline.answers),
        "readable_by": READERS,
    }
    before = stale(root, file.name)
    try:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(raw)
        write_atomic(root / PIN, json.dumps(pin, indent=2, ensure_ascii=False) + "\n")
        for path in before:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise from_os_error(error, "pinning a baseline") from error
    return pin


def stale(root: Path, name: str) -> list[Path]:
    """The data of the pin before, which nothing names any more."""
    try:
        pin = read_pin(root / PIN)
    except MeasurementError:
        return []
    old = Path(str(pin["file"])).name if pin else name
    return [] if old == name else [root / FOLDER / old]


def read_pin(path: Path) -> dict[str, Any] | None:
    """A pin, or None where there is none.

    Raises:
        MeasurementError: it is damaged.
    """
    try:
        pin = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        what = f"the pin cannot be read ({type(error).__name__})"
        raise MeasurementError(what, where=str(path), remedy=AGAIN) from None
    texts = pin.keys() >= {"file", "sha256", "run"} if isinstance(pin, dict) else False
    if not texts or not all(isinstance(pin[key], str) for key in ("file", "sha256", "run")):
        raise MeasurementError("the pin names no file and hash", where=str(path), remedy=AGAIN)
    return dict(pin)


def read(root: Path) -> Baseline | None:
    """The baseline that is pinned in a suite's folder, its hash checked; None without a pin.

    Raises:
        MeasurementError: the data are missing, or are not those that were pinned.
    """
    pin = read_pin(root / PIN)
    if pin is None:
        return None
    path = root / FOLDER / Path(pin["file"]).name
    try:
        raw = path.read_bytes()
    except OSError as error:
        what = f"the pinned baseline is missing ({error.strerror})"
        raise MeasurementError(what, where=str(path), remedy=f"restore it, or {AGAIN}") from None
    sha = hashlib.sha256(raw).hexdigest()
    if sha != pin["sha256"]:
        what = f"the baseline's bytes are not those that were pinned (sha256 {sha[:12]}…)"
        raise MeasurementError(what, where=str(path), remedy=f"restore it, or {AGAIN}")
    found = unpacked(raw, str(path))
    if found.header.run != pin["run"]:
        what = f"the pin is of run {pin['run']}, its data are of run {found.header.run}"
        raise MeasurementError(what, where=str(path), remedy=AGAIN)
    return found
