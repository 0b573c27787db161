"""Every kind of change in every form of diff: the tree it gives in the gate is the tree it came from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Callable

import pytest

from cccc.common.machine import git
from cccc.services.evidence.reading.fits import DoesNotApply
from cccc.services.evidence.tree.gate_tree import GateTree
from cccc.services.orchestrator.mail import diffs
from tests.services.evidence import repos

TEXT = b"".join(b"line %d\n" % number for number in range(40))
BLANKS = b"one\n\nthree\n\nfive\n\n"
FILES = {
    "src/a.py": TEXT,
    "src/blanks.txt": BLANKS,
    "src/crlf.txt": BLANKS.replace(b"\n", b"\r\n"),
    "src/mixed.txt": b"one\r\ntwo\nthree\r\n",
    "src/no newline": b"one\ntwo",
    "src/binary.bin": bytes(range(256)) * 40,
    "src/empty": b"",
    "src/latin1.txt": b"caf\xe9\n",
    'src/caf\u00e9 "quoted" \\ and\ttab.txt': b"x\n",
    os.fsdecode(b"src/latin\xe9.txt"): b"y\n",
    "src/dir/only.txt": b"z\n",
    "src/turns": b"a file\n",
}


def edit(root: Path, path: str, old: bytes, new: bytes) -> None:
    (root / path).write_bytes((root / path).read_bytes().replace(old, new, 1))


def names(root: Path) -> None:
    for path in FILES:
        if "caf" in path or "latin" in path:
            edit(root, path, b"\n", b" more\n")


def kinds(root: Path) -> None:
    (root / "src/turns").unlink()
    repos.write(root, {"src/turns/inside": b"a folder now\n"})
    (root / "src/dir/only.txt").unlink()
    (root / "src/dir").rmdir()
    repos.write(root, {"src/dir": b"a file now\n"})
    (root / "src/link").symlink_to("a.py")
    (root / "src/empty").unlink()
    (root / "src/empty").symlink_to("dir")


def renames(root: Path) -> None:
    (root / "src/a.py").rename(root / "src/b b.py")
    edit(root, "src/b b.py", b"line 5\n", b"line five\n")
    (root / "src/binary.bin").rename(root / "src/moved.bin")
    repos.write(root, {"src/copy.py": TEXT, "src/copy2.py": TEXT.replace(b"line 7", b"LINE 7")})


def modes(root: Path) -> None:
    for name in ("a.py", "empty", "binary.bin"):
        (root / "src" / name).chmod(0o755)


def deleted(root: Path) -> None:
    for name in ("empty", "binary.bin", "no newline", "a.py"):
        (root / "src" / name).unlink()


CHANGES: Mapping[str, Callable[[Path], object]] = {
    "text": lambda root: edit(root, "src/a.py", b"line 20\n", b"LINE 20\n+++ b/x\n--- a/y\n@@ -1 +1 @@\n```\n"),
    "blank context": lambda root: edit(root, "src/blanks.txt", b"three", b"drei"),
    "crlf": lambda root: edit(root, "src/crlf.txt", b"three", b"drei"),
    "crlf to lf": lambda root: edit(root, "src/crlf.txt", b"three\r\n", b"three\n"),
    "mixed ends": lambda root: edit(root, "src/mixed.txt", b"two", b"zwei"),
    "newline at the end": lambda root: edit(root, "src/no newline", b"two", b"two\n"),
    "no newline at the end": lambda root: edit(root, "src/a.py", b"line 39\n", b"line 39"),
    "not utf-8": lambda root: edit(root, "src/latin1.txt", b"caf\xe9", b"th\xe9"),
    "binary": lambda root: edit(root, "src/binary.bin", b"\x00\x01", b"\x01\x00\x00"),
    "names": names,
    "kinds": kinds,
    "renames and copies": renames,
    "modes": modes,
    "new and empty": lambda root: repos.write(root, {"new/e": b"", "new/b": b"\0\1", "new/t": b"t", "src/n": b"n\n"}),
    "deleted": deleted,
}
FORMS: Mapping[str, tuple[str, ...]] = {
    "as it is": ("diff", "--cached", "--binary"),
    "renames and copies": ("diff", "--cached", "--binary", "--full-index", "-M", "-C", "--find-copies-harder"),
    "no renames": ("diff", "--cached", "--binary", "--no-renames"),
    "no prefix": ("diff", "--cached", "--binary", "--no-prefix"),
    "mnemonic prefixes": ("-c", "diff.mnemonicPrefix=true", "diff", "--cached", "--binary"),
    "names unquoted": ("-c", "core.quotePath=false", "diff", "--cached", "--binary"),
    "much context": ("diff", "--cached", "--binary", "-U99", "-W"),
    "blank context suppressed": ("-c", "diff.suppressBlankEmpty=true", "diff", "--cached", "--binary"),
    "patience": ("diff", "--cached", "--binary", "--patience", "-B"),
}


class Bench:
    def __init__(self, root: Path) -> None:
        self.repo = repos.make(root, FILES)
        self.tree: GateTree = repos.gate_tree(self.repo)

    def changed(self, change: Callable[[Path], object]) -> str:
        """Make the change in the index and return the tree it gives."""
        change(self.repo.top)
        git.run(self.repo.top, "add", "-A")
        return git.line(self.repo.top, "write-tree")

    def gated(self, text: bytes) -> str:
        """Return the tree that the text's patch gives in the gate, after its files were seen to be the same."""
        self.tree.reset(self.repo.head)
        patch = diffs.find(text)
        assert patch is not None
        self.tree.apply(self.tree.fit(patch))
        self.tree.bring()
        tree = git.line(self.tree.path, "write-tree", env=self.tree.env)
        assert git.run(self.tree.path, "status", "--porcelain", env=self.tree.env).stdout.count(b"\n") > 0
        git.run(self.tree.path, "add", "-A", env=self.tree.env)
        assert git.line(self.tree.path, "write-tree", env=self.tree.env) == tree
        return tree


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "repo")


