"""From a suite to its plan: engine, model, judges, and the adapters that come from outside."""

from dataclasses import dataclass, replace
from pathlib import Path

from harness import ledger, models, panel, replaying, scoring, served, training
from harness import plan as planning
from harness.console import Log, many
from harness.errors import SuiteError
from harness.pins import Baseline
from harness.plan import Plan
from harness.protocols import Executor
from harness.records import Adapter, AdapterSource, Suite
from harness.store import Store


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line decides about a run.

    `endpoint` is a server's URL, `answers` a file of answers that were made elsewhere. `baseline`
    takes the place of the pinned one; `allow_inconclusive` lets an undecided gate pass.
    """

    model: str | None = None
    engine: str = "auto"
    reports: Path = Path("reports")
    command: str = ""
    endpoint: str = ""
    answers: str = ""
    baseline: Baseline | None = None
    allow_inconclusive: bool = False


def make_plan(
    suite: Suite,
    options: Options,
    engine: tuple[str, str],
    store: Store,
    executor: Executor,
    log: Log,
) -> tuple[Plan, panel.Panel, dict[AdapterSource, Adapter], ledger.Clock]:
    """A suite's plan, its judges, the adapters that come from outside, and its clock."""
    name = options.model or suite.model or planning.DEFAULT_MODEL
    suite = served.named(replace(suite, model=name))
    engine = served.engine_for(suite, options.engine, engine)
    log.stage("plan", f"{suite.name} ({suite.profile} profile), model {name}")
    if engine[0] == "endpoint" and suite.endpoint and suite.endpoint.key:
        log.say(f"          the key in ${suite.endpoint.key} goes to {suite.endpoint.url}")
    if engine[0] == "replay":
        model = replaying.model_of(options.answers, store)
    elif name.startswith(served.SERVED):
        model = served.model_of(suite, name)
    else:
        model = models.resolve(name, store, executor)
    outside = training.outside_adapters(suite, model, store)
    plan = planning.make(suite, model, engine, outside, store.root / "embeddings")
    if options.answers:
        plan = replaying.placed(plan, options.answers, store)
    warnings = (*served.warnings_of(suite, model, engine[0]), *replaying.warnings_of(plan))
    plan = replace(plan, warnings=(*warnings, *plan.warnings))
    judges = panel.panel_of(suite, model, engine[0], store, executor)
    plan = panel.identified(plan, judges)
    log.say(f"          {describe(plan)}")
    for warning in plan.warnings:
        log.caution(warning)
    return plan, judges, outside, ledger.Clock(store, plan.id)


def check_suite(suite: Suite) -> None:
    """Refuse a suite whose scorers cannot tell a reference from an empty answer."""
    from harness.suite.check import check

    scoring.metrics_of(suite)
    problems = check(suite)
    if problems:
        raise SuiteError(problems)


def describe(plan: Plan) -> str:
    """One line: how much there is to do, with which engine and why."""
    asked = sum(len(cell.asked) for cell in plan.cells)
    return (
        f"{many(len(plan.suite.candidates), 'candidate')}, {many(len(plan.cells), 'cell')}, "
        f"{many(asked, 'answer')}; "
        f"engine {plan.engine}: {plan.engine_reason}"
    )
