"""`cccc ledger forget`, with a real ledger service and without."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from cccc.common import bus, ledger
from cccc.common import facts as f
from cccc.common.errors import LedgerError, NotRunning
from cccc.common.ledger.blobs import Blobs
from cccc.common.paths import Project
from cccc.common.text import redaction
from tests.command import cccc
from tests.conftest import Start
from tests.waiting import until

SECRET = b"the key is under the mat\n"


@pytest.fixture
def told(project: Project, service: Start) -> subprocess.Popen[bytes]:
    """The ledger service of a project in which the secret was said."""
    (project.settings / "roles.yaml").touch()
    process = service("ledger")
    say(project, "m-1", SECRET)
    return process


def say(project: Project, mid: str, text: bytes) -> str:
    sha = Blobs(project).put(text)
    body = f.body(text, redaction.default.redact)
    bus.tell(project, "cli", [f.UserMessage(id=mid, mid=mid, via="cli", route="a", **body)])
    return sha


def sha_of(project: Project) -> str:
    return str(json.loads(project.ledger.read_text().splitlines()[0])["sha"])


def holding(project: Project) -> list[str]:
    """The files under `.cccc` that hold the secret."""
    found = [path for path in project.home.rglob("*") if path.is_file() and SECRET.strip() in path.read_bytes()]
    return sorted(path.name for path in found if path != project.ledger)


def test_a_body_is_removed_by_the_service_and_the_ledger_still_verifies(
    project: Project, told: subprocess.Popen[bytes]
) -> None:
    sha = sha_of(project)
    assert f"removed {sha}, {len(SECRET)} bytes; recorded as fact 2" in cccc(
        project.root, "ledger", "forget", sha[:8], "--why", "a key"
    )
    assert holding(project) == []
    (fact,) = ledger.tail(project, 1)
    assert isinstance(fact, f.BodyForgotten) and (fact.sha, fact.why, fact.by) == (sha, "a key", "cli") and fact.who
    assert cccc(project.root, "ledger", "verify") == "2 facts, 0 bodies (1 forgotten), 0 commits: OK\n"


def test_a_body_is_removed_while_everything_is_down(project: Project, told: subprocess.Popen[bytes]) -> None:
    told.terminate()
    told.wait(5)
    cccc(project.root, "ledger", "forget", sha_of(project))
    assert holding(project) == []
    assert "2 facts, 0 bodies (1 forgotten)" in cccc(project.root, "ledger", "verify")


def test_copies_are_listed_and_removed_only_when_asked_for(project: Project, told: subprocess.Popen[bytes]) -> None:
    wrapped = say(project, "m-2", b"<FROM_USER>\n" + SECRET + b"</FROM_USER>\n")
    message = project.processed("PeerA") / "000001.m-1.txt"
    log = project.check_logs / "p-1.test.log"
    log.parent.mkdir(parents=True)
    for path in (message, log):
        path.write_bytes(b"before " + SECRET + b"after")
    (project.processed("PeerB") / "other.txt").write_bytes(b"nothing of it")
    said = cccc(project.root, "ledger", "forget", sha_of(project))
    assert [Path(line.split()[-1]).name for line in said.splitlines()[1:]] == [wrapped, message.name, log.name]
    assert holding(project) == sorted([wrapped, message.name, log.name])

    again = say(project, "m-3", SECRET)
    cccc(project.root, "ledger", "forget", again, "--everywhere")
    assert holding(project) == []
    assert (project.processed("PeerB") / "other.txt").exists()
    assert ": OK" in cccc(project.root, "ledger", "verify")


def test_a_short_body_is_not_looked_for_inside_of_others(project: Project, told: subprocess.Popen[bytes]) -> None:
    same = project.processed("PeerA") / "same.txt"
    same.write_bytes(b"ok\n")
    (project.processed("PeerA") / "longer.txt").write_bytes(b"it looks good to me, ok\n")
    cccc(project.root, "ledger", "forget", say(project, "m-2", b"ok"), "--everywhere")
    assert [path.name for path in project.processed("PeerA").iterdir()] == ["longer.txt"]


def test_a_crash_between_the_fact_and_the_removal_is_made_good_at_the_next_start(
    project: Project, told: subprocess.Popen[bytes], service: Start, tmp_path: Path
) -> None:
    told.terminate()
    told.wait(5)
    faults = tmp_path / "faults"
    faults.mkdir()
    process = service("ledger", CCCC_FAULTS=str(faults))
    (faults / "ledger.synced").touch()
    fact = f.BodyForgotten(id="forget", sha=sha_of(project), who="me")
    with pytest.raises(NotRunning):
        bus.tell(project, "cli", [fact], timeout=1.0)
    assert process.wait(5) == -signal.SIGKILL
    assert ledger.end(project) == 2
    assert holding(project) == [sha_of(project)]
    service("ledger")
    assert holding(project) == []


def test_what_is_no_body_is_refused(project: Project, told: subprocess.Popen[bytes]) -> None:
    assert "no body begins with" in cccc(project.root, "ledger", "forget", "0" * 64, code=3)
    for wrong in ("abc", "../ledger.jsonl", "*"):
        assert "is no SHA-256" in cccc(project.root, "ledger", "forget", wrong, code=1)


def test_the_service_refuses_to_remove_what_is_no_body(project: Project, told: subprocess.Popen[bytes]) -> None:
    with pytest.raises(LedgerError, match="sha"):
        bus.tell(project, "cli", [f.BodyForgotten(id="x", sha="../../settings/roles.yaml", who="me")])
    assert (project.settings / "roles.yaml").exists()
    until(lambda: ledger.end(project) == 1, 2, "nothing written")
