from __future__ import annotations

import contextlib
import errno
import select
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common.machine import watch
from tests.waiting import until

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only inotify tells these events apart")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "in"
    path.mkdir()
    return path


@pytest.fixture
def eyes(folder: Path) -> Iterator[watch.Watch]:
    with contextlib.closing(watch.Watch()) as watching:
        watching.add(folder)
        yield watching


def seen(eyes: watch.Watch, what: str) -> list[watch.Event]:
    """Return the events up to and including the first of this kind."""
    events: list[watch.Event] = []

    def arrived() -> bool:
        events.extend(eyes.events())
        return any(event.what == what for event in events)

    until(arrived, limit=5.0, what=what)
    return events


@on_linux
def test_a_rename_into_the_folder_is_complete_at_once(folder: Path, eyes: watch.Watch) -> None:
    (folder.parent / "draft").write_text("x")
    (folder.parent / "draft").rename(folder / "to_peer.md")
    assert seen(eyes, watch.MOVED_IN) == [watch.Event(folder, "to_peer.md", watch.MOVED_IN)]


@on_linux
def test_a_write_is_reported_when_the_file_is_closed_and_not_before(folder: Path, eyes: watch.Watch) -> None:
    with (folder / "to_peer.md").open("w") as file:
        for _ in range(3):
            file.write("x")
            file.flush()
        assert eyes.events() == []  # inotify queues synchronously: what is not there now did not happen
    assert seen(eyes, watch.WRITTEN) == [watch.Event(folder, "to_peer.md", watch.WRITTEN)]


@on_linux
def test_a_reader_is_not_reported(folder: Path, eyes: watch.Watch) -> None:
    (folder / "a").write_text("x")
    seen(eyes, watch.WRITTEN)
    (folder / "a").read_text()
    assert eyes.events() == []


def test_a_file_that_is_moved_away_or_deleted_has_left(folder: Path, eyes: watch.Watch) -> None:
    for name in ("a", "b"):
        (folder / name).write_text("x")
    seen(eyes, watch.WRITTEN)
    (folder / "a").rename(folder.parent / "a")
    assert seen(eyes, watch.LEFT)[-1] == watch.Event(folder, "a", watch.LEFT)
    (folder / "b").unlink()
    assert seen(eyes, watch.LEFT)[-1] == watch.Event(folder, "b", watch.LEFT)


@on_linux
def test_a_folder_that_goes_away_is_reported(folder: Path, eyes: watch.Watch) -> None:
    folder.rename(folder.parent / "elsewhere")
    assert seen(eyes, watch.GONE) == [watch.Event(folder, "", watch.GONE)]


@on_linux
def test_sub_folders_and_listings_are_no_events(folder: Path, eyes: watch.Watch) -> None:
    (folder / "sub").mkdir()
    assert len(list(folder.iterdir())) == 1
    (folder / "a").write_text("x")
    assert {event.name for event in seen(eyes, watch.WRITTEN)} == {"a"}


@on_linux
def test_lost_events_are_reported(folder: Path, eyes: watch.Watch) -> None:
    longest = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    (folder / "a").write_text("x")
    (folder / "b").write_text("x")
    for n in range(longest // 4 + 1):  # each turn is four events, none equal to the one before
        (folder / f"a{n % 2}").touch()
        (folder / f"a{n % 2}").unlink()
        (folder / "a").rename(folder / "c")
        (folder / "c").rename(folder / "a")
    assert seen(eyes, watch.OVERFLOW)


def test_the_descriptor_can_be_polled(folder: Path, eyes: watch.Watch) -> None:
    poller = select.poll()
    poller.register(eyes.fileno(), select.POLLIN)
    assert poller.poll(0) == []
    (folder / "a").write_text("x")
    assert poller.poll(5000)


def test_a_probe_proves_that_events_arrive_and_leaves_nothing(folder: Path, eyes: watch.Watch) -> None:
    assert watch.probe(folder)
    assert list(folder.iterdir()) == []
    assert eyes.events() == []


@on_linux
def test_a_probe_fails_where_no_event_arrives(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    add = watch.Watch.add
    monkeypatch.setattr(watch.Watch, "add", lambda self, _folder: add(self, elsewhere))
    assert not watch.probe(folder, limit=0.1)


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with contextlib.closing(watch.Watch()) as watching, pytest.raises(OSError):
        watching.add(tmp_path / "missing")


@pytest.fixture(params=["max_user_instances", "max_user_watches"])
def limit(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the kernel say what it says when other programs have taken all of them."""

    import inotify_simple

    class UsedUp(inotify_simple.INotify):  # type: ignore[misc]
        def __init__(self, nonblocking: bool) -> None:
            if request.param == "max_user_instances":
                raise OSError(errno.EMFILE, "Too many open files")
            super().__init__(nonblocking=nonblocking)

        def add_watch(self, folder: Path, mask: int) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(watch, "INotify", UsedUp)
    return str(request.param)


@on_linux
def test_without_events_it_looks_by_itself(folder: Path, limit: str) -> None:
    with contextlib.closing(watch.Watch()) as eyes:
        eyes.add(folder)
        poller = select.poll()
        poller.register(eyes.fileno(), select.POLLIN)
        (folder / "a").write_text("x")
        assert poller.poll(5000)
        assert eyes.events() == [watch.Event(folder, "a", watch.WRITTEN)]
        assert poller.poll(0) == []
        (folder / "a").unlink()
        assert seen(eyes, watch.LEFT) == [watch.Event(folder, "a", watch.LEFT)]
        folder.rmdir()
        assert seen(eyes, watch.GONE) == [watch.Event(folder, "", watch.GONE)]
        with pytest.raises(OSError):
            eyes.add(folder)


@on_linux
def test_without_events_a_probe_fails_at_once_and_the_limit_is_known(folder: Path, limit: str) -> None:
    assert not watch.probe(folder)
    assert watch.used_up(folder) == f"fs.inotify.{limit}"


@on_linux
def test_no_limit_is_named_where_events_arrive(folder: Path) -> None:
    assert watch.used_up(folder) == ""
