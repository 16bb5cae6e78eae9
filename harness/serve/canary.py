"""Proof, before anything is scored, that the engine runs the weights it is asked for.

The same probes go to the engine, in one batch that mixes base and adapters, and to the reference
(transformers with PEFT). Distances are total variation, 0.5·Σ|p-q|, over the reported
next-token probabilities, averaged over the probes.
"""

import math
from collections.abc import Sequence

from harness.console import many
from harness.errors import MeasurementError
from harness.records import Answer, Request

TOP = 20
NOISE = 0.08
CLEAR = 1.5
APART = 3.0
BASE = "base"

Probs = list[dict[str, float]]


def probe_requests(prompts: Sequence[tuple[int, ...]], adapters: Sequence[str]) -> list[Request]:
    """Each prompt for the base and for every adapter, one token with its alternatives."""
    return [
        Request(f"probe/{adapter or BASE}/{index}", ids, adapter, max_tokens=1, logprobs=TOP)
        for index, ids in enumerate(prompts)
        for adapter in (None, *adapters)
    ]


def by_source(answers: Sequence[Answer]) -> dict[str, Probs]:
    """Probe answers as next-token probabilities per source (`base` or an adapter digest)."""
    found: dict[str, dict[int, dict[str, float]]] = {}
    for answer in answers:
        _, source, index = answer.request.split("/")
        probs = {token: math.exp(value) for token, value in answer.first_logprobs.items()}
        found.setdefault(source, {})[int(index)] = probs
    return {source: [rows[i] for i in sorted(rows)] for source, rows in found.items()}


def distance(left: Probs, right: Probs) -> float:
    """Mean total variation between two sources over the same probes, in [0, 1]."""
    if not left or len(left) != len(right):
        raise MeasurementError("the canary's probes were not all answered")
    whole = 0.0
    for a, b in zip(left, right, strict=True):
        tokens = a.keys() | b.keys()
        whole += 0.5 * sum(abs(a.get(token, 0.0) - b.get(token, 0.0)) for token in tokens)
    return whole / len(left)


def judge(
    engine: Sequence[Answer], reference: Sequence[Answer], names: dict[str, str]
) -> dict[str, dict[str, float]]:
    """Distances per source (`base` or an adapter digest), for the record.

    `names` maps adapter digests to what people call them.

    Raises:
        MeasurementError: an adapter is not applied, the base is answered by an adapter, an
            adapter does nothing, or the engines disagree.
    """
    ours, theirs = by_source(engine), by_source(reference)
    if ours.keys() != theirs.keys():
        raise MeasurementError("the canary's probes were not all answered")
    measured: dict[str, dict[str, float]] = {}
    for source, probs in ours.items():
        to_others = {other: distance(probs, theirs[other]) for other in theirs if other != source}
        own = distance(probs, theirs[source])
        effect = 0.0 if source == BASE else distance(theirs[source], theirs[BASE])
        measured[source] = {"to_reference": own, "effect": effect}
        check_source(source, own, effect, to_others, theirs, names)
    return measured


def check_source(
    source: str,
    own: float,
    effect: float,
    to_others: dict[str, float],
    theirs: dict[str, Probs],
    names: dict[str, str],
) -> None:
    """Raise when one source does not look like itself."""
    name = names.get(source, source)
    if source != BASE and effect < 1e-4:
        raise MeasurementError(
            f"canary: adapter '{name}' changes nothing (total variation {effect:.2g} from base)",
            remedy="it was trained too little, or its tensors do not match this base",
        )
    # nearest first, so that the message names who really answered
    for other, far in sorted(to_others.items(), key=lambda item: item[1]):
        other_name = names.get(other, other)
        apart = distance(theirs[source], theirs[other])
        # the smaller one is the noise: of two adapters that were swapped, `own` is the difference
        noise = min(own, far)
        if apart < 1e-4 or (BASE not in (source, other) and apart < APART * noise):
            # two adapters this alike cannot be told apart, and hardly matter to each other
            continue
        if far < own:
            raise MeasurementError(
                f"canary: '{name}' answers like '{other_name}' "
                f"({far:.3f} from it, {own:.3f} from its own reference)",
                remedy="the engine serves other weights than asked; use --engine transformers",
            )
        if BASE in (source, other) and far < CLEAR * own:
            raise MeasurementError(
                f"canary: cannot tell '{name}' from '{other_name}': it is {far:.3f} from it "
                f"and {own:.3f} from its own reference",
                remedy="train longer, or use --engine transformers",
            )
    # not `own > NOISE`: a distance that is no number must not pass
    if not own <= NOISE:
        raise MeasurementError(
            f"parity: '{name}' is {own:.3f} from the reference engine (allowed {NOISE})",
            remedy="use --engine transformers, and report the model and versions",
        )


def passed_note(measured: dict[str, dict[str, float]]) -> str:
    """One line for the log."""
    worst = max(row["to_reference"] for row in measured.values())
    return f"canary passed: {many(len(measured), 'source')}, at most {worst:.3f} from the reference"
