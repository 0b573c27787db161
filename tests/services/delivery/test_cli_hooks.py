"""What the hook program leaves, and what follows from it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from cccc.common import facts as f
from cccc.common.paths import Project
from cccc.services.delivery import nudge
from cccc.services.delivery.mail import cli_hooks
from cccc.services.delivery.memory import Peer
from cccc.services.delivery.running import peers

LINE = nudge.line(Path("/repo/.cccc/mailbox/peerA/inbox"), "", "abc123")


def run(project: Project, event: str, fields: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """Run the hook program as a CLI does."""
    command = peers.Start(project.root, project.hooks("PeerA"), {}).hook(event)
    return subprocess.run(["sh", "-c", command], input=json.dumps(fields), capture_output=True, text=True, timeout=10)


def told(event: str, **fields: Any) -> cli_hooks.Told:
    return cli_hooks.Told("peerA.hook.1.2", Path("x"), event, fields)


def test_what_a_hook_is_told_lies_whole_in_the_spool_in_its_order(project: Project) -> None:
    cli_hooks.prepare(project)
    for event in ("UserPromptSubmit", "Stop"):
        done = run(project, event, {"event": event, "text": 'ä "quoted" \n line'})
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = cli_hooks.spooled(project, "PeerA")
    assert [(each.event, each.fields["event"]) for each in found] == [("UserPromptSubmit",) * 2, ("Stop",) * 2]
    assert found == cli_hooks.spooled(project, "PeerA")
    assert {each.path.stat().st_mode & 0o777 for each in found} == {0o600}


def test_a_hook_never_fails_a_cli(project: Project) -> None:
    assert run(project, "Stop", {}).returncode == 0  # there is no spool
    cli_hooks.prepare(project)
    (project.hooks("PeerA") / "Stop.1").write_text("{torn")
    (project.hooks("PeerA") / "Stop.2").write_text("[1]")
    (project.hooks("PeerA") / "Stop.3").write_text("[" * 100_000)
    assert cli_hooks.spooled(project, "PeerA") == []
    assert list(project.hooks("PeerA").iterdir()) == []


def test_a_pipe_in_the_spool_stops_nothing(project: Project) -> None:
    cli_hooks.prepare(project)
    os.mkfifo(project.hooks("PeerA") / "Stop.1")
    assert run(project, "SessionStart", {"session_id": "s"}).returncode == 0
    assert [told.event for told in cli_hooks.spooled(project, "PeerA")] == ["SessionStart"]


def test_a_prompt_that_is_our_line_is_an_accepted_nudge_once() -> None:
    known = Peer()
    known.flight.token = "abc123"
    for prompt in (LINE, f"\n\n{LINE}\n"):
        assert cli_hooks.follows("PeerA", known, told("UserPromptSubmit", prompt=prompt)) == [
            f.NudgeAccepted(to="PeerA", token="abc123")
        ]
    known.flight.accepted = "abc123"
    assert cli_hooks.follows("PeerA", known, told("UserPromptSubmit", prompt=LINE)) == []


def test_another_prompt_proves_nothing() -> None:
    known = Peer()
    known.flight.sent = "ffffff"
    for prompt in (LINE, "hello", f"see {LINE}"):
        assert cli_hooks.follows("PeerA", known, told("UserPromptSubmit", prompt=prompt)) == []


def test_a_message_is_accepted_when_a_tool_gave_its_text_to_the_model() -> None:
    known = Peer(unproved={"m1": 1, "m2": 2})
    body = "<FROM_USER>\n[MID: m1]\nhello\n</FROM_USER>\n"
    accepted = [f.HandoffAccepted(author="PeerA", mid="m1", inbox_seq=1, tool="Read")]
    for response in (body, {"file": {"content": body}}, {"stdout": body}):
        read = told("PostToolUse", tool_name="Read", tool_response=response)
        assert cli_hooks.follows("PeerA", known, read) == accepted
    listed = told(
        "PostToolUse", tool_name="Bash", tool_input={"command": "ls [MID: m2]"}, tool_response="000002.m2.txt"
    )
    assert cli_hooks.follows("PeerA", known, listed) == []


def test_the_end_of_a_turn_is_told_with_what_keeps_the_cli_from_going_on() -> None:
    def end(event: str, **fields: str) -> list[f.Fact]:
        return cli_hooks.follows("PeerA", Peer(), told(event, **fields))

    assert end("Stop") == [f.TurnEnd(peer="PeerA", outcome="done")]
    assert end("Interrupt") == [f.TurnEnd(peer="PeerA", outcome="interrupted")]
    words = "You have hit your limit · resets 3pm (UTC)"
    assert end("StopFailure", error="rate_limit", last_assistant_message=words) == [
        f.TurnEnd(peer="PeerA", outcome="failed", reason=words),
        f.PeerLimit(peer="PeerA", text=words, resets="3pm (UTC)"),
    ]
    later = end("StopFailure", error="rate_limit", last_assistant_message="Try again later.")[1]
    assert isinstance(later, f.PeerLimit) and later.resets == ""
    refused = "{'http_connection_failed': {'http_status_code': 401}}"  # in the words of Codex's record
    for error in ("authentication_failed", refused):
        assert [fact.kind for fact in end("StopFailure", error=error)] == ["turn-end", "peer-login"]
    assert [fact.kind for fact in end("StopFailure", error="server_error")] == ["turn-end"]
