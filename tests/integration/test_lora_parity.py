"""vLLM's CPU build with our LoRA wrapper against transformers and PEFT, in float32.

Four adapters of unlike rank take turns in two slots, beside the base, in steps that mix prompts
and decoding; one engine start answers round after round.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from parity import PROMPTS, ask, probe_job
from tiny import make_model

from harness.executors import Subprocess
from harness.records import Answer, EngineJob
from harness.serve import canary, cpu_lora
from harness.serve.worker import job_to
from harness.store import answer_from

pytestmark = pytest.mark.skipif(
    not cpu_lora.active_for(cpu_lora.installed_version()),
    reason="the wrapper is for a tested version of vLLM's CPU build",
)

RANKS = (1, 8, 16, 64)
TOLERANCE = 1e-3  # natural logarithms
# few tokens a step, so that prompts are cut in two and decoding goes on beside them
SETTINGS = {"max_loras": 2, "max_cpu_loras": 2, "max_num_batched_tokens": 48, "max_num_seqs": 16}
Rounds = dict[str, dict[str, Answer]]


@dataclass(frozen=True, slots=True)
class Case:
    """Probes, the reference's answers, and what vLLM says in each round."""

    job: EngineJob
    reference: dict[str, Answer]
    rounds: Rounds
    without: Rounds


def probes_of(base: Path, root: Path) -> EngineJob:
    """Every prompt for the base and for four adapters: eight new tokens and a scored target."""
    job = probe_job(base, root, RANKS)
    sources = [None, *job.adapters]
    ordered = sorted(job.probes, key=lambda probe: sources.index(probe.adapter))
    return replace(job, probes=tuple(replace(probe, max_tokens=8) for probe in ordered))


def answers(job: EngineJob, settings: dict[str, int], rounds: list[Any], log: Path) -> Rounds:
    """What one engine start says, by round and request."""
    payload = {"job": job_to(job), "settings": settings, "rounds": rounds}
    found: Rounds = {}
    for message in Subprocess().run("lora_rounds:generate", payload, log):
        answer = answer_from(message["answer"])
        found.setdefault(message["round"], {})[answer.request] = answer
    return found


@pytest.fixture(scope="module", params=["llama", pytest.param("qwen2", marks=pytest.mark.real)])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """One start with adapters, one without, and the reference."""
    root = tmp_path_factory.mktemp("lora")
    job = probes_of(make_model(root / "model", request.param), root)
    straight = list(range(len(job.probes)))
    shuffled = random.Random(7).sample(straight, len(straight))
    rounds = [("by adapter", straight, ""), ("shuffled", shuffled, ""), ("again", straight, "")]
    rounds += [(fault, straight, fault) for fault in ("index", "rank", "slot")]
    plain = replace(
        job, adapters={}, ranks={}, probes=tuple(replace(p, adapter=None) for p in job.probes)
    )
    few = {name: value for name, value in SETTINGS.items() if "lora" not in name}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        found = answers(job, SETTINGS, rounds, root / "log")
        without = answers(plain, few, [("base", straight, "")], root / "log")
    reference = {answer.request: answer for answer in ask(job, root / "log", "transformers")}
    return Case(job, reference, found, without)


def differing(ours: dict[str, Answer], theirs: dict[str, Answer]) -> dict[str, float]:
    """Requests with another first token, or the largest gap of any logprob above TOLERANCE."""
    found = {}
    for name, wanted in theirs.items():
        made = ours[name]
        gaps = [
            abs(made.first_logprobs[token] - value)
            for token, value in wanted.first_logprobs.items()
            if token in made.first_logprobs
        ]
        pairs = zip(made.target_logprobs[0], wanted.target_logprobs[0], strict=True)
        gap = max([*gaps, *(abs(a - b) for a, b in pairs)])
        if made.token_ids[0] != wanted.token_ids[0] or len(gaps) < canary.TOP - 2:
            gap = float("inf")
        if gap > TOLERANCE:
            found[name] = gap
    return found


def sources(names: dict[str, float]) -> set[str]:
    return {name.split("/")[1] for name in names}


@pytest.mark.parametrize("name", ["by adapter", "shuffled", "again"])
def test_first_tokens_and_logprobs_are_the_references(case: Case, name: str) -> None:
    """Also of adapters that were put out of their slot and loaded again."""
    assert case.rounds[name].keys() == case.reference.keys()
    assert differing(case.rounds[name], case.reference) == {}


@pytest.mark.parametrize("name", ["by adapter", "shuffled", "again"])
def test_decoding_goes_on_as_the_reference_does(case: Case, name: str) -> None:
    found = {request: answer.token_ids for request, answer in case.rounds[name].items()}
    assert found == {request: answer.token_ids for request, answer in case.reference.items()}


def test_adapters_are_told_apart(case: Case) -> None:
    """The probes would not notice one adapter's weights in place of another's otherwise."""
    probs = canary.by_source(list(case.reference.values()))
    apart = [canary.distance(probs[a], probs[b]) for a in probs for b in probs if a != b]
    assert min(apart) > 10 * TOLERANCE


def test_the_base_answers_the_same_with_and_without_adapters(case: Case) -> None:
    """The same token ids, and logprobs of rows that went through the very same products."""
    base = [name for name in case.reference if name.startswith(f"probe/{canary.BASE}/")]
    assert len(base) == len(PROMPTS)
    without = {name: case.without["base"][name] for name in base}
    for name in ("by adapter", "shuffled", "again"):
        mixed = {request: case.rounds[name][request] for request in base}
        assert {r: a.token_ids for r, a in mixed.items()} == {
            r: a.token_ids for r, a in without.items()
        }
        for request, answer in mixed.items():
            expected = without[request].first_logprobs
            assert answer.first_logprobs == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("fault", "hit"),
    [
        ("index", lambda job: {canary.BASE}),
        ("rank", lambda job: set(job.adapters)),
        ("slot", lambda job: set(job.adapters)),
    ],
)
def test_a_planted_fault_is_caught(
    case: Case, fault: str, hit: Callable[[EngineJob], set[str]]
) -> None:
    found = sources(differing(case.rounds[fault], case.reference))
    assert found
    assert found <= hit(case.job)
