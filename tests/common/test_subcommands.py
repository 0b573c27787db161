"""What is declared in the file of each subcommand, and that nothing is forgotten there."""

from __future__ import annotations

import importlib
from collections import Counter
from pathlib import Path

import pytest

from cccc.common import commands, subcommands

ROOT = Path(__file__).parents[2]
FOLDERS = [ROOT.joinpath(*package.split(".")) for package in subcommands.PACKAGES]
FILES = sorted(path for folder in FOLDERS for path in folder.glob("*.py") if path.name != "__init__.py")


def loaded(path: Path) -> object:
    return importlib.import_module(".".join(("cccc", *path.relative_to(ROOT).with_suffix("").parts)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_with_a_command_declares_it(path: Path) -> None:
    module, name = loaded(path), path.stem.replace("_", "-")
    if hasattr(module, "command") and path.parent.name == "cli":
        assert hasattr(module, "SECTION"), f'{path} lacks its heading in the help, such as SECTION = "Decide"'
    if hasattr(module, "run") and path.parent.name == "commands":
        assert hasattr(module, "COMMANDS"), f"{path} lacks COMMANDS, the rows of the table of what is typed with a `/`"
    if hasattr(module, "SECTION"):
        declared = subcommands.every().get(name)
        assert declared, f"{path} lacks a docstring of `command` or `run`, with what it does in its first line"
        assert declared.heading in subcommands.HEADINGS
        assert name in commands.BY_NAME or hasattr(module, "command"), f"{path} has a SECTION and no row /{name}"


def test_no_subcommand_is_declared_twice() -> None:
    names = Counter(path.stem for path in FILES if hasattr(loaded(path), "SECTION"))
    assert [name for name, count in names.items() if count > 1] == []


def test_every_row_of_every_file_is_in_the_table_once() -> None:
    rows = [row.name for path in FILES for row in getattr(loaded(path), "COMMANDS", ())]
    table = [row.name for row in commands.TABLE]
    assert set(rows) - set(table) == set() and len(set(table)) == len(table)
