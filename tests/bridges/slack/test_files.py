"""Files between Slack and the peers."""

from __future__ import annotations

from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.scripts.stand_ins.server import Trouble
from tests.bridges.conftest import Room, connected
from tests.bridges.slack.conftest import QUICK
from tests.bridges.stand_ins.slack import TEAM, Slack, too_fast
from tests.waiting import until


@pytest.fixture
def outbound(room: Room) -> Path:
    folder = room.project.root / ".cccc/work/upload/outbound"
    folder.mkdir(parents=True)
    return folder


def inbound(room: Room) -> list[Path]:
    folder = room.project.root / ".cccc/work/upload/inbound"
    return [path for path in folder.glob("*/*__*") if not path.name.endswith(".meta.json")]


def shown(slack: Slack) -> list[bytes]:
    """The contents of the files that the bot posted."""
    return [slack.files[file["id"]]["content"] for post in slack.posts() for file in post.get("files", ())]


def test_a_file_of_a_person_is_fetched_and_named_to_the_peers(room: Room, slack: Slack) -> None:
    room.start()
    connected(room)
    slack.give("notes.txt", b"remember the milk", "a: read this")
    (message,) = until(lambda: room.facts(f.UserMessage))
    (path,) = inbound(room)
    assert path.read_bytes() == b"remember the milk"
    assert "read this" in room.body(message) and path.name in room.body(message)


def test_the_page_to_log_in_is_not_taken_for_the_file(room: Room, slack: Slack) -> None:
    """Slack answers 200 with a page when the token is not good enough for a file."""
    slack.lacking["download"] = "files:read"
    room.start()
    connected(room)
    slack.give("notes.txt", b"remember the milk", "a: read this")
    until(lambda: any("files:read" in text for text in slack.in_chat()), 15)
    assert not inbound(room)
    assert "Sign in" not in "".join(room.body(message) for message in room.facts(f.UserMessage))


def test_a_file_of_a_peer_is_posted_with_its_caption(room: Room, slack: Slack, outbound: Path) -> None:
    room.start()
    connected(room)
    (outbound / "plan.txt.caption.txt").write_text("b: the plan")
    (outbound / "plan.txt").write_text("one, two")
    until(lambda: shown(slack) == [b"one, two"], 15)
    assert slack.in_chat() == ["[PeerB] the plan"]
    until(lambda: room.facts(f.FileSent), 10)


@pytest.mark.parametrize("trouble", [Trouble(lost=True), Trouble(drop=True), too_fast(1), Trouble(500, {})])
def test_a_file_is_posted_once_whatever_happens_to_the_answer(
    room: Room, slack: Slack, outbound: Path, trouble: Trouble
) -> None:
    room.start()
    connected(room)
    slack.next_answer("files.completeUploadExternal", trouble)
    (outbound / "plan.txt").write_text("one, two")
    until(lambda: room.facts(f.FileSent), 20)
    assert shown(slack) == [b"one, two"]
    assert len(slack.called("files.getUploadURLExternal")) == 1


def test_an_upload_that_breaks_off_is_made_again(room: Room, slack: Slack, outbound: Path) -> None:
    room.start()
    connected(room)
    slack.next_answer("upload", Trouble(drop=True))
    (outbound / "plan.txt").write_text("one, two")
    until(lambda: room.facts(f.FileSent), 20)
    assert shown(slack) == [b"one, two"]


def test_a_very_long_text_comes_with_all_of_it_as_a_file(room: Room, slack: Slack) -> None:
    room.set(api_base_url=slack.url, allow_chats=[TEAM], max_msg_lines=5, **QUICK)
    room.start()
    connected(room)
    text = "\n".join(f"line {number}" for number in range(50))
    room.to_user(text)
    until(lambda: shown(slack) == [text.encode()], 15)
    assert "full text in" in slack.in_chat()[0]
