"""bench view: what it serves, to whom, and what it never does."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from root_factory import VALUES, make_run, stored

from harness import history
from harness.commands.shelf import Shelf
from harness.commands.shelf_server import Server, started
from harness.console import Log
from harness.errors import UsageError
from harness.report.html import HtmlReport

EVIL = "<script>alert(1)</script>"
LATER = VALUES | {"lora": (1.0, 0.0, 0.0, 1.0)}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two runs with reports, one of them remembered; a secret beside the reports."""
    reports = tmp_path / "reports"
    for run in (make_run(description=EVIL), make_run("bbbb000002", LATER)):
        folder = stored(reports, run)
        HtmlReport().write(run, folder)
        (folder / "report-cases").mkdir()
        (folder / "report-cases" / "0000.js").write_text("benchCases()")
    store = tmp_path / "store"
    store.mkdir()
    history.record(store, make_run(), reports, Log(quiet=True))
    (tmp_path / "secret.html").write_text("secret")
    return tmp_path


@pytest.fixture
def shelf(home: Path) -> Shelf:
    return Shelf(home / "reports", home / "store")


@pytest.fixture
def server(shelf: Shelf) -> Iterator[Server]:
    with started(shelf, None) as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.02,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def asked(
    server: Server, path: str, host: str = "", method: str = "GET"
) -> tuple[int, str, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host or f"127.0.0.1:{server.server_port}")
    connection.endheaders()
    answer = connection.getresponse()
    found = answer.status, answer.read().decode(), dict(answer.getheaders())
    connection.close()
    return found


def text(shelf: Shelf, target: str) -> str:
    return shelf.get(target).body.decode()


def test_the_list_names_each_run_with_verdict_model_and_counts(shelf: Shelf) -> None:
    (first, second) = shelf.rows()
    assert {first["name"], second["name"]} == {"shop/aaaa000001", "shop/bbbb000002"}
    told = {key: first[key] for key in ("created", "verdict", "model", "cases", "answers")}
    assert told == {
        "created": "2026-01-02 03:04",
        "verdict": "PASS",
        "model": "acme/small",
        "cases": 4,
        "answers": 8,
    }
    assert 'href="/runs/shop/aaaa000001/report.html"' in text(shelf, "/")


def test_a_damaged_run_is_a_line_of_the_list(shelf: Shelf, home: Path) -> None:
    (home / "reports" / "shop" / "bbbb000002" / "run.json").write_text("{")
    assert [bool(row["problem"]) for row in shelf.rows()].count(True) == 1
    assert "not JSON" in text(shelf, "/")


def test_a_report_and_its_texts_are_served_as_they_are(shelf: Shelf, home: Path) -> None:
    page = shelf.get("/runs/shop/aaaa000001/report.html")
    written = home / "reports" / "shop" / "aaaa000001" / "report.html"
    assert (page.status, page.body) == (200, written.read_bytes())
    part = shelf.get("/runs/shop/aaaa000001/report-cases/0000.js")
    assert (part.status, part.kind) == (200, "text/javascript; charset=utf-8")


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.html",
        "/runs/../secret.html",
        "/runs/../../secret.html",
        "/runs/%2e%2e/%2e%2e/secret.html",
        "/runs/shop/aaaa000001/../../../secret.html",
        "/runs/shop/aaaa000001/%2e%2e/%2e%2e/%2e%2e/secret.html",
        "/runs/shop/aaaa000001/run.json",
        "/runs/shop/aaaa000001/report-cases/../report.html",
        "/runs/shop/aaaa000001/report-cases/x.js",
        "/runs//etc/passwd",
        "/runs/shop/..",
        "/runs/shop/cccc/report.html",
        "/anything",
    ],
)
def test_nothing_but_reports_of_listed_runs_has_an_address(shelf: Shelf, target: str) -> None:
    page = shelf.get(target)
    assert (page.status, b"secret" in page.body) == (404, False)


