"""A page opened from disk, offline, and what it must never do there."""

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, Route

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
OPEN = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
READY = "() => document.querySelectorAll('#browse-list > details').length > 0"


class Visits:
    """Pages in contexts of their own; `problems` collects what none of them may do.

    That is: write to the console, throw, open a dialog or a window, or ask for anything but the
    page itself and the files beside it.
    """

    def __init__(self, browser: Browser) -> None:
        self.problems: list[str] = []
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    def open(self, path: Path, at: str = "", *, wait: str = READY, **settings: Any) -> Page:
        """The page at `path`, with `at` (a #hash) after its address, once its cases are listed."""
        context = self._browser.new_context(offline=True, **settings)
        self._contexts.append(context)
        context.set_default_timeout(15_000)
        allowed = path.parent.resolve().as_uri() + "/"
        context.route("**/*", lambda route: self._asked(route, allowed))
        context.on("request", lambda request: self._check(request, allowed))
        context.on("console", lambda said: self.problems.append(f"{said.type}: {said.text}"))
        context.on("weberror", lambda error: self.problems.append(str(error.error)))
        context.on("dialog", self._dialog)
        page = context.new_page()
        context.on("page", lambda other: self.problems.append(f"a window: {other.url}"))
        page.goto(path.resolve().as_uri() + at)
        if wait:
            page.wait_for_function(wait)
        return page

    def close(self) -> None:
        """Close every page."""
        for context in self._contexts:
            context.close()

    def _check(self, request: Request, allowed: str) -> None:
        if not request.url.startswith(allowed):
            self.problems.append(f"asked for {request.url}")

    def _asked(self, route: Route, allowed: str) -> None:
        if route.request.url.startswith(allowed):
            route.continue_()
        else:
            route.abort()

    def _dialog(self, dialog: Any) -> None:
        self.problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()


def counted(page: Page) -> str:
    """What the case browser says it shows."""
    return page.locator("#browse-count").inner_text()


def number(page: Page) -> int:
    """How many cases match."""
    return int(counted(page).split(" of ")[0])


def rows(page: Page) -> Locator:
    """The cases that are listed."""
    return page.locator("#browse-list > details")


def settled(page: Page, said: str) -> None:
    """Wait until the case browser says `said`."""
    page.locator("#browse-count", has_text=said).wait_for()


def serious(page: Page, *rules: str, contrast: bool = True) -> list[str]:
    """What axe finds of the two worst grades, with the first place of each."""
    options = {"runOnly": list(rules) or TAGS, "resultTypes": ["violations"]}
    # the slowest rule by far, and colours do not depend on the width
    options |= {} if contrast else {"rules": {"color-contrast": {"enabled": False}}}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
