"""How a baseline differs from the run that is held against it: what forbids it, what is noted."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from harness.errors import unknown_remedy
from harness.gate.cut import EASED, MOST_CUT
from harness.pins import AGAIN, Baseline, kept_case
from harness.plan import Plan
from harness.records import FACT_TAGS, Case, Rule, ScoredAnswer
from harness.score.judge import METRIC as JUDGED
from harness.store import digest_of
from harness.suite.bands import AGES, EXPOSURES

DRAWN = ("temperature", "top_p", "samples")
WORLD = {
    "facts": "facts",
    "glossary": "glossary",
    "style": "style rules",
    "documents": "documents",
    "prompts": "prompts",
}


def faults_of(
    baseline: Baseline,
    name: str,
    rule: Rule,
    cases: Sequence[Case],
    plan: Plan,
    setup: Mapping[str, Any],
) -> Iterator[str]:
    """Why a rule on these cases cannot be held against `name` of the baseline, worst first."""
    header, then = baseline.header, baseline.header.setup
    if header.suite != plan.suite.name:
        yield f"it is of suite '{header.suite}'"
    if not then:
        yield "its run was made by a bench that did not write down how it measured; run it again"
        return
    names = [one.candidate.name for one in header.candidates]
    if name not in names:
        yield f"it has no candidate '{name}' ({unknown_remedy(name, names)})"
    yield from prompting_faults(baseline, rule, plan, setup)
    yield from case_faults(baseline, name, rule, cases, plan)


def prompting_faults(
    baseline: Baseline, rule: Rule, plan: Plan, setup: Mapping[str, Any]
) -> Iterator[str]:
    """Another base, or questions that are put in another way."""
    header, then = baseline.header, baseline.header.setup
    replayed = "replay" in (header.engine, plan.engine)
    if not replayed and header.model.digest != plan.model.digest:
        yield (
            f"another base model or tokenizer: {header.model.name} {header.model.digest[:12]}, "
            f"now {plan.model.name} {plan.model.digest[:12]} ({AGAIN})"
        )
    if then["template"] != setup["template"]:
        yield f"the suite's template changed since ({AGAIN})"
    for key in DRAWN:
        old, new = then["sampling"].get(key), setup["sampling"][key]
        if old != new and not (replayed and key != "samples"):
            yield f"sampling.{key} was {old:g} and is {new:g} ({AGAIN})"
    before, now = then["tasks"].get(rule.task), setup["tasks"].get(rule.task)
    if before is None or now is None:
        yield f"it has no task '{rule.task}' ({AGAIN})"
        return
    if before["max_tokens"] != now["max_tokens"] and not replayed:
        old, new = before["max_tokens"], now["max_tokens"]
        yield f"max_tokens of {rule.task} was {old} and is {new} ({AGAIN})"
    if rule.metric == JUDGED and before["scorers"].get("judge") != now["scorers"].get("judge"):
        yield f"the judge of {rule.task} changed, and judged nothing again ({AGAIN})"


def case_faults(
    baseline: Baseline, name: str, rule: Rule, cases: Sequence[Case], plan: Plan
) -> Iterator[str]:
    """Cases that one side lacks, that were asked in other words, or whose answers were cut."""
    own = [one for one in baseline.answers if one.task == rule.task and one.candidate == name]
    answered: dict[str, set[int]] = {}
    for one in own:
        answered.setdefault(one.case, set()).add(one.sample)
    lost = [case.id for case in cases if not answered.get(case.id)]
    if lost:
        profile = baseline.header.profile
        other = f"; it is of profile {profile}" if profile != plan.suite.profile else ""
        yield f"it lacks {counted(lost, len(cases))}{other} ({AGAIN})"
    yield from gone_faults(baseline, rule, answered, plan)
    known = {case.id: baseline.cases.get(case.id) for case in cases}
    edited = [
        case.id for case in cases if (old := known[case.id]) and old.asked != kept_case(case).asked
    ]
    if edited:
        yield f"the question changed in {counted(edited, len(cases))} ({AGAIN})"
    moved = [case.id for case in cases if (old := known[case.id]) and old.task != case.task]
    if moved:
        yield f"it has another task for {counted(moved, len(cases))} ({AGAIN})"
    ids = {case.id for case in cases}
    used = [one for one in own if one.case in ids]
    cut = sum(one.answer.finish == "length" for one in used)
    if rule.kind in EASED and cut > MOST_CUT * len(used):
        yield (
            f"{cut} of {len(used)} answers of its {name} reached max_tokens and were cut: "
            "raise max_tokens of the task, then pin it again"
        )


def gone_faults(
    baseline: Baseline, rule: Rule, answered: Collection[str], plan: Plan
) -> Iterator[str]:
    """Cases that are no longer asked, or left the slice: who may drop cases, chooses the verdict.

    A profile that asks fewer is another matter, and slices that follow from facts move with them.
    """
    now = {case.id: case for task in plan.suite.tasks for case in task.cases}
    gone = [one for one in answered if one not in now]
    if gone and baseline.header.profile == plan.suite.profile:
        yield f"the suite no longer asks {counted(gone, len(answered))} of {rule.task} ({AGAIN})"
    if rule.slice in (*FACT_TAGS, *AGES, *EXPOSURES):
        return
    before = [
        one
        for one in answered
        if one in now and (old := baseline.cases.get(one)) and rule.slice in old.tags
    ]
    left = [one for one in before if rule.slice not in now[one].tags]
    if left:
        yield f"{counted(left, len(before))} lost the tag '{rule.slice}' since ({AGAIN})"


def counted(ids: Sequence[str], total: int) -> str:
    """Some of the cases, with the first names."""
    shown = ", ".join(ids[:3]) + (", …" if len(ids) > 3 else "")
    return f"{len(ids)} of {total} cases ({shown})"


# ---------------------------------------------------------------- notes


def notes_of(
    baseline: Baseline,
    rules: Mapping[Rule, str],
    cases: Sequence[Case],
    plan: Plan,
    setup: Mapping[str, Any],
    answers: Sequence[ScoredAnswer],
) -> Iterator[str]:
    """What is not the same in the baseline and does not forbid using it; nothing without rules."""
    if not rules:
        return
    header, then = baseline.header, baseline.header.setup
    if not baseline.sha256:
        yield "the baseline is not pinned: nothing says that it is the one meant"
    engines = (f"{header.engine} ({then['engine']})", f"{plan.engine} ({setup['engine']})")
    if engines[0] != engines[1]:
        yield f"the baseline's answers are of {engines[0]}, these of {engines[1]}"
    if "replay" in (header.engine, plan.engine) and header.model.digest != plan.model.digest:
        yield "answers were made elsewhere: that the base model is the baseline's was not checked"
    if then["sampling"] != setup["sampling"]:
        yield "the baseline's answers were drawn with another seed"
    if then["as_of"] != setup["as_of"]:
        yield f"the baseline's questions were of {then['as_of']}, these are of {setup['as_of']}"
    yield from suite_notes(then, setup, rules)
    changed = [
        case.id for case in cases if (old := baseline.cases.get(case.id)) and old != kept_case(case)
    ]
    if changed:
        what = f"what is expected changed since the baseline in {counted(changed, len(cases))}"
        yield f"{what}: its answers were scored by today's"
    yield from answer_notes(baseline, rules, {case.id for case in cases}, answers)
    yield from same_bytes(baseline, rules, plan)


def suite_notes(
    then: Mapping[str, Any], setup: Mapping[str, Any], rules: Mapping[Rule, str]
) -> Iterator[str]:
    """Files of the suite and scorers' options that changed since."""
    files = [words for key, words in WORLD.items() if then["world"].get(key) != setup["world"][key]]
    tasks = [
        task
        for task in dict.fromkeys(rule.task for rule in rules)
        if then["tasks"][task]["scorers"] != setup["tasks"][task]["scorers"]
    ]
    files += [f"scorers of {task}" for task in tasks]
    if files:
        yield f"changed since the baseline: {', '.join(files)}; its answers were scored by today's"


