"""On real documents of the shipped suites, fusing two rankings costs little against either."""

from pathlib import Path

import pytest

from harness.records import Retrieval
from harness.retrieve.search import corpus, find
from harness.suite.load import load

SUITES = [path.parent for path in sorted(Path(__file__).parents[2].glob("suites/*/suite.yaml"))]
ASKED = 60


@pytest.mark.parametrize("folder", SUITES, ids=lambda folder: folder.name)
def test_hybrid_finds_nearly_as_much_as_the_better_of_its_halves(
    folder: Path, tmp_path: Path
) -> None:
    suite = load(folder, "full")
    cases = [case for task in suite.tasks for case in task.cases if case.gold]
    day = cases[0].as_of
    cases = [case for case in cases if case.as_of == day]
    cases = cases[:: -(-len(cases) // ASKED)]
    documents = corpus(suite.documents, day, Retrieval())
    recall = {}
    for name in ("bm25", "dense", "hybrid"):
        settings = Retrieval(retriever=name)
        found = find(documents, [case.input for case in cases], settings, 3, tmp_path)
        hits = [
            any(passage.document in case.gold for passage in passages)
            for case, passages in zip(cases, found, strict=True)
        ]
        recall[name] = sum(hits) / len(hits)
    assert len(cases) >= 20
    assert recall["hybrid"] >= max(recall["bm25"], recall["dense"]) - 0.1
