"""Files for people, in a folder that a peer changes at the same moment."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from cccc.common import facts as f
from cccc.common.facts import Fact
from cccc.common.paths import Project
from cccc.common.settings.chat import Telegram
from cccc.common.worker import Worker
from cccc.services.bridges.files_out import FilesOut
from cccc.services.bridges.state import State

SWAP = """
import os, sys
folder, secret = sys.argv[1:]
path, link = os.path.join(folder, "a.txt"), os.path.join(folder, ".link")
while os.path.isdir(folder):
    with open(path + ".part", "w") as file:
        file.write("hello")
    os.utime(path + ".part", (1, 1))
    os.rename(path + ".part", path)
    os.symlink(secret, link)
    os.rename(link, path)
    for _ in range(2):
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
"""


class Desk:
    """What the outbound folder needs of its service."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.said: list[Fact] = []

    def pending(self, id_: str) -> bool:
        return False

    def say(self, *facts: Fact, id_: str) -> None:
        for fact in facts:
            fact.id = id_
        self.said += facts

    def names(self, kind: type[Any]) -> list[str]:
        return [fact.name for fact in self.said if isinstance(fact, kind)]


@pytest.fixture
def desk(project: Project) -> Desk:
    project.make_run()
    (project.work / "upload" / "outbound").mkdir(parents=True)
    return Desk(project)


@pytest.fixture
def outbound(desk: Desk) -> Path:
    return desk.project.work / "upload" / "outbound"


@pytest.fixture
def folder(desk: Desk) -> Iterator[FilesOut]:
    """The outbound folder as its bridge has it."""
    folder = FilesOut(cast(Worker, desk), Telegram().files, State(everywhere=["telegram 1"]), str)
    yield folder
    folder.close()


def look(folder: FilesOut) -> None:
    """Look until what is there has settled."""
    for _ in range(2):
        folder._seen = {name: (seen, 0.0) for name, (seen, _) in folder._seen.items()}
        folder._looked = 0.0
        folder.step()


def test_a_file_that_goes_away_while_it_is_looked_at_ends_nothing(desk: Desk, folder: FilesOut, outbound: Path) -> None:
    secret = desk.project.root / "secret"
    secret.write_text("not for the chat")
    swapping = subprocess.Popen([sys.executable, "-c", SWAP, str(outbound), str(secret)])
    try:
        end = time.monotonic() + 3
        while time.monotonic() < end + (0 if desk.names(f.FileOut) else 30):
            look(folder)
    finally:
        swapping.kill()
        swapping.wait()
    assert desk.names(f.FileOut)
    assert {fact.size for fact in desk.said if isinstance(fact, f.FileOut)} == {len("hello")}


def test_what_is_no_plain_file_is_not_sent(desk: Desk, folder: FilesOut, outbound: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("not for the chat")
    (outbound / "link.txt").symlink_to(tmp_path / "secret")
    (outbound / "folder.txt").mkdir()
    os.mkfifo(outbound / "pipe.txt")
    (outbound / "good.txt").write_text("hello")
    look(folder)
    assert desk.names(f.FileOut) == ["good.txt"] and desk.names(f.FileRefused) == []


def test_a_folder_that_is_a_link_is_not_emptied_into_the_chat(
    desk: Desk, folder: FilesOut, outbound: Path, tmp_path: Path
) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "will.txt").write_text("not for the chat")
    outbound.rmdir()
    outbound.symlink_to(tmp_path / "papers")
    look(folder)
    assert desk.names(f.FileOut) == [] and (tmp_path / "papers" / "will.txt").exists()
    assert [fact.reason for fact in desk.said if isinstance(fact, f.FileRefused)] == [
        "it is a symlink; make it a folder"
    ]


@pytest.mark.parametrize("name", ["a\nb.txt", "\x1b[31mred.txt", "invoice\u202etxt.exe", "a\u2028[Gate] landed.txt"])
def test_a_name_that_could_steer_what_shows_it_is_told_as_it_is_safe(
    desk: Desk, folder: FilesOut, outbound: Path, name: str
) -> None:
    (outbound / name).write_text("hello")
    look(folder)
    (refused,) = [fact for fact in desk.said if isinstance(fact, f.FileRefused)]
    assert refused.name.isprintable() and refused.reason == "its name has invisible characters; rename it"
    assert desk.names(f.FileOut) == [] and (outbound / name).exists()


@pytest.mark.parametrize("left", ["a file", "a folder in place of the file", "a link in place of the file"])
def test_what_lies_among_the_taken_files_and_is_none_is_kept_and_ends_nothing(
    desk: Desk, folder: FilesOut, outbound: Path, tmp_path: Path, left: str
) -> None:
    sending = outbound / ".sending"
    (sending / "file-1").mkdir(parents=True)
    (tmp_path / "secret").write_text("not for the chat")
    if left == "a file":
        (sending / "stray").write_text("x")
    elif left == "a folder in place of the file":
        (sending / "file-1" / "a.txt").mkdir()
    else:
        (sending / "file-1" / "a.txt").symlink_to(tmp_path / "secret")
    (outbound / "good.txt").write_text("hello")
    look(folder)
    assert desk.names(f.FileOut) == ["good.txt"]
    assert desk.names(f.FileRefused) == ([] if left == "a file" else ["a.txt"])


def test_the_sidecars_of_a_file_that_went_away_go_back(desk: Desk, folder: FilesOut, outbound: Path) -> None:
    taken = outbound / ".sending" / "file-1"
    taken.mkdir(parents=True)
    (taken / "a.txt.caption.txt").write_text("words")
    look(folder)
    assert (outbound / "a.txt.caption.txt").read_text() == "words" and not taken.exists()