@pytest.mark.corpus(5)
@pytest.mark.parametrize("kind", CHANGES)
def test_every_form_of_diff_gives_the_tree_it_was_made_of(bench: Bench, kind: str) -> None:
    wanted = bench.changed(CHANGES[kind])
    for form, words in FORMS.items():
        diff = git.run(bench.repo.top, *words).stdout
        assert bench.gated(diff) == wanted, form
        assert bench.gated(diff.rstrip(b"\n") if b"\n\n" not in diff[-2:] else diff) == wanted, form
        assert bench.gated(b"Here it is.\n\n`````diff\n" + diff + b"`````\n\nPlease test.\n") == wanted, form


@pytest.mark.parametrize("kind", CHANGES)
def test_mails_of_format_patch_give_the_tree_of_the_last_one(bench: Bench, kind: str) -> None:
    base = bench.repo.head
    bench.changed(CHANGES[kind])
    git.run(bench.repo.top, "commit", "-q", "-m", "first: ```diff\n\nbody\n\n```diff\n-x\n```\n")
    repos.write(bench.repo.top, {"src/blanks.txt": BLANKS + b"six\n", "src/second.txt": b"2\n"})
    wanted = git.line(bench.repo.top, "rev-parse", f"{repos.commit(bench.repo.top).head}^{{tree}}")
    git.run(bench.repo.top, "update-ref", "refs/heads/made", "HEAD")
    mails = git.run(bench.repo.top, "format-patch", "--stdout", "--binary", base).stdout
    assert bench.gated(mails) == wanted


def test_a_series_that_touches_one_file_again_and_again_is_one_patch(bench: Bench) -> None:
    base = bench.repo.head
    steps: list[dict[str, bytes]] = [
        {"new.txt": TEXT},
        {"new.txt": TEXT.replace(b"line 3\n", b"LINE 3\n")},
        {"new.txt": TEXT.replace(b"line 3\n", b"LINE 3\n\n"), "src/a.py": b"short\n"},
    ]
    for step in steps:
        repos.write(bench.repo.top, step)
        repos.commit(bench.repo.top)
    (bench.repo.top / "new.txt").rename(bench.repo.top / "renamed.txt")
    repos.commit(bench.repo.top)
    edit(bench.repo.top, "renamed.txt", b"line 9\n", b"LINE 9\n")
    head = repos.commit(bench.repo.top).head
    mails = git.run(bench.repo.top, "format-patch", "--stdout", "--binary", base).stdout
    assert bench.gated(mails) == git.line(bench.repo.top, "rev-parse", f"{head}^{{tree}}")


@pytest.mark.parametrize("kind", ["text", "crlf", "binary", "deleted"])
def test_a_diff_made_in_a_sub_directory_finds_its_place(bench: Bench, kind: str) -> None:
    wanted = bench.changed(CHANGES[kind])
    assert bench.gated(git.run(bench.repo.top / "src", "diff", "--cached", "--binary", "--relative").stdout) == wanted


def test_a_diff_whose_name_is_in_two_folders_is_not_guessed_at(bench: Bench) -> None:
    repos.write(bench.repo.top, {"one/x.txt": b"a\n", "two/x.txt": b"a\n"})
    bench.repo = repos.commit(bench.repo.top)
    bench.tree = repos.gate_tree(bench.repo)
    with pytest.raises(DoesNotApply, match=r"x\.txt"):
        bench.gated(b"--- a/x.txt\n+++ b/x.txt\n@@ -1 +1 @@\n-a\n+b\n")


def test_a_binary_diff_without_its_content_is_refused_with_what_to_send(bench: Bench) -> None:
    bench.changed(CHANGES["binary"])
    with pytest.raises(DoesNotApply, match="git diff --binary"):
        bench.gated(git.run(bench.repo.top, "diff", "--cached").stdout)


def test_files_that_attributes_turn_round_are_patched_by_what_is_committed(tmp_path: Path) -> None:
    files = {".gitattributes": b"*.txt text eol=crlf\n*.id ident\n", "a.txt": BLANKS, "v.id": b"$Id$\none\n"}
    bench = Bench(tmp_path / "repo")
    repos.write(bench.repo.top, files)
    bench.repo = repos.commit(bench.repo.top)
    bench.tree = repos.gate_tree(bench.repo)
    repos.write(bench.repo.top, {"a.txt": BLANKS.replace(b"three", b"drei"), "v.id": b"$Id$\ntwo\n"})
    wanted = bench.changed(lambda root: None)
    assert bench.gated(git.run(bench.repo.top, "diff", "--cached").stdout) == wanted
    assert b"drei\r\n" in (bench.tree.path / "a.txt").read_bytes()
