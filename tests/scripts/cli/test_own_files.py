from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cccc.common.errors import UserError
from cccc.scripts.cli import own_files

LEAF = st.one_of(st.none(), st.booleans(), st.integers(), st.text())
OBJECT = st.dictionaries(
    st.text(max_size=3), st.recursive(LEAF, lambda inner: st.dictionaries(st.text(max_size=3), inner), max_leaves=9)
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(OBJECT, st.text(max_size=3), st.sampled_from([None, 1, "\t"]))
def test_a_value_is_put_into_any_json_object_and_nothing_else_changes(known: object, key: str, indent: object) -> None:
    assert isinstance(known, dict)
    new = own_files.put_in_json(json.dumps(known, indent=indent), [key], True)  # type: ignore[arg-type]
    assert json.loads(new) == {**known, key: True}


def test_every_other_byte_stays() -> None:
    text = '{\r\n  "b" :  {"x":1.0,\n"trust": false },\r\n  "a": "\\u00e9 }" }'
    assert own_files.put_in_json(text, ["b", "trust"], True) == text.replace("false", "true")
    assert own_files.put_in_json(text, ["c", "d"], True) == text.replace(
        '{\r\n  "b"', '{\r\n  "c": {"d": true},\r\n  "b"'
    )
    assert own_files.put_in_json("", ["c"], True) == '{"c": true}\n'


@pytest.mark.parametrize("text", ["[]", "{", '{"a": 1}', "// x\n{}"])
def test_what_is_no_object_is_not_changed(text: str) -> None:
    with pytest.raises(ValueError):
        own_files.put_in_json(text, ["a", "b"], True)


def test_a_table_is_added_at_the_end_of_a_toml_file() -> None:
    add = own_files.add_to_toml
    assert add("", ["projects", "/a b"], "x = 1") == '[projects."/a b"]\nx = 1\n'
    assert add("y = 2", ["projects", "/a"], "x = 1") == 'y = 2\n\n[projects."/a"]\nx = 1\n'
    with pytest.raises(ValueError):
        add('projects = {"/b" = {}}\n', ["projects", "/a"], "x = 1")


def test_a_file_is_replaced_behind_its_link_with_its_mode(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    own_files.write(link, "old", "new")
    assert (real.read_text(), real.stat().st_mode & 0o777, link.is_symlink()) == ("new", 0o640, True)


def test_a_file_that_was_changed_meanwhile_stays(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("of somebody else")
    with pytest.raises(UserError, match="changed meanwhile"):
        own_files.write(file, "old", "new")
    assert file.read_text() == "of somebody else"
    assert list(tmp_path.iterdir()) == [file]
