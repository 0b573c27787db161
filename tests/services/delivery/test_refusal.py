"""What a tool is refused before it is used, by the real hook program."""

from __future__ import annotations

import json

import pytest

from cccc.common.paths import Project
from cccc.services.delivery.running.peers.refusal import refusal
from tests.services.delivery.test_cli_hooks import run

BASH = "Bash"


@pytest.mark.parametrize(
    ("tool", "text", "instead"),
    [
        (BASH, "git commit -m x", "patch.diff"),
        (BASH, "cd src && git -C .. -c a=b push origin main", "patch.diff"),
        (BASH, "FOO=1 /usr/bin/git stash", "patch.diff"),
        (BASH, "ls\ngit reset --hard", "patch.diff"),
        (BASH, "bash -c 'git checkout .'", "patch.diff"),
        (BASH, "if true; then git rebase main; fi", "patch.diff"),
        (BASH, "cccc rfd approve RFD-1", "to_user.md"),
        (BASH, "cccc down", "to_user.md"),
        (BASH, "cccc bridge pair", "to_user.md"),
        (BASH, "echo x >> .cccc/settings/policies.yaml", "Hand in a change of settings"),
        (BASH, "rm -rf /repo/.cccc/state", "Hand in a change of settings"),
        ("Write", "/repo/.cccc/settings/policies.yaml", "Hand in a change of settings"),
        ("apply_patch", "*** Begin Patch\n*** Update File: .cccc/state/ledger.jsonl\n", "Hand in a change of settings"),
    ],
)
def test_what_breaks_the_contract_is_refused_with_what_to_do_instead(tool: str, text: str, instead: str) -> None:
    assert instead in refusal(tool, {"file_path" if tool == "Write" else "command": text})


@pytest.mark.parametrize(
    ("tool", "text"),
    [
        (BASH, "git diff HEAD && git status; git log -3"),
        (BASH, 'echo "then git commit; git push"'),
        (BASH, "cat > to_peer.md <<'END'\nI would run\ngit commit -m x\nEND\nls"),
        (BASH, "grep -rn 'git push' docs"),
        (BASH, "cccc rfd check RFD-1"),
        (BASH, "cccc ledger tail"),
        (BASH, "cccc bridge status"),
        (BASH, "cat .cccc/state/status.json > /tmp/x"),
        (BASH, "echo 'it is open"),
        (BASH, ""),
        ("Write", "/repo/.cccc/mailbox/peerA/to_peer.md"),
        ("apply_patch", "*** Begin Patch\n*** Add File: a.txt\n+see .cccc/state\n"),
    ],
)
def test_what_does_not_is_let_through(tool: str, text: str) -> None:
    assert refusal(tool, {"file_path" if tool == "Write" else "command": text}) == ""


def test_the_hook_program_answers_as_both_clis_want_it(project: Project) -> None:
    event = {"tool_name": "Bash", "tool_input": {"command": "git commit -m x"}}
    answer = json.loads(run(project, "PreToolUse", event).stdout)["hookSpecificOutput"]
    assert (answer["hookEventName"], answer["permissionDecision"]) == ("PreToolUse", "deny")
    assert "patch.diff" in answer["permissionDecisionReason"]
    for harmless in ({"tool_name": "Bash", "tool_input": {"command": "ls"}}, {"tool_name": "Bash"}):
        done = run(project, "PreToolUse", harmless)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
