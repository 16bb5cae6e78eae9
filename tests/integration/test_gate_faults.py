"""Ways to make a gate lie: each ends ERROR or FAIL, or is refused; without it the gate passes.

docs/gate.md has the table of them, with the name of each test.
"""

import json
import re
import resource
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import planted_engines
import planted_scorer
import pytest
from command import Bench
from gate_lab import Lab, Outcome, fee_cases
from gate_model import Made, ModelGate, Sound, planted
from safetensors.numpy import load_file, save_file

from harness.records import Answer, EngineJob

PAGE = Path(__file__).parents[2] / "docs" / "gate.md"
WRONG = "Answer: the Patron pays 3 pounds."


@pytest.fixture(scope="module")
def sound_lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Answers that pass: without a fault, each test below would begin with PASS."""
    made = Lab(tmp_path_factory.mktemp("gate") / "lab")
    made.furnish()
    control = made.copied(tmp_path_factory.mktemp("gate") / "control").judge()
    assert (control.verdict, control.code) == ("PASS", 0), control.said
    return made


@pytest.fixture
def lab(sound_lab: Lab, tmp_path: Path) -> Lab:
    return sound_lab.copied(tmp_path / "lab")


@pytest.fixture(scope="module")
def sound_gate(
    tmp_path_factory: pytest.TempPathFactory, tiny_suite: Callable[[Path], Path]
) -> ModelGate:
    """A real adapter that passes, with the verdict's files and a store that holds its answers."""
    made = ModelGate(tmp_path_factory.mktemp("gate"))
    made.furnish(tiny_suite)
    control = made.gate()
    assert (control.verdict, control.code) == ("PASS", 0), control.said
    return made


@pytest.fixture
def shop(sound_gate: ModelGate, tmp_path: Path) -> ModelGate:
    copy = sound_gate.copied(tmp_path / "shop")
    assert copy.data()["verdict"] == "PASS"
    return copy


@pytest.fixture
def scorer(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, int], Outcome]]:
    """What the gate says where a scorer gives a value to so many of the adapter's answers."""
    rule = {"candidate": "lora", "task": "fees", "metric": planted_scorer.NAME}
    rules = [
        {"kind": "at_least", "value": 0.8, **rule},
        {"kind": "non_inferior", "against": "base", "margin": 0.1, **rule},
    ]

    def change(data: dict[str, Any]) -> None:
        data["tasks"]["fees"]["scorers"] = ["style", "recency", "planted"]
        data["gate"] = rules

    def judged(value: str, count: int) -> Outcome:
        for row in [*lab.answers["lora"].values()][:count]:
            row["output"] += planted_scorer.MARK
        monkeypatch.setenv("PLANTED_SCORE", value)
        return lab.judge()

    lab.edit(change)
    with planted_scorer.installed(tmp_path / "site", monkeypatch):
        yield judged


def errs(outcome: Outcome, words: str) -> None:
    assert (outcome.verdict, outcome.code) == ("ERROR", 3), outcome.said
    assert words in outcome.said


def fails(outcome: Outcome, words: str) -> None:
    assert (outcome.verdict, outcome.code) == ("FAIL", 1), outcome.said
    assert words in outcome.said


def refused(outcome: Outcome, words: str) -> None:
    assert (outcome.verdict, outcome.code) == ("REFUSED", 2), outcome.said
    assert words in outcome.said


# ---------------------------------------------------------------- answers


def test_errors_are_not_dropped(lab: Lab) -> None:
    lab.say(range(20), output="", error="timeout")
    errs(lab.judge(), "20 of 56 answers are errors")


def test_answers_that_are_left_out_are_errors(lab: Lab) -> None:
    lab.say(range(20), output=None)
    errs(lab.judge(), "20 of 56 answers are errors")


def test_empty_answers_fail(lab: Lab) -> None:
    lab.say(range(56), output="", completion_tokens=0)
    fails(lab.judge(), "FAIL non_inferior")


def test_cut_answers_are_not_judged(lab: Lab) -> None:
    lab.say(range(56), finish="length")
    errs(lab.judge(), "lora: 56 of 56 answers reached max_tokens and were cut")


