"""Questions as the engine's requests: waves, targets, and the canary's probes."""

from collections.abc import Sequence
from dataclasses import replace

from harness.asking import Asked
from harness.plan import Cell
from harness.records import Answer, Request
from harness.template import Template

PROBES = 8
WAVE = 128


def requests_of(cell: Cell, template: Template | None, done: set[str], start: int) -> list[Request]:
    """The waves of a cell that are not complete, numbered from `start`.

    A wave is asked again as a whole: greedy answers in bfloat16 depend on what runs beside them,
    so only the same company gives the same numbers after a kill. Without a template, which a
    model on a server does not need, a request is its messages alone.
    """
    adapter = cell.adapter.digest if cell.adapter else None
    asked = [one for one in cell.asked if not one.skip]
    waves = [asked[at : at + WAVE] for at in range(0, len(asked), WAVE)]
    return [
        Request(
            f"{cell.key}/{one.case.id}",
            template.prompt_ids(one.system, one.user) if template else (),
            adapter,
            cell.task.max_tokens,
            wave=start + number,
            targets=target_ids(one, template) if template else (),
            sample=cell.sample,
            messages=() if template else messages_of(one),
        )
        for number, wave in enumerate(waves)
        if not {one.case.id for one in wave} <= done
        for one in wave
    ]


def messages_of(asked: Asked) -> tuple[tuple[str, str], ...]:
    """A question as a chat's turns, (role, content)."""
    system = (("system", asked.system),) if asked.system else ()
    return (*system, ("user", asked.user))


def room_of(request: Request) -> int:
    """Tokens that a request needs: its prompt with the answer, or with a target and one more.

    A target is served as a prompt, after which an engine insists on making a token.
    """
    longest = max(map(len, request.targets), default=-1) + 1
    return len(request.token_ids) + max(request.max_tokens, longest)


def target_ids(asked: Asked, template: Template) -> tuple[tuple[int, ...], ...]:
    """The completions of all of a question's targets as token ids, group after group."""
    texts = (text for group in asked.targets for text in group)
    return tuple(template.train_row(asked.user, text).completion for text in texts)


def apart(asked: Asked, request: Request, answer: Answer) -> Answer:
    """The answer with its target logprobs cut to the tokens that tell a group's targets apart.

    An answer that failed, or an engine that scores no targets, leaves none.
    """
    if [*map(len, answer.target_logprobs)] != [*map(len, request.targets)]:
        return replace(answer, target_logprobs=())
    kept: list[tuple[float, ...]] = []
    at = 0
    for group in asked.targets:
        ids = request.targets[at : at + len(group)]
        values = answer.target_logprobs[at : at + len(group)]
        kept += [one[slice(*span)] for one, span in zip(values, spans(ids), strict=True)]
        at += len(group)
    return replace(answer, target_logprobs=tuple(kept))


def spans(targets: Sequence[tuple[int, ...]]) -> list[tuple[int, int]]:
    """Where each target differs from the others: its tokens without the common ends.

    Where one of them would be empty, the common ends count too.
    """
    shortest = min(map(len, targets), default=0)
    head = 0
    while head < shortest and len({target[head] for target in targets}) == 1:
        head += 1
    tail = 0
    while tail < shortest - head and len({target[-1 - tail] for target in targets}) == 1:
        tail += 1
    found = [(head, len(target) - tail) for target in targets]
    return found if all(low < high for low, high in found) else [(0, len(t)) for t in targets]


def probe_prompts(
    cells: Sequence[Cell], template: Template, count: int = PROBES
) -> list[tuple[int, ...]]:
    """Prompts for the canary: half at the answer's start, half in the middle of a reference."""
    cases = {asked.case.id: (asked.case, cell.task) for cell in cells for asked in cell.asked}
    step = max(1, len(cases) // count)
    prompts = []
    for index, (case, task) in enumerate([*cases.values()][::step][:count]):
        ids = template.prompt_ids("", case.input)
        if index % 2:
            completion = template.train_row(case.input, case.reference).completion
            # no longer than an answer may be, or the engine's window would not hold it
            ids += completion[: min(len(completion) // 2, task.max_tokens - 1)]
        prompts.append(ids)
    return prompts
