"""`cccc rfd` on a running system: what the peers ask and a person answers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.machine import leftovers, tmux
from cccc.common.paths import Project
from tests.command import CCCC, cccc, environment, running
from tests.conftest import make_project
from tests.waiting import until

CARD = "intent: rfd\ntitle: Drop the v1 endpoint\noptions: [drop, keep]\ndefault: keep\n"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """One running system for all tests."""
    project = make_project(tmp_path_factory.mktemp("rfd") / "repo")
    with running(project.root):
        yield project


def hand_in(project: Project, text: str, peer: str = "PeerA") -> str:
    """Let a peer write a message that holds a request; return the request's id."""
    before = {entry["rfd"]["rfd_id"] for entry in listed(project)}
    path = project.peer(peer) / "to_peer.md"
    fresh = path.with_name(".fresh")
    fresh.write_text(text)
    fresh.replace(path)
    new = until(lambda: {entry["rfd"]["rfd_id"] for entry in listed(project)} - before, 15, "a request")
    return str(new.pop())


def listed(project: Project) -> list[dict[str, dict[str, str]]]:
    found: list[dict[str, dict[str, str]]] = json.loads(cccc(project.root, "rfd", "list", "--all", "--json"))
    return found


def test_a_request_is_listed_shown_asked_about_and_answered(up: Project) -> None:
    rfd_id = hand_in(up, f"```yaml\n{CARD}```\n")
    line = cccc(up.root, "rfd", "list").splitlines()[1]
    assert re.match(rf"{rfd_id} +open +request .* Drop the v1 endpoint$", line)
    ahead = cccc(up.root, "rfd", "list", TZ="XYZ-5").splitlines()[1]
    assert re.search(r" \d{4}-\d\d-\d\d \d\d:\d\d XYZ  ", ahead)
    assert "asked both peers" in cccc(up.root, "rfd", "ask", rfd_id, "who calls it?")
    assert "not one of its options: drop, keep" in cccc(up.root, "rfd", "approve", rfd_id, code=6)
    assert cccc(up.root, "rfd", "check", rfd_id, "drop", code=1) == f"{rfd_id}: no: not answered yet\n"
    assert cccc(up.root, "rfd", "choose", rfd_id, "drop").startswith(f"{rfd_id}: chosen (drop) by ")
    assert f"{rfd_id}: chosen (drop) by " in cccc(up.root, "rfd", "show", rfd_id)
    assert "chosen already" in cccc(up.root, "rfd", "choose", rfd_id, "keep", code=6)
    yes = cccc(up.root, "rfd", "check", rfd_id, "drop")
    assert re.fullmatch(rf"{rfd_id}: drop by (\S+), used for the check of \1\n", yes)
    assert "used for           the check of " in cccc(up.root, "rfd", "show", rfd_id)
    assert "it is used" in cccc(up.root, "rfd", "check", rfd_id, "drop", code=1)
    assert rfd_id not in cccc(up.root, "rfd", "list")


def test_a_yes_can_be_taken_back_until_it_is_used(up: Project) -> None:
    rfd_id = hand_in(up, "intent: rfd\ntitle: Push the release\n")
    cccc(up.root, "rfd", "approve", rfd_id)
    assert cccc(up.root, "rfd", "revoke", rfd_id).startswith(f"{rfd_id}: revoked by ")
    assert "it is revoked" in cccc(up.root, "rfd", "check", rfd_id, code=1)


def test_an_unknown_request_is_not_found(up: Project) -> None:
    for words in (("show", "nope"), ("approve", "nope"), ("check", "nope")):
        assert "no request nope; see `cccc rfd list --all`" in cccc(up.root, "rfd", *words, code=3)


def test_status_shows_what_waits_for_a_decision(up: Project) -> None:
    rfd_id = hand_in(up, "intent: rfd\ntitle: Rename the package\n")
    until(lambda: f"decide {rfd_id}" in cccc(up.root, "status"), 10, "status shows it")
    cccc(up.root, "rfd", "reject", rfd_id)
    until(lambda: f"decide {rfd_id}" not in cccc(up.root, "status"), 10, "status shows it no more")


@pytest.mark.parametrize("known", ["by its environment", "by its parents only"])
def test_a_check_of_the_gate_cannot_decide(up: Project, known: str) -> None:
    rfd_id = hand_in(up, "intent: rfd\ntitle: Delete everything\n", "PeerB")
    command = [str(CCCC), "rfd", "approve", rfd_id]
    if known == "by its environment":
        env = environment(CCCC_CHECK="x")
    else:
        env = environment()
        code = f"import subprocess, sys; sys.exit(subprocess.run({command}).returncode)"
        command = [sys.executable, "-c", code, *leftovers.supervisord(up)]
    done = subprocess.run(command, cwd=up.root, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 6 and "a check of the gate cannot decide" in done.stderr, done
    refused = [fact for fact in ledger.read(up) if isinstance(fact, f.DecisionRefused) and fact.rfd_id == rfd_id]
    assert [fact.who for fact in refused] == ["a check of the gate"]


def test_a_check_of_the_gate_cannot_use_up_an_answer(up: Project) -> None:
    rfd_id = hand_in(up, "intent: rfd\ntitle: Delete everything\n")
    cccc(up.root, "rfd", "approve", rfd_id)
    assert "a check of the gate cannot use up an answer" in cccc(
        up.root, "rfd", "check", rfd_id, code=6, CCCC_CHECK="x"
    )
    cccc(up.root, "rfd", "check", rfd_id)


@pytest.mark.parametrize("detached", [False, True], ids=["as a child", "with the pane's environment only"])
def test_a_peer_cannot_decide(up: Project, tmp_path: Path, detached: bool) -> None:
    rfd_id = hand_in(up, "intent: rfd\ntitle: Delete everything\n", "PeerB")
    script, said = tmp_path / "peer.sh", tmp_path / "said"
    setsid = "setsid -f " if detached else ""
    script.write_text(
        f"cd {up.root}\n{setsid}sh -c '{CCCC} rfd approve {rfd_id} > {said} 2>&1; echo exit $? >> {said}'\nsleep 60\n"
    )
    pane = tmux.panes(up)["PeerB"]
    tmux.call(up, "respawn-pane", "-k", "-t", pane.id, f"sh {script}")
    until(lambda: said.exists() and "exit" in said.read_text(), 20, "the peer's command")
    assert "PeerB cannot decide" in said.read_text() and "exit 6" in said.read_text()
    refused = [fact for fact in ledger.read(up) if isinstance(fact, f.DecisionRefused) and fact.rfd_id == rfd_id]
    assert [(fact.who, fact.decision) for fact in refused] == [("PeerB", "approve")]
    assert not [fact for fact in ledger.read(up) if isinstance(fact, f.Decision) and fact.rfd_id == rfd_id]
