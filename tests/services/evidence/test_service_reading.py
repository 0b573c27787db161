"""The gate as a service: how a diff is read."""

from __future__ import annotations

import pytest

from cccc.common import facts as f
from cccc.common.machine import git
from cccc.common.paths import Project
from tests.conftest import Start
from tests.services.evidence.bench import Bench


@pytest.fixture
def bench(project: Project, service: Start) -> Bench:
    return Bench(project, service)


def test_a_patch_that_does_not_fit_is_sent_back_with_the_real_lines(bench: Bench) -> None:
    bench.gate()
    bench.queue(b"--- a/docs/a.md\n+++ b/docs/a.md\n@@ -1 +1 @@\n-other\n+b\n")
    fact = bench.outcome()
    assert isinstance(fact, f.PatchPrecheckFail)
    assert "it says `other`, and line 1 of the file is `a`" in fact.stderr and "1 | a" in fact.stderr
    assert fact.base == git.look(bench.root).head


def test_how_a_diff_was_read_stands_in_the_facts_of_its_landing(bench: Bench) -> None:
    bench.gate()
    bench.queue(b"--- a/docs/a.md\n+++ b/docs/a.md\n@@ -1 +1 @@\n-a\n+b\n".replace(b"\n", b"\r\n"))
    fact = bench.outcome()
    assert isinstance(fact, f.PatchCommit)
    assert len(fact.notes) == 1 and "CRLF" in fact.notes[0]


def test_a_plain_diff_without_prefixes_lands(bench: Bench) -> None:
    bench.gate()
    bench.queue(b"--- docs/a.md\n+++ docs/a.md\n@@ -1 +1 @@\n-a\n+b\n", source="inline")
    assert isinstance(bench.outcome(), f.PatchCommit)
    assert (bench.root / "docs/a.md").read_bytes() == b"b\n"
