"""Where hunks land: git's own diffs, with little context, without any, on a base that has moved."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from cccc.common.machine import git
from cccc.services.evidence.reading.fits import DoesNotApply
from cccc.services.evidence.tree.gate_tree import GateTree
from tests.services.evidence import repos

PAIRS = b"x = 1\ny = 2\n" * 10
LINES = [b"line %d\n" % number for number in range(1, 41)]


class Bench:
    def __init__(self, root: Path) -> None:
        self.repo = repos.make(
            root, {"n.txt": b"".join(LINES), "p.txt": PAIRS, "c.txt": b"".join(LINES).replace(b"\n", b"\r\n")}
        )
        self.tree: GateTree = repos.gate_tree(self.repo)

    def diff(self, files: dict[str, bytes], *options: str, keep: bool = False) -> bytes:
        """Return git's diff of these contents; the files are as before then."""
        repos.write(self.repo.top, files)
        diff = git.run(self.repo.top, "diff", *options).stdout
        git.run(self.repo.top, "checkout", "-q", ".")
        return diff

    def moved(self, files: dict[str, bytes]) -> None:
        repos.write(self.repo.top, files)
        self.repo = repos.commit(self.repo.top)
        self.tree = repos.gate_tree(self.repo)

    def gated(self, diff: bytes, path: str) -> bytes:
        self.tree.reset(self.repo.head)
        (change,) = self.tree.apply(self.tree.fit(diff))
        assert change.path == path
        return git.run(self.repo.top, "cat-file", "blob", change.blob).stdout


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "repo")


def without_index(diff: bytes) -> bytes:
    return b"".join(line for line in diff.splitlines(keepends=True) if not line.startswith(b"index "))


@pytest.mark.parametrize("context", [0, 1, 2, 3, 10])
def test_whatever_is_edited_with_however_much_context_lands_as_it_was_made(bench: Bench, context: int) -> None:
    chance = random.Random(context)
    for _ in range(6):
        for path, before in (("n.txt", LINES), ("p.txt", PAIRS.splitlines(keepends=True))):
            lines = list(before)
            for _ in range(chance.randint(1, 5)):
                at = chance.randrange(len(lines) + 1)
                lines[at : at + chance.choice([0, 0, 1, 3])] = chance.choice([[], [b"x = 1\n"], [b"new\n", b"y = 2\n"]])
            wanted = b"".join(lines)
            if wanted not in (b"".join(before), b""):
                assert bench.gated(bench.diff({path: wanted}, f"-U{context}"), path) == wanted


@pytest.mark.parametrize("at", [0, 1, 20, 39, 40])
def test_an_insertion_without_context_lands_at_its_line(bench: Bench, at: int) -> None:
    wanted = b"".join([*LINES[:at], b"inserted\n", *LINES[at:]])
    assert bench.gated(bench.diff({"n.txt": wanted}, "-U0"), "n.txt") == wanted
    assert not bench.tree.notes


def test_without_context_and_for_another_version_it_is_refused(bench: Bench) -> None:
    diff = bench.diff({"n.txt": b"".join([*LINES[:20], b"inserted\n", *LINES[20:]])}, "-U0")
    with pytest.raises(DoesNotApply, match=r"no context.*-U3"):
        bench.gated(without_index(diff), "n.txt")
    bench.moved({"n.txt": b"# first\n" + b"".join(LINES)})
    with pytest.raises(DoesNotApply, match=r"no context.*-U3"):
        bench.gated(diff, "n.txt")


def test_context_that_fits_at_one_place_lands_there_and_the_offset_is_noted(bench: Bench) -> None:
    wanted = b"".join([*LINES[:20], b"inserted\n", *LINES[20:]])
    diff = bench.diff({"n.txt": wanted})
    bench.moved({"n.txt": b"# 1\n# 2\n# 3\n" + b"".join(LINES)})
    assert bench.gated(diff, "n.txt") == b"# 1\n# 2\n# 3\n" + wanted
    assert bench.tree.notes == [
        "n.txt: the hunk at line 5 of the diff landed at line 21, +3 from where its header says (offset)"
    ]


@pytest.mark.parametrize("plain", [False, True])
def test_context_that_fits_at_several_places_lands_where_the_header_says(bench: Bench, plain: bool) -> None:
    wanted = PAIRS.splitlines(keepends=True)
    wanted[10] = b"x = 99\n"
    diff = bench.diff({"p.txt": b"".join(wanted)}, "-U1")
    assert bench.gated(without_index(diff) if plain else diff, "p.txt") == b"".join(wanted)
    assert len(bench.tree.notes) == plain


def test_at_several_places_of_a_moved_base_all_are_named_and_none_is_taken(bench: Bench) -> None:
    wanted = PAIRS.splitlines(keepends=True)
    wanted[10] = b"x = 99\n"
    diff = bench.diff({"p.txt": b"".join(wanted)}, "-U1")
    bench.moved({"p.txt": b"# 1\n" * 6 + PAIRS})
    with pytest.raises(DoesNotApply, match=r"fits in 9 places: lines 8, 10, .*older version"):
        bench.gated(diff, "p.txt")
    with pytest.raises(DoesNotApply, match="names line 5, which is none of them"):
        bench.gated(without_index(diff).replace(b"@@ -10,3 +10,3 @@", b"@@ -5,3 +5,3 @@"), "p.txt")


def test_line_ends_of_a_file_stay_as_they_are(bench: Bench) -> None:
    wanted = b"".join([*LINES[:20], b"inserted\n", *LINES[20:]]).replace(b"\n", b"\r\n")
    for context in (0, 1, 3):
        assert bench.gated(bench.diff({"c.txt": wanted}, f"-U{context}"), "c.txt") == wanted


def test_what_fits_only_with_other_white_space_is_refused(bench: Bench) -> None:
    diff = bench.diff({"n.txt": b"".join(LINES).replace(b"line 20\n", b"line twenty\n")})
    with pytest.raises(DoesNotApply, match="white space only"):
        bench.gated(diff.replace(b" line 19\n", b" line  19\n"), "n.txt")


def test_a_renamed_file_is_edited_where_its_hunks_say(bench: Bench) -> None:
    git.run(bench.repo.top, "mv", "p.txt", "q.txt")
    wanted = PAIRS.splitlines(keepends=True)
    wanted[10:10] = [b"inserted\n"]
    repos.write(bench.repo.top, {"q.txt": b"".join(wanted)})
    git.run(bench.repo.top, "add", "-A")
    diff = git.run(bench.repo.top, "diff", "--cached", "-M", "-U0").stdout
    bench.tree.reset(bench.repo.head)
    changes = {change.path: change for change in bench.tree.apply(bench.tree.fit(diff))}
    assert git.run(bench.repo.top, "cat-file", "blob", changes["q.txt"].blob).stdout == b"".join(wanted)


def test_a_series_without_context_lands_commit_by_commit(bench: Bench) -> None:
    base, lines = bench.repo.head, list(LINES)
    for number in (30, 10, 20):
        lines[number:number] = [b"inserted %d\n" % number]
        repos.write(bench.repo.top, {"n.txt": b"".join(lines)})
        repos.commit(bench.repo.top)
    mails = git.run(bench.repo.top, "format-patch", "--stdout", "-U0", base).stdout
    git.run(bench.repo.top, "reset", "-q", "--hard", base)
    assert bench.gated(mails, "n.txt") == b"".join(lines)
