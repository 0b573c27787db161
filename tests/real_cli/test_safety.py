"""What keeps the real CLIs and their users from harm: refusals, the stop of a turn, a session that goes on."""

from __future__ import annotations

import os
import re
import signal

from cccc.common import facts
from cccc.common.machine import tmux
from cccc.scripts.model_server import Call, Rule, Say
from cccc.scripts.model_server.script import Step
from tests.command import cccc
from tests.conftest import git
from tests.real_cli.conftest import Pair
from tests.real_cli.test_session import NUDGE, move, read
from tests.waiting import until

PEERS = ("PeerA", "PeerB")


def run(tool: str, command: str) -> Call:
    return Call(tool, {"command": command, "description": "x"} if tool == "Bash" else {"cmd": command})


def rules(tool: str) -> list[Rule]:
    def steps(found: re.Match[str], seen: str) -> list[Step]:
        work: list[Step] = []
        if "please commit" in seen:
            work = [run(tool, "git commit --allow-empty -m mine")]
        if "please talk" in seen:
            work = [Say("word " * 300, pause=0.1)]
        return [run(tool, f"{read(found[1])}; {move(found[1])}"), *work, Say("Done.")]

    return [Rule(NUDGE, steps)]


def test_both_clis_are_refused_stopped_and_go_on_after_a_crash(pair: Pair) -> None:
    pair.claude.rules, pair.codex.rules = rules("Bash"), rules("exec_command")
    pair.up()
    root = pair.project.root
    head = git(root, "rev-parse", "HEAD")

    pair.send("both: please commit")
    pair.await_(facts.TurnEnd, 2)
    assert git(root, "rev-parse", "HEAD") == head
    for model in (pair.claude, pair.codex):
        assert "only a patch that passed the gate" in model.asked[-1].seen
    sessions = {each.peer: each.session for each in pair.heard(facts.PeerSession)}

    pair.send("both: please talk")
    for peer in PEERS:
        until(lambda: "word word" in pair.screen(peer), 20, f"{peer}'s talk")  # noqa: B023
    assert cccc(root, "stop", "both").splitlines() == ["PeerA: interrupted", "PeerB: interrupted"]
    assert {end.outcome for end in pair.await_(facts.TurnEnd, 4)[2:]} <= {"interrupted", "ended"}

    for peer in PEERS:
        os.kill(tmux.panes(pair.project)[peer].pid, signal.SIGKILL)
    pair.await_(facts.PeerStarted, 4)
    pair.send("both: and now go on")
    accepted = pair.await_(facts.HandoffAccepted, 6)
    assert {each.author for each in accepted[4:]} == set(PEERS)
    again = {each.peer: (each.session, each.source) for each in pair.heard(facts.PeerSession)[2:]}
    assert again == {peer: (sessions[peer], "resume") for peer in PEERS}
    pair.await_(facts.AckFile, 6)
