"""New keys enter an old settings file, and it goes on saying what it said."""

from __future__ import annotations

import random
import re
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from cccc.common import settings
from cccc.common.paths import Project
from cccc.common.settings import MOVED, Settings, editing
from cccc.common.settings.merging import merge

SHIPPED = {
    name: files("cccc.conf").joinpath("settings", f"{name}.yaml").read_text(encoding="utf-8")
    for name in Settings.__struct_fields__
}


def test_a_missing_key_comes_with_its_comment_to_its_place_and_every_line_stays() -> None:
    shipped = "a: 1\n\n# about b\n# and more\nb: 2  # two\n\nc:\n  # about d\n  d: 4\n  e: |-\n    x\n    y\n\nf: 6\n"
    old = "# mine\na: 7   # seven\n# after a\nc:\n    # own\n    d: 9\n# the end\nz: 1"
    text, added = merge(old, shipped, {})
    assert added == ["b", "c.e", "f"]
    assert text == (
        "# mine\na: 7   # seven\n\n# about b\n# and more\nb: 2  # two\n# after a\n"
        "c:\n    # own\n    d: 9\n    e: |-\n      x\n      y\n\nf: 6\n# the end\nz: 1\n"
    )
    assert merge(text, shipped, {}) == (text, [])


@pytest.mark.parametrize(
    ("old", "added"),
    [
        ("c: {e: 1}\n", ["a"]),  # in braces: left as it is
        ("{a: 1}\n", []),
        ("c:\n", ["a", "c.d", "c.e"]),
        ("c:\n# d: 3\n", ["a", "c.d", "c.e"]),
        ("", ["a", "c"]),
        ("# nothing\n", ["a", "c"]),
        ("old_e: 3\n", ["a", "c"]),
    ],
)
def test_what_is_added_to_a_file_of_another_form(old: str, added: list[str]) -> None:
    text, found = merge(old, "a: 1\nc:\n  d: 4\n  e: 5\n", {"old_e": "c.e"})
    assert sorted(found) == added
    assert set(yaml.safe_load(text)) >= set(yaml.safe_load(old) or {})


@pytest.mark.parametrize("old", ["c:\n  d: 1\nold_e: 3\n", "old_e: 3\n"])
def test_a_key_in_its_old_place_is_not_added_in_its_new_one(old: str) -> None:
    text, _ = merge(old, "c:\n  d: 4\n  # about e\n  e: 5\n  f: 6\n", {"old_e": "c.e"})
    assert set(yaml.safe_load(text)["c"]) == {"d", "f"} and "# about e" not in text


@pytest.mark.corpus(18)
@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("seed", range(12))
def test_whatever_an_old_file_lacks_it_gets_and_means_the_same(name: str, seed: int, project: Project) -> None:
    old, gone = without(SHIPPED[name], random.Random(seed))
    file = project.settings / f"{name}.yaml"
    file.write_text(old)
    before = settings.load(project)
    text, added = merge(old, SHIPPED[name], MOVED.get(name, {}))
    editing.write(file, text)
    assert settings.load(project) == before
    assert yaml.safe_load(text) == yaml.safe_load(SHIPPED[name])
    assert (sorted(added) == []) == (gone == [])
    kept = iter(text.splitlines())
    assert all(line in kept for line in old.splitlines())  # in their order
    assert merge(text, SHIPPED[name], MOVED.get(name, {}))[1] == []


def without(text: str, chance: random.Random) -> tuple[str, list[str]]:
    """Return a settings text without some of its one-line keys, and those."""
    kept: list[str] = []
    gone = []
    for line in text.splitlines(keepends=True):
        first_of_its_section = kept and re.fullmatch(r"\s*\w+: *(#.*)?\n", kept[-1])
        whole = re.fullmatch(r"\s*\w+: +[^|#\s].*\n", line)
        if whole and not first_of_its_section and chance.random() < 0.4:
            gone.append(line)
        else:
            kept.append(line)
    return "".join(kept), gone


def test_a_token_stays_where_it_was_put(tmp_path: Path) -> None:
    file = tmp_path / "telegram.yaml"
    file.write_text("autostart: false\n")
    editing.put(file, "token", "123:abc")
    text, _ = merge(file.read_text(), SHIPPED["telegram"], MOVED["telegram"])
    assert yaml.safe_load(text)["token"] == "123:abc" and yaml.safe_load(text)["autostart"] is False
