"""When a handed-in file is taken."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from cccc.common.paths import Project
from cccc.services.orchestrator.mail.mailbox import Mailbox, us_of
from tests.waiting import until


@pytest.fixture
def mailbox(project: Project) -> Iterator[Mailbox]:
    with closing(Mailbox(project, settle=0.015, most=1 << 20, last_us=0)) as mailbox:
        list(mailbox.take())
        yield mailbox


class Clock:
    """Stands in for time.monotonic, so that no machine is too slow for a test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = time.monotonic()
        monkeypatch.setattr("cccc.services.orchestrator.mail.mailbox.time.monotonic", lambda: self.now)


def hand_in(project: Project, temporary: str) -> None:
    path = project.peer("PeerA") / temporary
    path.write_text("hello")
    path.rename(project.peer("PeerA") / "to_peer.md")


def taken(mailbox: Mailbox) -> list[bytes]:
    mailbox.notice()
    return [one.content for one in mailbox.take()]


def test_a_rename_is_complete_at_once(project: Project, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch)
    hand_in(project, ".draft")
    assert taken(mailbox) == [b"hello"]


def test_a_writer_like_claude_code_still_sees_its_file_after_the_rename(
    project: Project, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    hand_in(project, "to_peer.md.tmp.4711.0a1b2c3d4e5f")
    assert taken(mailbox) == []
    clock.now += 0.09
    assert taken(mailbox) == []
    clock.now += 0.02
    assert taken(mailbox) == [b"hello"]


def test_a_write_in_place_is_complete_after_the_settle_time(
    project: Project, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    (project.peer("PeerA") / "to_peer.md").write_text("hello")
    assert taken(mailbox) == []
    clock.now += 0.02
    assert taken(mailbox) == [b"hello"]


def test_an_open_writer_is_waited_for_also_when_no_event_told_of_it(project: Project, mailbox: Mailbox) -> None:
    hand_in(project, ".draft")
    with (project.peer("PeerA") / "to_peer.md").open("a"):
        assert taken(mailbox) == []
    until(lambda: taken(mailbox) == [b"hello"], what="the file taken")


def test_a_cleared_file_is_not_a_message(project: Project, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    (project.peer("PeerA") / "to_peer.md").write_text("\n")
    clock.now += 1
    assert taken(mailbox) == []


def test_ids_grow_also_when_the_clock_goes_back(project: Project) -> None:
    future = time.time_ns() // 1000 + 10**9
    with closing(Mailbox(project, settle=0, most=1 << 20, last_us=future)) as mailbox:
        hand_in(project, ".draft")
        mailbox.notice()
        (one,) = mailbox.take()
    assert us_of(one.mid) == future + 1


def test_a_folder_that_was_deleted_is_made_again_and_watched(project: Project, mailbox: Mailbox) -> None:
    folder = project.peer("PeerB")
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()

    def made_again() -> bool:
        mailbox.notice()
        return (folder / "to_peer.md").exists()

    until(made_again, what="the folder")
    (folder / "to_peer.md").write_text("hello")
    until(lambda: taken(mailbox) == [b"hello"], what="the file taken")
