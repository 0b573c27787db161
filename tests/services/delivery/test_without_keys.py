"""Nudges that reach a CLI without a key, while its pane is not safe."""

from __future__ import annotations

import json

from cccc.common import facts, terminal
from cccc.common.paths import Project
from cccc.services.delivery.mail import cli_hooks
from cccc.services.delivery.memory import Memory
from cccc.services.delivery.nudging.without_keys import Beside
from cccc.services.delivery.panes import hands
from cccc.services.delivery.running import peers
from tests.services.delivery.conftest import Desk
from tests.services.delivery.test_cli_hooks import LINE, run
from tests.waiting import until

TWO_SECONDS = 2 / 60


def draft(desk: Desk, text: str) -> None:
    desk.press("PeerA", "-l", text)
    until(lambda: text in desk.screen("PeerA"), what="the draft")


def test_mail_behind_a_draft_is_announced_by_the_stop_hook_of_the_next_turn(desk: Desk) -> None:
    desk.settings(blocked_minutes=TWO_SECONDS)
    desk.up()
    desk.idle()
    draft(desk, "half a thought")
    desk.hand("PeerA")
    beside = desk.await_(facts.NudgeBeside)[0]
    assert (beside.to, beside.route) == ("PeerA", "stop-hook")
    assert desk.heard(facts.PeerBlocked)[0].reason == "there is a draft in the composer"
    desk.press("PeerA", "Enter", "and another")  # at once: the composer must not be seen empty in between
    desk.await_(facts.AckFile)
    assert desk.await_(facts.NudgeAccepted)[0].token == beside.token
    assert desk.heard(facts.NudgeTyping) == []
    assert desk.submits("PeerA") == ["half a thought"]
    until(lambda: "and another" in desk.screen("PeerA"), what="the next draft")


def test_a_line_for_the_stop_hook_is_taken_back_when_it_can_be_typed(desk: Desk) -> None:
    desk.settings(blocked_minutes=TWO_SECONDS, nudge_resend_seconds=60)
    desk.up()
    desk.idle()
    draft(desk, "x")
    desk.hand("PeerA")
    desk.await_(facts.NudgeBeside)
    waiting = desk.project.hooks("PeerA") / ".nudge"
    until(waiting.exists, what="the line")
    desk.press("PeerA", "BSpace")
    desk.await_(facts.AckFile)
    assert not waiting.exists()
    assert len(desk.submits("PeerA")) == 1
    assert len({fact.token for fact in desk.heard(facts.Nudge)}) == 1


def test_a_line_for_the_stop_hook_is_taken_back_when_the_mail_was_read(desk: Desk) -> None:
    desk.settings(blocked_minutes=TWO_SECONDS)
    desk.up()
    desk.idle()
    draft(desk, "x")
    desk.hand("PeerA")
    desk.await_(facts.NudgeBeside)
    waiting = desk.project.hooks("PeerA") / ".nudge"
    until(waiting.exists, what="the line")
    for path in desk.project.inbox("PeerA").iterdir():
        path.rename(desk.project.processed("PeerA") / path.name)
    until(lambda: not waiting.exists(), 5, "the line's end")


def test_a_line_that_a_crash_kept_from_the_stop_hook_is_lost_and_typed_later(desk: Desk) -> None:
    desk.settings(blocked_minutes=TWO_SECONDS)
    desk.up()
    desk.idle()
    draft(desk, "x")
    desk.hand("PeerA")
    beside = desk.await_(facts.NudgeBeside)[0]
    waiting = desk.project.hooks("PeerA") / ".nudge"
    until(waiting.exists, what="the line")
    desk.kill()
    waiting.unlink()
    desk.again()
    desk.press("PeerA", "BSpace")
    assert desk.await_(facts.NudgeLost, limit=15)[0].token == beside.token
    desk.await_(facts.AckFile, limit=15)
    assert len(desk.submits("PeerA")) == 1


def test_the_stop_hook_gives_a_line_once_and_the_turn_does_not_count_as_over(project: Project) -> None:
    cli_hooks.prepare(project)
    given = json.dumps({"decision": "block", "reason": LINE})
    (project.hooks("PeerA") / ".nudge").write_text(given)
    assert run(project, "Stop", {}).stdout == given
    assert run(project, "Stop", {"last": "words"}).stdout == ""
    events = [(told.event, dict(told.fields)) for told in cli_hooks.spooled(project, "PeerA")]
    assert events == [("Nudged", json.loads(given)), ("Stop", {"last": "words"})]


def queue_of(project: Project, script: str) -> Beside:
    """Return the ways of a Codex whose program is a script."""
    project.make_run()
    terminal.save(project)
    program = project.home / "codex"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    memory = Memory()
    memory.peers["PeerB"].life.session = "s1"
    return Beside(project, memory, lambda _: peers.CODEX, lambda _: f"A=b {program} --model x")


def test_a_queue_is_given_the_line_by_the_clis_own_program(project: Project) -> None:
    beside = queue_of(project, 'echo "$A $@" >"$0.log"')
    assert beside.route("PeerB") == "queue"
    assert beside.give("PeerB", "read 'this' $now") == hands.Outcome(hands.SENT)
    assert (project.home / "codex.log").read_text() == "b queue --thread s1 --message read 'this' $now\n"


def test_a_queue_that_refuses_is_said(project: Project) -> None:
    beside = queue_of(project, "echo 'no such session' >&2; exit 1")
    assert beside.give("PeerB", "x") == hands.Outcome(hands.LOST, "its queue: no such session")
