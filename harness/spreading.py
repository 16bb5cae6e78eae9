"""Adapters over the devices of a machine: which child trains what where, several side by side."""

import json
import os
import queue
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from harness.console import Log, many
from harness.errors import BenchError, MachineError
from harness.plan import gpu_count
from harness.protocols import Executor
from harness.records import TrainJob, TrainWork
from harness.store import Store

SHARDED = "sharded"  # harness.train.machine, which would bring torch, calls it so too
ROOM = 1.25  # times the base's bytes: weights, adapters, activations of a small micro-batch
PATIENCE = 10.0  # seconds that children get to end in when the command is stopped
IN_4BIT = 3.2  # how many times smaller a base is in 4 bits: embeddings and head stay whole


@dataclass(frozen=True, slots=True)
class Child:
    """One training child: its work, and which job of the whole each of its jobs is."""

    jobs: tuple[int, ...]
    work: TrainWork


Start = Callable[[str, Child], Generator[dict[str, Any], None, None]]


def follow(work: TrainWork, store: Store, executor: Executor, log: Log) -> Iterator[dict[str, Any]]:
    """Train, showing the progress; `done` and `failed` messages as they come.

    Raises:
        MachineError: a child ended before its work did.
    """
    left = dict(enumerate(job.recipe.name for job in work.jobs))
    share = dict.fromkeys(left, 0.0)
    logs = store.root / "logs"
    where = devices_for(work.jobs, executor, logs / "train.log")
    shared = lanes(work.jobs, work.stack, where)

    def start(device: str, child: Child) -> Generator[dict[str, Any], None, None]:
        name = "train.log" if len(shared) == 1 else f"train-{device.replace(':', '-')}.log"
        yield from executor.run("harness.train.lora:train_all", asdict(child.work), logs / name)

    with log.progress(f"training {many(len(left), 'adapter')}", total=len(left)) as bar:
        for message in messages(shared, start):
            at = message["job"]
            if message["event"] == "step":
                share[at] = message["step"] / message["steps"]
                note = f"{left[at]}: loss {message['loss']:.3f}"
                bar.set(sum(share.values()), len(share), note)
            elif message["event"] == "note":
                log.caution(str(message["message"]))
            elif message["event"] in ("done", "failed"):
                del left[at]
                share[at] = 1.0
                yield message
    if left:
        raise MachineError("training ended without a record", where=str(logs))


def devices_for(jobs: Sequence[TrainJob], executor: Executor, log: Path) -> tuple[str, ...]:
    """Names of the devices that adapters are trained on at once; see `placed`.

    A child is asked only where there may be several GPUs: the command itself takes none.
    """
    if gpu_count() < 2:
        return ("auto",)
    (found,) = executor.run("harness.train.machine:gpus", {}, log)
    in_4bit = all(job.recipe.load_in_4bit for job in jobs)
    return placed(weights_of(Path(jobs[0].model_path), in_4bit=in_4bit), found)


def weights_of(folder: Path, *, in_4bit: bool) -> int:
    """About how many bytes a base takes on a GPU: two a parameter, or half a one in 4 bits."""
    found = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if (config.get("dtype") or config.get("torch_dtype")) == "float32":
        found //= 2
    return int(found / IN_4BIT) if in_4bit else found


def placed(weights: int, free: Sequence[int]) -> tuple[str, ...]:
    """Where adapters of a base of `weights` bytes are trained; `free` bytes of each GPU.

    On each GPU that has room for the base, one child. Where none has, but all together have, one
    child with the base's layers spread over them. `auto`, the first GPU, where there is one only
    or nothing helps: what memory lacks is said when it does.
    """
    if len(free) < 2:
        return ("auto",)
    roomy = tuple(f"cuda:{index}" for index, room in enumerate(free) if room >= ROOM * weights)
    if roomy:
        return roomy
    return (SHARDED,) if sum(free) >= ROOM * weights else ("auto",)


