"""One value of a settings file changes, and no other byte of it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from cccc.common.errors import SettingsError
from cccc.common.settings import editing


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "telegram.yaml"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('# token: "..."\na: 1 # x\n', '# token: "..."\ntoken: "new:1"\na: 1 # x\n'),
        ("token: old   # mine\nb: é\n", 'token: "new:1"   # mine\nb: é\n'),
        ("é: 1\r\ntoken: 'o''ld'\r\nb: 2\r\n", 'é: 1\r\ntoken: "new:1"\r\nb: 2\r\n'),
        ("token:   # mine\nb: 1\n", 'token: "new:1"   # mine\nb: 1\n'),
        ("token: |-\n  old\n# next\nb: 1\n", 'token: "new:1"\n# next\nb: 1\n'),
        ("b: 1", 'b: 1\ntoken: "new:1"\n'),
        ("\ufefftoken: old\n", 'token: "new:1"\n'),
        ("", 'token: "new:1"\n'),
    ],
)
def test_a_value_is_put_in_and_everything_else_stays(file: Path, before: str, after: str) -> None:
    file.write_bytes(before.encode())
    editing.put(file, "token", "new:1")
    assert file.read_bytes().decode() == after


def test_a_dropped_key_takes_its_lines_along_and_nothing_else(file: Path) -> None:
    file.write_text("# one\ntoken: |-\n  old\n# two\nb: 1\n")
    assert editing.drop(file, "token")
    assert file.read_text() == "# one\n# two\nb: 1\n"
    assert not editing.drop(file, "token")


def test_a_text_that_yaml_would_read_as_something_else_stays_a_text(file: Path) -> None:
    editing.put(file, "token", 'off: #"\\ é')
    assert editing.drop(file, "token") and file.read_text() == ""


def test_the_file_is_its_owners_alone_and_a_link_stays_a_link(file: Path, tmp_path: Path) -> None:
    kept = tmp_path / "elsewhere.yaml"
    kept.write_text("a: 1\n")
    kept.chmod(0o644)
    file.symlink_to(kept)
    editing.put(file, "token", "x")
    assert file.is_symlink() and stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere.yaml", "telegram.yaml"]


@pytest.mark.parametrize("text", ["{a: 1}\n", "a: [\n"])
def test_a_file_that_cannot_be_changed_with_care_is_left_alone(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(SettingsError, match=r"telegram\.yaml: "):
        editing.put(file, "token", "x")
    assert file.read_text() == text
