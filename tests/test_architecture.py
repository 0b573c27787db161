"""What imports what, what stands at the top, and which words are not names here."""

from __future__ import annotations

import ast
import functools
import graphlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("common", "conf", "scripts", "services")
TOP = {
    *ROOMS,
    *("docs", "tests", ".ci", ".github", ".gitattributes", ".gitignore", "pyproject.toml"),
    *("README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
}
# The groups of a room, each of which imports only what stands before it, and modules that stand in none.
GROUPS = {
    "common": ("text", "facts", "machine", "ledger", "settings", "terminal", "shown", "chats", "commands"),
    "services/orchestrator": ("mail", "decisions", "talk", "upkeep"),
    "services/delivery": ("panes", "running", "nudging", "mail", "wishes"),
    "services/evidence": ("reading", "tree", "checking", "landing"),
}
NEVER = {"manager", "handler", "helper", "helpers", "util", "utils", "misc"}
EMPTY = re.compile(r"_?(data|info|process_\w+|do_[a-z]\w*)")  # http.server asks for do_GET

DEMO = Path("conf/scenarios/demo/project")  # the repository of scripts/demo, no part of ours
FOUND = sorted(path.relative_to(ROOT) for room in ROOMS for path in (ROOT / room).rglob("*.py"))
SOURCES = [path for path in FOUND if DEMO not in path.parents]


@functools.cache
def nodes(source: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse((ROOT / source).read_text(encoding="utf-8"))))


def imports(source: Path) -> Iterator[str]:
    """Yield the full name of every module that a source file imports, at the top or inside a function."""
    package = ("cccc", *source.parent.parts)
    for node in nodes(source):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*start, *([node.module] if node.module else [])))
            yield from (f"{module}.{alias.name}" for alias in node.names)


def allowed(source: Path) -> tuple[str, ...]:
    """The parts of our own that a source file may import."""
    room, *rest = source.with_suffix("").parts
    if room == "services":
        return ("cccc.common", "cccc.conf", f"cccc.services.{rest[0]}")
    return ("cccc.common", "cccc.conf", f"cccc.{room}", *(["cccc.services"] if room == "scripts" else []))


def defined(source: Path) -> Iterator[str]:
    """Yield the names that a source file gives to modules, classes, functions, arguments and variables."""
    yield source.stem
    for node in nodes(source):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_a_room_imports_only_what_it_may(source: Path) -> None:
    """common stands alone, services never import each other, nobody imports by a bare top-level name."""
    ours = [name for name in imports(source) if name.split(".")[0] in ("cccc", "tests", *ROOMS)]
    strangers = [name for name in ours if not f"{name}.".startswith(tuple(f"{part}." for part in allowed(source)))]
    assert strangers == []


@pytest.mark.parametrize(
    ("source", "room", "group"),
    [
        (path, room, group)
        for room, groups in GROUPS.items()
        for group in groups
        for path in SOURCES
        if Path(room, group) in path.parents
    ],
    ids=str,
)
def test_the_groups_of_a_room_import_one_way(source: Path, room: str, group: str) -> None:
    later = GROUPS[room][GROUPS[room].index(group) + 1 :]
    forbidden = tuple(f"cccc.{room.replace('/', '.')}.{name}." for name in later)
    assert [name for name in imports(source) if forbidden and f"{name}.".startswith(forbidden)] == []


def test_no_module_imports_one_that_imports_it_back() -> None:
    """Nor through others, inside a function, or for the type checker alone."""
    names = {".".join(("cccc", *path.with_suffix("").parts)).removesuffix(".__init__"): path for path in SOURCES}
    needs = {
        name: {full if full in names else full.rpartition(".")[0] for full in imports(path)} & names.keys()
        for name, path in names.items()
    }
    graphlib.TopologicalSorter(needs).prepare()  # a CycleError names the modules


def test_the_top_of_the_tree_is_as_agreed() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split("/")[0] for line in tracked.splitlines()} - TOP == set()


def test_a_test_that_sleeps_says_why() -> None:
    """It waits for a condition (tests/waiting.py), or the reason stands beside the sleep."""
    for path in set((ROOT / "tests").rglob("*.py")) - {ROOT / "tests" / "waiting.py"}:
        assert re.findall(r"(?m)^ *time\.sleep\(.*\)$", path.read_text(encoding="utf-8")) == [], path


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_names_say_what_a_thing_is(source: Path) -> None:
    names = set(defined(source))
    words = {word.lower() for name in names for word in re.findall(r"[A-Z]?[a-z]+", name)}
    assert words & NEVER == set()
    assert [name for name in names if EMPTY.fullmatch(name)] == []
