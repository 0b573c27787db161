"""`cccc patch` and `cccc queue` on a whole running system."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.paths import Project
from tests.command import cccc, running
from tests.conftest import git, make_project
from tests.waiting import until

LINES = "".join(f"line {number}\n" for number in range(9))


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = make_project(tmp_path_factory.mktemp("patch") / "repo")
    (project.root / "one.txt").write_text(LINES)
    (project.root / "two.txt").write_text(LINES)
    (project.root / "three.txt").write_text(LINES)
    (project.root / "src").mkdir()
    (project.root / "src" / "one.py").write_text("one = 1\n")
    git(project.root, "add", "-A")
    git(project.root, "commit", "-q", "-m", "files")
    with running(project.root, TEST_CMD="! grep -q bad two.txt"):
        yield project


def diff(name: str, old: str, new: str) -> str:
    lines = LINES.replace(old, new).splitlines()
    changed = next(number for number, line in enumerate(LINES.splitlines()) if line == old)
    body = [f" {line}" for line in lines]
    body[changed : changed + 1] = [f"-{old}", f"+{new}"]
    return f"--- a/{name}\n+++ b/{name}\n@@ -1,9 +1,9 @@\n" + "".join(f"{line}\n" for line in body)


def hand_in(project: Project, text: str) -> str:
    """Hand a diff in as PeerA and return its mid once it is queued."""
    last = ledger.end(project)
    fresh = project.work / "fresh.diff"
    fresh.write_text(text)
    fresh.replace(project.peer("PeerA") / "patch.diff")

    def queued() -> str:
        facts = ledger.read(project, last)
        return next((fact.mid for fact in facts if isinstance(fact, f.PatchQueued)), "")

    return until(queued, 10, "a queued patch")


def settled(project: Project, mid: str) -> f.Fact:
    closing = (f.PatchCommit, f.PatchReject, f.PatchPrecheckFail)

    def found() -> f.Fact | None:
        return next((fact for fact in ledger.of_mid(project, mid) if isinstance(fact, closing)), None)

    return until(found, 20, f"the end of {mid}")  # type: ignore[return-value]


def notices(project: Project) -> str:
    return "\n".join(fact.text for fact in ledger.read(project) if isinstance(fact, f.Notice))


def test_a_patch_that_waits_for_people_says_so_and_the_answer_says_what_follows(up: Project) -> None:
    new = "--- /dev/null\n+++ b/src/api/public/call.py\n@@ -0,0 +1 @@\n+x = 1\n"
    mid = hand_in(up, new)
    asked = until(lambda: [fact for fact in ledger.of_mid(up, mid) if isinstance(fact, f.Rfd)], 20, "a request")
    shown = f"{mid}: waiting for a decision (`cccc rfd list`), from PeerA"
    assert cccc(up.root, "patch", "show", mid).startswith(shown)
    yes, what = cccc(up.root, "rfd", "approve", asked[0].rfd_id).splitlines()
    assert yes.startswith(f"{asked[0].rfd_id}: approved by ")
    assert what == f"it is checked on the current base and lands automatically; see `cccc patch show {mid}`"
    assert isinstance(settled(up, mid), f.PatchCommit)
    kinds = [line.split()[3:5] for line in cccc(up.root, "trace", mid).splitlines()]
    assert ["·", "decision"] in kinds and ["patch-commit", "PeerA"] in kinds


def test_a_landed_patch_is_shown_and_reverted_through_the_same_gate(up: Project) -> None:
    mid = hand_in(up, diff("one.txt", "line 3", "LINE 3"))
    landed = settled(up, mid)
    assert isinstance(landed, f.PatchCommit)
    said = cccc(up.root, "patch", "show", mid)
    assert said.startswith(f"{mid}: landed as {landed.commit[:10]}, from PeerA (patch.diff)")
    assert "green" in said and "one.txt" in said and "+LINE 3" in said
    assert "only a refused patch" in cccc(up.root, "patch", "retry", mid, code=1)
    assert "nothing to drop" in cccc(up.root, "patch", "drop", mid, code=1)
    reverse = cccc(up.root, "patch", "revert", mid).strip()
    reverted = settled(up, reverse)
    assert isinstance(reverted, f.PatchCommit) and reverted.author == "User"
    assert (up.root / "one.txt").read_text() == LINES
    assert f"Cccc-Mid: {reverse}" in git(up.root, "log", "-1", "--format=%B")
    until(lambda: f"PATCH LANDED {reverse}" in notices(up), 10, "the notice to the user")


def test_a_revert_says_what_it_reverts_and_why_and_the_first_says_that_it_was(up: Project) -> None:
    mid = hand_in(up, diff("three.txt", "line 8", "LINE 8"))
    first = settled(up, mid)
    assert isinstance(first, f.PatchCommit)
    reverse = cccc(up.root, "patch", "revert", first.commit[:8], "--because", "it breaks\nthe import").strip()
    taken = settled(up, reverse)
    assert isinstance(taken, f.PatchCommit)
    message = git(up.root, "log", "-1", "--format=%B", taken.commit)
    assert message.startswith(f'Revert "Update three.txt"\n\nThis reverts commit {first.commit},\n')
    assert mid in message and "\n\nit breaks the import\n\nCccc-Mid: " in message
    until(lambda: any(isinstance(fact, f.PatchReverted) for fact in ledger.of_mid(up, mid)), 10, "the fact")
    words = f"reverted by {reverse} as {taken.commit[:10]}: it breaks the import"
    assert words in cccc(up.root, "trace", mid)
    assert f"landed as {first.commit[:10]}, {words}, from" in cccc(up.root, "patch", "show", mid)
    assert cccc(up.root, "patch", "revert", mid).startswith(f"{reverse}\n{mid} is landed as")
    until(lambda: words in str(json.loads(up.status.read_text())["settled"]), 10, "the status")
    cccc(up.root, "ledger", "export", str(up.work / "page.html"))
    page = (up.work / "page.html").read_text()
    assert '<span class="badge open">reverted</span>' in page and ": OK" in page
    back = cccc(up.root, "patch", "revert", "HEAD").strip()
    assert isinstance(settled(up, back), f.PatchCommit)
    until(lambda: any(isinstance(fact, f.PatchReverted) for fact in ledger.of_mid(up, reverse)), 10, "the fact")
    assert f"{words}, reverted by {back} as " in cccc(up.root, "patch", "show", mid)


def test_a_refused_patch_is_tried_again_with_the_same_bytes(up: Project) -> None:
    mid = hand_in(up, diff("two.txt", "line 3", "bad"))
    assert isinstance(settled(up, mid), f.PatchReject)
    again = cccc(up.root, "patch", "retry", mid).strip()
    assert again != mid
    assert isinstance(settled(up, again), f.PatchReject)
    one, two = (
        next(fact for fact in ledger.of_mid(up, each) if isinstance(fact, f.PatchQueued)) for each in (mid, again)
    )
    assert (one.sha, one.author, one.source) == (two.sha, two.author, two.source)
    assert "only a landed patch" in cccc(up.root, "patch", "revert", mid, code=1)


def test_a_held_patch_stands_in_the_queue_lets_others_pass_and_is_dropped(up: Project) -> None:
    (up.root / "one.txt").write_text("mine\n")
    held = hand_in(up, diff("one.txt", "line 5", "LINE 5"))
    until(lambda: "held" in cccc(up.root, "queue"), 20, "a held patch")
    other = hand_in(up, diff("two.txt", "line 5", "LINE 5"))
    assert isinstance(settled(up, other), f.PatchCommit)
    (entry,) = json.loads(cccc(up.root, "queue", "--json"))
    assert (entry["mid"], entry["stage"]) == (held, "held")
    assert "uncommitted edits in one.txt" in entry["reason"]
    assert "held: " in cccc(up.root, "patch", "show", held)
    assert cccc(up.root, "patch", "drop", held).startswith(f"{held} is dropped")
    dropped = settled(up, held)
    assert isinstance(dropped, f.PatchReject) and dropped.reason == "dropped by the user"
    assert (up.root / "one.txt").read_text() == "mine\n"
    git(up.root, "checkout", "--", "one.txt")


def test_what_is_no_patch_is_said_so(up: Project) -> None:
    for verb in ("show", "retry", "drop", "revert"):
        assert "no such mid, commit or branch: x" in cccc(up.root, "patch", verb, "x", code=3)


def test_a_patch_is_shown_with_nothing_that_a_terminal_would_obey(up: Project) -> None:
    mid = hand_in(up, diff("one.txt", "line 3", "\x1b[2Jgone"))
    settled(up, mid)
    said = cccc(up.root, "patch", "show", mid)
    assert "\x1b" not in said and "+?[2Jgone" in said


def test_leftover_edits_are_shown(up: Project) -> None:
    (up.root / "two.txt").write_text("left\n")
    settled(up, hand_in(up, diff("one.txt", "line 7", "LINE 7")))
    until(lambda: "two.txt" in str(json.loads(up.status.read_text())["leftovers"]), 20, "leftovers in the status")
    assert "uncommitted, outside any patch: 1 path" in cccc(up.root, "status")
    assert "two.txt; the gate never commits them" in cccc(up.root, "doctor", code=None)
    git(up.root, "checkout", "--", "two.txt")


def test_the_run_of_a_base_is_seen_in_the_queue_and_dropped(tmp_path: Path) -> None:
    project = make_project(tmp_path / "repo")
    with running(project.root, TEST_CMD="sleep 600"):
        (entry,) = until(lambda: json.loads(cccc(project.root, "queue", "--json")), 40, "the run")
        assert entry["mid"].startswith("base-") and entry["source"] == "base" and "sleep 600" in entry["reason"]
        assert entry["mid"] in cccc(project.root, "queue")
        assert "is dropped" in cccc(project.root, "patch", "drop", entry["mid"])
        until(lambda: json.loads(cccc(project.root, "queue", "--json")) == [], 20, "an empty queue")
        assert "nothing to drop" in cccc(project.root, "patch", "drop", entry["mid"], code=1)
        assert "no run base-0" in cccc(project.root, "patch", "drop", "base-0", code=3)
