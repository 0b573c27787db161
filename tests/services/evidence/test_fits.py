"""How the paths of a diff are read."""

from __future__ import annotations

import pytest

from cccc.services.evidence.reading import fits


def git_header(old: str, new: str) -> bytes:
    return f"diff --git {old} {new}\nold mode 100644\nnew mode 100755\n".encode()


def plain(old: str, new: str) -> bytes:
    return f"--- {old}\n+++ {new}\n@@ -1 +1 @@\n-a\n+b\n".encode()


@pytest.mark.parametrize(
    "diff",
    [
        git_header("a/x", "b/x"),
        git_header("i/src/x", "w/src/x"),
        git_header("a/with space", "b/with space"),
        git_header('"a/caf\\303\\251"', '"b/caf\\303\\251"'),
        plain("a/src/x", "b/src/x"),
        plain("/dev/null", "b/src/x"),
        plain("a/src/x", "/dev/null"),
        plain("a/src/x\t2024-01-01", "b/src/x\t2024-01-01"),
    ],
)
def test_paths_with_gits_prefixes_are_known(diff: bytes) -> None:
    assert fits.has_prefixes(diff)


@pytest.mark.parametrize(
    "diff",
    [
        git_header("src/x", "src/x"),
        git_header("a/x", "a/x"),
        plain("src/x", "src/x"),
        plain("/dev/null", "src/x"),
        plain("src/x\t2024-01-01", "src/x\t2024-01-01"),
    ],
)
def test_paths_without_prefixes_are_known(diff: bytes) -> None:
    assert not fits.has_prefixes(diff)
