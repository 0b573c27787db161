from __future__ import annotations

import os
import signal

from cccc.common import facts
from cccc.common.machine import supervisor, tmux
from cccc.common.paths import Project
from cccc.common.shown.short import colour
from tests.services.delivery.conftest import Desk
from tests.waiting import until


def inbox(project: Project, peer: str) -> list[str]:
    return sorted(path.name for path in project.inbox(peer).iterdir())


def processed(project: Project, peer: str) -> list[str]:
    return sorted(path.name for path in project.processed(peer).iterdir())


def test_a_handoff_is_put_in_the_inbox_nudged_read_and_moved(desk: Desk) -> None:
    desk.up()
    desk.idle()
    mid = desk.hand("PeerA", "look at this")
    ack = desk.await_(facts.AckFile)[0]
    assert (ack.author, ack.mid, ack.inbox_seq, ack.ok) == ("PeerA", mid, 1, True)
    assert processed(desk.project, "PeerA") == [f"000001.{mid}.txt"] == [ack.file]
    assert b"look at this" in (desk.project.processed("PeerA") / ack.file).read_bytes()
    nudge = desk.await_(facts.Nudge)[0]
    assert len(desk.submits("PeerA")) == 1
    assert desk.submits("PeerA")[0].startswith(f"[NUDGE] inbox={desk.project.inbox('PeerA')} ")
    assert desk.submits("PeerA")[0].endswith(f" [n:{nudge.token}]")
    assert desk.heard(facts.NudgeTyping)[0].token == nudge.token
    assert desk.submits("PeerB") == []


def test_ten_messages_arrive_in_order_with_one_line_in_flight(desk: Desk) -> None:
    desk.settings(nudge_resend_seconds=90)
    desk.up()
    desk.idle()
    mids = [desk.hand("PeerB", f"number {n}") for n in range(10)]
    acks = desk.await_(facts.AckFile, 10)
    assert [ack.mid for ack in acks] == mids
    assert inbox(desk.project, "PeerB") == []
    assert len(desk.submits("PeerB")) <= 2


def test_ten_thousand_strange_files_in_an_inbox_keep_no_message_and_stay(desk: Desk) -> None:
    desk.up()
    desk.idle()
    for number in range(10_000):
        (desk.project.inbox("PeerA") / f"{number:0>250}.note").touch()
    mids = [desk.hand("PeerA", f"number {n}") for n in range(3)]
    assert [ack.mid for ack in desk.await_(facts.AckFile, 3)] == mids
    assert len(inbox(desk.project, "PeerA")) == 10_000


def test_a_cli_that_ends_is_a_fact_and_comes_back(desk: Desk) -> None:
    desk.up()
    desk.idle()
    before = desk.pane("PeerA")
    os.kill(before.pid, signal.SIGKILL)
    exit_ = desk.await_(facts.PeerExited)[0]
    assert (exit_.peer, exit_.status) == ("PeerA", "signal 9")
    starts = [start for start in desk.await_(facts.PeerStarted, 3) if start.peer == "PeerA"]
    assert [start.attempt for start in starts] == [1, 2]
    assert desk.pane("PeerA").id == before.id
    desk.idle()
    desk.hand("PeerA")
    desk.await_(facts.AckFile)


def test_a_cli_whose_children_keep_the_terminal_open_has_ended_all_the_same(desk: Desk) -> None:
    desk.environment["CLAUDE_I_CMD"] = "trap '' HUP; sleep 20 & sleep 1; exit 4"
    desk.up()
    exit_ = desk.await_(facts.PeerExited)[0]
    assert (exit_.peer, exit_.status) == ("PeerA", "exit 4")


def test_a_killed_tmux_server_is_noticed_and_the_window_rebuilt(desk: Desk) -> None:
    desk.up()
    desk.idle()
    os.kill(tmux.server_pid(desk.project), signal.SIGKILL)
    exits = desk.await_(facts.PeerExited, 2)
    assert {exit_.status for exit_ in exits} == {"the tmux server is gone"}
    desk.await_(facts.PeerStarted, 4)
    desk.idle()
    until(lambda: all(pane.run for pane in tmux.panes(desk.project).values()), what="the lower half")


def test_a_planned_stop_is_no_crash_and_costs_no_session(desk: Desk) -> None:
    for count in (2, 4, 6):
        desk.up()
        desk.await_(facts.PeerStarted, count)
        desk.idle()
        supervisor.down(desk.project)
    desk.up()
    starts = desk.await_(facts.PeerStarted, 8)
    exits = desk.heard(facts.PeerExited)
    assert {(exit_.status, exit_.planned) for exit_ in exits} == {("everything was stopped", True)}
    assert {start.attempt for start in starts} == {1}
    assert {colour(raw) for raw in desk.project.ledger.read_bytes().splitlines() if b"peer-exited" in raw} == {None}


def test_living_panes_are_adopted_after_a_crash(desk: Desk) -> None:
    desk.up()
    desk.idle()
    before = tmux.panes(desk.project)
    desk.kill()
    desk.again()
    assert {fact.peer for fact in desk.await_(facts.PeerAdopted, 2)} == {"PeerA", "PeerB"}
    after = tmux.panes(desk.project)
    assert {role: (p.id, p.pid) for role, p in after.items()} == {role: (p.id, p.pid) for role, p in before.items()}
    assert len(desk.heard(facts.PeerStarted)) == 2
    desk.hand("PeerA")
    desk.await_(facts.AckFile)


def test_a_file_moved_while_delivery_was_away_is_seen_when_it_is_back(desk: Desk) -> None:
    desk.scenario("rules: [{match: ., steps: [{move: false}]}]")
    desk.up()
    desk.idle()
    desk.hand("PeerA")
    desk.hand("PeerA")
    desk.await_(facts.HandoffDelivered, 2)
    desk.kill()
    first, second = inbox(desk.project, "PeerA")
    (desk.project.inbox("PeerA") / first).rename(desk.project.processed("PeerA") / first)
    (desk.project.inbox("PeerA") / second).unlink()
    desk.again()
    assert [(ack.file, ack.ok) for ack in desk.await_(facts.AckFile, 2)] == [(first, True), (second, False)]


def test_processed_keeps_only_the_newest(desk: Desk) -> None:
    desk.settings(processed_retention=3)
    desk.up()
    desk.idle()
    (desk.project.processed("PeerA") / "mine.txt").write_text("a person's own file")
    for _ in range(6):
        desk.hand("PeerA")
    desk.await_(facts.AckFile, 6)
    kept = ["000004.m4-peerA.txt", "000005.m5-peerA.txt", "000006.m6-peerA.txt", "mine.txt"]
    until(lambda: processed(desk.project, "PeerA") == kept, 5, "the oldest to go")
