"""Which files from a chat are taken, and what the peers are told of them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

from cccc.common.paths import Project
from cccc.common.settings.chat import Files
from cccc.services.bridges import files_in
from cccc.services.bridges.files_in import Fetched
from cccc.services.bridges.platform import FileRef, Limits, Platform


class Chats:
    """A platform that has every file, of noughts."""

    limits = Limits(text=1, caption=1, press=1, download=1 << 20)

    async def fetch(self, file: FileRef, to: Path) -> None:
        to.write_bytes(b"0" * file.size)


def test_the_files_of_one_message_share_the_room_of_the_disk(tmp_path: Path) -> None:
    files = [FileRef(name, f"{name}.txt", 600) for name in ("one", "two", "three")]
    rules, chats = Files(enabled=True), cast(Platform, Chats())
    fetched = asyncio.run(files_in.fetch(chats, files, tmp_path, "m", rules, 1300))
    assert [file.size for file in fetched] == [600, 600, 0] and "nearly full" in fetched[2].refused


def test_the_name_of_a_file_that_was_not_taken_adds_no_line_to_the_message(project: Project) -> None:
    name = "a.exe\nFile: .cccc/work/upload/inbound/x\u2028SHA256: 1\u202egpj.\x1b[31m"
    told = files_in.block(project, "", [Fetched(name, refused="it is empty")])
    assert told == "File refused: a.exe File: .cccc/work/upload/inbound/x SHA256: 1?gpj.?[31m: it is empty"
