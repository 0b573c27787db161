"""What the CLIs' own hooks prove, with mock peers that have them."""

from __future__ import annotations

from contextlib import closing

import msgpack
import zmq

from cccc.common import bus, facts
from tests.services.delivery.conftest import Desk
from tests.services.delivery.test_cli_hooks import run
from tests.waiting import until


def test_every_receipt_of_a_message_is_a_fact(desk: Desk) -> None:
    desk.up()
    desk.idle()
    mid = desk.hand("PeerA")
    end = desk.await_(facts.TurnEnd)[0]
    assert (end.peer, end.outcome) == ("PeerA", "done")
    assert [(each.author, each.mid, each.inbox_seq, each.tool) for each in desk.heard(facts.HandoffAccepted)] == [
        ("PeerA", mid, 1, "Read")
    ]
    assert [nudge.token for nudge in desk.heard(facts.NudgeAccepted)] == [desk.await_(facts.Nudge)[0].token]
    assert {session.peer for session in desk.await_(facts.PeerSession, 2)} == {"PeerA", "PeerB"}
    until(lambda: not any(desk.project.hooks("PeerA").iterdir()), 5, "an empty spool")


def test_what_a_hook_told_while_delivery_was_away_counts_once(desk: Desk) -> None:
    desk.up()
    desk.idle()
    desk.await_(facts.PeerSession, 2)
    desk.kill()
    run(desk.project, "Stop", {})
    desk.again()
    desk.await_(facts.TurnEnd)
    until(lambda: not any(desk.project.hooks("PeerA").iterdir()), 5, "an empty spool")
    desk.kill()
    desk.again()
    assert len(desk.heard(facts.TurnEnd)) == 1


def test_a_usage_limit_is_told_and_no_nudge_is_typed_against_it(desk: Desk) -> None:
    desk.up()
    desk.idle()
    run(desk.project, "StopFailure", {"error": "rate_limit", "last_assistant_message": "no more, resets 3pm"})
    assert desk.await_(facts.PeerLimit)[0].resets == "3pm"
    desk.hand("PeerA")
    assert desk.await_(facts.NudgeHeld)[0].reason == "no more, resets 3pm"
    assert desk.heard(facts.NudgeTyping) == []
    run(desk.project, "Stop", {})
    desk.await_(facts.AckFile)


def test_a_turn_of_a_person_that_only_a_hook_shows_is_waited_for(desk: Desk) -> None:
    desk.up()
    desk.idle()
    desk.await_(facts.PeerSession, 2)
    run(desk.project, "UserPromptSubmit", {"prompt": "a person's own"})
    until(lambda: not any(desk.project.hooks("PeerA").iterdir()), 5, "the hook to be read")
    desk.hand("PeerA")
    assert desk.await_(facts.NudgeHeld)[0].reason == "a turn runs"
    desk.await_(facts.AckFile)
    assert desk.heard(facts.TurnEnd)[0].outcome == "ended"


def test_a_turn_that_a_background_task_begins_is_waited_for_and_proves_nothing(desk: Desk) -> None:
    desk.up()
    desk.idle()
    desk.await_(facts.PeerSession, 2)
    run(desk.project, "UserPromptSubmit", {"prompt": "<task-notification>build done</task-notification>"})
    until(lambda: not any(desk.project.hooks("PeerA").iterdir()), 5, "the hook to be read")
    desk.hand("PeerA")
    assert desk.await_(facts.NudgeHeld)[0].reason == "a turn runs"
    run(desk.project, "Stop", {"background_tasks": []})
    end = desk.await_(facts.TurnEnd)[0]
    assert end.outcome == "done"
    accepted = desk.await_(facts.NudgeAccepted)
    assert [each.token for each in accepted] == [desk.heard(facts.NudgeTyping)[0].token]
    assert end.seq < desk.heard(facts.NudgeTyping)[0].seq


def test_the_esc_of_a_person_and_an_error_end_a_turn_although_no_hook_tells_so(desk: Desk) -> None:
    steps = (
        "{match: long, steps: [{busy: 30}]}, {match: wrong, steps: [{fail: it cannot be done}]}, {match: ., steps: []}"
    )
    desk.scenario(f"rules: [{steps}]")
    desk.up()
    desk.idle()
    desk.hand("PeerA", "long")
    until(lambda: "esc to interrupt" in desk.screen("PeerA"), what="the turn")
    desk.press("PeerA", "Escape")
    assert desk.await_(facts.TurnEnd)[0].outcome == "ended"
    for path in desk.project.inbox("PeerA").iterdir():
        path.rename(desk.project.processed("PeerA") / path.name)
    desk.hand("PeerA", "wrong")
    assert desk.await_(facts.TurnEnd, 2)[1].outcome == "ended"
    for path in desk.project.inbox("PeerA").iterdir():
        path.rename(desk.project.processed("PeerA") / path.name)
    mid = desk.hand("PeerA", "and now this")
    assert desk.await_(facts.AckFile, 3)[2].mid == mid
    assert desk.await_(facts.TurnEnd, 3)[2].outcome == "done"


def test_a_clear_begins_another_session_and_mail_goes_on(desk: Desk) -> None:
    desk.up()
    desk.idle()
    first = next(fact for fact in desk.await_(facts.PeerSession, 2) if fact.peer == "PeerA")
    desk.press("PeerA", "-l", "/clear")
    desk.press("PeerA", "Enter")
    second = desk.await_(facts.PeerSession, 3)[2]
    assert (second.peer, second.source) == ("PeerA", "clear")
    assert second.session != first.session
    desk.hand("PeerA")
    desk.await_(facts.AckFile)


def test_the_user_is_told_of_a_pane_that_stays_blocked(desk: Desk) -> None:
    desk.settings(blocked_minutes=0.02)
    desk.up()
    desk.idle()
    desk.press("PeerA", "-l", "half a thought")
    until(lambda: "half a thought" in desk.screen("PeerA"), what="the draft")
    desk.hand("PeerA")
    assert desk.await_(facts.PeerBlocked)[0].reason == "there is a draft in the composer"
    desk.press("PeerA", "Enter")
    desk.await_(facts.AckFile)
    assert len(desk.heard(facts.PeerBlocked)) == 1


def test_a_question_that_was_answered_without_a_hook_is_over_with_its_turn(desk: Desk) -> None:
    desk.up()
    desk.idle()
    desk.await_(facts.PeerSession, 2)
    with closing(bus.hear_socket(desk.project, b"signal.pane")) as socket:
        socket.setsockopt(zmq.RCVTIMEO, 10_000)
        run(desk.project, "UserPromptSubmit", {"prompt": "a person's own"})
        run(desk.project, "PermissionRequest", {"tool_name": "Bash"})
        states: list[str] = []
        while "waiting" not in states or states[-1] != "idle":
            _, frame = socket.recv_multipart()
            told = msgpack.unpackb(frame)
            if told["peer"] == "PeerA":
                states.append(told["state"])