def answer_notes(
    baseline: Baseline, rules: Mapping[Rule, str], cases: set[str], answers: Sequence[ScoredAnswer]
) -> Iterator[str]:
    """Prompts and passages that differ from the baseline's, and answers of it that were cut."""
    kept = {(one.task, one.case, one.candidate, one.sample): one for one in baseline.answers}
    for rule, name in {
        (rule.task, rule.candidate): (rule, name) for rule, name in rules.items()
    }.values():
        pairs = [
            (one, old)
            for one in answers
            if one.task == rule.task and one.candidate == rule.candidate and one.case in cases
            if (old := kept.get((one.task, one.case, name, one.sample)))
        ]
        if name == rule.candidate:
            other = sum(digest_of(one.prompt)[:12] != old.prompt for one, old in pairs)
            if other:
                what = f"{other} of {len(pairs)} prompts of {name} in {rule.task}"
                yield f"{what} are not the baseline's: house words or passages changed"
        cut = sum(old.answer.finish == "length" for _, old in pairs)
        if cut:
            what = f"{cut} of {len(pairs)} answers of the baseline's {name} in {rule.task}"
            yield f"{what} reached max_tokens and were cut"


def same_bytes(baseline: Baseline, rules: Mapping[Rule, str], plan: Plan) -> Iterator[str]:
    """Candidates whose adapter is the baseline's own."""
    now = {cell.candidate.name: cell.adapter.digest for cell in plan.cells if cell.adapter}
    then = {one.candidate.name: one.digest for one in baseline.header.candidates}
    for rule, name in rules.items():
        if now.get(rule.candidate, "") == then.get(name) != "":
            yield f"{rule.candidate} has the adapter of the baseline: it is compared with itself"
            return
