"""What the documents name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cccc.scripts.cli import SECTIONS

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
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


@pytest.mark.parametrize(
    "document", [path for path in DOCUMENTS if path.name != "CHANGELOG.md"], ids=lambda path: path.name
)
def test_every_command_that_a_document_names_exists(document: Path) -> None:
    named = set(re.findall(r"(?m)(?:`|^ {4})cccc ([a-z][\w-]*)", document.read_text(encoding="utf-8")))
    assert named - {name for section in SECTIONS.values() for name in section} == set()