def test_a_rival_that_was_cut_is_no_rival(lab: Lab) -> None:
    lab.rule("superior", kind="non_inferior", min_effect=None, margin=0.1)
    lab.say(range(56), "base", finish="length")
    errs(lab.judge(), "base: 56 of 56 answers reached max_tokens and were cut")


def test_an_answer_cannot_be_given_twice(lab: Lab) -> None:
    rows = [row for own in lab.answers.values() for row in own.values()]
    refused(lab.judge([*rows, rows[-1]]), "a second time")


def test_the_best_of_two_draws_is_no_single_answer(lab: Lab) -> None:
    again = {f"again-{case}": {**row, "sample": 1} for case, row in lab.answers["lora"].items()}
    lab.answers["more"] = again
    errs(lab.judge(), "sampling.samples was 1 and is 2")


def test_answers_to_other_cases_are_refused(lab: Lab) -> None:
    lab.say([3], case="fee-300")
    refused(lab.judge(), "unknown case 'fee-300'")


def test_another_candidates_answers_are_not_those_of_the_adapter(lab: Lab) -> None:
    for row in lab.answers["lora"].values():
        row["candidate"] = "lora-2"
    errs(lab.judge(), "nothing was measured for the candidate 'lora'")


def test_tokens_that_nobody_counted_are_no_budget(lab: Lab) -> None:
    lab.say(range(56), completion_tokens=0)
    errs(lab.judge(), "ERROR budget lora: none of 56 cases was measured")


# ---------------------------------------------------------------- scores


@pytest.mark.parametrize("value", ["nan", "inf", "7", "0.5"])
def test_scores_that_cannot_be_are_errors(
    value: str, scorer: Callable[[str, int], Outcome]
) -> None:
    errs(scorer(value, 20), "20 of 56 answers are errors")


@pytest.mark.parametrize("value", ["crash", "nothing"])
def test_a_scorer_that_fails_on_the_adapters_answers_is_an_error(
    value: str, scorer: Callable[[str, int], Outcome]
) -> None:
    errs(scorer(value, 20), "20 of 56 answers are errors")


def test_a_score_that_is_sound_passes(scorer: Callable[[str, int], Outcome]) -> None:
    outcome = scorer("1", 56)
    assert (outcome.verdict, outcome.code) == ("PASS", 0), outcome.said


def test_nothing_measured_is_an_error(scorer: Callable[[str, int], Outcome]) -> None:
    errs(scorer("unmeasured", 56), "none of 56 cases was measured")


def test_more_than_half_unmeasured_is_an_error(scorer: Callable[[str, int], Outcome]) -> None:
    errs(scorer("unmeasured", 30), "30 of 56 cases are unmeasured")


def test_cases_measured_on_one_side_only_are_an_error(
    scorer: Callable[[str, int], Outcome],
) -> None:
    errs(scorer("unmeasured", 10), "10 of 56 cases measured for base were not for the other")


# ---------------------------------------------------------------- cases


def test_an_id_cannot_be_used_twice(lab: Lab) -> None:
    lab.rewrite("cases/fees.jsonl", lambda rows: [*rows, rows[0]])
    refused(lab.judge(), "id 'fee-0' is already used")


