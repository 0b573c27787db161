"""The patch in what a peer wrote; git itself says whether what was found applies."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cccc.common.machine import git
from cccc.services.orchestrator.mail import diffs

OLD = b"one\n\nthree\nfour\n\n"
NEW = b"one\n\nthree\nfive\n\n"
DIFF = b"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,5 +1,5 @@\n one\n \n three\n-four\n+five\n \n"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    git.run(tmp_path, "init", "-q")
    (tmp_path / "a").write_bytes(OLD)
    return tmp_path


def applied(repo: Path, text: bytes) -> bytes:
    patch = diffs.find(text)
    assert patch is not None
    git.run(repo, "apply", input=patch)
    return (repo / "a").read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(DIFF, id="a git diff"),
        pytest.param(DIFF[DIFF.index(b"---") :], id="a plain diff"),
        pytest.param(DIFF.rstrip(b"\n"), id="no final newline"),
        pytest.param(b"\xef\xbb\xbf" + DIFF, id="a byte order mark"),
        pytest.param(b"CLAIM: it is five\n\n```diff\n" + DIFF + b"```\n\nWhat do you think?\n", id="a fence"),
        pytest.param(b"~~~~patch\n" + DIFF + b"~~~~\n", id="a fence of tildes"),
        pytest.param(b"```\n" + DIFF + b"```", id="a fence without a label"),
        pytest.param(b"```diff title=a\n" + DIFF, id="a fence that is never closed"),
        pytest.param(b"Here it is:\n\n" + DIFF + b"\nPlease test it.\n", id="words around it"),
        pytest.param(
            b"From 1234 Mon Sep 17 00:00:00 2001\nFrom: A <a@b>\nSubject: [PATCH] five\n\n---\n a | 2 +-\n\n"
            + DIFF
            + b"-- \n2.39.5\n\n",
            id="a mail of format-patch",
        ),
    ],
)
def test_what_agents_write_becomes_a_patch_that_git_takes(repo: Path, text: bytes) -> None:
    assert applied(repo, text) == NEW


def test_a_plain_diff_keeps_every_byte() -> None:
    assert diffs.find(DIFF) == DIFF


def test_crlf_content_keeps_its_line_ends(repo: Path) -> None:
    (repo / "a").write_bytes(b"one\r\n\r\ntwo\r\n")
    diff = b"--- a/a\n+++ b/a\n@@ -1,3 +1,3 @@\n one\r\n \r\n-two\r\n+zwei\r\n"
    assert diffs.find(diff) == diff
    assert applied(repo, diff) == b"one\r\n\r\nzwei\r\n"


def test_several_fences_are_one_patch(repo: Path) -> None:
    other = DIFF.replace(b"a/a", b"a/b").replace(b"b/a", b"b/b")
    (repo / "b").write_bytes(OLD)
    assert applied(repo, b"First\n```diff\n" + DIFF + b"```\nthen\n```diff\n" + other + b"```\n") == NEW
    assert (repo / "b").read_bytes() == NEW


def test_a_diff_that_adds_a_fence_to_a_document_is_not_cut_there(repo: Path) -> None:
    (repo / "a").write_bytes(b"```\n")
    diff = b"--- a/a\n+++ b/a\n@@ -1 +1,3 @@\n ```\n+```diff\n+```\n"
    assert applied(repo, b"```diff\n" + diff + b"```\n") == b"```\n```diff\n```\n"


def test_fenced_and_bare_diffs_of_one_message_are_one_patch(repo: Path) -> None:
    other = DIFF.replace(b"a/a", b"a/b").replace(b"b/a", b"b/b")
    (repo / "b").write_bytes(OLD)
    assert applied(repo, b"```\n" + DIFF + b"```\nand\n" + other + b"\n```insight\nkind: x\n```\n") == NEW
    assert (repo / "b").read_bytes() == NEW


def test_a_commit_message_with_a_fenced_diff_in_it_does_not_hide_the_commits_own(repo: Path) -> None:
    mail = b"From " + b"1" * 40 + b" Mon Sep 17 00:00:00 2001\nSubject: [PATCH] five\n\n```diff\n-old\n+new\n```\n---\n"
    assert applied(repo, mail + DIFF) == NEW


def test_a_diff_that_powershell_wrote_is_read(repo: Path) -> None:
    assert applied(repo, DIFF.decode().encode("utf-16")) == NEW


def test_an_apply_patch_block_beside_a_diff_is_not_left_out() -> None:
    block = b"*** Begin Patch\n*** Update File: a\n@@\n-one\n+two\n*** End Patch\n"
    assert diffs.find(b"```diff\n" + DIFF + b"```\n```\n" + block + b"```\n") == block


line = st.binary(max_size=12).map(lambda text: text.replace(b"\n", b""))
content = st.lists(line, max_size=12).flatmap(
    lambda lines: st.sampled_from([b"\n".join(lines), b"".join(text + b"\n" for text in lines)])
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=content, new=content, options=st.sampled_from([(), ("--text",), ("--text", "-U0"), ("--binary",)]))
def test_no_byte_of_a_valid_diff_is_lost(tmp_path: Path, old: bytes, new: bytes, options: tuple[str, ...]) -> None:
    for name, written in (("old", old), ("new", new)):
        (tmp_path / name).write_bytes(written)
    diff = git.run(tmp_path, "diff", "--no-index", *options, "old", "new", check=False).stdout
    if diff:
        assert diffs.find(diff) == diff
        assert diffs.find(b"Here:\n\n~~~~~diff\n" + diff + b"~~~~~\n") == diff


def test_a_binary_patch_passes_unchanged(tmp_path: Path) -> None:
    git.run(tmp_path, "init", "-q")
    (tmp_path / "a").write_bytes(bytes(range(256)))
    git.run(tmp_path, "add", "a")
    diff = git.run(tmp_path, "diff", "--cached", "--binary").stdout
    assert diffs.find(diff) == diff


def test_an_apply_patch_block_is_handed_on_for_the_gate_to_refuse() -> None:
    text = b"*** Begin Patch\n*** Update File: a\n@@\n-one\n+two\n*** End Patch\n"
    assert diffs.find(text) == text


def test_hunks_without_numbers_are_a_diff_that_the_gate_has_to_answer() -> None:
    diff = DIFF[DIFF.index(b"---") :].replace(b"-1,5 +1,5", b"...")
    assert diffs.find(b"Here:\n\n```diff\n" + diff + b"```\n") == diff


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"CLAIM: nothing to see",
        b"run `diff --git a b` and tell me\ndiff --git is a command",
        b"---\ntitle: a list\n---\n+++ more\n",
        b"```python\nprint('--- a')\n```\n",
    ],
)
def test_words_are_no_patch(text: bytes) -> None:
    assert diffs.find(text) is None


@pytest.mark.parametrize("before", [b"Commit: Read five\n", b"CLAIM: it is five\nsubject: Read five  \n\n"])
def test_a_commit_line_before_a_fence_stays_with_the_diff(repo: Path, before: bytes) -> None:
    text = before + b"```diff\n" + DIFF + b"```\n"
    assert (diffs.find(text) or b"").split(b"\n")[0].endswith(b": Read five")
    assert applied(repo, text) == NEW


def test_a_commit_line_that_is_not_directly_before_the_fence_is_no_part_of_it() -> None:
    assert diffs.find(b"Commit: Read five\nand more\n```\n" + DIFF + b"```\n") == DIFF
