"""What every registered engine must do.

vLLM answers in tests/integration/test_real.py: its start takes most of a minute.
So does the server that engine endpoint asks in tests/integration/test_endpoint_server.py; a
replay has no weights to hold to anything.
"""

import math
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

from harness import registry
from harness.records import Answer, EngineJob, Request, Sampling
from harness.serve.canary import by_source, distance, probe_requests

QUICK = [n for n in registry.names("engine") if n not in ("vllm", "endpoint", "replay")]
PROMPTS = [(5, 60, 61), (5, 70, 71, 72, 73, 74), (5, 80)]
STRONG = "5a5a"
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(scope="module")
def adapter(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An adapter whose effect is plain to see."""
    folder = tmp_path_factory.mktemp("adapter")
    torch.manual_seed(0)
    base = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    settings = LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False)
    model = get_peft_model(base, settings)
    for name, weight in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.3)
    model.save_pretrained(folder)
    return str(folder)


@pytest.fixture
def job(tiny_model: Path, adapter: str) -> EngineJob:
    requests = [
        Request(f"{source or 'base'}/{i}", ids, source, max_tokens=3 + i)
        for i, ids in enumerate(PROMPTS)
        for source in (STRONG, None)
    ]
    return EngineJob(
        str(tiny_model),
        tuple(requests),
        tuple(probe_requests(PROMPTS, [STRONG])),
        {STRONG: adapter},
        {STRONG: 4},
        (1,),
        device="cpu",
        dtype="float32",
    )


def ask(name: str, job: EngineJob) -> list[Answer]:
    made = registry.load("engine", name)().generate(job)
    return [one for one in made if isinstance(one, Answer)]


@pytest.mark.parametrize("name", registry.names("engine"))
def test_it_says_what_is_missing_or_nothing(name: str) -> None:
    missing = registry.load("engine", name).missing()
    assert isinstance(missing, str)
    assert "\n" not in missing


@pytest.mark.parametrize("name", QUICK)
def test_probes_come_first_and_every_request_is_answered_once(name: str, job: EngineJob) -> None:
    found = [answer.request for answer in ask(name, job)]
    probes = {probe.id for probe in job.probes}
    assert set(found[: len(probes)]) == probes
    assert sorted(found[len(probes) :]) == sorted(request.id for request in job.requests)


@pytest.mark.parametrize("name", QUICK)
def test_an_answer_keeps_its_budget_and_has_no_stop_in_it(name: str, job: EngineJob) -> None:
    budget = {request.id: request for request in (*job.probes, *job.requests)}
    for answer in ask(name, job):
        request = budget[answer.request]
        assert answer.prompt_tokens == len(request.token_ids)
        assert len(answer.token_ids) <= request.max_tokens
        assert not set(answer.token_ids) & set(job.stop_ids)
        assert (answer.finish == "length") == (len(answer.token_ids) == request.max_tokens)
        assert answer.error == ""


@pytest.mark.parametrize("name", QUICK)
def test_a_stop_text_ends_an_answer(name: str, job: EngineJob) -> None:
    whole = {answer.request: answer for answer in ask(name, replace(job, probes=()))}
    longest = max(whole.values(), key=lambda answer: len(answer.text))
    stop = longest.text[len(longest.text) // 2 :]
    for answer in ask(name, replace(job, probes=(), stop_texts=("not said", stop))):
        before, found, _ = whole[answer.request].text.partition(stop)
        assert answer.text == (before.rstrip() if found else before)
        assert answer.finish == ("stop" if found else whole[answer.request].finish)


@pytest.mark.parametrize("name", QUICK)
def test_logprobs_are_the_most_likely_first_tokens(name: str, job: EngineJob) -> None:
    for answer in ask(name, replace(job, requests=())):
        values = list(answer.first_logprobs.values())
        assert len(values) == job.probes[0].logprobs
        assert values == sorted(values, reverse=True)
        assert sum(map(math.exp, values)) <= 1.0 + 1e-6
        if answer.token_ids:
            assert str(answer.token_ids[0]) == next(iter(answer.first_logprobs))


@pytest.mark.parametrize("name", QUICK)
def test_base_and_adapter_are_told_apart_and_neither_depends_on_the_other(
    name: str, job: EngineJob
) -> None:
    together = by_source(ask(name, replace(job, requests=())))
    alone = by_source(ask(name, replace(job, requests=(), probes=job.probes[::2])))
    without = replace(job, adapters={}, ranks={}, requests=(), probes=job.probes[::2])
    assert distance(together["base"], together[STRONG]) > 0.05
    assert distance(together["base"], alone["base"]) < 1e-4
    assert distance(together["base"], by_source(ask(name, without))["base"]) < 1e-4


@pytest.mark.parametrize("name", QUICK)
def test_an_answer_does_not_depend_on_what_shares_its_batch(name: str, job: EngineJob) -> None:
    """Left padding must not be read."""
    whole = {a.request: a.token_ids for a in ask(name, replace(job, probes=()))}
    for request in job.requests:
        (alone,) = ask(name, replace(job, probes=(), requests=(request,)))
        assert alone.token_ids == whole[request.id]


@pytest.mark.parametrize("name", QUICK)
def test_greedy_repeats_and_sampling_repeats_with_its_seed(name: str, job: EngineJob) -> None:
    def say(seed: int, temperature: float) -> list[tuple[int, ...]]:
        sampling = Sampling(temperature, 0.95, seed)
        return [a.token_ids for a in ask(name, replace(job, probes=(), sampling=sampling))]

    assert say(1, 0.0) == say(2, 0.0)
    assert say(1, 5.0) == say(1, 5.0) != say(2, 5.0)


@pytest.mark.parametrize("name", QUICK)
def test_targets_are_scored_token_by_token_by_the_right_weights(
    name: str, job: EngineJob, tiny_model: Path
) -> None:
    """Against a plain forward pass of base and adapter, in float32."""
    target = (70, 71, 72)
    requests = tuple(replace(r, targets=(target, (80,))) for r in job.requests)
    found = {a.request: a for a in ask(name, replace(job, probes=(), requests=requests))}
    base = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    model = PeftModel.from_pretrained(base, job.adapters[STRONG])
    for request in requests:
        ids = torch.tensor([[*request.token_ids, *target]])
        with torch.no_grad(), nullcontext() if request.adapter else model.disable_adapter():
            rows = torch.log_softmax(model(ids).logits[0, -4:-1], dim=-1)
        expected = [float(row[token]) for row, token in zip(rows, target, strict=True)]
        answer = found[request.id]
        assert [len(values) for values in answer.target_logprobs] == [3, 1]
        assert expected == pytest.approx(answer.target_logprobs[0], abs=1e-4)
