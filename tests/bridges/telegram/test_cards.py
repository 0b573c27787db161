"""Decision cards in Telegram: one answer counts, and every copy shows it."""

from __future__ import annotations

import json

import pytest

from cccc.common import facts as f
from cccc.scripts.stand_ins.telegram import BOB, DIRECT, GROUP, Telegram
from tests.bridges.conftest import QUICK, Room
from tests.waiting import until

APPROVERS = {"rfd": {"approvers": {"alice": {"telegram": "42", "local": True}}}}


@pytest.fixture
def deciding(room: Room, telegram: Telegram) -> Room:
    """A bridge with both chats let in, and the orchestrator, for which Alice may decide."""
    (room.project.settings / "policies.yaml").write_text(json.dumps(APPROVERS))
    room.set(api_base_url=telegram.url, allow_chats=[GROUP, DIRECT], **QUICK)
    room.service("orchestrator")
    room.start()
    until(lambda: len(room.facts(f.ChatSubscribed)) == 2)
    return room


def ask(room: Room, rfd_id: str = "rfd-msg-1", **more: object) -> None:
    card = f.Rfd(
        id=rfd_id,
        rfd_id=rfd_id,
        author="PeerA",
        mid="m-1",
        why="request",
        title="Drop the old table?",
        question="It is 3 GB.",
        minutes=60,
        expires="2099-01-01T00:00:00.000000Z",
        required=1,
    )
    for name, value in more.items():
        setattr(card, name, value)
    room.tell("orchestrator", card)


def cards(telegram: Telegram, chat: int = GROUP) -> list[dict[str, object]]:
    return [post for post in list(telegram.posts) if post["chat_id"] == chat and post.get("reply_markup")]


def labels(post: dict[str, object]) -> list[str]:
    return [button["text"] for row in json.loads(str(post["reply_markup"]))["inline_keyboard"] for button in row]


def settled(telegram: Telegram, chat: int) -> bool:
    return any("approved by alice" in text for text in telegram.in_chat(chat)) and not cards(telegram, chat)


def test_a_press_decides_and_every_copy_shows_who_and_when(deciding: Room, telegram: Telegram) -> None:
    ask(deciding)
    (card,) = until(lambda: cards(telegram))
    until(lambda: cards(telegram, DIRECT))
    assert labels(card) == ["Approve", "Reject", "Ask more"]
    assert "Drop the old table?" in str(card["text"]) and "rfd-msg-1" in str(card["text"])
    telegram.press(card, "Approve")
    until(lambda: settled(telegram, GROUP) and settled(telegram, DIRECT), 10)
    (given,) = deciding.facts(f.Decision)
    assert (given.decision, given.user, given.via) == ("approve", "42", "telegram")
    until(lambda: [answer["text"] for answer in telegram.answers] == ["rfd-msg-1: approved by alice"])


def test_a_press_by_somebody_who_may_not_decide_is_answered_and_changes_nothing(
    deciding: Room, telegram: Telegram
) -> None:
    ask(deciding)
    (card,) = until(lambda: cards(telegram))
    telegram.press(card, "Approve", BOB)
    (shown,) = until(lambda: telegram.answers)
    assert "Bob (telegram 43) is not listed" in shown["text"]
    assert cards(telegram) and not deciding.facts(f.RfdSettled)


def test_a_second_press_also_after_a_restart_gets_a_clear_answer(deciding: Room, telegram: Telegram) -> None:
    ask(deciding)
    (card,) = until(lambda: cards(telegram))
    card = dict(card)
    telegram.press(card, "Reject")
    until(lambda: len(deciding.facts(f.ChatPosted)) == 5, 10, "two cards, one answer and two changed cards")
    deciding.kill()
    deciding.revive()
    telegram.press(card, "Approve")
    until(lambda: len(telegram.answers) == 2, 10)
    assert "it is rejected already by alice" in telegram.answers[1]["text"]


