"""The mail that the last session left, at the start."""

from __future__ import annotations

import pytest

from cccc.common import facts
from cccc.common.commands import leftover_mail
from cccc.common.machine import tmux
from tests.services.delivery.conftest import Desk
from tests.services.delivery.test_service import inbox, processed
from tests.waiting import until


def leave_mail(desk: Desk) -> None:
    """Play a session that leaves two messages unread in PeerA's inbox."""
    answering = dict(desk.environment)
    desk.environment["CLAUDE_I_CMD"] = "cat"
    desk.up()
    desk.hand("PeerA", "one")
    desk.hand("PeerA", "two")
    desk.await_(facts.HandoffDelivered, 2)
    desk.kill()
    tmux.call(desk.project, "kill-server")
    desk.environment = answering


@pytest.mark.parametrize(("policy", "kept"), [("archive", 2), ("discard", 0)])
def test_mail_that_is_put_away_is_neither_read_nor_announced(desk: Desk, policy: str, kept: int) -> None:
    leave_mail(desk)
    leftover_mail.choose(desk.project, policy)
    desk.again()
    acks = desk.await_(facts.AckFile, 2)
    assert [(ack.unread, ack.ok) for ack in acks] == [(True, policy == "archive")] * 2
    assert inbox(desk.project, "PeerA") == [] and len(processed(desk.project, "PeerA")) == kept
    (away,) = desk.heard(facts.StartupInboxDiscard)
    assert (away.peer, away.count, away.upto, away.kept) == ("PeerA", 2, 2, policy == "archive")
    until(lambda: leftover_mail.chosen(desk.project) == ("", ""), what="the choice is used up")
    desk.hand("PeerA", "three")
    assert desk.await_(facts.AckFile, 3)[2].unread is False
    assert desk.submits("PeerA")[0].count("[NUDGE]") == 1


def test_mail_that_stays_is_said_and_read(desk: Desk) -> None:
    leave_mail(desk)
    leftover_mail.choose(desk.project, "resume")
    desk.again()
    assert [ack.unread for ack in desk.await_(facts.AckFile, 2)] == [False, False]
    assert [(fact.peer, fact.count) for fact in desk.heard(facts.StartupInboxResume)] == [("PeerA", 2)]


def test_a_choice_is_done_once_also_when_delivery_dies_before_it_is_used_up(desk: Desk) -> None:
    leave_mail(desk)
    leftover_mail.choose(desk.project, "archive")
    left = (desk.project.run / "inbox-startup").read_text()
    desk.again()
    desk.await_(facts.AckFile, 2)
    desk.kill()
    (desk.project.run / "inbox-startup").write_text(left)
    desk.hand("PeerA", "three")
    desk.again()
    until(lambda: leftover_mail.chosen(desk.project) == ("", ""), what="the choice is used up")
    desk.hand("PeerA", "four")
    desk.await_(facts.HandoffDelivered, 4)
    assert len(desk.heard(facts.StartupInboxDiscard)) == 1 and len(desk.heard(facts.AckFile)) == 2


def test_a_choice_with_nothing_left_is_forgotten(desk: Desk) -> None:
    leftover_mail.choose(desk.project, "discard")
    desk.up()
    desk.hand("PeerA", "one")
    assert desk.await_(facts.AckFile)[0].unread is False
    assert desk.heard(facts.StartupInboxDiscard) == []
