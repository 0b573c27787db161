"""What the documents name exists."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from cccc.common import subcommands
from cccc.common.commands import TABLE
from cccc.scripts.cli import cli

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
ROOMS = ("common", "services", "scripts", "tests")
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("document", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.name)
def test_every_test_that_a_document_names_exists(document: Path) -> None:
    named = set(re.findall(r"`(test_\w+)`", document.read_text(encoding="utf-8")))
    defined = set(re.findall(r"(?m)^def (test_\w+)\(", TESTS))
    assert named - defined == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_to_which_a_document_links_exists(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (document.parent / link).exists()] == []


def test_every_module_on_the_way_of_a_line_to_the_commit_exists() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w/]+\.py)`", guide.partition("\n## A line of text")[2].partition("\n## ")[0]))
    paths = [f"/{path.relative_to(ROOT)}" for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    assert len(named) > 20 and {name for name in named if not any(path.endswith(f"/{name}") for path in paths)} == set()


@pytest.mark.parametrize(
    "document", [path for path in DOCUMENTS if path.name != "CHANGELOG.md"], ids=lambda path: path.name
)
def test_every_command_that_a_document_names_exists(document: Path) -> None:
    named = set(re.findall(r"(?m)(?:`|^ {4})cccc ([a-z][\w-]*)", document.read_text(encoding="utf-8")))
    assert named - set(subcommands.every()) == set()


def test_every_subcommand_has_a_row_in_the_documents() -> None:
    table = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    told = {name for row in re.findall(r"(?m)^\| (`.*?`) \|", table) for name in re.findall(r"`([a-z-]+)", row)}
    rows = [f"| `{form(name)}` | {each.summary} |" for name, each in subcommands.every().items() if name not in told]
    assert not rows, "docs/commands.md lacks\n" + "\n".join(rows)


def form(name: str) -> str:
    """Return a subcommand with what follows it, as a row of the table has it."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    pieces = command.collect_usage_pieces(click.Context(command))
    if isinstance(command, click.Group):
        pieces = ["|".join(command.commands)]
    return " ".join([name, *pieces]).replace("|", "\\|")


def test_what_is_typed_with_a_slash_and_is_no_subcommand_has_a_row_in_the_documents() -> None:
    places = {"": "panel.md", "console": "panel.md", "chat": "bridges.md"}
    lacking = [
        f"docs/{places[row.only]} lacks | `{f'/{row.name} {row.usage}'.strip()}` | {row.summary} |"
        for row in TABLE
        if row.name not in subcommands.every() and row.name != "q"
        if not re.search(rf"/{row.name}\b", (ROOT / "docs" / places[row.only]).read_text(encoding="utf-8"))
    ]
    assert not lacking, "\n".join(lacking)