def lanes(
    jobs: Sequence[TrainJob], stack: Any, devices: Sequence[str]
) -> dict[str, tuple[Child, ...]]:
    """What is trained on each device, in children that run in turn; devices without work are out.

    The most work goes first, to the device that has the least. Sizes of one nested curve stay in
    one child, as each goes on from the one before; a base in 4 bits has a child of its own.
    """
    units: dict[Any, list[int]] = {}
    for index, job in enumerate(jobs):
        units.setdefault(_family(job) if job.recipe.trunk else index, []).append(index)
    loads = dict.fromkeys(devices, 0.0)
    chosen: dict[str, list[int]] = {device: [] for device in devices}
    weighed = [(sum(_tokens(jobs[at]) for at in unit), unit) for unit in units.values()]
    for tokens, unit in sorted(weighed, key=lambda one: (-one[0], one[1])):
        device = min(devices, key=lambda name: loads[name])
        loads[device] += tokens
        chosen[device] += unit
    busy = {device: sorted(found) for device, found in chosen.items() if found}
    threads = _threads(len(busy))
    return {
        device: tuple(
            Child(
                own,
                TrainWork(
                    tuple(_on(jobs[at], device, threads) for at in own),
                    "auto" if in_4bit else stack,  # what is known of a base is of the whole one
                ),
            )
            for in_4bit in (False, True)
            if (own := tuple(at for at in found if jobs[at].recipe.load_in_4bit == in_4bit))
        )
        for device, found in busy.items()
    }


def _family(job: TrainJob) -> str:
    return repr(replace(job.recipe, name="", limit=None, trunk=()))


def _tokens(job: TrainJob) -> float:
    """About how many tokens a job trains on."""
    once = sum(len(row.prompt) + len(row.completion) for row in job.rows)
    steps = job.recipe.steps
    epochs = job.recipe.epochs
    if steps:
        epochs = steps * job.recipe.batch_rows / max(1, len(job.rows))
    return once * epochs


def _threads(children: int) -> int:
    """Threads of one of several children; 0 leaves it to the child."""
    if children < 2 or os.environ.get("OMP_NUM_THREADS"):
        return 0
    return max(1, (os.cpu_count() or 1) // children)


def _on(job: TrainJob, device: str, threads: int) -> TrainJob:
    return replace(job, device=device, threads=threads or job.threads)


def messages(found: dict[str, tuple[Child, ...]], start: Start) -> Iterator[dict[str, Any]]:
    """Messages of all children as they come, each with its `job` counted in the whole.

    `start` runs a child on a device. Where one fails, the other devices go on to their ends, so
    that what they make is kept; then its error is raised.
    """
    if len(found) == 1:
        for device, children in found.items():
            yield from _in_turn(device, children, start)
        return
    told: queue.SimpleQueue[dict[str, Any] | BaseException | None] = queue.SimpleQueue()
    enough = threading.Event()

    def follow(device: str, children: tuple[Child, ...]) -> None:
        try:
            with closing(_in_turn(device, children, start)) as coming:
                for message in coming:
                    told.put(message)
                    if enough.is_set():
                        break
        except BaseException as error:  # noqa: BLE001 - raised again where it is heard
            told.put(error)
        told.put(None)

    threads = [threading.Thread(target=follow, args=lane, daemon=True) for lane in found.items()]
    for thread in threads:
        thread.start()
    try:
        yield from _heard(told, len(threads))
    finally:
        enough.set()
        for thread in threads:
            thread.join(PATIENCE / len(threads))


def _in_turn(
    device: str,
    children: tuple[Child, ...],
    start: Start,
) -> Generator[dict[str, Any], None, None]:
    for child in children:
        with closing(start(device, child)) as coming:
            for message in coming:
                yield {**message, "job": child.jobs[message["job"]]}


def _heard(
    told: "queue.SimpleQueue[dict[str, Any] | BaseException | None]", lanes: int
) -> Iterator[dict[str, Any]]:
    failures: list[BaseException] = []
    while lanes:
        message = told.get()
        if message is None:
            lanes -= 1
        elif isinstance(message, BaseException):
            failures.append(message)
        else:
            yield message
    # an error that we have a word for says more than one that we have none for
    for error in sorted(failures, key=lambda one: not isinstance(one, BenchError)):
        raise error
