"""Decision cards in Slack: one answer counts, and every copy shows it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cccc.common import facts as f
from cccc.scripts.stand_ins.server import Trouble
from tests.bridges.conftest import Room, connected
from tests.bridges.slack.conftest import QUICK
from tests.bridges.stand_ins.slack import ALICE, BOB, OTHER, TEAM, Slack
from tests.waiting import until

APPROVERS = {"rfd": {"approvers": {"alice": {"slack": ALICE, "local": True}}}}


@pytest.fixture
def deciding(room: Room, slack: Slack) -> Room:
    """A bridge with both channels let in, and the orchestrator, for which Alice may decide."""
    (room.project.settings / "policies.yaml").write_text(json.dumps(APPROVERS))
    room.set(api_base_url=slack.url, allow_chats=[TEAM, OTHER], **QUICK)
    room.service("orchestrator")
    room.start()
    connected(room)
    until(lambda: len(room.facts(f.ChatSubscribed)) == 2)
    return room


def ask(room: Room, question: str = "It is 3 GB.") -> None:
    card = f.Rfd(
        id="rfd-msg-1",
        rfd_id="rfd-msg-1",
        author="PeerA",
        mid="m-1",
        why="request",
        title="Drop the old table?",
        question=question,
        minutes=60,
        expires="2099-01-01T00:00:00.000000Z",
        required=1,
    )
    room.tell("orchestrator", card)


def cards(slack: Slack, chat: str = TEAM) -> list[dict[str, Any]]:
    return [post for post in slack.posts(chat) if post.get("blocks")]


def settled(slack: Slack, chat: str) -> bool:
    return any("approved by alice" in text for text in slack.in_chat(chat)) and not cards(slack, chat)


def test_a_press_decides_and_every_copy_shows_who_and_when_without_buttons(deciding: Room, slack: Slack) -> None:
    ask(deciding)
    (card,) = until(lambda: cards(slack))
    until(lambda: cards(slack, OTHER))
    *sections, actions = card["blocks"]
    assert "Drop the old table?" in sections[0]["text"]["text"] and "rfd-msg-1" in card["text"]
    assert [element["text"]["text"] for element in actions["elements"]] == ["Approve", "Reject", "Ask more"]
    slack.press(card, "Approve")
    until(lambda: settled(slack, TEAM) and settled(slack, OTHER), 15)
    (given,) = deciding.facts(f.Decision)
    assert (given.decision, given.user, given.via) == ("approve", ALICE, "slack")
    (shown,) = until(lambda: slack.whispers)
    assert (shown["user"], shown["text"]) == (ALICE, "rfd-msg-1: approved by alice")


def test_a_press_by_somebody_who_may_not_decide_is_answered_to_them_and_changes_nothing(
    deciding: Room, slack: Slack
) -> None:
    ask(deciding)
    (card,) = until(lambda: cards(slack))
    slack.press(card, "Approve", BOB)
    (shown,) = until(lambda: slack.whispers)
    assert shown["user"] == BOB and f"Bob (slack {BOB}) is not listed" in shown["text"]
    assert cards(slack) and not deciding.facts(f.RfdSettled)


def test_a_second_press_also_after_a_restart_gets_a_clear_answer(deciding: Room, slack: Slack) -> None:
    ask(deciding)
    card = dict(until(lambda: cards(slack))[0])
    slack.press(card, "Reject")
    until(lambda: len(deciding.facts(f.ChatPosted)) == 5, 15, "two cards, one answer and two changed cards")
    deciding.kill()
    deciding.revive()
    until(lambda: slack.sockets)
    connected(deciding)
    until(lambda: deciding.report().connected and slack.sockets)
    slack.press(card, "Approve")
    until(lambda: len(slack.whispers) == 2, 10)
    assert "it is rejected already by alice" in slack.whispers[1]["text"]


def test_a_question_in_the_thread_of_a_card_reaches_the_peers_and_the_answer_comes_below_it(
    deciding: Room, slack: Slack
) -> None:
    ask(deciding)
    (card,) = until(lambda: cards(slack))
    slack.press(card, "Ask more")
    (shown,) = until(lambda: slack.whispers)
    assert "your question about rfd-msg-1" in shown["text"]
    slack.say("who calls this today?", thread=card["ts"])
    (question,) = until(lambda: deciding.facts(f.RfdQuestion))
    assert (question.who, question.text) == ("alice", "who calls this today?")
    deciding.to_user("Nobody does.", "PeerB")
    (posted,) = until(lambda: [post for post in slack.posts() if post["text"] == "[PeerB]\nNobody does."], 10)
    assert posted["thread_ts"] == card["ts"]


def test_a_card_that_is_longer_than_a_block_takes_several(deciding: Room, slack: Slack) -> None:
    ask(deciding, "\n".join(["`if a && b:` is what we have " * 4] * 20))
    (card,) = until(lambda: cards(slack))
    assert len(card["blocks"]) > 2


def test_a_change_of_a_card_whose_answer_was_lost_is_made_again(deciding: Room, slack: Slack) -> None:
    ask(deciding)
    (card,) = until(lambda: cards(slack))
    slack.next_answer("chat.update", Trouble(lost=True), Trouble(drop=True))
    slack.press(card, "Approve")
    until(lambda: settled(slack, TEAM) and settled(slack, OTHER), 20)
