"""How many lines a patch changes: by what is in the files, never by the form of the diff."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cccc.common.machine import git
from cccc.services.evidence.reading import size
from cccc.services.evidence.tree.gate_tree import GateTree
from tests.services.evidence import repos

MANY = b"".join(b"v%d = 0\n" % number for number in range(3000))
IMAGE = bytes(range(256)) * 400


def counted(old: bytes | None, new: bytes | None) -> int:
    return size.changed_lines([(old, new)], os.environ)


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        pytest.param(None, MANY, 3000, id="a new file"),
        pytest.param(MANY, None, 3000, id="a deleted file"),
        pytest.param(None, b"\xff\xfe\n" + MANY, 3001, id="a UTF-16 mark before what is none"),
        pytest.param(MANY, MANY.replace(b"v7 ", b"w7 "), 2, id="a changed line"),
        pytest.param(b"a\nb\n", b"a\r\nb\r\n", 4, id="other line ends"),
        pytest.param(b"a", MANY.replace(b"\n", b"\r"), 3001, id="lone CR"),
        pytest.param(None, MANY.replace(b"\n", b"\r\n"), 3000, id="CRLF"),
        pytest.param(None, b"# \0\n" + MANY, 3001, id="text with a NUL"),
        pytest.param(None, MANY.replace(b"\n", b"\0\n"), 3000, id="text with many NULs"),
        pytest.param(None, MANY.decode().encode("utf-16"), 3000, id="UTF-16 with its mark"),
        pytest.param(None, MANY.decode().encode("utf-16-be"), 3000, id="UTF-16 without"),
        pytest.param(None, b"caf\xe9\n" * 300, 300, id="Latin-1"),
        pytest.param(None, b"x" * 2_000_000, 2000, id="one line of 2 MB"),
        pytest.param(None, b"", 0, id="an empty file"),
        pytest.param(b"a", b"a", 0, id="a mode"),
        pytest.param(b"target", b"other", 2, id="a link"),
    ],
)
def test_a_line_is_a_line_whatever_ends_it_and_holds_it(old: bytes | None, new: bytes | None, lines: int) -> None:
    assert counted(old, new) == lines


def test_what_is_no_text_counts_as_one_line() -> None:
    assert counted(None, b"\x00\xff\xfe\x80" * 50_000) == 1
    assert counted(b"\x00\xff\xfe\x80" * 50_000, b"\x00\xff\xfe\x81" * 50_000) == 2


def test_a_moved_file_counts_what_was_edited_in_it_and_a_copy_all_of_its_lines() -> None:
    edited = MANY.replace(b"v7 ", b"w7 ")
    assert size.changed_lines([(MANY, None), (None, MANY)], os.environ) == 0
    assert size.changed_lines([(MANY, None), (None, edited)], os.environ) == 2
    assert size.changed_lines([(MANY, MANY), (None, MANY)], os.environ) == 3000
    assert size.changed_lines([(IMAGE, None), (None, IMAGE)], os.environ) == 0


def test_nobodys_settings_and_attributes_change_the_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "attributes").write_text("* -diff\n")
    config = "[core]\nattributesFile = %s\n[diff]\nexternal = false\nrenames = false\n" % (tmp_path / "attributes")
    (tmp_path / "config").write_text(config)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    assert counted(None, MANY) == 3000
    assert size.changed_lines([(MANY, None), (None, MANY)], os.environ) == 0


class Bench:
    def __init__(self, root: Path) -> None:
        self.repo = repos.make(root, {"big.py": MANY, "b.py": b"b = 1\n", "x.bin": IMAGE})
        self.tree: GateTree = repos.gate_tree(self.repo)

    def counted(self, *options: str, attributes: str = "") -> int:
        """Return what the patch of all that is changed counts, made with these options of `git diff`."""
        git.run(self.repo.top, "add", "-A")
        (self.repo.top / ".git" / "info").mkdir(exist_ok=True)
        (self.repo.top / ".git" / "info" / "attributes").write_text(attributes)
        diff = git.run(self.repo.top, "diff", "--cached", "--binary", *options).stdout
        self.tree.reset(self.repo.head)
        self.tree.apply(self.tree.fit(diff))
        return self.tree.size()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "repo")


@pytest.mark.parametrize("attributes", ["", "* -diff\n", "* binary\n"])
def test_text_that_comes_as_a_binary_patch_counts_its_lines(bench: Bench, attributes: str) -> None:
    (bench.repo.top / "big.py").unlink()
    assert bench.counted(attributes=attributes) == 3000
    repos.write(bench.repo.top, {"big.py": MANY, "b.py": MANY.replace(b"v", b"w")})
    assert bench.counted(attributes=attributes) == 3001


def test_attributes_of_the_patch_itself_make_no_text_binary(bench: Bench) -> None:
    repos.write(bench.repo.top, {".gitattributes": b"*.py binary\n", "b.py": MANY.replace(b"v", b"w")})
    assert bench.counted() == 3002


def test_a_copy_counts_and_a_rename_does_not(bench: Bench) -> None:
    repos.write(bench.repo.top, {"copy.py": MANY})
    assert bench.counted("-C", "--find-copies-harder") == 3000
    (bench.repo.top / "copy.py").unlink()
    (bench.repo.top / "big.py").rename(bench.repo.top / "moved.py")
    (bench.repo.top / "x.bin").rename(bench.repo.top / "y.bin")
    assert bench.counted("-M") == 0
    assert bench.counted("--no-renames") == 0
