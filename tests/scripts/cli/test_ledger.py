"""`cccc ledger`, `cccc trace`, `cccc queue` and `cccc locks`, with a real ledger service and no other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from typing import Callable

import pytest

from cccc.common import bus
from cccc.common import facts as f
from cccc.common.ledger.blobs import Blobs
from cccc.common.paths import Project
from cccc.common.text import redaction
from tests.command import CCCC, cccc, environment, on_a_terminal
from tests.conftest import Start
from tests.waiting import until

BODY = f.body(b"look at \x1b[31mthis", redaction.default.redact)


def user_message(mid: str) -> f.UserMessage:
    return f.UserMessage(id=mid, mid=mid, via="cli", route="a", **BODY)


@pytest.fixture
def handed(project: Project, service: Start) -> Project:
    """A project in whose ledger one message went all the way, and another one stands."""
    (project.settings / "roles.yaml").touch()
    service("ledger")
    Blobs(project).put(b"look at \x1b[31mthis")
    bus.tell(project, "cli", [user_message("m-1")])
    handoff = f.Handoff(id="h", cause=1, author="User", to="PeerA", mid="m-1", inbox_seq=1, **BODY)
    bus.tell(project, "orchestrator", [handoff])
    delivered = f.HandoffDelivered(id="d", cause=2, to="PeerA", mid="m-1", inbox_seq=1, path="inbox/000001.m-1.txt")
    nudges = [f.NudgeTyping(id="t", to="PeerA", token="t1", pane="%1")]
    nudges_of_b = [f.NudgeTyping(id="tb", to="PeerB", token="t2", pane="%2")]
    read = f.AckFile(id="r", author="PeerA", mid="m-1", inbox_seq=1, file="000001.m-1.txt", ok=True)
    late = [f.NudgeTyping(id="t3", to="PeerA", token="t3", pane="%1")]
    for said in ([delivered], nudges, nudges_of_b, [read], late):
        bus.tell(project, "delivery", said)
    bus.tell(project, "cli", [user_message("m-2")])
    return project


def test_trace_shows_a_message_with_its_times_and_the_nudges_it_waited_for(handed: Project) -> None:
    lines = cccc(handed.root, "trace", "m-1").splitlines()
    assert [line.split()[2:4] for line in lines[2:]] == [
        ["1", "user-message"],
        ["2", "handoff"],
        ["3", "handoff-delivered"],
        ["4", "·"],
        ["6", "ack-file"],
    ]
    assert lines[2].startswith("+0.000 s")
    assert "token t1" in lines[5]


def test_trace_of_a_patch_shows_who_decided_between_request_and_landing(handed: Project) -> None:
    rfd = f.Rfd(
        id="q",
        rfd_id="rfd-1",
        author="PeerA",
        mid="m-2",
        why="protected",
        title="?",
        question="?",
        minutes=1,
        expires="2026-01-02T03:04:05.000000Z",
        required=1,
    )
    settled = f.RfdSettled(id="s", rfd_id="rfd-1", outcome="approved", people=["alice"], mid="m-2")
    bus.tell(handed, "orchestrator", [rfd])
    for number, rfd_id in enumerate(("rfd-1", "rfd-2")):
        said = f.Decision(id=f"y{number}", rfd_id=rfd_id, decision="approve", who="alice", via="cli")
        bus.tell(handed, "cli", [said])
    bus.tell(handed, "orchestrator", [settled])
    lines = cccc(handed.root, "trace", "m-2").splitlines()
    assert [line.split()[3:5] for line in lines[2:]] == [
        ["user-message", "User"],
        ["rfd", "PeerA"],
        ["·", "decision"],
        ["rfd-settled", "orchestrator"],
    ]
    assert "rfd-1: approve by alice (cli)" in lines[4]


def test_what_a_peer_wrote_cannot_steer_the_terminal(handed: Project) -> None:
    assert "\x1b" not in cccc(handed.root, "trace", "m-1") + cccc(handed.root, "ledger", "tail")


def test_a_message_that_is_not_there_is_exit_3(handed: Project) -> None:
    assert "no such mid, commit or branch: m-9" in cccc(handed.root, "trace", "m-9", code=3)
    assert "no such mid, commit or branch: m-9" in cccc(handed.root, "ledger", "show", "--mid", "m-9", code=3)


def test_tail_shows_the_newest_facts(handed: Project) -> None:
    lines = cccc(handed.root, "ledger", "tail", "-n", "2").splitlines()
    assert [line.split()[1] for line in lines] == ["nudge-typing", "user-message"]


def test_show_chooses_by_kind_mid_and_time(handed: Project) -> None:
    def seqs(*options: str) -> list[int]:
        lines = cccc(handed.root, "ledger", "show", "--json", *options).splitlines()
        return [json.loads(line)["seq"] for line in lines]

    assert seqs() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert seqs("--kind", "user-message") == [1, 8]
    assert seqs("--kind", "ack-file", "--kind", "handoff") == [2, 6]
    assert seqs("--mid", "m-1") == [1, 2, 3, 6]
    assert seqs("--since", "1h") == [1, 2, 3, 4, 5, 6, 7, 8]
    assert seqs("--by", "orchestrator") == [2]
    assert seqs("--by", "delivery", "--mid", "m-1", "-n", "1") == [6]
    assert seqs("-n", "3") == [6, 7, 8]
    fifth = json.loads(handed.ledger.read_text().splitlines()[4])["ts"]
    assert seqs("--since", fifth) == [5, 6, 7, 8]
    assert "no matching facts" in cccc(handed.root, "ledger", "show", "--since", "2999-01-01", code=3)


def test_show_finds_all_of_a_request_for_decision(handed: Project) -> None:
    for number in range(3):
        said = f.RfdQuestion(id=f"q{number}", rfd_id=f"r-{number % 2}", who="me", text="why?")
        bus.tell(handed, "orchestrator", [said])
    lines = cccc(handed.root, "ledger", "show", "--rfd", "r-0", "--json").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["q0", "q2"]
    assert "no matching facts" in cccc(handed.root, "ledger", "show", "--rfd", "r-0", "--mid", "m-1", code=3)


@pytest.mark.parametrize("option", [["--kind", "handof"], ["--since", "yesterday"], ["--by", "me"]])
def test_a_wrong_choice_says_what_is_allowed(project: Project, option: list[str]) -> None:
    assert cccc(project.root, "ledger", "show", *option, code=2).count("\n") == 1


def test_verify_names_the_line_that_was_changed(handed: Project) -> None:
    assert cccc(handed.root, "ledger", "verify") == "8 facts, 1 body, 0 commits: OK\n"
    text = handed.ledger.read_text()
    handed.ledger.write_text(text.replace('"token":"t1"', '"token":"tX"'))
    assert "line 5" in cccc(handed.root, "ledger", "verify", code=1)


def test_archive_without_a_ledger_is_exit_4(project: Project) -> None:
    assert "cccc up" in cccc(project.root, "ledger", "archive", code=4)


@pytest.fixture
def tail_f(project: Project) -> Iterator[Callable[[str], None]]:
    """A running `cccc ledger tail -f`; the function waits until it has shown something."""
    project.make_run()
    said = project.root / "said"
    with said.open("wb") as out:
        tail = subprocess.Popen([str(CCCC), "ledger", "tail", "-f"], cwd=project.root, env=environment(), stdout=out)

    def shows(text: str) -> None:
        until(lambda: text in said.read_text(), 10, text)

    yield shows
    tail.send_signal(signal.SIGINT)
    try:
        assert tail.wait(5) == 0
    finally:
        tail.kill()
        tail.wait()


def test_tail_f_waits_for_the_ledger_and_lives_through_its_restart(
    project: Project, service: Start, tail_f: Callable[[str], None]
) -> None:
    for mid in ("m-1", "m-2"):
        ledger = service("ledger")
        bus.tell(project, "cli", [user_message(mid)])
        tail_f(mid)
        ledger.send_signal(signal.SIGKILL)
        ledger.wait()


def test_tail_f_shows_a_fact_whose_wake_up_was_lost(handed: Project, tail_f: Callable[[str], None]) -> None:
    tail_f("m-2")
    os.kill(int((handed.run / "ledger.lock").read_text()), signal.SIGKILL)
    line = json.loads(handed.ledger.read_bytes().splitlines()[-1])
    with handed.ledger.open("a") as file:
        file.write(json.dumps({**line, "seq": line["seq"] + 1, "mid": "m-3"}) + "\n")
    tail_f("m-3")


def test_on_a_terminal_a_fact_takes_one_line_whatever_its_width(handed: Project) -> None:
    code, said = on_a_terminal(handed.root, "ledger", "tail", COLUMNS="40")
    assert code == 0
    lines = said.replace("\x1b[0m", "").split("\r\n")[:-1]
    assert len(lines) == 8
    assert max(len(line.rpartition("m")[2] if line.startswith("\x1b") else line) for line in lines) <= 40


def test_the_queue_is_shown_in_its_order(project: Project) -> None:
    assert cccc(project.root, "queue") == "the queue is empty\n"
    entry = {
        "mid": "p-1",
        "from": "PeerB",
        "stage": "held",
        "reason": "a\x1b[31m rebase",
        "since": "2025-01-31T10:00:00.000000Z",
    }
    (project.state).mkdir(exist_ok=True)
    (project.state / "queue.json").write_text(json.dumps([entry, {**entry, "mid": "p-2"}]))
    lines = cccc(project.root, "queue").splitlines()
    assert [line.split()[1] for line in lines] == ["patch", "p-1", "p-2"]
    assert "a?[31m rebase" in lines[1]
    assert json.loads(cccc(project.root, "queue", "--json"))[0] == entry


def test_locks_name_the_process_that_holds_them(handed: Project) -> None:
    pid = (handed.run / "ledger.lock").read_text()
    assert f"process {pid}" in cccc(handed.root, "locks")
