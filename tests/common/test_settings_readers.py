"""When a change of a key counts: the shipped files say what common/settings/readers.py knows, and that is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from cccc.common import settings
from cccc.common.registry import EVERY
from cccc.common.settings import drift, readers, reading

ROOT = Path(__file__).parents[2]
FILES = settings.Settings.__struct_fields__
KEYS = sorted(drift.digests(settings.Settings()))
SAYS = re.compile(r"# \[(at once|restart|next session)\]")
# Attributes of these names are no settings everywhere.
AMBIGUOUS = {"kind", "tests", "receipts", "request", "mode", "token", "hooks"}
# Looked up by their names, or by none because there is only one value.
BY_NAME = re.compile(r"token(_env)?$|[.](peerA|peerB)$|[.]required[.]|[.]rotation[.]mode$|[.]delivery_mode[.]")
SERVICES = {**{service.name: ROOT / "services" / service.name for service in EVERY if service.name != "ledger"}}
SERVICES.update({f"bridge-{name}": ROOT / "services" / "bridges" for name in ("telegram", "slack", "discord")})


def said(file: str) -> dict[str, str]:
    """Return what each key of a shipped file says, by itself or with its section."""
    path = ROOT / "conf" / "settings" / f"{file}.yaml"
    lines = path.read_text(encoding="utf-8").split("\n")
    default = getattr(settings.Settings(), file)
    at = dict(reading.read(path, path.name, default, {}, {}).lines)
    for number, line in enumerate(lines, 1):
        token = re.match(r"# (\w*token): ", line)
        if token:
            at[token[1]] = number
    found = {}
    for key in (key.partition(".")[2] for key in KEYS if key.startswith(f"{file}.")):
        names = key.split(".")
        above = [".".join(names[:length]) for length in range(len(names), 0, -1)]
        words = (SAYS.search(lines[at[path] - 1]) for path in above if path in at)
        found[key] = next((word[1] for word in words if word), "nothing")
    return found


def attributes(folder: Path) -> set[str]:
    """Return the names that the modules of a folder look up in something."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in folder.rglob("*.py"))
    return {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize("file", FILES)
def test_each_key_says_in_the_shipped_file_when_a_change_of_it_counts(file: str) -> None:
    wrong = {key: word for key, word in said(file).items() if word != readers.when(f"{file}.{key}")}
    assert wrong == {}, f"conf/settings/{file}.yaml says another time, or none, than READ_BY, common/settings"


def test_what_is_said_to_read_a_key_exists() -> None:
    known = {*(service.name for service in EVERY), readers.SESSION, readers.UP}
    assert {(key, name) for key in KEYS for name in readers.of(key) if name not in known} == set()
    paths = {f"{file}.{path}" for file, read_by in readers.READ_BY.items() for path in read_by if path}
    assert {path for path in paths if not any(f"{key}.".startswith(f"{path}.") for key in KEYS)} == set()


def test_a_service_that_is_said_to_read_a_key_names_it() -> None:
    named = {name: attributes(folder) for name, folder in SERVICES.items()}
    lost = {
        (key, name)
        for key in KEYS
        for name in readers.of(key)
        if name in named and key.rpartition(".")[2] not in named[name] and not BY_NAME.search(key)
    }
    digested = {(key, name) for key, name in lost if key.startswith("policies.rfd.") and name == "evidence"}
    assert lost - digested == set(), "said in READ_BY, common/settings, and not so"


def test_a_service_that_names_a_key_is_said_to_read_it() -> None:
    by_leaf: dict[str, set[str]] = {}
    for key in KEYS:
        by_leaf.setdefault(key.rpartition(".")[2], set()).update(readers.of(key))
    found = {
        (leaf, name)
        for name, folder in SERVICES.items()
        for leaf in attributes(folder) & set(by_leaf) - AMBIGUOUS
        if name not in by_leaf[leaf] and not by_leaf[leaf] & {readers.SESSION}
    }
    of_bridges = {leaf for leaf, names in by_leaf.items() if any(name.startswith("bridge-") for name in names)}
    shared = {(leaf, name) for leaf, name in found if leaf in of_bridges and name.startswith("bridge-")}
    assert found - shared == set(), "lacking in READ_BY, common/settings"
