"""What can go wrong between the bridge and Telegram."""

from __future__ import annotations

import json
import os
import re
import signal
import time

import pytest

from cccc.common import facts as f
from cccc.common.chats import bridges
from cccc.common.errors import UserError
from cccc.common.paths import Project
from cccc.scripts.stand_ins.server import Trouble
from cccc.scripts.stand_ins.telegram import DIRECT, GROUP, TOKEN, Telegram, too_fast
from tests.bridges.conftest import QUICK, Room, connected
from tests.conftest import Start
from tests.waiting import never, until


def end_ledger(project: Project) -> None:
    """Kill the ledger service alone, and wait until it is gone."""
    number = int((project.run / "ledger.lock").read_text())
    os.kill(number, signal.SIGKILL)
    os.waitpid(number, 0)


def test_what_the_bridge_has_died_of_twice_is_refused_and_the_next_gets_through(room: Room, telegram: Telegram) -> None:
    telegram.say("a: poison")
    telegram.say("a: harmless")
    poison = f"tg:{telegram.updates[0]['update_id']}"
    room.project.snapshots.mkdir(parents=True, exist_ok=True)
    strikes = {poison: {"count": 2, "error": "KeyError: 'who'"}}
    (room.project.snapshots / "bridge-telegram.strikes.json").write_text(json.dumps(strikes))
    room.start()
    (message,) = until(lambda: room.facts(f.UserMessage))
    assert room.body(message) == "harmless"
    assert [notice.text for notice in room.facts(f.Notice)] == [
        "telegram sent something that cannot be read: KeyError: 'who'"
    ]
    until(lambda: telegram.updates == [], what="both confirmed")


def test_an_outage_loses_nothing_in_either_direction(room: Room, telegram: Telegram) -> None:
    room.start()
    connected(room)
    telegram.kill()
    until(lambda: not room.report().connected, 10)
    assert "Telegram cannot be reached" in room.report().error
    room.to_user("said while it was away")
    telegram.start()
    telegram.say("a: typed after it was back")
    until(lambda: telegram.in_chat() == ["[PeerA]\nsaid while it was away"], 15)
    until(lambda: room.facts(f.UserMessage), 15)
    until(lambda: room.report().connected, 10)


def test_a_server_that_is_down_at_the_start_is_waited_for(room: Room, telegram: Telegram) -> None:
    telegram.kill()
    room.start()
    until(lambda: "cannot be reached" in room.report().error, 10)
    telegram.start()
    telegram.say("a: hello")
    until(lambda: room.facts(f.UserMessage), 15)


def test_posts_keep_their_order_when_telegram_says_too_fast(room: Room, telegram: Telegram) -> None:
    room.set(api_base_url=telegram.url, allow_chats=[DIRECT], **QUICK)
    room.start()
    connected(room)
    telegram.next_answer("sendMessage", Trouble(), too_fast(1), Trouble(), too_fast(1))
    for number in range(4):
        room.tell("orchestrator", f.Notice(text=f"number {number}"))
    until(lambda: "number 3" in "".join(telegram.in_chat(DIRECT)), 20)
    assert re.findall(r"number \d", "".join(telegram.in_chat(DIRECT))) == [f"number {n}" for n in range(4)]


def test_a_post_that_never_arrived_is_sent_again_once(room: Room, telegram: Telegram) -> None:
    room.start()
    connected(room)
    telegram.next_answer("sendMessage", Trouble(drop=True), Trouble(502, {"ok": False, "error_code": 502}))
    room.to_user("hello")
    until(lambda: telegram.in_chat() == ["[PeerA]\nhello"], 15)
    until(lambda: room.facts(f.ChatPosted))
    assert len(telegram.called("sendMessage")) == 3


def test_what_a_proxy_answers_is_no_word_of_telegram(room: Room, telegram: Telegram) -> None:
    """None of it gives a post up, leaves the chat out, or ends the bridge."""
    room.start()
    connected(room)
    page = "<html>please log in</html>"
    telegram.next_answer("sendMessage", Trouble(200, page), Trouble(200, {}), Trouble(403, page))
    telegram.next_answer("getUpdates", Trouble(200, "[]"), Trouble(401, page))
    room.to_user("hello")
    until(lambda: "not Telegram (status 401)" in room.report().error, 10)
    until(lambda: telegram.in_chat() == ["[PeerA]\nhello"], 15)
    until(lambda: room.report().connected, 10)
    assert not room.facts(f.ChatFailed) and not room.facts(f.ChatUnsubscribed)
    assert room.process and room.process.poll() is None


def test_a_post_whose_answer_was_lost_may_come_twice_but_never_not_at_all(room: Room, telegram: Telegram) -> None:
    """Telegram offers no way to see whether it arrived."""
    room.start()
    connected(room)
    telegram.next_answer("sendMessage", Trouble(lost=True))
    room.to_user("hello")
    until(lambda: room.facts(f.ChatPosted), 15)
    assert telegram.in_chat() == ["[PeerA]\nhello"] * 2


def test_a_token_that_is_revoked_is_noticed_and_said(room: Room, telegram: Telegram) -> None:
    room.start()
    connected(room)
    telegram.token = "revoked"
    until(lambda: "rejects the token" in room.report().error, 10)
    assert not room.report().connected
    assert "cccc token set telegram" in room.report().error