def test_a_press_of_a_button_that_was_never_there_is_answered_and_decides_nothing(
    deciding: Room, telegram: Telegram
) -> None:
    """A modified client can send any `callback_data`: https://core.telegram.org/bots/api#callbackquery"""
    ask(deciding)
    (card,) = until(lambda: cards(telegram))
    seq = deciding.facts(f.Rfd)[0].seq
    forged = (f"{seq}:99", f"{seq}:-1", f"{seq}:x", f"{seq}", "x", "")
    for value in forged:
        markup = {"inline_keyboard": [[{"text": "Approve", "callback_data": value}]]}
        telegram.press({**card, "reply_markup": json.dumps(markup)}, "Approve")
    until(lambda: len(telegram.answers) == len(forged), 10)
    assert {"too old" in answer["text"] for answer in telegram.answers} == {True}
    assert not deciding.facts(f.Decision)


def test_a_press_that_telegram_has_forgotten_is_answered_in_the_chat(deciding: Room, telegram: Telegram) -> None:
    """The bridge was down for a while: the press waits as an update, but can be answered no more."""
    ask(deciding)
    (card,) = until(lambda: cards(telegram))
    deciding.kill()
    telegram.old_presses.add(telegram.press(card, "Approve"))
    deciding.revive()
    until(lambda: any(text == "rfd-msg-1: approved by alice" for text in telegram.in_chat()), 10)


def test_a_question_asked_by_the_card_reaches_the_peers_and_the_answer_comes_below_it(
    deciding: Room, telegram: Telegram
) -> None:
    ask(deciding)
    (card,) = until(lambda: cards(telegram))
    telegram.press(card, "Ask more")
    until(lambda: telegram.answers)
    assert "your question about rfd-msg-1" in telegram.answers[0]["text"]
    reply = {"message_id": card["message_id"], "date": 1, "chat": {"id": GROUP, "type": "supergroup"}, "text": "x"}
    telegram.say("who calls this today?", reply_to_message=reply)
    (question,) = until(lambda: deciding.facts(f.RfdQuestion))
    assert (question.who, question.text) == ("alice", "who calls this today?")
    until(lambda: len([h for h in deciding.facts(f.Handoff) if "who calls this today?" in deciding.body(h)]) == 2)
    deciding.to_user("Nobody does.", "PeerB")
    until(lambda: "[PeerB]\nNobody does." in telegram.in_chat(), 10)
    (posted,) = (post for post in telegram.posts if "Nobody does." in post["text"] and post["chat_id"] == GROUP)
    assert json.loads(posted["reply_parameters"])["message_id"] == card["message_id"]


def test_a_request_with_its_own_options_has_them_as_buttons(deciding: Room, telegram: Telegram) -> None:
    ask(deciding, options=["keep", "drop"], default="keep")
    (card,) = until(lambda: cards(telegram))
    assert labels(card) == ["Keep", "Drop", "Reject", "Ask more"]
    telegram.press(card, "Drop")
    until(lambda: any("chosen (drop) by alice" in text for text in telegram.in_chat()), 10)


def test_an_answer_typed_as_a_command_counts_like_a_press(deciding: Room, telegram: Telegram) -> None:
    ask(deciding)
    until(lambda: cards(telegram))
    until(lambda: (deciding.project.state / "rfd.json").exists())
    telegram.say("/rfd approve rfd-msg-1")
    until(lambda: settled(telegram, GROUP), 10)
    until(lambda: "rfd-msg-1: approved by alice" in telegram.in_chat(), 10)


def test_open_requests_are_announced_again_at_every_start_but_not_after_a_crash(
    deciding: Room, telegram: Telegram
) -> None:
    ask(deciding)
    until(lambda: len(cards(telegram)) == 1)
    until(lambda: len(deciding.facts(f.ChatPosted)) == 2)
    deciding.kill()
    deciding.revive()
    deciding.stop()
    assert len(cards(telegram)) == 1
    deciding.start()
    until(lambda: len(cards(telegram)) == 2, 10)
    telegram.press(cards(telegram)[0], "Approve")
    until(lambda: settled(telegram, GROUP), 10)


def test_a_decision_of_the_terminal_settles_the_cards_too(deciding: Room, telegram: Telegram) -> None:
    ask(deciding)
    until(lambda: cards(telegram))
    deciding.tell("cli", f.Decision(rfd_id="rfd-msg-1", decision="reject", who="me", via="cli"))
    until(lambda: not cards(telegram), 10)
    assert any("rejected by alice" in text for text in telegram.in_chat())
