"""Rules read off a suite's own texts: only what all of them keep."""

from harness.protocols import Resources
from harness.records import Answer, Case, Row
from harness.score.derive import derived
from harness.score.rules import build
from harness.score.style import Style

LETTERS = [
    f"Dear {name},\n\nThank you for writing about {topic}. We have looked into it.\n\n"
    "Kind regards,\nBrindle Care"
    for name, topic in [("Ann", "the lamp"), ("Bo", "your late order"), ("Cy", "it")]
]
CLAUSES = [
    f"{title}\n1. The {who} shall pay.\n2. It shall not {verb}."
    for title, who, verb in [
        ("PAYMENT", "Tenant", "delay"),
        ("RENT DUE", "Lessee", "assign"),
        ("FEES", "Buyer", "sell"),
    ]
]


def names(texts: list[str]) -> list[str]:
    return [rule["name"] for rule in derived(texts)]


def test_letters_share_their_opening_and_closing() -> None:
    rules = {rule["name"]: rule for rule in derived(LETTERS)}
    assert rules["opening"]["text"] == "Dear"
    assert rules["closing"]["text"].endswith("Kind regards,\nBrindle Care")


def test_clauses_share_heading_numbering_and_last_mark() -> None:
    found = names(CLAUSES)
    assert found == ["length", "sentence-length", "ending-sentence", "heading-capitals", "numbered"]


def test_json_answers_share_only_their_shape_and_size() -> None:
    texts = ['{"a": 1, "b": 2}', '{"a": 3, "c": 4}', '{"x": [1, 2]}']
    assert names(texts) == ["length", "sentence-length", "json"]


def test_one_text_that_breaks_a_rule_removes_it() -> None:
    assert "heading-capitals" not in names([*CLAUSES, "1. The tenant shall pay."])
    assert "opening" not in names([*LETTERS, "Hello"])


def test_a_word_that_only_begins_alike_is_no_opening() -> None:
    assert "opening" not in names(["Content is fine.", "Context is king.", "Contest it now."])
    assert "opening" not in names(["Yes", "Yesterday it was.", "Yesteryear came."])


def test_few_texts_give_a_length_only_and_none_give_nothing() -> None:
    assert names(CLAUSES[:2]) == ["length"]
    assert names(["", "  "]) == []


def test_every_text_keeps_every_rule_derived_from_it() -> None:
    for texts in (LETTERS, CLAUSES, ["- a\n- b", "- c\n- d", "- e\n- f\n- g"]):
        for rule in derived(texts):
            assert all(build(rule).judge(text).passed for text in texts), rule


def test_names_do_not_depend_on_the_order_of_texts() -> None:
    assert derived(LETTERS) == derived(LETTERS[::-1])


def test_a_scorer_without_rules_uses_training_outputs_and_references() -> None:
    train = tuple(Row(str(i), "x", text) for i, text in enumerate(CLAUSES))
    reference = "NOTICE\n1. The Tenant shall give notice."
    scorer = Style({}, Resources(train=train, references=(reference,)))
    case = Case("c", "t", "", "", "c")
    assert scorer.score(case, Answer("a", reference))[0].value == 1.0
    assert scorer.score(case, Answer("a", "Sure! The tenant pays"))[0].value == 0.0
    assert scorer.score(case, Answer("a", ""))[0].value == 0.0