def test_a_link_that_leads_out_of_the_reports_is_not_followed(shelf: Shelf, home: Path) -> None:
    report = home / "reports" / "shop" / "aaaa000001" / "report.html"
    report.unlink()
    report.symlink_to(home / "secret.html")
    assert shelf.get("/runs/shop/aaaa000001/report.html").status == 404


def test_two_runs_are_compared_as_bench_compare_does(shelf: Shelf) -> None:
    said = text(shelf, "/compare?before=shop/aaaa000001&after=shop/bbbb000002")
    assert "Nothing moved beyond noise" in said
    assert "−25 pp" in said
    assert "/runs/shop/bbbb000002/report.html#case-case-1" in said


@pytest.mark.parametrize("name", ["/etc/passwd", "../secret", "", f"{EVIL}", "shop"])
def test_only_listed_runs_are_compared(shelf: Shelf, name: str) -> None:
    page = shelf.get(f"/compare?before={name}&after=shop/aaaa000001")
    assert (page.status, EVIL.encode() in page.body) == (400, False)


def test_trends_come_from_the_store(shelf: Shelf) -> None:
    assert "/trend?suite=shop&amp;metric=m.right" in text(shelf, "/trends")
    assert "m.right over the runs of shop" in text(shelf, "/trend?suite=shop&metric=m.right")
    assert "did you mean" in text(shelf, "/trend?suite=shop&metric=m.rihgt")


def test_a_store_without_history_gets_none(home: Path, tmp_path: Path) -> None:
    empty = Shelf(home / "reports", tmp_path / "none")
    assert "No run is remembered" in text(empty, "/trends")
    assert empty.get("/trend?suite=shop&metric=m.right").status == 400
    assert not (tmp_path / "none").exists()


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    assert "bench run SUITE" in text(Shelf(tmp_path / "reports", tmp_path), "/")


def test_words_of_a_run_are_never_markup(home: Path) -> None:
    evil = make_run("cccc000003", model=replace(make_run().model, name=EVIL))
    stored(home / "reports", evil)
    said = text(Shelf(home / "reports", home), "/")
    assert (EVIL in said, "&lt;script&gt;" in said) == (False, True)


def test_only_this_machine_s_own_names_are_answered(server: Server) -> None:
    port = server.server_port
    for host in (f"127.0.0.1:{port}", f"localhost:{port}"):
        assert asked(server, "/", host)[0] == 200
    for host in ("evil.test", f"evil.test:{port}", "127.0.0.1", f"127.0.0.1:{port + 1}"):
        status, said, _ = asked(server, "/", host)
        assert (status, "shop" in said) == (403, False)
    assert server.server_address[0] == "127.0.0.1"


def test_every_answer_has_a_policy_and_stays_in_no_cache(server: Server) -> None:
    for path in ("/", "/trends", "/runs/shop/aaaa000001/report.html", "/none"):
        headers = asked(server, path)[2]
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
    assert "script-src" not in asked(server, "/")[2]["Content-Security-Policy"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_there_is_no_way_to_write(server: Server, method: str) -> None:
    assert asked(server, "/", method=method)[0] == 501


def test_head_is_a_page_without_its_body(server: Server) -> None:
    status, said, headers = asked(server, "/", method="HEAD")
    assert (status, said) == (200, "")
    assert int(headers["Content-Length"]) > 500


def test_a_taken_port_is_told_in_a_line(server: Server, shelf: Shelf) -> None:
    with pytest.raises(UsageError, match=f"port {server.server_port} cannot be used"):
        started(shelf, server.server_port)


def test_the_command_prints_its_address_and_ends_with_ctrl_c(home: Path) -> None:
    command = [sys.executable, "-m", "harness.cli", "view", "--json", "--reports", "reports"]
    environment = os.environ | {"BENCH_HOME": str(home / "store")}
    with subprocess.Popen(
        command, cwd=home, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        told = json.loads(child.stdout.readline())
        assert (told["runs"], told["url"].startswith("http://127.0.0.1:")) == (2, True)
        child.send_signal(signal.SIGINT)
        rest, errors = child.communicate(timeout=20)
    assert (child.returncode, rest, errors) == (0, "", "stopped\n")
