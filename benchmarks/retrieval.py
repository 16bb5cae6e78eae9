"""Recall and MRR of every retriever on the cases of suites that name their right document."""

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from harness import registry
from harness.records import Case, Retrieval, Suite
from harness.retrieve.search import corpus, find
from harness.suite.load import load


def first_places(
    suite: Suite, cases: Iterable[Case], settings: Retrieval, k: int, cache: Path
) -> Iterator[int | None]:
    """Per case the place, from 0, of the first right document among k passages; None: absent."""
    by_day: dict[date | None, list[Case]] = defaultdict(list)
    for case in cases:
        by_day[case.as_of].append(case)
    for day, asked in by_day.items():
        documents = corpus(suite.documents, day, settings)
        found = find(documents, [case.input for case in asked], settings, k, cache)
        for case, passages in zip(asked, found, strict=True):
            places = [n for n, one in enumerate(passages) if one.document in case.gold]
            yield places[0] if places else None


def main() -> None:
    """Print a Markdown table per suite."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suites", nargs="+", type=Path)
    parser.add_argument("--chunk-chars", nargs="+", type=int, default=[0])
    parser.add_argument("--encoder", default=Retrieval().encoder)
    parser.add_argument("--tags", nargs="*", default=[], help="only cases with all of these")
    wanted = parser.parse_args()
    for path in wanted.suites:
        suite = load(path, "full")
        cases = [
            case
            for task in suite.tasks
            for case in task.cases
            if case.gold and set(wanted.tags) <= set(case.tags)
        ]
        days = len({case.as_of for case in cases})
        print(
            f"\n{suite.name}: {len(cases)} cases, {days} day(s), {len(suite.documents)} documents"
        )
        print("\n| chunk_chars | retriever | recall@1 | recall@3 | MRR@3 |")
        print("|---|---|---|---|---|")
        for size in wanted.chunk_chars:
            for name in registry.names("retriever"):
                settings = replace(
                    suite.retrieval, retriever=name, chunk_chars=size, encoder=wanted.encoder
                )
                with tempfile.TemporaryDirectory() as cache:
                    places = list(first_places(suite, cases, settings, 3, Path(cache)))
                scores = [
                    sum(place == 0 for place in places),
                    sum(place is not None for place in places),
                    sum(1 / (place + 1) for place in places if place is not None),
                ]
                shown = " | ".join(f"{score / len(places):.3f}" for score in scores)
                print(f"| {size} | {name} | {shown} |")


if __name__ == "__main__":
    main()
