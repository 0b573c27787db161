"""The worker loop, with a service of the test's own beside a real ledger."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common import bus, ledger
from cccc.common import facts as f
from cccc.common.paths import Project
from tests.conftest import Start, is_ready
from tests.waiting import until

# Stands in for the orchestrator: answers each user message with a notice, and dies on "die".
ECHO = """
import sys
import msgspec
from cccc.common import facts as f
from cccc.common.worker import Worker, main

class State(msgspec.Struct):
    heard: int = 0

class Echo(Worker):
    name = "orchestrator"
    State = State
    hears = frozenset({f.UserMessage})

    def fold(self, fact):
        self.state.heard += 1
        if fact.text == "die":
            raise ZeroDivisionError("asked to")
        self.say(f.Notice(text=f"{fact.text} {self.state.heard}"), id_=f"echo:{fact.seq}", cause=fact.seq)

sys.exit(main(Echo))
"""


class Echo:
    """Starts and restarts the service above."""

    def __init__(self, project: Project, script: Path) -> None:
        self.project, self._script = project, script
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, ready: bool = True) -> subprocess.Popen[bytes]:
        log = self.project.service_log("orchestrator").open("ab")
        self.process = process = subprocess.Popen(
            [sys.executable, "-I", str(self._script)],
            env={**os.environ, "CCCC_HOME": str(self.project.home)},
            stdout=log,
            stderr=log,
        )
        log.close()
        if ready:
            until(lambda: is_ready(self.project, "orchestrator", process), what="echo ready")
        return process


@pytest.fixture
def echo(project: Project, tmp_path: Path) -> Iterator[Echo]:
    script = tmp_path / "echo.py"
    script.write_text(ECHO)
    echo = Echo(project, script)
    yield echo
    if echo.process:
        echo.process.kill()
        echo.process.wait()


def ask(project: Project, number: int, text: str = "hi") -> None:
    mid = f"m{number}"
    fields = f.body(text.encode(), str)
    bus.tell(project, "cli", [f.UserMessage(id=mid, mid=mid, via="cli", route="a", **fields)])


def answers(project: Project, count: int) -> list[str]:
    def found() -> list[str]:
        texts = [fact.text for fact in ledger.read(project) if isinstance(fact, f.Notice)]
        return texts if len(texts) >= count else []

    return until(found, what=f"{count} answers")


def test_a_fact_said_while_the_service_was_dead_is_heard_when_it_starts(
    project: Project, service: Start, echo: Echo
) -> None:
    service("ledger")
    ask(project, 1)
    echo.start()
    assert answers(project, 1) == ["hi 1"]


def test_a_killed_service_goes_on_where_it_was_and_says_nothing_twice(
    project: Project, service: Start, echo: Echo
) -> None:
    service("ledger")
    process = echo.start()
    for number in range(1, 6):
        ask(project, number)
    answers(project, 5)
    process.kill()
    process.wait()
    ask(project, 6)
    echo.start()
    assert answers(project, 6) == [f"hi {n}" for n in range(1, 7)]


def test_a_stopped_service_starts_from_its_snapshot(project: Project, service: Start, echo: Echo) -> None:
    service("ledger")
    process = echo.start()
    ask(project, 1)
    answers(project, 1)
    process.terminate()
    assert process.wait(5) == 0
    assert (project.snapshots / "orchestrator.msgpack").exists()
    echo.start()
    ask(project, 2)
    assert answers(project, 2) == ["hi 1", "hi 2"]


def test_a_start_reads_only_the_end_of_a_long_ledger(project: Project, service: Start, echo: Echo) -> None:
    hub, process = service("ledger"), echo.start()
    for number in range(1, 6):
        ask(project, number)
    answers(project, 5)
    process.terminate()
    process.wait()
    hub.kill()  # one that is stopped would look whether the file was touched since
    hub.wait()
    first, *early, last_but_one, last = project.ledger.read_bytes().splitlines(keepends=True)
    unreadable = [b"?" * (len(line) - 1) + b"\n" for line in early]
    project.ledger.write_bytes(b"".join([first, *unreadable, last_but_one, last]))
    service("ledger")
    echo.start()
    ask(project, 6)
    heard = until(lambda: list(ledger.read(project, 11)), what="the answer")
    assert [fact.text for fact in heard if isinstance(fact, f.Notice)] == ["hi 6"]


def test_a_snapshot_that_cannot_be_read_is_folded_again(project: Project, service: Start, echo: Echo) -> None:
    service("ledger")
    process = echo.start()
    ask(project, 1)
    answers(project, 1)
    process.terminate()
    process.wait()
    (project.snapshots / "orchestrator.msgpack").write_bytes(b"\x00junk")
    echo.start()
    ask(project, 2)
    assert answers(project, 2) == ["hi 1", "hi 2"]


def test_a_service_that_dies_twice_on_one_fact_goes_on_without_it(project: Project, service: Start, echo: Echo) -> None:
    service("ledger")
    ask(project, 1, "die")
    assert echo.start(ready=False).wait(10) == 1
    assert echo.start(ready=False).wait(10) == 1
    echo.start()
    ask(project, 2)
    answers(project, 1)
    (skipped,) = [fact for fact in ledger.read(project) if isinstance(fact, f.FactSkipped)]
    assert (skipped.service, skipped.fact, skipped.error) == ("orchestrator", 1, "ZeroDivisionError: asked to")
    assert "ZeroDivisionError: asked to" in project.service_log("orchestrator").read_text()


def test_an_outage_of_the_ledger_ends_no_service_and_loses_nothing(
    project: Project, service: Start, echo: Echo
) -> None:
    first = service("ledger")
    process = echo.start()
    for number in (1, 2, 3):
        first.kill()
        first.wait()
        first = service("ledger")
        ask(project, number)
    assert answers(project, 3) == ["hi 1", "hi 2", "hi 3"]
    assert process.poll() is None


def test_a_second_instance_does_not_start_beside_the_first(project: Project, service: Start, echo: Echo) -> None:
    service("ledger")
    echo.start()
    second = subprocess.run(
        [sys.executable, "-I", "-m", "cccc.services.orchestrator"],
        env={**os.environ, "CCCC_HOME": str(project.home)},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert second.returncode == 1
    assert "orchestrator.lock is held by process" in second.stderr


def test_a_beat_that_found_no_ledger_is_sent_as_soon_as_there_is_one(
    project: Project, service: Start, tmp_path: Path
) -> None:
    script = tmp_path / "rare.py"
    rare = "import cccc.common.worker as worker\nworker.BEAT = 60.0\n"
    script.write_text(ECHO.replace("sys.exit(", rare + "sys.exit("))
    echo = Echo(project, script)
    process = echo.start(ready=False)
    try:
        until(lambda: "ready at seq" in project.service_log("orchestrator").read_text(), what="echo waits")
        service("ledger")
        until(lambda: is_ready(project, "orchestrator", process), 10, "its beat")
    finally:
        process.kill()
        process.wait()
