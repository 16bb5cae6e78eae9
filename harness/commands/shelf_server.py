"""The server of `bench view`: a shelf's pages, on this machine's loopback alone."""

import socketserver
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness.commands.shelf import Page, Shelf
from harness.errors import UsageError

HOST = "127.0.0.1"


class Server(ThreadingHTTPServer):
    """A shelf on loopback; nothing is looked up by name, and no thread outlives the command."""

    daemon_threads = True

    def __init__(self, shelf: Shelf, port: int) -> None:
        self.shelf = shelf
        super().__init__((HOST, port), Handler)

    def server_bind(self) -> None:
        """Bind without asking a name server who we are."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    @property
    def url(self) -> str:
        """Where the list of runs is."""
        return f"http://{HOST}:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    """GET and HEAD of the shelf's pages; no other method exists."""

    server: Server
    server_version, sys_version = "bench", ""
    timeout = 30

    def do_GET(self) -> None:
        """A page."""
        self._answer(body=True)

    def do_HEAD(self) -> None:
        """A page's headers."""
        self._answer(body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing: the terminal is the user's."""

    def _answer(self, *, body: bool) -> None:
        port = self.server.server_port
        # another site's name that resolves to this machine must not read what is here
        if self.headers.get("Host") not in (f"{HOST}:{port}", f"localhost:{port}"):
            page = Page(403, b"this server answers to 127.0.0.1 alone\n", "text/plain")
        else:
            page = self.server.shelf.get(self.path)
        self._send(page, body=body)

    def _send(self, page: Page, *, body: bool) -> None:
        self.send_response(page.status)
        for name, value in (
            ("Content-Type", page.kind),
            ("Content-Length", str(len(page.body))),
            ("Content-Security-Policy", page.policy),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(page.body)


def started(shelf: Shelf, port: int | None) -> Server:
    """The server, listening; UsageError where the port is taken."""
    try:
        return Server(shelf, port or 0)
    except OSError as error:
        remedy = "give another --port, or none for a free one"
        raise UsageError(f"port {port} cannot be used: {error.strerror}", remedy=remedy) from None