@pytest.mark.parametrize("fact", [True, False])
def test_copies_of_a_case_are_one_case(fact: bool, lab: Lab) -> None:
    def change(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        again = [{**rows[index % 8], "id": row["id"]} for index, row in enumerate(rows)]
        kept = {"id", "input", "output", *(["fact"] if fact else [])}
        return [{key: row[key] for key in row.keys() & kept} for row in again]

    rule = {"kind": "at_least", "candidate": "lora", "task": "fees", "metric": "style.all"}
    lab.edit(lambda data: data.update(gate=[{**rule, "value": 0.8}]))
    lab.edit(lambda data: data["tasks"]["fees"].update(scorers=["style"]))
    assert lab.judge().verdict == "PASS"
    lab.rewrite("cases/fees.jsonl", change)
    outcome = lab.judge()
    assert (outcome.verdict, outcome.code) == ("INCONCLUSIVE", 4), outcome.said
    assert "(n = 56); the 95 % interval [67.6, 100] contains 80" in outcome.said


def test_looks_at_the_same_cases_are_counted(lab: Lab) -> None:
    outcome = lab.judge()
    assert outcome.verdict == "PASS"
    assert "look " not in outcome.said  # what came before the baseline was no verdict
    lab.say([54], output="Answer: the Patron pays 8 pounds.")
    assert "look 2 at these 56 cases" in lab.judge().said


def test_no_cases_are_refused(lab: Lab) -> None:
    (lab.suite / "cases/fees.jsonl").write_text("", "utf-8")
    refused(lab.judge(), "task 'fees' has no cases")


def test_a_slice_that_is_misspelt_is_refused(lab: Lab) -> None:
    lab.rule("at_most", slice="chnged")
    refused(lab.judge(), "unknown slice 'chnged' (did you mean 'changed'?)")


def test_a_slice_of_few_cases_is_refused(lab: Lab) -> None:
    lab.rule("at_most", slice="must_pass")
    refused(lab.judge(), "slice 'must_pass' has 3 of the 56 cases")


def test_cases_that_training_holds_are_refused(lab: Lab) -> None:
    known = {key: fee_cases()[3][key] for key in ("input", "output")}
    lab.rewrite("train.jsonl", lambda rows: [*rows, known])
    refused(lab.judge(), "case 'fee-3' is in training")


@pytest.mark.parametrize(
    "harm, verdict",
    [
        ({"output": None}, "ERROR"),
        ({"output": "", "error": "x"}, "ERROR"),
        ({"output": WRONG}, "FAIL"),
    ],
)
def test_a_must_pass_case_decides(harm: dict[str, Any], verdict: str, lab: Lab) -> None:
    lab.edit(lambda data: data.update(gate=[data["gate"][4]]))
    lab.say([1], **harm)
    outcome = lab.judge()
    assert outcome.verdict == verdict
    assert "1 of 3 cases of lora" in outcome.said
    assert "fee-1" in outcome.said


# ---------------------------------------------------------------- rules


@pytest.mark.parametrize("margin", [1.0, 2.0, -0.1, float("nan"), float("inf")])
def test_a_margin_that_accepts_anything_is_refused(margin: float, lab: Lab) -> None:
    lab.rule("non_inferior", margin=margin)
    refused(lab.judge(), "margin")


@pytest.mark.parametrize(
    "kind, value, words",
    [
        ("at_least", 0.0, "accepts any"),
        ("at_most", 1.0, "accepts any"),
        ("at_least", float("nan"), "value is NaN"),
    ],
)
def test_a_value_that_accepts_anything_is_refused(
    kind: str, value: float, words: str, lab: Lab
) -> None:
    lab.rule(kind, value=value)
    refused(lab.judge(), words)


def test_accepting_that_nothing_is_measured_is_refused(lab: Lab) -> None:
    lab.rule("at_least", kind="max_unmeasured", value=1.0)
    refused(lab.judge(), "value 1 accepts that nothing is measured")


def test_a_rule_the_wrong_way_round_is_refused(lab: Lab) -> None:
    lab.rule("at_most", kind="at_least")
    refused(lab.judge(), "recency.stale is better when lower")


def test_worse_is_worse_for_a_metric_that_is_better_when_lower(lab: Lab) -> None:
    lab.rule("superior", metric="recency.stale")
    for index, row in enumerate(lab.answers["lora"].values()):
        row["output"] = lab.answers["base"][row["case"]]["output"]
        lab.say([index], "base", output=fee_cases()[index]["output"])
    fails(lab.judge(), "FAIL superior lora - base")


def test_a_metric_without_direction_proves_nothing(lab: Lab, scorer: Any) -> None:
    rule = {"kind": "superior", "candidate": "lora", "against": "base", "task": "fees"}
    lab.edit(lambda data: data.update(gate=[{**rule, "metric": "planted.plain"}]))
    refused(scorer("1", 0), "metric 'planted.plain' has no better direction")


def test_a_candidate_held_against_itself_is_refused(lab: Lab) -> None:
    lab.rule("superior", against="lora")
    refused(lab.judge(), "candidate 'lora' is held against itself")


def test_a_metric_that_nobody_measures_is_refused(lab: Lab) -> None:
    lab.edit(lambda data: data["tasks"]["fees"].update(scorers=["style"]))
    refused(lab.judge(), "unknown metric 'recency.current'")


def test_undecided_is_no_pass(lab: Lab) -> None:
    lab.rule("at_least", value=0.95)
    outcome = lab.judge()
    assert (outcome.verdict, outcome.code) == ("INCONCLUSIVE", 4)
    assert "cases would decide" in outcome.said


def test_a_worse_adapter_fails(lab: Lab) -> None:
    lab.say(range(10, 40), output=WRONG)
    fails(lab.judge(), "FAIL at_least")


# ---------------------------------------------------------------- the baseline


def test_a_missing_baseline_is_an_error(lab: Lab) -> None:
    (lab.suite / "baseline.json").unlink()
    errs(lab.judge(), "no baseline is pinned")


def test_a_swapped_baseline_is_an_error(lab: Lab, tmp_path: Path) -> None:
    (pinned,) = (lab.suite / "baseline").iterdir()
    other = lab.copied(tmp_path / "other")
    other.say(range(40), output=WRONG)
    other.judge()
    other.call("baseline", "set", other.suite, "--reports", other.reports, "--force")
    (weak,) = (other.suite / "baseline").iterdir()
    assert weak.name != pinned.name
    shutil.copy(weak, pinned)
    errs(lab.judge(), "not those that were pinned")


def test_an_edited_baseline_is_an_error(lab: Lab) -> None:
    lab.repin(lambda raw: raw.replace(b"Patron", b"Person"))
    errs(lab.judge(), "not those that were pinned")


def test_a_baseline_of_another_suite_is_an_error(lab: Lab) -> None:
    lab.edit(lambda data: data.update(name="other"))
    errs(lab.judge(), "it is of suite 'tiny'")


def test_a_baseline_that_was_cut_is_an_error(lab: Lab) -> None:
    lab.say(range(56), finish="length")
    lab.judge()
    lab.call("baseline", "set", lab.suite, "--reports", lab.reports, "--force")
    lab.answer()
    errs(lab.judge(), "56 of 56 answers of its lora reached max_tokens and were cut")


def test_cases_that_were_edited_since_are_an_error(lab: Lab) -> None:
    def change(rows: list[dict[str, Any]]) -> None:
        rows[5]["input"] += " Please."

    lab.rewrite("cases/fees.jsonl", change)
    errs(lab.judge(), "the question changed in 1 of 56 cases (fee-5)")


def test_failing_cases_cannot_be_dropped(lab: Lab) -> None:
    lab.rewrite("cases/fees.jsonl", lambda rows: rows[3:])
    for own in lab.answers.values():
        for index in range(3):
            del own[f"fee-{index}"]
    lab.edit(lambda data: data.update(gate=data["gate"][:4]))
    errs(lab.judge(), "the suite no longer asks 3 of 56 cases (fee-0, fee-1, fee-2) of fees")


def test_a_case_that_must_pass_stays_one(lab: Lab) -> None:
    def change(rows: list[dict[str, Any]]) -> None:
        del rows[1]["tags"]

    lab.rewrite("cases/fees.jsonl", change)
    lab.say([1], output=WRONG)
    errs(lab.judge(), "1 of 3 cases (fee-1) lost the tag 'must_pass' since")


def test_another_template_is_an_error(lab: Lab) -> None:
    lab.edit(lambda data: data.update(template="Q: {input}\nA: "))
    errs(lab.judge(), "the suite's template changed since")


def test_facts_that_changed_since_are_told_by_todays_truth(lab: Lab) -> None:
    def newer(rows: list[dict[str, Any]]) -> None:
        for row in rows[:30]:
            row["versions"][-1]["valid_to"] = "2023-01-01"
            now = row["versions"][-1]["value"].replace("1", "9", 1)
            row["versions"].append({"value": now, "valid_from": "2023-01-01"})

    def told(rows: list[dict[str, Any]]) -> None:
        for row in rows[:30]:
            row["output"] = re.sub(r"1(\d\d euros)", r"9\1", row["output"])

    lab.rewrite("facts.jsonl", newer)
    lab.rewrite("cases/fees.jsonl", told)
    fails(lab.judge(), "changed since the baseline: facts")


# ---------------------------------------------------------------- the model and its adapter


def test_other_bytes_at_the_same_path_are_asked_again(shop: ModelGate) -> None:
    before = shop.digest()
    spoil(shop.adapter, -4.0)
    outcome = shop.gate()
    assert outcome.verdict in ("FAIL", "ERROR")
    assert outcome.code in (1, 3)
    assert shop.digest() != before


@pytest.mark.parametrize("name", ["suite.yaml", "baseline.json"])
def test_a_remembered_verdict_is_not_given_where_something_changed(
    name: str, shop: ModelGate
) -> None:
    assert shop.gate().verdict == "PASS"
    if name == "suite.yaml":
        shop.edit(lambda data: data["gate"][1].update(candidate="base", value=0.9))
        fails(shop.gate(), "lies on the wrong side of 90")
    else:
        (shop.suite / name).unlink()
        errs(shop.gate(), "no baseline is pinned")


def spoil(adapter: Path, factor: float) -> None:
    """Other weights in an adapter's folder."""
    file = adapter / "adapter_model.safetensors"
    tensors = load_file(file)
    save_file({n: t * factor if "lora_B" in n else t for n, t in tensors.items()}, file)


def test_bytes_that_change_while_they_are_served_are_an_error(
    shop: ModelGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swap(job: EngineJob, sound: Sound) -> Made:
        yield from sound(job)
        spoil(shop.adapter, 0.5)

    shop.forget()
    planted(monkeypatch, swap)
    errs(shop.gate(), "bytes changed while it was judged")


def test_an_adapter_that_does_nothing_is_an_error(shop: ModelGate) -> None:
    spoil(shop.adapter, 0.0)
    errs(shop.gate(), "changes nothing")


def asked_of(adapter: str | None, job: EngineJob) -> EngineJob:
    """The job with every question put to one adapter, or to the base."""
    probes = tuple(replace(one, adapter=adapter) for one in job.probes)
    requests = tuple(replace(one, adapter=adapter) for one in job.requests)
    return replace(job, probes=probes, requests=requests)


def test_an_adapter_that_is_not_applied_is_an_error(
    shop: ModelGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.forget()
    planted(monkeypatch, lambda job, sound: sound(asked_of(None, job)))
    errs(shop.gate(), "changes nothing")


def test_a_base_that_the_adapter_answers_for_is_an_error(
    shop: ModelGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.forget()
    planted(monkeypatch, lambda job, sound: sound(asked_of(next(iter(job.adapters)), job)))
    errs(shop.gate(), "changes nothing")


def test_an_engine_that_stops_half_way_is_an_error(
    shop: ModelGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(job: EngineJob, sound: Sound) -> Made:
        left = len(job.probes) + len(job.requests) // 2
        for one in sound(job):
            if isinstance(one, Answer):
                if not left:
                    return
                left -= 1
            yield one

    shop.forget()
    planted(monkeypatch, half)
    errs(shop.gate(), "the engine gave 12 of 24 answers")


def test_another_base_is_an_error(shop: ModelGate, tiny_model: Path, tmp_path: Path) -> None:
    model = shutil.copytree(tiny_model, tmp_path / "model")
    tensors = load_file(model / "model.safetensors")
    tensors["model.norm.weight"] = tensors["model.norm.weight"] * 1.01
    save_file(tensors, model / "model.safetensors", metadata={"format": "pt"})
    errs(shop.gate("--model", model), "another base model or tokenizer")


@pytest.mark.parametrize("name", ["tokenizer.json", "chat_template.jinja"])
def test_another_tokenizer_or_chat_template_is_an_error(
    name: str, shop: ModelGate, tiny_model: Path, tmp_path: Path
) -> None:
    model = shutil.copytree(tiny_model, tmp_path / "model")
    file = model / name
    text = file.read_text("utf-8")
    if name == "tokenizer.json":
        data = json.loads(text)
        data["model"]["merges"].pop()
        text = json.dumps(data)
    else:
        text = text.replace("<|assistant|>", "<|assistant|> ")
    file.write_text(text, "utf-8")
    errs(shop.gate("--model", model), "another base model or tokenizer")


@pytest.mark.parametrize(
    "change, words",
    [
        ({"sampling": {"temperature": 0.7}}, "sampling.temperature was 0 and is 0.7"),
        ({"max_tokens": 24}, "max_tokens of notes was 16 and is 24"),
    ],
)
def test_another_way_to_draw_answers_is_an_error(
    change: dict[str, Any], words: str, shop: ModelGate
) -> None:
    def changed(data: dict[str, Any]) -> None:
        data["tasks"]["notes"].update({k: v for k, v in change.items() if k == "max_tokens"})
        data.update({k: v for k, v in change.items() if k != "max_tokens"})

    shop.edit(changed)
    errs(shop.gate(), words)


def test_a_judge_that_is_not_there_is_no_pass(shop: ModelGate) -> None:
    judge = {"rubric": "Which thanks more?", "against": "base", "model": "./nowhere"}

    def change(data: dict[str, Any]) -> None:
        data["tasks"]["notes"]["scorers"] = {"style": {}, "judge": judge}
        data["gate"][1].update(metric="judge.win")

    shop.edit(change)
    outcome = shop.gate()
    assert (outcome.verdict, outcome.code) == ("ERROR", 2)
    assert "nowhere" in outcome.said


def test_rules_about_the_base_alone_judge_no_adapter(shop: ModelGate) -> None:
    rule = {"kind": "max_unmeasured", "candidate": "base", "task": "notes", "value": 0.1}
    shop.edit(lambda data: data.update(gate=[{**rule, "metric": "style.all"}]))
    outcome = shop.gate()
    assert (outcome.verdict, outcome.code) == ("ERROR", 2)
    assert "--adapter would judge nothing" in outcome.said


@pytest.mark.parametrize("text", ["gate: []\n", "{}\n"])
def test_a_policy_without_rules_is_refused(text: str, shop: ModelGate) -> None:
    policy = shop.folder / "policy.yaml"
    policy.write_text(text, "utf-8")
    outcome = shop.gate("--policy", policy)
    assert (outcome.verdict, outcome.code) == ("ERROR", 2)


# ---------------------------------------------------------------- the verdict's files


def test_a_crash_half_way_leaves_no_earlier_pass(
    shop: ModelGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(job: EngineJob, sound: Sound) -> Made:
        for count, one in enumerate(sound(job)):
            if count > len(job.probes) + 3:
                raise RuntimeError("CUDA error: an illegal memory access")
            yield one

    shop.forget()
    planted(monkeypatch, crash)
    errs(shop.gate(), "illegal memory access")


def test_a_process_that_dies_leaves_no_earlier_pass(shop: ModelGate, tmp_path: Path) -> None:
    site = planted_engines.install(tmp_path / "site")
    plan = {"fault": "exit", "after": 3, "starts": 1, "notes": str(tmp_path / "notes")}
    words = ("gate", shop.suite, "--adapter", shop.adapter, "--out", shop.out)
    more = ("--engine", "planted", "--executor", "inline")
    done = Bench(shop.folder)(*words, *more, env={"PLANTED": json.dumps(plan), "PYTHONPATH": site})
    assert done.returncode == 9
    data = shop.data()
    assert (data["verdict"], data["reason"]) == ("ERROR", "the gate did not come to an end")


def test_a_full_disk_leaves_no_earlier_pass(shop: ModelGate) -> None:
    words = ("gate", shop.suite, "--adapter", shop.adapter, "--out", shop.out)

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))

    done = Bench(shop.folder)(*words, "--engine", "transformers", preexec_fn=full)
    assert done.returncode == 3
    assert not (shop.out / "gate.json").exists()
    assert not (shop.out / "gate.junit.xml").exists()


# ---------------------------------------------------------------- the page


def test_the_page_names_each_fault_with_a_test_that_exists() -> None:
    rows = re.findall(r"^\| .* \| .* \| `(test_\w+)` \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    tests = {name for name in globals() if name.startswith("test_")}
    apart = {"test_a_score_that_is_sound_passes"}
    this = "test_the_page_names_each_fault_with_a_test_that_exists"
    assert sorted(rows) == sorted(tests - apart - {this})
    assert len(rows) >= 25
