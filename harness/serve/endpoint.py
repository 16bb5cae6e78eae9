"""Engine `endpoint`: any OpenAI-compatible server, on this machine or hosted."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import aclosing, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, ClassVar

from harness.errors import UsageError
from harness.records import Answer, Endpoint, EngineJob
from harness.serve.asker import Asker, Card, Put
from harness.serve.http import Server, lost, refused_key

SERVED = "served:"
"""Before the name that a server has an adapter under, where a folder would stand."""


class EndpointEngine:
    """Asks a server, many requests at a time; token ids where the base is here too, else chat."""

    description: ClassVar[str] = "any OpenAI-compatible server, local or hosted"

    @staticmethod
    def missing() -> str:
        """Nothing: the HTTP client is a required package."""
        return ""

    def generate(self, job: EngineJob) -> Iterator[Answer | str]:
        """Probes first, then the requests, each as it finishes; a line where it has to wait.

        Raises:
            UsageError: the server refuses the key, or does not know the model or an adapter.
            MeasurementError: it answers with another model, or reads another prompt, than asked.
            MachineError: it cannot be reached, or is gone.
        """
        endpoint = job.endpoint
        if endpoint is None or not endpoint.url:
            raise UsageError("engine endpoint has no server", remedy="name one: --endpoint URL")
        return streamed(lambda put: serve(job, endpoint, put))


# ---------------------------------------------------------------- the server's models


async def serve(job: EngineJob, endpoint: Endpoint, put: Put) -> None:
    """Find the base, load the adapters, then answer all of a job."""
    async with aclosing(Server(endpoint, put)) as server:
        known = await served(server)
        base = endpoint.model or only_base(server, known)
        names: dict[str | None, str] = {None: base}
        for digest, place in job.adapters.items():
            names[digest] = await adapter_name(server, digest, place, known)
        asker = Asker(server, job, names, known, put)
        for requests in (job.probes, job.requests):
            await asker.answer(requests)


async def served(server: Server) -> dict[str, Card]:
    """The names that the server lists, with what it says of each."""
    reply = await server.get("models")
    if reply.status == 401:
        raise refused_key(server, reply)
    if reply.status == 0:
        raise lost(server, reply, "asked for its models")
    cards = reply.data.get("data")
    cards = [card for card in cards if isinstance(card, dict)] if isinstance(cards, list) else []
    return {
        str(card["id"]): Card(str(card.get("parent") or ""), str(card.get("root") or ""))
        for card in cards
        if "id" in card
    }


def only_base(server: Server, known: dict[str, Card]) -> str:
    """The (first) name of the base where a server has one only."""
    bases = [name for name, card in known.items() if not card.parent]
    roots = {known[name].root for name in bases}
    if len(bases) == 1 or (len(roots) == 1 and "" not in roots):
        return bases[0]
    some = ", ".join(bases[:8]) or "it lists none"
    raise UsageError(f"{server.name} has {len(bases)} models", remedy=f"name one of them: {some}")


async def adapter_name(server: Server, digest: str, place: str, known: dict[str, Card]) -> str:
    """What the server calls an adapter; a folder that it does not have yet is loaded.

    Raises:
        UsageError: the server will not load it.
    """
    if place.startswith(SERVED):
        return place.removeprefix(SERVED)
    if digest in known:
        return digest
    folder = str(Path(place).resolve())
    reply = await server.post(
        "load_lora_adapter", {"lora_name": digest, "lora_path": folder}, once=True
    )
    if reply.status == 401:
        raise refused_key(server, reply)
    if reply.status == 0 and reply.words:
        raise lost(server, reply, "asked to load an adapter")
    if reply.words:
        raise UsageError(
            f"{server.name} does not load the adapter: {reply.words} ({reply.status})",
            where=folder,
            remedy=f"start vLLM with --enable-lora --lora-modules {digest}={folder}, or with "
            "VLLM_ALLOW_RUNTIME_LORA_UPDATING=1, or name what it has as served:NAME",
        )
    return digest


# ---------------------------------------------------------------- from a loop to an iterator


def streamed(produce: Callable[[Put], Coroutine[Any, Any, None]]) -> Iterator[Answer | str]:
    """What a coroutine puts out, as it does: its event loop runs in a thread of its own.

    The server so stays busy while answers are written down. A caller that stops early ends it.
    """
    found: SimpleQueue[Answer | str | Exception | None] = SimpleQueue()
    begun: SimpleQueue[asyncio.Task[Any] | None] = SimpleQueue()

    async def whole() -> None:
        begun.put(asyncio.current_task())
        await produce(found.put)

    def run() -> None:
        try:
            asyncio.run(whole())
        except asyncio.CancelledError:
            pass  # by a caller that stopped early
        except Exception as error:  # noqa: BLE001 - raised again where the answers are read
            found.put(error)
        finally:
            found.put(None)

    thread = Thread(target=run, name="endpoint", daemon=True)
    thread.start()
    task = begun.get()
    try:
        while (item := found.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        # the loop may have closed by itself meanwhile
        with suppress(RuntimeError):
            if task is not None:
                task.get_loop().call_soon_threadsafe(task.cancel)
        thread.join()
