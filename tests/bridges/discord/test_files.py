"""Files from Discord to the peers, and from the peers to Discord."""

from __future__ import annotations

from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.scripts.stand_ins.server import Trouble
from tests.bridges.conftest import Room, connected
from tests.bridges.discord import QUICK
from tests.bridges.stand_ins.discord import CHANNEL, OTHER, THREAD, Discord
from tests.waiting import until

PDF = b"%PDF-1.4\n" + b"x" * 100


@pytest.fixture
def outbound(room: Room) -> Path:
    folder = room.project.work / "upload" / "outbound"
    folder.mkdir(parents=True)
    return folder


def test_a_file_lies_in_the_inbound_folder_before_the_peer_hears_of_it(room: Room, discord: Discord) -> None:
    room.start()
    connected(room)
    discord.next_answer("file", Trouble(drop=True))
    discord.say("a: please read", THREAD, attachments=discord.attach("plan.pdf", PDF))
    (message,) = until(lambda: room.facts(f.UserMessage), 15)
    where = room.body(message).partition("File: ")[2].partition("\n")[0]
    assert (room.project.root / where).read_bytes() == PDF


def test_a_reply_with_a_route_only_passes_on_the_quoted_file(room: Room, discord: Discord) -> None:
    room.start()
    connected(room)
    number = discord.say("", attachments=discord.attach("plan.pdf", PDF))
    discord.say("b:", reply_to=number)
    (message,) = until(lambda: room.facts(f.UserMessage))
    assert "plan.pdf" in room.body(message) and message.route == "b"


def test_a_file_that_was_taken_out_of_its_message_is_told(room: Room, discord: Discord) -> None:
    room.start()
    connected(room)
    discord.next_answer("one", Trouble(404, {"code": 10008, "message": "Unknown Message"}))
    discord.say("a: please read", attachments=discord.attach("plan.pdf", PDF))
    until(lambda: any("plan.pdf" in text for text in discord.in_chat()), 15)


def test_an_outbound_file_reaches_every_channel_and_goes_when_all_have_it(
    room: Room, discord: Discord, outbound: Path
) -> None:
    room.set(api_base_url=discord.url, gateway_url=discord.gateway, allow_chats=[CHANNEL, OTHER], **QUICK)
    room.start()
    connected(room)
    until(lambda: len(room.facts(f.ChatSubscribed)) == 2)
    discord.next_answer("post", Trouble(lost=True))
    (outbound / "plan.pdf.caption.txt").write_text("b: the plan")
    (outbound / "plan.pdf").write_bytes(PDF)
    until(lambda: room.facts(f.FileSent), 20)
    for channel in (CHANNEL, OTHER):
        (post,) = discord.posts(channel)
        assert post["content"] == "[PeerB] the plan"
        assert [discord.files[file["id"]] for file in post["attachments"]] == [PDF]
    assert (outbound / "plan.pdf.sent.json").exists() and not (outbound / "plan.pdf").exists()
