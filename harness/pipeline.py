"""The stages in order: plan, train, retrieve, serve, score, compare, report, gate.

The one file that knows the order; records pass between the stages through here.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from harness import (
    failing,
    history,
    ledger,
    panel,
    registry,
    replaying,
    scoring,
    served,
    shipped,
    training,
)
from harness import plan as planning
from harness.concluding import conclude
from harness.console import Log, many
from harness.errors import BenchError
from harness.plan import Cell, Plan
from harness.preparing import Options, check_suite, make_plan
from harness.protocols import Executor
from harness.records import Adapter, AdapterSource, Run, Suite
from harness.requests import settled
from harness.store import Store
from harness.verdict import verdict_of

RUN_SCHEMA = 1


def run(suite: Suite, options: Options, store: Store, executor: Executor, log: Log) -> Run:
    """Run a suite to its reports; see `run_all`."""
    return next(iter(run_all([suite], options, store, executor, log)))


def run_all(
    suites: Sequence[Suite], options: Options, store: Store, executor: Executor, log: Log
) -> Iterator[Run]:
    """Run suites to their reports, each yielded when it is finished.

    Only what the store does not hold is computed. All suites are planned before anything is
    trained, and their answers come from one engine start per base model.

    Raises:
        BenchError: one of its kinds, for everything that stops a run; finished cells stay.
    """
    suites = [served.pointed(suite, options.endpoint) for suite in suites]
    for suite in suites:
        check_suite(suite)
    engine = planning.choose_engine(options.engine)
    for name in registry.names("report"):
        registry.entry("report", name)
    with store.locked():
        store.sweep()
        made = [make_plan(suite, options, engine, store, executor, log) for suite in suites]
        panels = {plan.id: judges for plan, judges, _, _ in made}
        made = list({one[0].id: one for one in made}.values())  # a suite given twice runs once
        check_ahead([plan for plan, _, _, _ in made], store)
        for plan, _, outside, clock in made:
            with clock.stage("train"):
                adapters = {**outside, **training.get_adapters(plan, store, executor, log)}
            give_adapters(plan, adapters, store)
        clocks = {plan.id: clock for plan, _, _, clock in made}
        plans = [plan for plan, _, _, _ in made]
        early = scoring.Early(plans)
        failure: BenchError | None = None
        try:
            worked = get_answers(plans, clocks, store, executor, log, early)
        except BenchError as error:
            # a suite whose answers are all there is reported, whatever became of another
            worked, failure = set(), error
            left = [plan.suite.name for plan in plans if open_cells(plan, store)]
            made = [one for one in made if not open_cells(one[0], store)]
            plans = [plan for plan, _, _, _ in made]
            if made:
                log.caution(f"no report of {', '.join(left)}: not every case was answered")
        unasked = [(one, sheet) for one in plans for sheet in panel.open_sheets(one, panels, store)]
        if unasked:
            from harness.judging import ask

            worked |= ask(unasked, clocks, store, executor, log)
        for plan, judges, _, clock in made:
            yield finish(plan, judges, options, store, clock, log, early, worked=plan.id in worked)
        if failure:
            raise failure


def give_adapters(
    plan: Plan, adapters: Mapping[AdapterSource, Adapter | None], store: Store
) -> None:
    """Give each cell its adapter and its address; without an adapter that failed, errors."""
    for cell in plan.cells:
        source = cell.candidate.adapter
        cell.adapter = replaying.stand_in(cell, plan) or adapters.get(source)
        cell.key = planning.answer_key(plan, cell)
        if source not in adapters and cell.adapter is None:
            failing.answer_as_failed(cell, store, training.why_failed(source, plan, store))


def check_ahead(plans: Sequence[Plan], store: Store) -> None:
    """Refuse, where training would come first, what cannot be trained or asked after it."""
    if any(training.untrained(plan, store) for plan in plans):
        from harness import jobs

        for plan in plans:
            jobs.check_lengths(plan)
            training.check_recipes(plan, store)


def get_answers(
    plans: Sequence[Plan],
    clocks: dict[str, ledger.Clock],
    store: Store,
    executor: Executor,
    log: Log,
    early: scoring.Early,
) -> set[str]:
    """Answer the cells that are not complete; ids of the plans that had any.

    Their clocks share the seconds by the number of cells.
    """
    works = [(plan, cells) for plan in plans if (cells := open_cells(plan, store))]
    if not works:
        log.stage("serve", "every answer is in the store")
        return set()
    from harness.answering import answer_plans

    whole = sum(len(cells) for _, cells in works)
    with ExitStack() as timed:
        for plan, cells in works:
            timed.enter_context(clocks[plan.id].stage("serve", len(cells) / whole))
        try:
            answer_plans(works, store, executor, log, early)
        finally:
            shipped.check_bytes(works, store)
    return {plan.id for plan, _ in works}


def open_cells(plan: Plan, store: Store) -> list[Cell]:
    """The cells of a plan with cases that were not answered."""
    return [
        cell
        for cell in plan.cells
        if {asked.case.id for asked in cell.asked if not asked.skip}
        - settled(store.answers(cell.key).done, plan.engine)
    ]


def finish(
    plan: Plan,
    judges: panel.Panel,
    options: Options,
    store: Store,
    clock: ledger.Clock,
    log: Log,
    early: scoring.Early,
    *,
    worked: bool,
) -> Run:
    """Score, compare, judge and report what was answered."""
    from harness import judge_notes
    from harness.compare.advice import advise
    from harness.compare.evidence import Basis
    from harness.compare.findings import find, unsaid
    from harness.compare.methods import compare_methods, methods_of
    from harness.compare.paired import compare
    from harness.compare.pairs import compared, default_pairs, told
    from harness.compare.phenomena import observe, wanted_pairs
    from harness.compare.summaries import summarise
    from harness.gate.judge import needed_pairs

    suite = plan.suite
    log.stage("score", f"{sum(len(cell.asked) for cell in plan.cells)} answers")
    with clock.stage("score"):
        sheets = panel.sheets_of(plan, judges, store)
        said = panel.said_of(sheets, store)
        answers = scoring.score_cells(plan, store, panel.lent(sheets, said), early)
        metrics = scoring.metrics_of(suite)
    cases = list({a.case.id: a.case for cell in plan.cells for a in cell.asked}.values())
    candidates = [c for c in suite.candidates if any(x.candidate == c for x in plan.cells)]
    known = {candidate.name for candidate in candidates}
    tasks = [task.name for task in suite.tasks]
    log.stage("compare", f"{many(len(candidates), 'candidate')} on {many(len(cases), 'case')}")
    with clock.stage("compare"):
        summaries = summarise(answers, cases, metrics, candidates)
        always, plain = default_pairs(candidates), compared(candidates)
        gated = [pair for pair in needed_pairs(suite.rules) if known.issuperset(pair)]
        pairs = [*always, *gated, *wanted_pairs(suite.expectations)]
        paired = compare(answers, cases, metrics, candidates, pairs, seed=suite.seed)
        comparisons = tuple(one for one in paired if (one.candidate, one.baseline) in always)
        wanted = {(rule.task, rule.metric) for rule in suite.rules if rule.kind == "superior"}
        plain = [c for c in plain if told(c, suite.prompts) in ("", "passage")]
        basis = Basis(comparisons, summaries, metrics, plain, tasks, wanted)
        findings, advice = find(basis), advise(basis)
        methods = compare_methods(answers, cases, metrics, candidates, suite.recipes)
        seeded = {name for one in methods_of(candidates, suite.recipes) for name in one.members}
        results = tuple(ledger.cost_of(one, plan, answers, store) for one in candidates)
        gate = verdict_of(plan, options, answers, cases, metrics, results, summaries, paired)
        phenomena = observe(
            suite.expectations, paired, summaries, metrics, cases, answers, seed=suite.seed
        )
    finished = Run(
        schema=RUN_SCHEMA,
        id=plan.id,
        suite=suite.name,
        profile=suite.profile,
        description=suite.description,
        created=ledger.created(plan, store),
        model=plan.model,
        engine=plan.engine,
        engine_reason=plan.engine_reason,
        trained_until=suite.trained_until,
        as_of=suite.as_of,
        candidates=results,
        tasks={task.name: task.description for task in suite.tasks},
        metrics=tuple(metrics),
        cases=tuple(cases),
        answers=tuple(answers),
        summaries=summaries,
        comparisons=comparisons,
        findings=findings,
        advice=advice,
        gate=gate,
        phenomena=phenomena,
        warnings=(
            *plan.warnings,
            *judge_notes.warnings_of(sheets, said, judges, plan.model.digest),
            *served.alike(plan.engine, results, answers),
            *ledger.warnings_of(results, answers, seeded),
        ),
        notes=(
            *unsaid(basis),
            *judge_notes.notes_of(plan, sheets, said, summaries, store),
            *served.notes_of(suite, plan.engine, results),
            *ledger.notes_of(plan, store),
        ),
        stage_seconds=clock.settle(worked=worked),
        environment=ledger.environment(plan, store),
        command=options.command,
        setup=ledger.setup_of(plan),
        methods=methods,
    )
    finished = history.noted(store.root, conclude(finished, suite), log)
    folder = write_reports(finished, options.reports, log)
    history.record(store.root, finished, folder, log)
    return finished


def report_folder(reports: Path, suite: str, run_id: str) -> Path:
    """Where a run's reports are."""
    return reports / suite / run_id


def write_reports(finished: Run, reports: Path, log: Log) -> Path:
    """Every registered report into the run's folder; one failing leaves the others."""
    folder = report_folder(reports, finished.suite, finished.id)
    folder.mkdir(parents=True, exist_ok=True)
    for name in registry.names("report"):
        try:
            registry.load("report", name)().write(finished, folder)
        except Exception as error:
            theirs = registry.entry("report", name).package
            if not theirs and (isinstance(error, BenchError) or not isinstance(error, OSError)):
                raise
            log.caution(f"the {name} report could not be written: {error}")
    log.stage("report", str(folder))
    return folder
