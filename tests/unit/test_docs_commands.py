"""What README and docs say of commands, codes and files is so."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import harness
from harness import cli
from harness.errors import EXIT_CODES

ROOT = Path(harness.__file__).parent.parent
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("suites/*/README.md"))]
# rendered by a real run, which a fresh clone has and a working tree may not have yet
EXAMPLES = ("docs/report.png", "reports/examples/")
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def commands(page: Path) -> Iterator[list[str]]:
    """The words of every `bench` command in a shell block or in backticks."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:sh|bash|console)\n(.*?)```", text, re.DOTALL)
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`(bench [^`\n]+)`", text)
    for line in lines:
        for part in re.split(r"&&|;|\|", line.split("  #")[0]):
            words = shlex.split(part)
            if words[:1] == ["bench"]:
                yield words[1:]


def wrong(words: list[str]) -> str:
    """What the command line would say against these words, or ''; prose may leave arguments out."""
    # [CASE] and SUITE… are how a table writes an argument
    words = [word.strip("[]…") for word in words]
    # click remembers a command's help option, so it must be made under the group's settings
    group = click.Context(cli.cli, **cli.cli.context_settings)
    try:
        name, command, rest = cli.cli.resolve_command(group, words)
        if command is not None and name is not None:
            asks = "--help" in rest
            command.make_context(name, list(rest), parent=group, resilient_parsing=asks)
    except click.MissingParameter:
        return ""
    except click.ClickException as error:
        return error.format_message()
    return ""


def test_a_planted_mistake_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```sh\nbench rnu x && bench compare a b c\n```\n`bench run x --modle y`\n", "utf-8"
    )
    found = [wrong(words) for words in commands(page)]
    assert [bool(message) for message in found] == [True, True, True]


@pages
def test_every_command_that_a_page_shows_is_understood(page: Path) -> None:
    shown = [words for words in commands(page) if words != ["COMMAND", "--help"]]
    assert {" ".join(words): message for words in shown if (message := wrong(words))} == {}


def test_the_readme_lists_every_command_once() -> None:
    rows = re.findall(r"^\| `bench (\w+)", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(cli.cli.commands)


def test_the_readmes_exit_codes_are_the_commands() -> None:
    rows = re.findall(r"^\| (\d) \| ([A-Z]+) \|", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert {verdict: int(code) for code, verdict in rows} == EXIT_CODES


@pages
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    if not (ROOT / "reports" / "examples" / "legal" / "report.md").exists():
        local = [link for link in local if not link.startswith(EXAMPLES)]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pages
def test_files_that_a_page_names_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`((?:harness|tests|docs|suites|benchmarks|locks)/[\w./-]+)`", text)
    assert [name for name in named if not (ROOT / name).exists()] == []


@pages
def test_links_to_headings_lead_to_headings(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    dead = []
    for file, anchor in re.findall(r"\]\(([^)#\s]*)#([^)]+)\)", text):
        if "://" in file:
            continue
        target = page.parent / file if file else page
        lines = target.read_text(encoding="utf-8").splitlines()
        heads = [line.lstrip("#").strip().lower() for line in lines if line.startswith("#")]
        slugs = [re.sub(r"[^\w\- ]", "", head).replace(" ", "-") for head in heads]
        dead += [] if anchor in slugs else [f"{file}#{anchor}"]
    assert dead == []