def test_a_second_program_on_the_same_token_is_noticed_and_said(room: Room, telegram: Telegram) -> None:
    room.start()
    connected(room)
    conflict = {"ok": False, "error_code": 409, "description": "Conflict: terminated by other getUpdates request"}
    telegram.next_answer("getUpdates", *[Trouble(409, conflict)] * 3)
    until(lambda: "another program polls with this token" in room.report().error, 10)


def test_a_second_bridge_of_this_machine_on_the_same_token_is_refused(room: Room) -> None:
    room.start()
    connected(room)
    with pytest.raises(UserError, match=r"uses this token"):
        bridges.hold_token(TOKEN)


def test_an_update_that_cannot_be_read_does_not_stop_the_others(room: Room, telegram: Telegram) -> None:
    room.start()
    connected(room)
    telegram.update("message", {"message_id": "not a number", "chat": "nor a chat"})
    telegram.say("a: hello")
    until(lambda: room.facts(f.UserMessage), 10)
    assert "cannot be read" in room.facts(f.Notice)[0].text
    assert len(telegram.called("getUpdates")) < 20


def test_a_chat_that_is_gone_stops_itself_and_not_the_others(room: Room, telegram: Telegram) -> None:
    room.set(api_base_url=telegram.url, allow_chats=[GROUP, DIRECT], **QUICK)
    telegram.chats.discard(DIRECT)
    room.start()
    connected(room)
    room.to_user("one")
    (left,) = until(lambda: room.facts(f.ChatUnsubscribed), 10)
    assert (left.chat, left.reason.casefold()) == (str(DIRECT), "chat not found")
    until(lambda: any("gets nothing more: chat not found" in text.casefold() for text in telegram.in_chat()), 10)
    room.to_user("two")
    until(lambda: "[PeerA]\ntwo" in telegram.in_chat(), 10)
    assert telegram.in_chat()[0] == "[PeerA]\none"


def test_a_group_that_became_a_supergroup_goes_on_under_its_new_id(room: Room, telegram: Telegram) -> None:
    room.start()
    connected(room)
    telegram.chats.add(-1009)
    telegram.message({"migrate_to_chat_id": -1009})
    until(lambda: room.facts(f.ChatMoved))
    room.to_user("hello")
    until(lambda: telegram.in_chat(-1009) == ["[PeerA]\nhello"], 10)
    telegram.say("a: still here", chat=-1009)
    until(lambda: room.facts(f.UserMessage))
    room.stop()
    room.start()
    telegram.say("a: after a restart too", chat=-1009)
    until(lambda: len(room.facts(f.UserMessage)) == 2, 10)


def test_a_post_into_a_group_that_moved_meanwhile_arrives_in_the_new_one(room: Room, telegram: Telegram) -> None:
    room.start()
    connected(room)
    telegram.chats.add(-1009)
    moved = {
        "ok": False,
        "error_code": 400,
        "description": "Bad Request: group chat was upgraded to a supergroup chat",
        "parameters": {"migrate_to_chat_id": -1009},
    }
    telegram.next_answer("sendMessage", Trouble(400, moved))
    room.to_user("hello")
    until(lambda: telegram.in_chat(-1009) == ["[PeerA]\nhello"], 10)


def test_no_token_gets_into_a_log_or_a_report(room: Room, telegram: Telegram) -> None:
    room.start()
    connected(room)
    telegram.kill()
    until(lambda: not room.report().connected, 10)
    telegram.start()
    telegram.token = "revoked"
    until(lambda: "rejects the token" in room.report().error, 15)
    secret = TOKEN.partition(":")[2]
    for path in (*room.project.logs.glob("*"), *room.project.state.glob("*.json*")):
        assert secret not in path.read_text(), path


def test_a_bridge_ends_within_a_second_also_in_the_middle_of_a_poll(room: Room, telegram: Telegram) -> None:
    room.set(api_base_url=telegram.url, allow_chats=[GROUP], **{**QUICK, "poll_seconds": 20})
    room.start()
    connected(room)
    until(lambda: len(telegram.called("getUpdates")) >= 2)
    begin = time.monotonic()
    room.stop()
    assert time.monotonic() - begin < 2
    assert "Traceback" not in room.log()


def test_nothing_is_asked_all_the_time_while_nothing_happens(room: Room, telegram: Telegram) -> None:
    room.start()
    connected(room)
    before = len(telegram.called("getUpdates"))
    never(lambda: len(telegram.called("getUpdates")) - before > 4, 2.2)  # with poll_seconds 1


def test_without_a_ledger_nothing_is_confirmed_and_nothing_is_lost(
    room: Room, telegram: Telegram, project: Project, service: Start
) -> None:
    room.start()
    connected(room)
    end_ledger(project)
    telegram.say("a: hello")
    until(lambda: "has not taken a fact" in room.log() or len(telegram.called("getUpdates")) > 1)
    never(lambda: len(telegram.updates) != 1, 1.5)
    service("ledger")
    until(lambda: telegram.updates == [], 15)
    assert [room.body(message) for message in room.facts(f.UserMessage)] == ["hello"]
