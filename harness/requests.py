"""Questions as the engine's requests: waves, targets, and the canary's probes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness.asking import Asked
from harness.plan import Cell, Plan
from harness.records import Answer, Request
from harness.serve.vllm_engine import on_gpu
from harness.served import REMOTE
from harness.template import Template

PROBES = 8
WAVE, GPU_WAVE = 256, 2048
REPEAT, REPEATS = "repeat", 16


def requests_of(cell: Cell, template: Template | None) -> list[Request]:
    """What is asked of a cell, in the order of its cases, all in one wave.

    Without a template, which a model on a server does not need, a request is its messages alone.
    """
    adapter = cell.adapter.digest if cell.adapter else None
    return [
        Request(
            f"{cell.key}/{one.case.id}",
            template.prompt_ids(one.system, one.user) if template else (),
            adapter,
            cell.task.max_tokens,
            targets=target_ids(one, template) if template else (),
            sample=cell.sample,
            messages=() if template else messages_of(one),
        )
        for one in cell.asked
        if not one.skip
    ]


def wave_size(engine: str) -> int:
    """Requests of a wave: many times what an engine runs side by side, so that it is seldom idle.

    What is computed elsewhere has no company to keep, and is never paid for twice.
    """
    if engine in REMOTE:
        return 1
    return GPU_WAVE if engine == "vllm" and on_gpu() else WAVE


def in_waves(requests: Sequence[Request], done: set[str], size: int) -> list[Request]:
    """Requests by adapter, then by shared beginning, cut into waves; complete ones are left out.

    `done` are ids of requests. A wave is asked again as a whole: greedy answers in bfloat16
    depend on what runs beside them, so only the same company gives the same numbers after a kill.
    """
    ordered = sorted(requests, key=lambda r: (r.adapter or "", r.token_ids, r.messages, r.id))
    waves = [ordered[at : at + size] for at in range(0, len(ordered), size)]
    left = [wave for wave in waves if not {request.id for request in wave} <= done]
    return [replace(request, wave=number) for number, wave in enumerate(left) for request in wave]


def settled(done: Mapping[str, Answer], engine: str) -> set[str]:
    """The cases that need not be asked again: those whose answers are final."""
    return {case for case, answer in done.items() if final(answer, engine)}


def final(answer: Answer | None, engine: str) -> bool:
    """Whether there is an answer that stays: what failed here failed for good.

    A server that was busy or away may answer next time.
    """
    if answer is None:
        return False
    return engine != "endpoint" or answer.finish != "error" or bool(answer.text)


def repeats_of(requests: Sequence[Request], plan: Plan) -> list[Request]:
    """Some of the requests once more, half of them at most, in a wave of their own: other company.

    None where answers are drawn, for they differ by design, and where none is computed.
    """
    if plan.suite.sampling.temperature or plan.engine == "replay" or len(requests) < 2:
        return []
    chosen = requests[:: max(2, -(-len(requests) // REPEATS))][::-1]
    last = requests[-1].wave + 1
    return [
        replace(
            one, id=f"{REPEAT}/{one.id}", wave=last + number * (plan.engine in REMOTE), targets=()
        )
        for number, one in enumerate(chosen)
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

    Those of a group that wants whole targets are not cut.
    An answer that failed, or an engine that scores no targets, leaves none. Those that were cut
    when they were kept in a file of answers are as they should be.
    """
    if answer.target_logprobs and not request.targets:
        whole = len(answer.target_logprobs) == sum(map(len, asked.targets))
        return answer if whole else replace(answer, target_logprobs=())
    if [*map(len, answer.target_logprobs)] != [*map(len, request.targets)]:
        return replace(answer, target_logprobs=())
    kept: list[tuple[float, ...]] = []
    at = 0
    for number, group in enumerate(asked.targets):
        ids = request.targets[at : at + len(group)]
        values = answer.target_logprobs[at : at + len(group)]
        whole = number < len(asked.whole) and asked.whole[number]
        cuts = [(0, len(one)) for one in ids] if whole else spans(ids)
        kept += [one[slice(*span)] for one, span in zip(values, cuts, strict=True)]
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
    """Prompts for the canary: half at the answer's start, half in the middle of a reference.

    A case that nobody is asked may not even fit the model's window.
    """
    cases = {
        asked.case.id: (asked.case, cell.task)
        for cell in cells
        for asked in cell.asked
        if not asked.skip
    }
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
