"""The orchestrator with a real ledger: what is written into the mailbox becomes facts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Callable, TypeVar

import pytest

from cccc.common import bus, ledger
from cccc.common import facts as f
from cccc.common.commands import trace
from cccc.common.ledger.blobs import Blobs
from cccc.common.paths import Project
from tests.conftest import Start, git
from tests.waiting import until

INSIGHT = "```insight\nto: peerB\nkind: note\nmsg: news\n```\n"
T = TypeVar("T", bound=f.Fact)


@pytest.fixture
def running(project: Project, service: Start) -> Project:
    service("ledger")
    service("orchestrator")
    return project


def said(project: Project, kind: type[T], count: int = 1) -> list[T]:
    """Wait until `count` facts of a kind are in the ledger and return them."""
    return until(
        lambda: found if len(found := [x for x in ledger.read(project) if isinstance(x, kind)]) >= count else [],
        what=f"{count} {kind.__name__}",
    )


def bodies(project: Project, facts: Sequence[f.Handoff | f.ToPeer]) -> list[str]:
    return [Blobs(project).get(fact.sha).decode() for fact in facts]


def rename_in(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.tmp")
    fresh.write_text(text)
    fresh.replace(path)


def test_what_a_peer_writes_becomes_a_handoff_to_the_other(running: Project) -> None:
    rename_in(running.peer("PeerA") / "to_peer.md", f"CLAIM: do it\n{INSIGHT}")
    (handoff,) = said(running, f.Handoff)
    assert (handoff.author, handoff.to, handoff.inbox_seq) == ("PeerA", "PeerB", 1)
    (text,) = bodies(running, [handoff])
    assert text.startswith(f"<FROM_PeerA>\n[MID: {handoff.mid}]\nCLAIM: do it\n")
    assert text.endswith("</FROM_PeerA>\n")


def test_the_file_is_empty_again_and_nothing_stays_in_taken(running: Project) -> None:
    path = running.peer("PeerA") / "to_peer.md"
    rename_in(path, "hello")
    said(running, f.ToPeer)
    assert path.read_bytes() == b""
    until(lambda: not list(running.taken("PeerA").iterdir()), what="taken empty")


def test_the_same_text_three_times_is_three_messages(running: Project) -> None:
    for count in (1, 2, 3):
        rename_in(running.peer("PeerA") / "to_peer.md", "Done.")
        said(running, f.ToPeer, count)
    assert bodies(running, said(running, f.ToPeer, 3)) == ["Done."] * 3


def test_parts_written_close_together_are_one_message(running: Project) -> None:
    with (running.peer("PeerA") / "to_peer.md").open("a") as file:
        for part in ("one ", "two ", "three"):
            file.write(part)
            file.flush()
            time.sleep(0.06)  # longer than the settle time: what counts is that the file is open
    assert bodies(running, said(running, f.ToPeer)) == ["one two three"]


def test_what_is_written_into_a_taken_file_is_a_message_of_its_own(running: Project) -> None:
    path = running.peer("PeerA") / "to_peer.md"
    os.kill(ledger_pid(running), signal.SIGSTOP)  # the fact stays unsaid, so the taken file stays
    path.write_text("first")
    late = path.open("a")
    late.close()
    (taken,) = until(lambda: [p for p in running.taken("PeerA").iterdir() if p.name.startswith("cccc-")])
    with taken.open("a") as file:
        file.write("second")
    os.kill(ledger_pid(running), signal.SIGCONT)
    assert bodies(running, said(running, f.ToPeer, 2)) == ["first", "second"]


def ledger_pid(project: Project) -> int:
    return int((project.run / "ledger.lock").read_text())


def test_a_user_line_goes_where_its_route_says(running: Project) -> None:
    blob = Blobs(running)
    for route in ("a", "b", "both"):
        blob.put(b"hi")
        message = f.UserMessage(id=route, mid=route, via="cli", route=route, **f.body(b"hi", str))
        bus.tell(running, "cli", [message])
    found = [(fact.mid, fact.author, fact.to) for fact in said(running, f.Handoff, 4)]
    user = [("a", "PeerA"), ("b", "PeerB"), ("both", "PeerA"), ("both", "PeerB")]
    assert found == [(mid, "User", to) for mid, to in user]


def test_an_inline_diff_is_queued_and_the_message_is_forwarded(running: Project) -> None:
    diff = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
    rename_in(running.peer("PeerB") / "to_peer.md", f"EVIDENCE: see\n\n```diff\n{diff}```\n")
    (queued,) = said(running, f.PatchQueued)
    assert (queued.author, queued.source) == ("PeerB", "inline")
    assert Blobs(running).get(queued.sha).decode() == diff
    assert said(running, f.Handoff)[0].to == "PeerA"


def test_an_inline_diff_that_is_not_utf_8_is_queued_byte_for_byte(running: Project) -> None:
    diff = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-größer als früher\n+größer als je, schöne Grüße\n".encode("latin-1")
    text = "EVIDENCE: größer, schöner, älter als alles, was früher üblich war\n\n```diff\n".encode("latin-1")
    (running.peer("PeerB") / "to_peer.md").write_bytes(text + diff + b"```\n")
    (queued,) = said(running, f.PatchQueued)
    assert Blobs(running).get(queued.sha) == diff
    assert said(running, f.MailboxDiag)[0].file == "to_peer.md"


def test_a_patch_is_queued_byte_for_byte_and_shown_in_queue_json(running: Project) -> None:
    diff = b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\xff\n+b\r\n"
    (running.peer("PeerB") / "patch.diff").write_bytes(diff)
    (queued,) = said(running, f.PatchQueued)
    assert Blobs(running).get(queued.sha) == diff

    def shown() -> bool:
        return [entry["mid"] for entry in json.loads((running.state / "queue.json").read_text())] == [queued.mid]

    until(shown, what="queue.json")


def test_utf_16_is_read_and_said_so(running: Project) -> None:
    (running.peer("PeerA") / "to_peer.md").write_bytes("grüße und mehr".encode("utf-16"))
    assert bodies(running, said(running, f.ToPeer)) == ["grüße und mehr"]
    assert said(running, f.MailboxDiag)[0].encoding == "utf-16"


def test_bytes_that_are_no_text_are_refused_and_kept_and_the_author_is_told(running: Project) -> None:
    junk = bytes(range(256)) * 4
    (running.peer("PeerA") / "to_peer.md").write_bytes(junk)
    (refused,) = said(running, f.MailboxRefused)
    assert Blobs(running).get(refused.sha) == junk
    (handoff,) = said(running, f.Handoff)
    assert (handoff.author, handoff.to) == ("System", "PeerA") and "write UTF-8" in handoff.text


def test_a_file_over_the_limit_is_refused_and_set_aside(running: Project) -> None:
    (running.peer("PeerA") / "to_peer.md").write_text("x" * (1 << 20) + "y")
    (refused,) = said(running, f.MailboxRefused)
    assert refused.size == (1 << 20) + 1
    kept = running.work / "refused" / f"{refused.mid}.to_peer.md"
    until(kept.exists, what="the refused file")
    assert str(kept.relative_to(running.root)) in refused.reason


def test_a_link_where_a_file_belongs_is_refused(running: Project, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    fresh = running.peer("PeerA") / ".link"
    fresh.symlink_to(secret)
    fresh.replace(running.peer("PeerA") / "to_peer.md")
    assert "it is a link, not a regular file" in said(running, f.MailboxRefused)[0].reason
    assert secret.read_text() == "secret"


@pytest.mark.parametrize("name", ["to_peer.md", "patch.diff"])
@pytest.mark.parametrize(("make", "what"), [(os.mkdir, "a folder"), (os.mkfifo, "a pipe")])
def test_a_folder_or_pipe_where_a_file_belongs_is_refused_and_the_next_message_is_taken(
    project: Project, service: Start, make: Callable[[Path], None], what: str, name: str
) -> None:
    path = project.peer("PeerA") / name
    path.unlink()
    make(path)
    service("ledger")
    service("orchestrator")
    (refused,) = said(project, f.MailboxRefused)
    assert f"it is {what}, not a regular file" in refused.reason
    until((project.work / "refused" / f"{refused.mid}.{name}").exists, what="what was refused")
    rename_in(project.peer("PeerA") / "to_peer.md", "the next")
    assert bodies(project, said(project, f.ToPeer)) == ["the next"]


def test_what_was_set_aside_before_a_crash_is_refused_at_the_next_start(project: Project, service: Start) -> None:
    (project.taken("PeerA") / "cccc-1-000001.to_peer.md").symlink_to(project.root / "README.md")
    service("ledger")
    service("orchestrator")
    (refused,) = said(project, f.MailboxRefused)
    assert (refused.mid, refused.author) == ("cccc-1-000001", "PeerA")


def test_a_file_of_50_mb_is_refused_kept_whole_and_not_read(project: Project, service: Start) -> None:
    service("ledger")
    process = service("orchestrator")
    before = resident(process.pid)
    fresh = project.peer("PeerA") / ".fresh"
    with fresh.open("wb") as file:
        file.truncate(50_000_000)
    fresh.replace(project.peer("PeerA") / "to_peer.md")
    (refused,) = said(project, f.MailboxRefused)
    kept = project.work / "refused" / f"{refused.mid}.to_peer.md"
    until(kept.exists, what="the refused file")
    assert refused.size == kept.stat().st_size == 50_000_000
    assert resident(process.pid) < before + (20 << 20)


def resident(pid: int) -> int:
    """Return how many bytes of memory a process has."""
    kib = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], check=True, capture_output=True, text=True).stdout
    return int(kib) << 10


def test_temporary_files_of_editors_are_ignored(running: Project) -> None:
    for name in (".to_peer.md.swp", "to_peer.md~", "4913", "#to_peer.md#"):
        (running.peer("PeerA") / name).write_text("draft")
    rename_in(running.peer("PeerA") / "to_peer.md", "final")
    assert bodies(running, said(running, f.ToPeer)) == ["final"]
    assert (running.peer("PeerA") / "to_peer.md~").exists()


def test_a_file_is_taken_while_the_ledger_is_away_and_said_when_it_is_back(project: Project, service: Start) -> None:
    first = service("ledger")
    service("orchestrator")
    first.kill()
    first.wait()
    path = project.peer("PeerA") / "to_peer.md"
    for text in ("one", "two"):
        rename_in(path, text)
        until(lambda: path.read_bytes() == b"", what="taken")
    service("ledger")
    assert bodies(project, said(project, f.ToPeer, 2)) == ["one", "two"]


@pytest.mark.parametrize("point", ["orchestrator.taken", "orchestrator.said"])
def test_killed_at_a_durable_step_nothing_is_lost_and_nothing_comes_twice(
    project: Project, service: Start, tmp_path: Path, point: str
) -> None:
    faults = tmp_path / "faults"
    faults.mkdir()
    service("ledger")
    orchestrator = service("orchestrator", CCCC_FAULTS=str(faults))
    (faults / point).touch()
    rename_in(project.peer("PeerA") / "to_peer.md", f"only once\n{INSIGHT}")
    assert orchestrator.wait(10) == -signal.SIGKILL
    service("orchestrator")
    rename_in(project.peer("PeerB") / "to_peer.md", f"after\n{INSIGHT}")
    until(lambda: any(fact.author == "PeerB" for fact in said(project, f.Handoff)), what="the second message")
    assert [fact.author for fact in said(project, f.Handoff)] == ["PeerA", "PeerB"]
    until(lambda: not list(project.taken("PeerA").iterdir()), what="taken empty")


def test_on_a_nearly_full_disk_a_file_stays_where_it_is_until_there_is_room(project: Project, service: Start) -> None:
    profiles = project.settings / "cli_profiles.yaml"
    profiles.write_text("mailbox: {min_free_mb: 1000000000}\n")
    service("ledger")
    orchestrator = service("orchestrator")
    (paused,) = said(project, f.IntakePaused)
    path = project.peer("PeerA") / "to_peer.md"
    rename_in(path, f"CLAIM: later\n{INSIGHT}")
    bus.tell(project, "cli", [f.UserMessage(id="u", mid="u", via="cli", route="a", **f.body(b"", str))])
    said(project, f.Handoff)  # a turn after the file event
    assert "not picked up" in said(project, f.Notice)[0].text
    assert paused.limit_mb == 1_000_000_000 and path.read_text().startswith("CLAIM: later")
    assert any("the disk has" in beat.trouble for beat in bus.beats(project) if beat.by == "orchestrator")
    orchestrator.terminate()
    orchestrator.wait()
    profiles.write_text("mailbox: {min_free_mb: 1}\n")
    service("orchestrator")
    assert "CLAIM: later" in bodies(project, said(project, f.Handoff, 2))[1]
    assert [notice.about for notice in said(project, f.Notice, 2)] == ["orchestrator"] * 2
    assert len(said(project, f.IntakePaused)) == len(said(project, f.IntakeResumed)) == 1


def test_messages_for_the_user_are_appended_to_the_outbox_once(project: Project, service: Start) -> None:
    service("ledger")
    orchestrator = service("orchestrator")
    rename_in(project.peer("PeerA") / "to_user.md", "done, password: hunter2")
    said(project, f.ToUser)
    outbox = project.state / "outbox.jsonl"
    until(outbox.exists, what="the outbox")
    orchestrator.kill()
    orchestrator.wait()
    service("orchestrator")
    (line,) = outbox.read_text().splitlines()
    entry = json.loads(line)
    assert (entry["type"], entry["peer"], "hunter2" in entry["text"]) == ("to_user", "PeerA", False)


def test_of_a_long_outbox_only_the_end_is_read(project: Project, service: Start) -> None:
    outbox = project.state / "outbox.jsonl"
    outbox.parent.mkdir(parents=True, exist_ok=True)
    with outbox.open("wb") as file:
        file.truncate(1 << 40)  # a hole: takes no room, and is too much to read
        file.seek(0, os.SEEK_END)
        file.write(b'\n{"seq": 0}\n{"seq": 1, "torn')
    service("ledger")
    service("orchestrator")
    rename_in(project.peer("PeerA") / "to_user.md", "done")
    said(project, f.ToUser)
    until(lambda: outbox.stat().st_size > (1 << 40) + 50, what="a line more in the outbox")
    with outbox.open("rb") as file:
        file.seek(1 << 40)
        _, old, new = file.read().splitlines()
    assert (json.loads(old)["seq"], json.loads(new)["text"]) == (0, "done")


def test_an_editor_that_rewrites_the_file_in_place_is_one_message(running: Project) -> None:
    path = running.peer("PeerA") / "to_peer.md"
    subprocess.run(["sh", "-c", 'printf "line 1\\n" > "$1"; printf "line 2\\n" >> "$1"', "sh", str(path)], check=True)
    assert bodies(running, said(running, f.ToPeer)) == ["line 1\nline 2\n"]


def test_a_pipe_or_a_link_to_itself_in_the_place_of_the_brief_stops_nothing(running: Project) -> None:
    brief = running.root / "PROJECT.md"
    os.mkfifo(brief)
    rename_in(running.peer("PeerA") / "to_peer.md", "one")
    said(running, f.ToPeer)
    brief.unlink()
    brief.symlink_to(brief.name)
    rename_in(running.peer("PeerA") / "to_peer.md", "two")
    said(running, f.ToPeer, 2)


def typed(project: Project, mid: str, route: str) -> f.Handoff:
    """The handoff of a line of the user."""
    Blobs(project).put(b"mend the parser")
    line = f.UserMessage(id=mid, mid=mid, via="cli", route=route, **f.body(b"mend the parser", str))
    bus.tell(project, "cli", [line])
    return until(lambda: [fact for fact in ledger.of_mid(project, mid) if isinstance(fact, f.Handoff)])[0]


def asked(project: Project, mid: str) -> f.Handoff:
    """The handoff of a line of the user to PeerA, which it has read, as the orchestrator knows."""
    handoff = typed(project, mid, "a")
    read(project, handoff)
    return handoff


def read(project: Project, handoff: f.Handoff) -> None:
    """PeerA has read a message, as the orchestrator knows."""
    id_ = f"{handoff.mid}-read"
    ack = f.AckFile(id=id_, author="PeerA", mid=handoff.mid, inbox_seq=handoff.inbox_seq, file="", ok=True)
    bus.tell(project, "delivery", [ack])
    typed(project, f"{handoff.mid}-later", "b")  # what it hands over now it has heard after that


def test_what_a_peer_hands_in_follows_from_what_it_has_read_and_trace_shows_both_ends(running: Project) -> None:
    handoff = asked(running, "cccc-1-00000a")
    rename_in(running.peer("PeerA") / "patch.diff", "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+b\n")
    (patch,) = said(running, f.Patch)
    assert patch.cause == handoff.seq
    forth = [line.text for line in trace.lines(running, "cccc-1-00000a")]
    assert any("· patch " in line for line in forth)
    back = [line.text for line in trace.lines(running, patch.mid)]
    assert any("· user-message" in line for line in back)


def test_what_a_peer_names_in_refs_counts_before_what_it_has_read(running: Project) -> None:
    first = asked(running, "cccc-1-00000a")
    asked(running, "cccc-1-00000b")
    insight = INSIGHT.replace("msg: news", "msg: news\nrefs: a.py, cccc-1-00000a")
    rename_in(running.peer("PeerA") / "to_peer.md", f"CLAIM: do it\n{insight}")
    (message,) = said(running, f.ToPeer)
    assert message.cause is not None and message.cause < first.seq


def test_the_answer_that_follows_a_landing_is_in_the_trace_of_the_request(running: Project) -> None:
    asked(running, "cccc-1-00000a")
    rename_in(running.peer("PeerA") / "patch.diff", "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+b\n")
    (patch,) = said(running, f.Patch)
    landed = f.PatchCommit(
        id="landed",
        cause=patch.seq,
        author="PeerA",
        mid=patch.mid,
        source="patch.diff",
        lines=2,
        paths=["a"],
        branch="refs/heads/main",
        commit="a" * 40,
        tests_ok=True,
        seconds=1.0,
    )
    bus.tell(running, "evidence", [landed])
    news = until(lambda: [fact for fact in said(running, f.Handoff) if fact.to == "PeerA" and fact.author == "System"])
    read(running, news[0])
    rename_in(running.peer("PeerA") / "to_user.md", "Done: it says b.")
    said(running, f.ToUser)
    assert any("· to_user" in line.text for line in trace.lines(running, "cccc-1-00000a"))


def test_a_commit_in_refs_stands_for_its_patch(running: Project) -> None:
    first = asked(running, "cccc-1-00000a")
    asked(running, "cccc-1-00000b")
    git(running.root, "commit", "-q", "--allow-empty", "-m", "b\n\nCccc-Mid: cccc-1-00000a")
    commit = git(running.root, "rev-parse", "--short=9", "HEAD").strip()
    insight = INSIGHT.replace("msg: news", f"msg: news\nrefs: 0123456789, {commit}")
    rename_in(running.peer("PeerA") / "to_peer.md", f"CLAIM: do it\n{insight}")
    (message,) = said(running, f.ToPeer)
    assert message.cause is not None and message.cause < first.seq
