"""An OpenAI-compatible server on loopback that does as a test says."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-loopback-0123456789"


@dataclass(frozen=True)
class Says:
    """One reply: JSON, or raw text; `torn` promises more bytes than it sends."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    torn: bool = False


Script = Callable[[str, dict[str, Any], int], Says]
"""Path, JSON that was sent, and how many came before on that path: what to say."""


class Fake:
    """The server with what it was asked, in order."""

    def __init__(self, script: Script, *, key: str = "") -> None:
        self.script, self.key = script, key
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.times: list[float] = []
        self.busy = self.busiest = 0
        self.lock = threading.Lock()
        self.url = ""

    def bodies(self, path: str) -> list[dict[str, Any]]:
        """What was sent to a path."""
        return [body for at, body in self.asked if at == path]

    def reply(self, path: str, body: dict[str, Any], key: str) -> Says:
        """What the script says, unless the key is wrong."""
        with self.lock:
            before = len(self.bodies(path))
            self.asked.append((path, body))
            self.times.append(time.monotonic())
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
        try:
            if self.key and key != f"Bearer {self.key}":
                error = {"message": f"Incorrect API key provided: {key.removeprefix('Bearer ')}"}
                return Says({"error": error}, 401)
            said = self.script(path, body, before)
            time.sleep(said.wait)
            return said
        finally:
            with self.lock:
                self.busy -= 1


@contextmanager
def serving(script: Script, *, key: str = "") -> Iterator[Fake]:
    """The server while the block lasts."""
    fake = Fake(script, key=key)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, body: dict[str, Any]) -> None:
            path = self.path.removeprefix("/v1/")
            said = fake.reply(path, body, self.headers.get("Authorization", ""))
            text = said.body if isinstance(said.body, str) else json.dumps(said.body)
            raw = text.encode()
            try:
                self.send_response(said.status)
                for name, value in said.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw) + 9 * said.torn))
                self.end_headers()
                self.wfile.write(raw)
            except OSError:
                pass  # the other side went away
            self.close_connection = self.close_connection or said.torn

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def models(*names: str, **parents: str) -> Says:
    """The list of models; `parents` gives an adapter's base."""
    bases = [{"id": name, "object": "model", "root": f"/{name[:4]}"} for name in names]
    adapters = [{"id": name, "parent": parent} for name, parent in parents.items()]
    return Says({"object": "list", "data": [*bases, *adapters]})


def chat(text: str | None, model: str = "base", reason: str | None = "stop", **more: Any) -> Says:
    """An answer to messages."""
    message = {"role": "assistant", "content": text, **more}
    choice = {"index": 0, "message": message, "finish_reason": reason}
    usage = {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
    return Says({"model": model, "choices": [choice], "usage": usage})
