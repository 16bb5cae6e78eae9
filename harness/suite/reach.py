"""What a suite asks for that can never happen: a bound out of reach, a search without documents."""

from collections.abc import Callable

from harness import registry
from harness.errors import UsageError
from harness.records import Candidate, Metric, Retrieval, Rule, Suite
from harness.suite.files import Problems
from harness.suite.rows import valid_on

Where = Callable[..., str]


def check_reach(rule: Rule, metric: Metric, problems: Problems) -> None:
    """Note a rule that every answer passes, or none, and one that needs a better direction."""
    low, high = metric.lower, metric.upper
    directed = ("superior", "non_inferior", "no_new_failures")
    if rule.kind in directed and metric.better == "neither":
        what = f"metric '{metric.name}' has no better direction, so {rule.kind} says nothing of it"
        problems.add(what, rule.where, "use at_least or at_most")
    if rule.kind in ("at_least", "at_most"):
        _check_level(rule, metric, problems)
    if low is None or high is None:
        return
    wide = high - low
    if rule.kind == "non_inferior" and rule.margin >= wide:
        what = f"margin {rule.margin:g} accepts any loss of {metric.name} ({spread(metric)})"
        problems.add(what, rule.where, f"give less than {wide:g}")
    if rule.kind == "superior" and rule.min_effect >= wide:
        what = f"min_effect {rule.min_effect:g} is more than {metric.name} can gain"
        problems.add(f"{what} ({spread(metric)})", rule.where, f"give less than {wide:g}")


def _check_level(rule: Rule, metric: Metric, problems: Problems) -> None:
    """Note the first thing that is wrong with the value of at_least or at_most."""
    up = rule.kind == "at_least"
    ends = (metric.lower, metric.upper)
    shut, free = ends[::-1] if up else ends  # no number of cases shows the one, all show the other
    below = metric.lower is not None and rule.value < metric.lower
    what, remedy = "", "give another value"
    if below or (metric.upper is not None and rule.value > metric.upper):
        what = f"value {rule.value:g} is outside {spread(metric)}, the range of {metric.name}"
        remedy = "give a value that answers can have"
    elif shut is not None and rule.value == shut:
        what = f"no number of cases shows that {metric.name} is {shut:g}: an interval has a width"
        if metric.binary:
            remedy += ", or kind: no_new_failures with slice: all"
    elif metric.better == ("lower" if up else "higher"):
        what = f"{metric.name} is better when {metric.better}, so {rule.kind} passes worse answers"
        remedy = f"write {'at_most' if up else 'at_least'}"
    elif free is not None and rule.value == free:
        what = f"{rule.kind} {rule.value:g} accepts any {metric.name} ({spread(metric)})"
        remedy += ", or drop the rule"
    if what:
        problems.add(what, rule.where, remedy)


def spread(metric: Metric) -> str:
    """A metric's range: `0 to 1`."""
    ends = (metric.lower, metric.upper)
    return " to ".join("any" if end is None else f"{end:g}" for end in ends)


def check_prompts(suite: Suite, where: Where, problems: Problems) -> None:
    """Note prompts that show more training rows than there are."""
    if problems and not suite.train:
        return  # what is wrong may be the rows
    for prompt in suite.prompts:
        if prompt.shots > len(suite.train):
            what = (
                f"prompt '{prompt.name}' shows {prompt.shots} training rows of {len(suite.train)}"
            )
            problems.add(what, where("prompts", prompt.name), "lower its shots, or add rows")


def check_searches(suite: Suite, where: Where, problems: Problems) -> None:
    """Note candidates whose index holds no document: every search would find nothing."""
    for candidate in suite.candidates:
        settings = candidate.retrieve or suite.retrieval
        if candidate.context != "retrieved" or not suite.documents:
            continue
        _check_retriever(suite, candidate, settings, where, problems)
        day = settings.index
        if any(one.searchable and valid_on(one, day) for one in suite.documents):
            continue
        dated = f" on {day}, the day of its index" if day else ""
        what = f"candidate '{candidate.name}' has no document to search{dated}"
        remedy = "give a later day, or older documents" if day else "make documents searchable"
        problems.add(what, _place(suite, candidate, where), remedy)


def _check_retriever(
    suite: Suite, candidate: Candidate, settings: Retrieval, where: Where, problems: Problems
) -> None:
    if len(registry.known("retriever").get(settings.retriever, ())) != 1:
        return
    check = getattr(registry.load("retriever", settings.retriever), "check", None)
    try:
        if check is not None:
            check(settings)
    except UsageError as error:
        own = candidate.retrieve is not None and settings.encoder != suite.retrieval.encoder
        place = ("candidates", candidate.name) if own else ("retrieve", "encoder")
        for problem in error.problems:
            named = f"{problem.what}: {problem.where}" if problem.where else problem.what
            problems.add(named, where(*place), problem.remedy)


def _place(suite: Suite, candidate: Candidate, where: Where) -> str:
    """Where a candidate's index is written: its own, or the suite's."""
    own = candidate.retrieve is not None and candidate.retrieve.index != suite.retrieval.index
    inherits = suite.retrieval.index is not None and not own
    return where("retrieve", "index") if inherits else where("candidates", candidate.name)
