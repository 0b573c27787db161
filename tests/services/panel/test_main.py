"""The panel service beside a real ledger service."""

from __future__ import annotations

import signal
from pathlib import Path

from cccc.common import bus
from cccc.common import facts as f
from cccc.common.errors import NotRunning
from cccc.common.paths import Project
from cccc.common.shown import status
from cccc.common.shown.status import Status
from tests.command import cccc
from tests.conftest import Start
from tests.waiting import until


def say(project: Project, *numbers: int) -> None:
    bus.tell(
        project,
        "cli",
        [
            f.UserMessage(id=f"m{n}", mid=f"m{n}", via="cli", route="a", sha="0" * 64, size=5, text="hello")
            for n in numbers
        ],
    )


def status_at(project: Project, seq: int) -> Status:
    """Return the first status that shows fact `seq` and both services."""

    def look() -> Status | None:
        try:
            now = status.read(project)
        except NotRunning:
            return None
        both = all(now.services[name].state == "ready" for name in ("ledger", "panel"))
        return now if both and now.ledger.seq == seq else None

    shown = until(look, 10, f"status at {seq}")
    assert shown is not None
    return shown


def hear_beats(project: Project, name: str, count: int) -> None:
    socket = bus.hear_socket(project, b"signal.beat")
    while count:
        assert socket.poll(10_000), f"no beat of {name} in 10 s"
        count -= bus.unpack(socket.recv_multipart()[1])["by"] == name
    socket.close()


def test_the_status_shows_services_facts_and_the_ledger(project: Project, service: Start) -> None:
    service("ledger")
    panel = service("panel")
    say(project, 1, 2)
    shown = status_at(project, 2)
    assert shown.session == "repo"
    assert shown.services["panel"].pid == panel.pid and shown.services["panel"].since
    assert [(fact.seq, fact.kind, fact.who, fact.text) for fact in shown.facts] == [
        (2, "user-message", "User", "hello"),
        (1, "user-message", "User", "hello"),
    ]
    assert (shown.ledger.size, shown.ledger.segments) == (project.ledger.stat().st_size, 1)
    assert project.status.stat().st_mode & 0o777 == 0o600


def test_an_idle_panel_does_not_touch_the_file(project: Project, service: Start) -> None:
    service("ledger")
    service("panel")
    say(project, 1)
    status_at(project, 1)
    before = project.status.stat()
    hear_beats(project, "panel", 2)
    after = project.status.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_restarted_panel_goes_on_from_its_snapshot_and_hears_the_beats_again(
    project: Project, service: Start
) -> None:
    service("ledger")
    first = service("panel")
    say(project, *range(1, 700))
    status_at(project, 699)
    first.send_signal(signal.SIGKILL)
    first.wait()
    say(project, 700)
    second = service("panel")
    shown = status_at(project, 700)
    assert shown.services["panel"].pid == second.pid
    assert [fact.seq for fact in shown.facts] == list(range(700, 688, -1))


def test_archived_segments_count_in_the_size(project: Project, service: Start) -> None:
    service("ledger")
    service("panel")
    say(project, 1)
    closed = bus.archive(project)
    shown = status_at(project, 2)
    assert (shown.ledger.segments, shown.ledger.size) == (
        2,
        Path(closed).stat().st_size + project.ledger.stat().st_size,
    )


def test_the_last_verification_is_in_the_status(project: Project, service: Start) -> None:
    service("ledger")
    service("panel")
    say(project, 1)
    assert status_at(project, 1).ledger.verified is None
    cccc(project.root, "ledger", "verify", code=1)
    found = until(lambda: status.read(project).ledger.verified, 10, "the verification")
    assert found is not None and (found.seq, found.problems) == (1, 1)  # the body of `say` is not there


def test_a_changed_setting_is_named_until_what_reads_it_is_restarted(project: Project, service: Start) -> None:
    service("ledger")
    orchestrator = service("orchestrator")
    service("panel")
    (project.settings / "roles.yaml").write_text("specialties: {peerA: [tests]}\n")
    line = "roles.yaml changed and is not applied yet: specialties.peerA; run `cccc restart orchestrator`"

    def settings() -> list[str]:
        try:
            return status.read(project).settings
        except NotRunning:
            return []

    until(lambda: settings() == [line], 20, "the change named")
    orchestrator.send_signal(signal.SIGTERM)
    orchestrator.wait()
    service("orchestrator")
    until(lambda: settings() == [], 20, "the change in force")
    assert line not in status.read(project).troubles
