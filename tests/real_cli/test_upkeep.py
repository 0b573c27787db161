"""The long run with the real CLIs: SYSTEM, self-check, compaction, and mail behind a person's draft."""

from __future__ import annotations

import re

from cccc.common import facts
from cccc.common.machine import tmux
from cccc.scripts.model_server import Call, Rule, Say
from cccc.scripts.model_server.script import Step
from tests.command import cccc
from tests.real_cli.conftest import Pair
from tests.real_cli.test_safety import run
from tests.real_cli.test_session import NUDGE
from tests.waiting import until

PEERS = ("PeerA", "PeerB")


def rules(tool: str) -> list[Rule]:
    """Read and move all mail."""

    def steps(found: re.Match[str], _seen: str) -> list[Step]:
        read: Call = run(tool, f"cd {found[1]} && for f in $(ls | sort -n); do cat $f && mv $f ../processed/; done")
        return [read, Say("Done.")]

    return [Rule(NUDGE, steps)]


def press(pair: Pair, peer: str, *keys: str) -> None:
    tmux.call(pair.project, "send-keys", "-t", tmux.panes(pair.project)[peer].id, *keys)


def test_both_clis_get_system_a_self_check_and_a_compaction_in_time(pair: Pair) -> None:
    pair.claude.rules, pair.codex.rules = rules("Bash"), rules("exec_command")
    pair.up(
        lazy_preamble={"enabled": True},
        self_check_every_handoffs=4,
        context_compact_every_self_checks=1,
        nudge_debounce_ms=0,
    )
    pair.send("both: this is the first message of two")
    pair.await_(facts.TurnEnd, 2)
    pair.send("both: this is the second message of two")
    done = pair.await_(facts.ContextCompact, 2, limit=60)
    assert {(each.peer, each.outcome) for each in done} == {(peer, "done") for peer in PEERS}
    assert pair.await_(facts.SelfCheck)[0].count == 1
    pair.await_(facts.ContextSystemReinject, 2)
    given = [each for each in pair.heard(facts.Handoff) if each.author == "System"]
    names = sorted((each.to, each.mid.split("-")[0]) for each in given)
    assert names == [(peer, what) for peer in PEERS for what in ("check", "system", "system")]
    pair.await_(facts.HandoffAccepted, len(pair.heard(facts.Handoff)), limit=60)
    assert cccc(pair.project.root, "send", "a! /status") == "PeerA: typed\n"
    until(lambda: "Session ID" in pair.screen("PeerA"), 10, "the answer of the CLI itself")


def test_mail_behind_a_draft_reaches_both_clis_without_a_key(pair: Pair) -> None:
    pair.claude.rules, pair.codex.rules = rules("Bash"), rules("exec_command")
    pair.up(blocked_minutes=0.05)
    pair.send("both: hello")
    pair.await_(facts.TurnEnd, 2)
    for peer in PEERS:
        press(pair, peer, "-l", "my own draft")
        until(lambda: "my own draft" in pair.screen(peer), 10, "the draft")  # noqa: B023
    typed = len(pair.heard(facts.NudgeTyping))
    pair.send("both: is anybody there?")
    beside = pair.await_(facts.NudgeBeside, 2, limit=30)
    assert {(each.to, each.route) for each in beside} == {("PeerA", "stop-hook"), ("PeerB", "queue")}
    press(pair, "PeerA", "Enter")
    pair.await_(facts.AckFile, 4, limit=60)
    tokens = {each.token for each in pair.await_(facts.NudgeAccepted, 4)}
    assert {each.token for each in beside} <= tokens
    assert len(pair.heard(facts.NudgeTyping)) == typed
    assert "my own draft" in pair.screen("PeerB")
