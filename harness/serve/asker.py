"""A job's requests on their way through a server, and the watch over what comes back."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.errors import MachineError, MeasurementError, UsageError, nearest, unknown_remedy
from harness.records import Answer, EngineJob, Request
from harness.serve import dialect
from harness.serve.http import PATIENCE, Reply, Server, lost, refused_key

if TYPE_CHECKING:
    from harness.serve.decode import Decoder

BUDGET = ("max_tokens", "max_completion_tokens")
LOST = 8
"""Requests that fail in a row, after all their tries, until a server counts as gone."""

Put = Callable[[Answer | str], None]
"""Takes an answer, or a line for the person."""


class Card(NamedTuple):
    """What a server says of a name: an adapter's base, and where the weights come from."""

    parent: str = ""
    root: str = ""


def decoder_of(job: EngineJob) -> "Decoder":
    """What turns token ids into texts; transformers is imported only where it is needed."""
    from harness.serve.decode import Decoder

    return Decoder(job.model_path, job.stop_ids, job.stop_texts)


class NotNowError(Exception):
    """A request failed in all its tries, of something that may pass."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        super().__init__(reply.words)


def told(reply: Reply) -> str:
    """A server's words with its status, where it sent one."""
    return f"{reply.words} ({reply.status})" if reply.status else reply.words


class Asker:
    """Sends a job's requests side by side and keeps watch over what comes back."""

    def __init__(
        self,
        server: Server,
        job: EngineJob,
        names: dict[str | None, str],
        known: dict[str, Card],
        put: Put,
    ) -> None:
        self.server = server
        self.job = job
        self.names = names
        self.known = known
        self.put = put
        self.decoder = decoder_of(job) if job.model_path else None
        self.probes = {probe.id for probe in job.probes}
        self.limit = BUDGET[0]
        self.has_answered: set[str] = set()
        self.aliases: dict[str, set[str]] = {}
        self.failures = 0

    async def answer(self, requests: Sequence[Request]) -> None:
        """Answer all requests, as many at a time as the server is to get."""
        order = {digest: index for index, digest in enumerate(self.names)}
        # like beside like: an adapter stays loaded, and a prefix in the server's cache
        asked = sorted(requests, key=lambda r: (order[r.adapter], r.token_ids, r.messages))
        late = await self._round(asked)
        if late and not self.has_answered:
            raise lost(self.server, late[0][1], "asked for a first answer")
        # a server that was away for longer than all tries took may be back when the rest is done
        for request, reply in await self._round([request for request, _ in late]):
            if request.id in self.probes:
                raise lost(self.server, reply, "asked for a probe")
            self.put(dialect.failed(request, told(reply)))

    async def _round(self, requests: Sequence[Request]) -> list[tuple[Request, Reply]]:
        """Ask each once; what may yet be answered is given back with what the server said."""
        waiting = deque(requests)
        late: list[tuple[Request, Reply]] = []

        async def work() -> None:
            while waiting:
                request = waiting.popleft()
                try:
                    self.put(await self._one(request))
                except NotNowError as error:
                    late.append((request, error.reply))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(max(1, self.server.endpoint.concurrency), len(waiting))):
                    group.create_task(work())
        except BaseExceptionGroup as group_error:
            raise group_error.exceptions[0] from None
        return late

    async def _one(self, request: Request) -> Answer:
        name = self.names[request.adapter]
        if self.decoder is None:
            return await self._chat(request, name)
        sampling, stop_ids = self.job.sampling, self.job.stop_ids
        body = dialect.completion_body(name, request, sampling, stop_ids)
        reply = await self._send("completions", request, body)
        if reply.words:
            return dialect.failed(request, told(reply))
        made = dialect.completion(request, reply, self.decoder)
        scored = []
        for target in request.targets:
            body = dialect.target_body(name, request, target)
            reply = await self._send("completions", request, body)
            if reply.words:
                return dialect.failed(request, told(reply))
            scored.append(dialect.target_logprobs(request, target, reply))
        return replace(made, target_logprobs=tuple(scored) if all(scored) else ())

    async def _chat(self, request: Request, name: str) -> Answer:
        if not request.messages:
            raise MachineError(f"request '{request.id}' has no messages for {self.server.name}")
        body = dialect.chat_body(name, request, self.job.sampling, self.limit)
        reply = await self._send("chat/completions", request, body)
        if reply.status == 400 and BUDGET[0] in body and BUDGET[1] in reply.words:
            # newer models take the answer's budget under another name only
            self.limit = BUDGET[1]
            body[self.limit] = body.pop(BUDGET[0])
            reply = await self._send("chat/completions", request, body)
        if reply.words:
            return dialect.failed(request, told(reply))
        return dialect.chat(request, reply, self.job.stop_texts)

    async def _send(self, path: str, request: Request, body: dict[str, Any]) -> Reply:
        """One request with all its tries; what concerns the whole run is raised."""
        reply = await self.server.post(path, body)
        name = self.names[request.adapter]
        if not reply.words:
            self.failures = 0
            self.has_answered.add(name)
            self._check_name(request.adapter, reply.data.get("model"))
            return reply
        self._raise_for_all(name, reply)
        if reply.passing:
            self.failures += 1
            if self.failures >= LOST:
                raise lost(self.server, reply, f"asked {LOST} times in a row")
            raise NotNowError(reply)
        if request.id in self.probes:
            raise MachineError(f"{self.server.name}: a probe got no answer: {told(reply)}")
        return reply

    def _raise_for_all(self, name: str, reply: Reply) -> None:
        """Raise what all other requests would be told too."""
        if reply.status == 401:
            raise refused_key(self.server, reply)
        if reply.status == 429 and not reply.passing:
            raise lost(self.server, reply, "asked for an answer")
        if (reply.wait or 0.0) > PATIENCE:
            raise lost(self.server, reply, f"which wants {reply.wait:.0f} s of rest")
        if name in self.has_answered or reply.status not in (301, 302, 307, 308, 403, 404):
            return
        remedy = "is the URL the API's root, such as http://127.0.0.1:8000/v1?"
        if name not in self.known and nearest(name, self.known):
            remedy = unknown_remedy(name, self.known)
        raise UsageError(
            f"{self.server.name} does not serve '{name}': {reply.words} ({reply.status})",
            remedy=remedy,
        )

    def _check_name(self, adapter: str | None, name: Any) -> None:
        """Raise when another model than the one asked answered.

        A base may answer under another name of its own (a date, an alias); that is said once,
        unless the server lists both as the same weights.
        """
        asked = self.names[adapter]
        if not isinstance(name, str) or name in ("", asked, *self.aliases.get(asked, ())):
            return
        adapters = {name for digest, name in self.names.items() if digest is not None}
        adapters |= {name for name, card in self.known.items() if card.parent}
        root = self.known.get(asked, Card()).root
        what = f"{self.server.name} answers as '{name}' where '{asked}' was asked"
        if name in adapters or (adapter is not None and not name.startswith(asked)):
            raise MeasurementError(
                what, remedy="the server ignores adapters, or routes to another model"
            )
        self.aliases.setdefault(asked, set()).add(name)
        if not root or root != self.known.get(name, Card()).root:
            self.put(what)
