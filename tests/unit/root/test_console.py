"""Progress and messages: on standard error, plain when piped, and never markup of others."""

import io

import pytest
from rich.console import Console

from harness.console import Log, many, show_error
from harness.errors import Problem, SuiteError, UsageError

NASTY = "[red]x[/red] [/] \\ \x1b[31m\x07 é " + "long " * 40


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 cases"), (1, "1 case"), (2, "2 cases"), (1200, "1,200 cases")]
)
def test_one_is_no_plural(number: int, said: str) -> None:
    assert many(number, "case") == said


def test_lines_go_to_standard_error_whole_and_as_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = Log()
    for tell in (log.say, log.caution, lambda text: log.stage("plan", text)):
        tell(NASTY)
    out, err = capsys.readouterr()
    plain = NASTY.replace("\x1b", "").replace("\x07", "")
    assert out == ""
    assert err.splitlines() == [plain, f"warning   {plain}", f"plan      {plain}"]


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    log = Log(quiet=True)
    log.say("a")
    log.stage("b", "c")
    log.caution("d")
    with log.progress("e", 2) as bar:
        bar.advance()
    assert capsys.readouterr() == ("", "")


def test_a_pipe_gets_no_bar_and_no_colour(capsys: pytest.CaptureFixture[str]) -> None:
    with Log().progress("answering", 2) as bar:
        bar.advance(1, "9 tok/s")
        bar.set(2, 2, "done")
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar_with_its_note() -> None:
    log = Log()
    screen = io.StringIO()
    log.console = Console(file=screen, force_terminal=True, width=120)
    log.animated = True
    with log.progress("[b]answering", 4) as bar:
        bar.set(1, 5, "first")
        bar.advance(2, "9 tok/s")
    shown = screen.getvalue()
    assert [word for word in ("[b]answering", "3/5", "9 tok/s") if word not in shown] == []


def test_each_problem_is_a_line_and_several_are_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_error(UsageError(NASTY, where="suite.yaml:3", remedy="write\nanother"))
    one = capsys.readouterr().err.splitlines()
    assert len(one) == 1
    assert one[0].startswith("error suite.yaml:3: [red]x[/red] [/] \\ [31m é long")
    assert one[0].endswith("(write another)")
    show_error(SuiteError([Problem("a"), Problem("b")]))
    assert capsys.readouterr().err.splitlines() == ["error a", "error b", "2 problems"]
