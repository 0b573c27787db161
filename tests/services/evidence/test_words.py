"""The words that come with a patch."""

from __future__ import annotations

import subprocess

import pytest

from cccc.common.paths import Project
from cccc.services.evidence.reading import words
from cccc.services.evidence.reading.words import Words
from tests.conftest import git

DIFF = "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-a\n+b\n"
MAIL = "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: A <a@b>\n"


def mail(subject: str, body: str = "") -> str:
    return f"{MAIL}Date: Mon, 1 Jan 2024 00:00:00 +0000\nSubject: {subject}\n\n{body}---\n a | 2 +-\n\n{DIFF}-- \n2\n\n"


@pytest.mark.parametrize(
    ("patch", "subject", "body"),
    [
        (mail("[PATCH] Read numbers"), "Read numbers", ""),
        (mail("[PATCH v2 1/3] fix: read numbers", "They were text.\n\nNow they are not.\n"), "fix: read numbers", None),
        (mail("[PATCH] A subject that is folded\n over two lines"), "A subject that is folded over two lines", ""),
        (mail("=?UTF-8?q?[PATCH]_caf=C3=A9?="), "café", ""),
        (mail("[PATCH] café"), "café", ""),
        (mail("[PATCH] Read [] too"), "Read [] too", ""),
        (mail("Read CRLF").replace("\n", "\r\n"), "Read CRLF", ""),
        (f"From: A <a@b>\nSubject: Without the first line\n\nWhy.\n---\n\n{DIFF}", "Without the first line", "Why."),
        (f"Subject: Read numbers\n\n{DIFF}", "Read numbers", ""),
        (f"Commit: Read numbers\n{DIFF}", "Read numbers", ""),
        (f"Here it is.\n\ncommit: Read numbers\n\n{DIFF}", "Read numbers", ""),
    ],
)
def test_words_are_read(patch: str, subject: str, body: str | None) -> None:
    found = words.of(patch.encode())
    assert found and found.subject == subject and (body is None or found.body == body)


@pytest.mark.parametrize(
    "patch",
    [DIFF, f"Here it is:\n\n{DIFF}", f"Commit: this is not\ndirectly before\n{DIFF}", mail("[PATCH]"), "no diff", ""],
)
def test_a_patch_may_come_without_words(patch: str) -> None:
    assert words.of(patch.encode()) is None


def test_of_several_commits_the_first_gives_the_subject_and_the_others_a_list(project: Project) -> None:
    for subject in ("Read numbers\n\nThey were text.", "Write numbers", "Test both"):
        git(project.root, "commit", "-q", "--allow-empty", "-m", subject)
        (project.root / "a.txt").write_text(subject)
        git(project.root, "add", "-A")
        git(project.root, "commit", "-q", "--amend", "--no-edit")
    patch = subprocess.run(
        ["git", "format-patch", "--stdout", "-3"], cwd=project.root, capture_output=True, check=True
    ).stdout
    assert words.of(patch) == Words("Read numbers", "They were text.\n\n- Write numbers\n- Test both")
