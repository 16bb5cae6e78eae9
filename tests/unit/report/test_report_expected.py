"""What was expected beforehand is in every report, with its verdict and numbers."""

from dataclasses import replace

import pytest
from factory_run import make_run

from harness.records import Arm, Expectation, Phenomenon, Run
from harness.report import html, markdown, terminal
from harness.report.json import dumps


@pytest.fixture(scope="module")
def run() -> Run:
    made = make_run()
    metric = made.metrics[0].name
    task = next(iter(made.tasks))
    arm, against = Arm("lora", task, metric, "old"), Arm("lora", task, metric, "new")
    frozen = Expectation("frozen", "what changed is missed", arm, against, "lower", number=1)
    bare = Expectation("bare", "nothing <b>of</b> it", arm, against)
    return replace(
        made,
        phenomena=(
            Phenomenon(frozen, "shown", "what changed is missed: −35 pp", -0.35, -0.5, -0.2, 60),
            Phenomenon(bare, "not measured", "nothing <b>of</b> it: not measured"),
        ),
    )


def rendered(run: Run) -> dict[str, str]:
    return {
        "terminal": " ".join(terminal.plain_text(run).split()),
        "markdown": markdown.render(run),
        "html": html.render(run),
    }


def test_every_report_names_the_expectation_its_number_and_verdict(run: Run) -> None:
    for text in rendered(run).values():
        assert (
            "Of 2 expectations that the suite wrote down before this run: 1 shown, 1 not measured"
            in text
        )
        assert "frozen (1)" in text
        assert "what changed is missed: −35 pp" in text


def test_the_terminal_keeps_to_80_columns(run: Run) -> None:
    assert max(map(len, terminal.plain_text(run).splitlines())) <= 80


def test_the_page_has_a_section_with_effect_and_interval(run: Run) -> None:
    page = html.render(run)
    section = page.partition('<div id="expected"')[2].partition("</div>\n</div>")[0]
    assert "−35 pp" in section
    assert "&lt;b&gt;of" in section
    assert '<a href="#expected">' in page


def test_without_expectations_nothing_is_said(run: Run) -> None:
    for text in rendered(replace(run, phenomena=())).values():
        assert "beforehand" not in text
        assert 'id="expected"' not in text


def test_the_record_keeps_them(run: Run) -> None:
    assert '"verdict": "not measured"' in dumps(run)
