"""What is typed into a pane, and when not: with mock peers, and a person's keys in between."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest

from cccc.common import facts
from cccc.common.machine import tmux
from tests.services.delivery.conftest import Desk
from tests.waiting import never, until


def held(desk: Desk, *reasons: str) -> None:
    """Wait until nudges are held for these reasons, and no others but that a CLI has only just shown its composer."""

    def found() -> list[str]:
        told = [fact.reason for fact in desk.heard(facts.NudgeHeld)]
        return [reason for reason in told if reason != "it was just started"]

    until(lambda: len(found()) >= len(reasons), what=f"held for {reasons}")
    assert found() == list(reasons)


def test_a_draft_is_left_alone_and_the_nudge_follows_it(desk: Desk) -> None:
    desk.up()
    desk.idle()
    desk.press("PeerA", "-l", "half a thought")
    until(lambda: "half a thought" in desk.screen("PeerA"), what="the draft")
    desk.hand("PeerA")
    held(desk, "there is a draft in the composer")
    never(lambda: desk.heard(facts.NudgeTyping), 1.0)
    desk.press("PeerA", "Enter")
    desk.await_(facts.AckFile)
    assert desk.submits("PeerA")[0] == "half a thought"
    assert len(desk.submits("PeerA")) == 2
    assert [fact.reason for fact in desk.heard(facts.NudgeHeld)].count("there is a draft in the composer") == 1


def test_a_dialog_is_not_answered(desk: Desk) -> None:
    desk.scenario("start: [{dialog: trust}]\nrules: [{match: ., steps: [{say: x}]}]", "PeerA")
    desk.up()
    desk.idle("PeerB")
    until(lambda: "Yes, I trust" in desk.screen("PeerA"), what="the dialog")
    desk.hand("PeerA")
    held(desk, "a dialog is open: trust")
    never(lambda: "Yes, I trust" not in desk.screen("PeerA"), 1.0)
    desk.press("PeerA", "2")
    desk.await_(facts.AckFile)
    assert len(desk.submits("PeerA")) == 1


def test_a_running_turn_is_not_disturbed(desk: Desk) -> None:
    desk.scenario("rules: [{match: long, steps: [{busy: 2}]}, {match: ., steps: [{say: x}]}]")
    desk.settings(nudge_resend_seconds=90)
    desk.up()
    desk.idle()
    desk.hand("PeerA", "long")
    desk.await_(facts.Nudge)
    until(lambda: "esc to interrupt" in desk.screen("PeerA"), what="the turn")
    desk.hand("PeerA", "short")
    acks = desk.await_(facts.AckFile, 2)
    assert [ack.inbox_seq for ack in acks] == [1, 2]
    assert len(desk.submits("PeerA")) <= 2
    assert "Queued" not in desk.screen("PeerA")


def test_a_pane_that_is_scrolled_back_is_not_typed_into(desk: Desk) -> None:
    desk.up()
    desk.idle()
    pane = desk.pane("PeerA").id
    tmux.call(desk.project, "copy-mode", "-t", pane)
    desk.hand("PeerA")
    held(desk, "the pane is scrolled back")
    tmux.call(desk.project, "send-keys", "-t", pane, "-X", "cancel")
    desk.await_(facts.AckFile)


def test_an_enter_that_was_swallowed_is_given_once_more(desk: Desk) -> None:
    desk.scenario("paste_burst_ms: 400\nrules: [{match: ., steps: [{say: x}]}]")
    desk.up()
    desk.idle()
    desk.hand("PeerA")
    desk.await_(facts.Nudge)
    desk.await_(facts.AckFile)
    assert len(desk.submits("PeerA")) == 1
    assert desk.heard(facts.NudgeLost) == []


def test_a_line_that_nothing_submits_is_lost_said_so_and_entered_later(desk: Desk) -> None:
    desk.scenario("paste_burst_ms: 5000\nrules: [{match: ., steps: [{say: x}]}]")
    desk.up()
    desk.idle()
    desk.hand("PeerA")
    assert desk.await_(facts.NudgeLost)[0].reason == "Enter did not submit the line"
    desk.await_(facts.AckFile, limit=30)
    assert len({fact.token for fact in desk.heard(facts.NudgeTyping)}) == 1
    assert len(desk.submits("PeerA")) == 1


def test_a_person_at_the_pane_comes_first(desk: Desk) -> None:
    desk.settings(human_quiet_seconds=3)
    desk.up()
    desk.idle()
    pid, fd = pty.fork()
    if pid == 0:
        command = ["tmux", "-S", str(desk.project.socket("tmux")), "attach", "-t", "cccc"]
        os.execvpe("tmux", command, {**os.environ, "TERM": "xterm"})
    until(lambda: tmux.call(desk.project, "list-clients"), what="the client")
    tmux.call(desk.project, "select-pane", "-t", tmux.panes(desk.project)["PeerA"].id)
    os.write(fd, b"ab\x7f\x7f")
    desk.hand("PeerA")
    until(lambda: "a person is typing" in [fact.reason for fact in desk.heard(facts.NudgeHeld)], what="the pause")
    assert desk.heard(facts.NudgeTyping) == []
    desk.await_(facts.AckFile)
    os.close(fd)
    os.waitpid(pid, 0)


def test_keys_typed_behind_our_line_are_neither_sent_nor_lost(desk: Desk) -> None:
    desk.scenario("paste_burst_ms: 5000\nrules: [{match: ., steps: [{say: x}]}]")
    desk.up()
    desk.idle()
    desk.hand("PeerA")
    until(lambda: "[n:" in desk.screen("PeerA"), what="the line")
    desk.press("PeerA", "-l", " mine")
    held(desk, "somebody typed into the line")
    assert desk.submits("PeerA") == []
    desk.press("PeerA", "BSpace", "BSpace", "BSpace", "BSpace", "BSpace")
    desk.await_(facts.AckFile, limit=20)
    assert len(desk.submits("PeerA")) == 1
    assert "mine" not in desk.submits("PeerA")[0]


def test_unanswered_nudges_are_told_to_the_user(desk: Desk) -> None:
    desk.scenario("rules: [{match: ., steps: [{move: false}]}]")
    desk.settings(nudge_escalate_after=2, nudge_backoff_base_ms=1, nudge_jitter_pct=0)
    desk.up()
    desk.idle()
    desk.hand("PeerA")
    told = desk.await_(facts.NudgeUnanswered, limit=15)[0]
    nudges = desk.heard(facts.Nudge)
    assert (told.to, told.attempts, told.since) == ("PeerA", 2, nudges[0].ts)
    assert [nudge.attempt for nudge in nudges[:2]] == [1, 2]


def test_without_keepalive_the_last_unanswered_nudge_is_told_and_no_more_is_typed(desk: Desk) -> None:
    desk.scenario("rules: [{match: ., steps: [{move: false}]}]")
    desk.settings(nudge_escalate_after=1, nudge_backoff_base_ms=1, nudge_jitter_pct=0, nudge_keepalive=False)
    desk.up()
    desk.idle()
    desk.hand("PeerA")
    desk.await_(facts.NudgeUnanswered, limit=15)
    never(lambda: desk.heard(facts.NudgeTyping)[1:], 2.5)
    assert len(desk.heard(facts.NudgeTyping)) == 1


@pytest.mark.parametrize("point", ["inbox-written", "pasted", "entered"])
def test_a_crash_at_any_step_loses_nothing_and_types_nothing_twice(desk: Desk, point: str) -> None:
    desk.arm(f"delivery.{point}")
    desk.up()
    desk.idle()
    mid = desk.hand("PeerA")
    desk.died()
    desk.again()
    ack = desk.await_(facts.AckFile)[0]
    assert (ack.mid, ack.ok) == (mid, True)
    desk.await_(facts.Nudge)
    assert len(desk.heard(facts.HandoffDelivered)) == 1
    assert len(desk.submits("PeerA")) == 1
    assert len(list(desk.project.processed("PeerA").iterdir())) == 1


def test_a_crash_before_the_paste_is_not_taken_for_a_typed_line(desk: Desk) -> None:
    desk.up()
    desk.idle()
    desk.press("PeerA", "-l", "x")
    until(lambda: "x" in desk.screen("PeerA"), what="a draft that keeps delivery waiting")
    desk.hand("PeerA")
    desk.await_(facts.NudgeHeld)
    desk.kill()
    typing = facts.NudgeTyping(to="PeerA", token="aaaaaa", pane=desk.pane("PeerA").id)
    typing.id = "peerA.nudge.1"
    desk.tell("delivery", typing)
    desk.again()
    desk.press("PeerA", "BSpace")
    assert desk.await_(facts.NudgeLost)[0].token == "aaaaaa"
    desk.await_(facts.AckFile)
    assert len(desk.submits("PeerA")) == 1
    assert [fact.token for fact in desk.heard(facts.Nudge)] != ["aaaaaa"]


def test_a_cli_that_ends_with_our_line_in_its_composer_is_nudged_again(desk: Desk) -> None:
    desk.scenario("paste_burst_ms: 1500\nrules: [{match: ., steps: [{say: x}]}]")
    desk.up()
    desk.idle()
    desk.hand("PeerA")
    until(lambda: "[n:" in desk.screen("PeerA"), what="the line")
    subprocess.run(["kill", "-9", str(desk.pane("PeerA").pid)], check=True)
    assert desk.await_(facts.NudgeLost)[0].reason == "the CLI ended"
    desk.await_(facts.AckFile, limit=15)
