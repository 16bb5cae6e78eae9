"""Every registered report keeps the Report protocol; a new one is checked by being listed."""

import importlib.util
import sys
import time
from pathlib import Path

import pytest

from harness import registry

_FACTORY = Path(__file__).parents[1] / "unit" / "report" / "factory_run.py"


@pytest.fixture(scope="module")
def factory():
    if "factory_run" in sys.modules:
        return sys.modules["factory_run"]
    spec = importlib.util.spec_from_file_location("factory_run", _FACTORY)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=registry.names("report"))
def report(request: pytest.FixtureRequest):
    return registry.load("report", request.param)()


def test_a_report_says_what_it_is(report):
    assert report.description.strip()
    assert "\n" not in report.description
    assert ".." not in Path(report.filename).parts
    assert not Path(report.filename).is_absolute()


def test_a_report_writes_the_file_that_it_names(report, factory, tmp_path: Path):
    path = report.write(factory.make_run(), tmp_path)
    assert tmp_path / report.filename == path
    assert path.stat().st_size > 0
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith(".")] == []


def test_a_run_without_answers_is_still_a_report(report, factory, tmp_path: Path):
    assert report.write(factory.empty_run(), tmp_path).stat().st_size > 0


def test_the_same_run_gives_the_same_bytes(report, factory, tmp_path: Path):
    first = report.write(factory.make_run(), tmp_path).read_bytes()
    assert first == report.write(factory.make_run(), tmp_path).read_bytes()


def test_no_file_holds_a_raw_terminal_escape(report, factory, tmp_path: Path):
    report.write(factory.make_run(), tmp_path)
    texts = [item for item in tmp_path.rglob("*.*") if item.suffix != ".parquet"]
    assert [item.name for item in texts if b"\x1b" in item.read_bytes()] == []


def test_no_two_reports_write_the_same_file():
    names = [registry.load("report", name).filename for name in registry.names("report")]
    assert sorted(set(names)) == sorted(names)


def test_all_reports_of_700_answers_take_little_of_a_cached_run(factory, tmp_path: Path):
    run = factory.make_run()
    started = time.perf_counter()
    for name in registry.names("report"):
        registry.load("report", name)().write(run, tmp_path)
    # measured 0.3 s alone; the bound leaves room for a busy machine
    assert time.perf_counter() - started < 2.5
