"""Files from Telegram to the peers, and from the peers to Telegram."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from cccc.common import facts as f
from cccc.scripts.stand_ins.server import Trouble
from cccc.scripts.stand_ins.telegram import DIRECT, GROUP, Telegram
from tests.bridges.conftest import QUICK, Room, connected
from tests.waiting import never, until

PDF = b"%PDF-1.4\n" + b"x" * 100
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


def document(telegram: Telegram, name: str, content: bytes, caption: str = "", **more: Any) -> int:
    id_ = f"file-{len(telegram.files)}"
    telegram.files[id_] = content
    file = {"file_id": id_, "file_unique_id": id_, "file_name": name, "file_size": len(content)}
    return telegram.message({"document": file, "caption": caption, **more})


@pytest.fixture
def outbound(room: Room) -> Path:
    folder = room.project.work / "upload" / "outbound"
    folder.mkdir(parents=True)
    return folder


def begin(room: Room, telegram: Telegram, **settings: Any) -> None:
    room.set(**{"api_base_url": telegram.url, "allow_chats": [GROUP], **QUICK, **settings})
    room.start()
    connected(room)
    until(lambda: room.facts(f.ChatSubscribed))


# --- in --------------------------------------------------------------------------------------


def test_a_file_lies_in_the_inbound_folder_before_the_peer_hears_of_it(room: Room, telegram: Telegram) -> None:
    begin(room, telegram)
    document(telegram, "../my plan.pdf", PDF, "a: please read")
    (message,) = until(lambda: room.facts(f.UserMessage))
    body = room.body(message)
    where = body.partition("File: ")[2].partition("\n")[0]
    assert body.startswith("please read\n\n") and "MIME: application/pdf" in body
    path = room.project.root / where
    assert path.read_bytes() == PDF
    assert path.relative_to(room.project.work / "upload" / "inbound").parts == (
        time.strftime("%Y%m%d", time.gmtime()),
        f"{message.mid}__my_plan.pdf",
    )
    meta = json.loads(path.with_name(f"{path.name}.meta.json").read_text())
    assert (meta["mime"], meta["bytes"], meta["mid"]) == ("application/pdf", len(PDF), message.mid)
    telegram.say("/files")
    until(lambda: any("my plan.pdf" in text for text in telegram.in_chat()))
    telegram.say("/file 1")
    until(lambda: telegram.called("sendDocument"))
    assert telegram.called("sendDocument")[0]["document"] == PDF or PDF in telegram.called("sendDocument")[0].values()


def test_a_file_that_may_not_come_in_is_told_and_the_words_with_it_arrive(room: Room, telegram: Telegram) -> None:
    begin(room, telegram, files={"max_mb": 1})
    document(telegram, "big.pdf", PDF + b"x" * (1 << 20), "a: too big")
    document(telegram, "fake.pdf", b"\x7fELF" + b"\0" * 50, "a: a program")
    until(lambda: len(room.facts(f.UserMessage)) == 2)
    first, second = (room.body(message) for message in room.facts(f.UserMessage))
    assert "File refused: big.pdf: it has" in first and "fake.pdf: its type is" in second
    assert not telegram.called("download") and len(telegram.called("getFile")) == 1  # the big one was not fetched
    until(lambda: sum(".pdf refused: " in text for text in telegram.in_chat()) == 2, 15)
    assert list((room.project.work / "upload" / "inbound").rglob("*.pdf")) == []


def test_a_download_that_breaks_is_tried_again(room: Room, telegram: Telegram) -> None:
    begin(room, telegram)
    telegram.next_answer("download", Trouble(drop=True))
    document(telegram, "plan.pdf", PDF, "a: please read")
    (message,) = until(lambda: room.facts(f.UserMessage), 15)
    assert "SHA256" in room.body(message)


def test_files_of_an_album_go_where_its_caption_says(room: Room, telegram: Telegram) -> None:
    begin(room, telegram)
    for number, caption in enumerate(("b: two shots", "")):
        telegram.files[f"p{number}"] = PNG
        sizes = [
            {"file_id": f"p{number}", "file_unique_id": f"p{number}", "width": 1, "height": 1, "file_size": len(PNG)}
        ]
        telegram.message({"photo": sizes, "caption": caption, "media_group_id": "album-1"})
    until(lambda: len(room.facts(f.UserMessage)) == 2)
    assert [(message.route, message.album) for message in room.facts(f.UserMessage)] == [("b", "album-1")] * 2


def test_a_route_alone_below_a_file_passes_that_file_on(room: Room, telegram: Telegram) -> None:
    begin(room, telegram)
    telegram.files["plan.pdf"] = PDF
    file = {"file_id": "plan.pdf", "file_unique_id": "x", "file_name": "plan.pdf", "file_size": len(PDF)}
    quoted = {"message_id": 7, "date": 1, "chat": {"id": GROUP, "type": "supergroup"}, "document": file}
    telegram.say("a:", reply_to_message=quoted)
    (message,) = until(lambda: room.facts(f.UserMessage))
    assert "__plan.pdf" in room.body(message)


def test_a_scan_that_was_asked_for_and_cannot_be_made_keeps_the_file_out(
    room: Room, telegram: Telegram, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scanner = tmp_path / "bin" / "clamdscan"
    scanner.parent.mkdir()
    scanner.write_text('#!/bin/sh\ncase "$(cat "$3")" in *EICAR*) echo "Eicar FOUND"; exit 1;; esac\n')
    begin(room, telegram, files={"run_clamav": True})
    document(telegram, "plan.pdf", PDF, "a: one")
    (message,) = until(lambda: room.facts(f.UserMessage))
    assert "clamdscan is not installed" in room.body(message)
    room.stop()
    scanner.chmod(0o755)
    monkeypatch.setenv("PATH", f"{scanner.parent}:{os.environ['PATH']}")
    room.start()
    document(telegram, "plan.pdf", PDF, "a: two")
    document(telegram, "virus.pdf", PDF + b"EICAR", "a: three")
    until(lambda: len(room.facts(f.UserMessage)) == 3, 15)
    _, clean, infected = (room.body(message) for message in room.facts(f.UserMessage))
    assert "SHA256" in clean and "Eicar FOUND" in infected


def test_no_file_is_fetched_onto_a_nearly_full_disk_and_its_words_get_through(room: Room, telegram: Telegram) -> None:
    (room.project.settings / "cli_profiles.yaml").write_text("mailbox: {min_free_mb: 1000000000}\n")
    begin(room, telegram)
    document(telegram, "plan.pdf", PDF, "a: please read")
    (message,) = until(lambda: room.facts(f.UserMessage))
    assert room.body(message).startswith("please read") and "the disk is nearly full" in room.body(message)
    assert not list((room.project.work / "upload" / "inbound").rglob("*.pdf"))


def test_a_torn_line_in_the_index_of_files_holds_nothing_up(room: Room, telegram: Telegram) -> None:
    index = room.project.work / "upload" / "inbound-index.jsonl"
    index.parent.mkdir(parents=True)
    index.write_bytes(b'{"name": "half of a li\xff\n')
    begin(room, telegram)
    document(telegram, "plan.pdf", PDF, "a: please read")
    until(lambda: room.facts(f.UserMessage))
    assert json.loads(index.read_bytes().splitlines()[-1])["name"] == "plan.pdf"


# --- out -------------------------------------------------------------------------------------


def test_a_file_that_is_too_large_for_the_server_is_given_up_and_told(
    room: Room, telegram: Telegram, outbound: Path
) -> None:
    begin(room, telegram)
    telegram.next_answer("sendDocument", Trouble(413, "<html>413 Request Entity Too Large</html>"))
    (outbound / "plan.pdf").write_bytes(PDF)
    (failed,) = until(lambda: room.facts(f.ChatFailed))
    assert "too large" in failed.reason
    until(lambda: "did not take a post" in "".join(telegram.in_chat()))


def test_a_file_is_sent_to_every_chat_with_its_caption_and_then_gone(
    room: Room, telegram: Telegram, outbound: Path
) -> None:
    begin(room, telegram, allow_chats=[GROUP, DIRECT])
    (outbound / "shot.png.caption.txt").write_text("b: the new page, password=hunter2")
    (outbound / "shot.png").write_bytes(PNG)
    until(lambda: room.facts(f.FileSent), 15)
    assert sorted(post["chat_id"] for post in telegram.posts) == [GROUP, DIRECT]
    assert {post["text"] for post in telegram.posts} == {"[PeerB] the new page, [REDACTED]"}
    assert len(telegram.called("sendPhoto")) == 2
    assert sorted(path.name for path in outbound.iterdir() if path.is_file()) == ["shot.png.sent.json"]
    sent = json.loads((outbound / "shot.png.sent.json").read_text())
    assert sorted(sent["chats"]) == [f"telegram {GROUP}", f"telegram {DIRECT}"]


def test_sidecars_say_route_and_form(room: Room, telegram: Telegram, outbound: Path) -> None:
    begin(room, telegram)
    for suffix, text in (("route", "a"), ("sendas", "document"), ("caption.txt", "the page")):
        (outbound / f"shot.png.{suffix}").write_text(text)
    (outbound / "shot.png").write_bytes(PNG)
    until(lambda: room.facts(f.FileSent), 15)
    assert [post["text"] for post in telegram.posts] == ["[PeerA] the page"]
    assert telegram.called("sendDocument") and not telegram.called("sendPhoto")


def test_the_same_name_twice_is_sent_twice(room: Room, telegram: Telegram, outbound: Path) -> None:
    begin(room, telegram)
    for number in range(2):
        (outbound / "report.txt").write_text(f"number {number}")
        until(lambda: len(room.facts(f.FileSent)) == len(telegram.posts) > 0, 15)

    until(lambda: len(room.facts(f.FileSent)) == 2, 15)
    assert len(telegram.called("sendDocument")) == 2


def test_a_file_that_still_grows_is_waited_for(room: Room, telegram: Telegram, outbound: Path) -> None:
    begin(room, telegram)
    with (outbound / "log.txt").open("w") as file:

        def grown_and_taken() -> object:
            file.write("line\n")
            file.flush()
            return room.facts(f.FileOut)

        never(grown_and_taken, 2.5)
        file.write("the end\n")
    (taken,) = until(lambda: room.facts(f.FileOut), 15)
    until(lambda: room.facts(f.FileSent), 15)
    assert taken.size == sum(
        len(value) for value in telegram.called("sendDocument")[0].values() if isinstance(value, bytes)
    )


def test_a_chat_that_refuses_a_file_does_not_send_it_again_to_the_others(
    room: Room, telegram: Telegram, outbound: Path
) -> None:
    begin(room, telegram, allow_chats=[GROUP, DIRECT])
    telegram.chats.discard(DIRECT)
    (outbound / "report.txt").write_text("hello")
    (sent,) = until(lambda: room.facts(f.FileSent), 15)
    assert sent.chats == [f"telegram {GROUP}"]
    assert [post["chat_id"] for post in telegram.posts if post.get("document") or "filename" in post] == [GROUP]


def test_a_file_that_may_not_go_out_is_told_once_and_kept(room: Room, telegram: Telegram, outbound: Path) -> None:
    begin(room, telegram, files={"max_mb": 1})
    (outbound / "big.txt").write_text("x" * (1 << 20) + "x")
    (outbound / "program").write_bytes(b"\x7fELF" + b"\0" * 50)
    until(lambda: len(room.facts(f.FileRefused)) == 2, 15)
    until(lambda: "big.txt is not sent: it has" in "".join(telegram.in_chat()), 15)
    assert sorted(path.name for path in outbound.iterdir()) == ["big.txt", "program"]
    assert not telegram.called("sendDocument")


def test_a_file_whose_name_cannot_be_passed_on_is_told_and_the_next_one_goes(
    room: Room, telegram: Telegram, outbound: Path
) -> None:
    begin(room, telegram)
    (outbound / f"{'x' * 251}.txt").write_text("hello")
    (outbound / os.fsdecode(b"caf\xe9.txt")).write_text("hello")
    (outbound / "zebra.txt").write_text("hello")
    until(lambda: room.facts(f.FileSent), 15)
    refused = {fact.name[:8]: fact.reason for fact in room.facts(f.FileRefused)}
    assert refused == {
        "xxxxxxxx": "its name has 255 bytes (limit 243)",
        "caf\\xe9.": "its name is not UTF-8; rename it",
    }
    assert len([path for path in outbound.iterdir() if path.suffix == ".txt"]) == 2


def test_a_sidecar_that_is_no_plain_file_says_nothing_and_a_large_one_is_cut(
    room: Room, telegram: Telegram, outbound: Path, tmp_path: Path
) -> None:
    begin(room, telegram)
    (tmp_path / "secret").write_text("not for the chat")
    (outbound / "shot.png.caption.txt").symlink_to(tmp_path / "secret")
    (outbound / "shot.png.route").mkdir()
    os.mkfifo(outbound / "shot.png.sendas")
    (outbound / "shot.png").write_bytes(PNG)
    (outbound / "table.png.caption.txt").write_bytes(b"words " * (1 << 20))
    (outbound / "table.png").write_bytes(PNG)
    until(lambda: len(room.facts(f.FileSent)) == 2, 15)
    shot, table = sorted(room.facts(f.FileOut), key=lambda fact: fact.name)
    assert (shot.text, shot.route, shot.send_as) == ("", "both", "photo")
    assert len(table.text) == f.LONGEST_TEXT


def test_without_a_chat_a_file_waits(room: Room, telegram: Telegram, outbound: Path) -> None:
    room.set(api_base_url=telegram.url, autoregister="open", **QUICK)
    room.start()
    connected(room)
    (outbound / "report.txt").write_text("hello")
    never(lambda: room.facts(f.FileOut), 2)  # longer than a file takes that has somewhere to go
    assert (outbound / "report.txt").exists()
    telegram.say("/subscribe@pair_bot")
    until(lambda: room.facts(f.FileSent), 15)


def test_a_bridge_killed_while_it_sends_sends_the_rest_and_removes_the_file(
    room: Room, telegram: Telegram, outbound: Path
) -> None:
    begin(room, telegram, allow_chats=[GROUP, DIRECT])
    telegram.next_answer("sendDocument", Trouble(delay=5), Trouble(delay=5))
    (outbound / "report.txt").write_text("hello")
    until(lambda: len(telegram.called("sendDocument")) == 2, 15)
    room.kill()
    room.revive()
    (sent,) = until(lambda: room.facts(f.FileSent), 20)
    assert len(sent.chats) == 2
    assert not list((outbound / ".sending").iterdir())
