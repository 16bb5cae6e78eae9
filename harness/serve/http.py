"""One OpenAI-compatible server: how it is asked, how often, and what it said when it would not."""

import asyncio
import contextlib
import json
import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from harness.errors import MachineError, UsageError
from harness.records import Endpoint

FIRST_WAIT = 0.5
"""Seconds before the second try at most; each wait doubles it, up to LONGEST_WAIT."""
LONGEST_WAIT = 60.0
PATIENCE = 600.0
"""Seconds that a server may ask to be left alone; one that asks for more is not waited for."""
FELT = 5.0
CONNECT = 10.0
FIRST_TRIES = 3
WORDS = 300
PASSING = (408, 425, 429)
"""Statuses besides 5xx after which the same request may well succeed."""
LOCAL = ("localhost", "127.0.0.1", "::1")
SPENT = "insufficient_quota"  # a 429 that waiting does not cure


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said: `data` when it did as asked, else `words` why not.

    `status` is 0 where no whole reply came; `wait` is what Retry-After asks for, in seconds.
    """

    status: int
    data: dict[str, Any] = field(default_factory=dict)
    words: str = ""
    wait: float | None = None
    seconds: float = 0.0
    passing: bool = False


class Server:
    """A client with the server's key and its own memory of when to leave the server alone."""

    def __init__(self, endpoint: Endpoint, say: Callable[[str], None]) -> None:
        self.endpoint = endpoint
        self._say = say
        self._said_until = 0.0
        self.url = root_of(endpoint.url)
        self._key = key_of(endpoint)
        self._quiet_until = 0.0
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self._client = httpx2.AsyncClient(
            headers=headers,
            # how long a try may take as a whole is `asyncio.timeout`'s to say
            timeout=httpx2.Timeout(None, connect=min(CONNECT, endpoint.timeout)),
            limits=httpx2.Limits(max_connections=max(1, endpoint.concurrency)),
            # a proxy of the environment must not come between this machine and itself
            trust_env=self.url.host not in LOCAL,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    @property
    def name(self) -> str:
        """The URL without what could be secret in it."""
        return str(self.url.copy_with(username=None, password=None, query=None, fragment=None))

    async def get(self, path: str) -> Reply:
        """A GET, tried a few times only: it is how a server is first spoken to."""
        return await self._ask("GET", path, None, min(self.endpoint.retries + 1, FIRST_TRIES))

    async def post(self, path: str, payload: dict[str, Any], *, once: bool = False) -> Reply:
        """A POST, tried again after 429, 5xx, timeouts and broken connections."""
        tries = 1 if once else self.endpoint.retries + 1
        return await self._ask("POST", path, payload, tries)

    async def _ask(
        self, method: str, path: str, payload: dict[str, Any] | None, tries: int
    ) -> Reply:
        for turn in range(max(1, tries)):
            await self._quiet()
            reply = await self._try(method, path, payload)
            asked = reply.wait or 0.0
            if not reply.passing or turn + 1 >= tries or asked > PATIENCE:
                break
            # it asks all of us, not only the one that it told
            self._quiet_until = max(self._quiet_until, time.monotonic() + asked)
            wait = back_off(turn)
            self._tell(reply, max(wait, asked))
            await asyncio.sleep(wait)
        return reply

    def _tell(self, reply: Reply, wait: float) -> None:
        """A line for who waits, where the wait is felt; one for all that wait beside each other."""
        now = time.monotonic()
        if wait < FELT or now < self._said_until:
            return
        self._said_until = now + wait
        self._say(f"{self.name}: {reply.words}; trying again in {wait:.0f} s")

    async def _quiet(self) -> None:
        left = self._quiet_until - time.monotonic()
        if left > 0:
            await asyncio.sleep(left + random.uniform(0, FIRST_WAIT))  # noqa: S311 - no secret

    async def _try(self, method: str, path: str, payload: dict[str, Any] | None) -> Reply:
        began = time.monotonic()
        url = self.url.copy_with(path=f"{self.url.path.rstrip('/')}/{path}")
        try:
            async with asyncio.timeout(self.endpoint.timeout):
                response = await self._client.request(method, url, json=payload)
        except TimeoutError:
            return Reply(0, words=f"no answer in {self.endpoint.timeout:g} s", passing=True)
        except httpx2.RequestError as error:
            why = self._clean(str(error)) or "the connection broke"
            return Reply(0, words=f"{type(error).__name__}: {why}", passing=True)
        spent = time.monotonic() - began
        wait = retry_after(response.headers)
        data, text = _object(response), response.text
        if response.is_success and data is None and path not in SAYS_TEXT:
            return Reply(0, words=f"no JSON object: {self._clean(text)}", wait=wait, passing=True)
        if response.is_success and not (data or {}).get("error"):
            return Reply(response.status_code, data or {}, seconds=spent)
        status = _status(response.status_code, data)
        words = self._clean(words_of(data) or text) or response.reason_phrase
        where = response.headers.get("location")
        words += f" (it points to {self._clean(where)})" if response.is_redirect and where else ""
        passing = status in PASSING or status >= 500
        passing = passing and SPENT not in json.dumps(data or "")
        return Reply(status, words=words, wait=wait, passing=passing)

    def _clean(self, text: str) -> str:
        """One short line without the key."""
        kept = text.replace(self._key, "***") if self._key else text
        line = " ".join(kept.split())
        return line if len(line) <= WORDS else f"{line[:WORDS]}…"


SAYS_TEXT = ("load_lora_adapter",)
"""Paths where success is told in plain words."""


def root_of(url: str) -> httpx2.URL:
    """The API's root: as given, without the name of one of its functions, or /v1 where bare.

    Raises:
        UsageError: it is no http(s) URL.
    """
    try:
        found = httpx2.URL(url.strip())
    except (httpx2.InvalidURL, TypeError) as error:
        raise UsageError(f"'{url}' is no URL: {error}", remedy=EXAMPLE) from error
    if found.scheme not in ("http", "https") or not found.host:
        raise UsageError(f"'{url}' is no http URL", remedy=EXAMPLE)
    path = found.path.rstrip("/")
    for function in ("/chat/completions", "/completions", "/models"):
        path = path.removesuffix(function)
    return found.copy_with(path=path or "/v1")


EXAMPLE = "write it as http://127.0.0.1:8000/v1"


def key_of(endpoint: Endpoint) -> str:
    """The key from the environment; '' where none is wanted.

    Raises:
        UsageError: the variable is not set, or cannot be sent.
    """
    if not endpoint.key:
        return ""
    value = os.environ.get(endpoint.key, "").strip()
    if not value:
        raise UsageError(
            f"the environment variable '{endpoint.key}' holds no key for {endpoint.url}",
            remedy=f"export {endpoint.key}=..., or leave `key` out for a server without one",
        )
    if not value.isascii() or not value.isprintable():
        raise UsageError(
            f"the key in '{endpoint.key}' has characters that no HTTP header can hold",
            remedy="copy it again, without quotes and line ends",
        )
    return value


def back_off(turn: int) -> float:
    """Seconds before try `turn` + 2: between a half and the whole of a doubling bound."""
    bound = min(LONGEST_WAIT, FIRST_WAIT * 2.0**turn)
    return bound * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def retry_after(headers: Mapping[str, str]) -> float | None:
    """What Retry-After asks for (RFC 9110 §10.2.3: seconds or a date), in seconds."""
    value = headers.get("retry-after", "").strip()
    with contextlib.suppress(ValueError):
        seconds = float(value)
        return seconds if 0 <= seconds < float("inf") else None
    with contextlib.suppress(ValueError, TypeError):
        until = parsedate_to_datetime(value)
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return max(0.0, (until - datetime.now(UTC)).total_seconds())
    return None


def words_of(data: Any) -> str:
    """What a server's error object says, in the shapes that servers use."""
    if not isinstance(data, dict):
        return ""
    for key in ("error", "detail", "message"):
        said = data.get(key)
        if isinstance(said, dict):
            said = said.get("message") or json.dumps(said)
        if said:
            return said if isinstance(said, str) else json.dumps(said)
    return ""


def _object(response: httpx2.Response) -> dict[str, Any] | None:
    try:
        data = response.json()
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def _status(status: int, data: dict[str, Any] | None) -> int:
    """The status; some gateways say 200 and put the real one into the error."""
    error = (data or {}).get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if status < 300 and isinstance(error, dict | str) and error:
        return code if isinstance(code, int) and 400 <= code < 600 else 400
    return status


def lost(server: Server, reply: Reply, doing: str) -> MachineError:
    """The error for a server that cannot be talked to."""
    return MachineError(
        f"{server.name}, {doing}: {reply.words}",
        remedy="start the server, or mend --endpoint; finished answers are kept",
    )


def refused_key(server: Server, reply: Reply) -> UsageError:
    """The error for a key that is missing or wrong; never with the key in it."""
    named = server.endpoint.key
    remedy = (
        f"put the right key into the environment variable {named}"
        if named
        else "name the environment variable that holds its key"
    )
    return UsageError(f"{server.name} refuses the key: {reply.words} (401)", remedy=remedy)
