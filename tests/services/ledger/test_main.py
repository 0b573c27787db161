"""The ledger service alone, over its sockets."""

from __future__ import annotations

import os
import signal
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cccc.common import bus, ledger
from cccc.common import facts as f
from cccc.common.errors import LedgerError
from cccc.common.paths import Project
from tests.conftest import Start


def message(number: int) -> f.UserMessage:
    mid = f"m{number}"
    return f.UserMessage(id=mid, mid=mid, via="cli", route="a", sha="0" * 64, size=1, text="hé\u2028y")


def test_a_fact_is_answered_with_its_seq_and_is_in_the_file(project: Project, service: Start) -> None:
    service("ledger")
    assert bus.tell(project, "cli", [message(1)]) == [1]
    (fact,) = ledger.read(project)
    assert isinstance(fact, f.UserMessage) and (fact.seq, fact.by, fact.text) == (1, "cli", "hé\u2028y")


def test_its_sockets_are_for_their_user_alone(project: Project, service: Start) -> None:
    service("ledger")
    sockets = [project.socket(name) for name in ("ledger", "facts")]
    assert [stat.S_IMODE(path.stat().st_mode) for path in sockets] == [0o600, 0o600]


def test_a_repeat_is_answered_with_the_first_seq_and_not_written(project: Project, service: Start) -> None:
    service("ledger")
    assert bus.tell(project, "cli", [message(1), message(2)]) == [1, 2]
    assert bus.tell(project, "cli", [message(2), message(3)]) == [2, 3]
    assert ledger.end(project) == 3


def test_a_repeat_is_known_after_a_restart(project: Project, service: Start) -> None:
    first = service("ledger")
    bus.tell(project, "cli", [message(1)])
    first.send_signal(signal.SIGKILL)
    first.wait()
    service("ledger")
    assert bus.tell(project, "cli", [message(1)]) == [1]
    assert ledger.end(project) == 1


def test_a_service_may_not_say_what_is_not_its_own(project: Project, service: Start) -> None:
    service("ledger")
    with pytest.raises(LedgerError, match="cli may not say handoff"):
        handoff = f.Handoff(id="x", author="User", to="PeerA", mid="x", inbox_seq=1, sha="", size=0, text="")
        bus.tell(project, "cli", [handoff])


def test_garbage_on_the_socket_is_refused_and_the_ledger_goes_on(project: Project, service: Start) -> None:
    service("ledger")
    socket = bus.say_socket(project)
    socket.send_multipart([b"", b"two", b"more"])
    for garbage in (b"", b"\xc1", bus.pack({"what": "say"}), bus.pack({"what": 7, "token": [1]})):
        socket.send(garbage)
    assert bus.tell(project, "cli", [message(1)]) == [1]
    socket.close()


def test_archiving_closes_the_segment_and_the_chain_runs_on(project: Project, service: Start) -> None:
    service("ledger")
    bus.tell(project, "cli", [message(1), message(2)])
    assert bus.archive(project) == str(project.segments / "1.jsonl")
    with pytest.raises(LedgerError, match="nothing to archive"):
        bus.archive(project)
    assert bus.tell(project, "cli", [message(3)]) == [4]
    assert [fact.kind for fact in ledger.read(project)] == ["user-message"] * 2 + ["ledger-archived", "user-message"]
    assert ledger.verify(project) == (4, "")
    assert bus.tell(project, "cli", [message(1)]) == [1]


def test_a_torn_tail_is_a_fact_when_the_service_starts(project: Project, service: Start) -> None:
    service("ledger")
    bus.tell(project, "cli", [message(1)])
    os.kill(int((project.run / "ledger.lock").read_text()), signal.SIGKILL)
    with project.ledger.open("ab") as file:
        file.write(b'{"kind":"no')
    service("ledger")
    repaired = ledger.tail(project, 1)[0]
    assert isinstance(repaired, f.LedgerRepaired) and repaired.bytes == 11
    assert (project.root / repaired.kept).read_bytes() == b'{"kind":"no'
    assert ledger.verify(project) == (2, "")


@pytest.mark.parametrize("point", ["ledger.written", "ledger.synced", "ledger.published"])
def test_killed_at_a_durable_step_the_fact_is_written_once_and_answered(
    project: Project, service: Start, tmp_path: Path, point: str
) -> None:
    first = service("ledger", CCCC_FAULTS=str(tmp_path))
    bus.tell(project, "cli", [message(1)])
    (tmp_path / point).touch()
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(bus.tell, project, "cli", [message(2), message(3)], 20.0)
        assert first.wait(10) == -signal.SIGKILL
        service("ledger")
        assert answer.result() == [2, 3]
    assert [fact.id for fact in ledger.read(project)] == ["m1", "m2", "m3"]
    assert ledger.verify(project) == (3, "")


def test_what_was_cut_or_archived_before_a_crash_is_said_at_the_next_start(project: Project, service: Start) -> None:
    process = service("ledger")
    bus.tell(project, "cli", [message(1), message(2)])
    process.kill()
    process.wait()
    (project.segments / "torn-1.bin").write_bytes(b"torn")
    project.ledger.rename(project.segments / "1.jsonl")
    for _ in range(2):
        process = service("ledger")
        process.kill()
        process.wait()
    _, _, repaired, archived = ledger.read(project)
    assert isinstance(repaired, f.LedgerRepaired) and repaired.bytes == 4
    assert isinstance(archived, f.LedgerArchived) and (archived.first, archived.last) == (1, 2)


def test_a_fact_may_name_many_paths_and_hold_little_text(project: Project, service: Start) -> None:
    service("ledger")
    landing = f.PatchLanding(
        id="l",
        author="PeerA",
        mid="p",
        branch="refs/heads/main",
        old="",
        new="",
        paths=["a/path/of/some/length"] * 5000,
    )
    assert bus.tell(project, "evidence", [landing]) == [1]
    long = f.PatchHeld(id="h", author="PeerA", mid="p", reason="x" * 20_000)
    with pytest.raises(LedgerError, match="store a body"):
        bus.tell(project, "evidence", [long])
