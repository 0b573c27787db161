"""A CLI that cccc does not know, read and typed into by its settings: here a shell with a prompt of its own."""

from __future__ import annotations

import json

import pytest

from cccc.common import facts
from cccc.common.settings.cli_profiles import CliProfiles, InputModes, Peer
from cccc.services.delivery.running import peers
from tests.services.delivery.conftest import QUICK, Desk
from tests.services.delivery.test_passthrough import wish
from tests.waiting import until

# Reads a line, notes how it came (bracketed or not) and how many keys ended it, is busy for a moment, prompts again.
PROGRAM = """\
import os, select, sys, termios, time, tty
tty.setraw(0)
sys.stdout.write("\\x1b[?2004h")
need = int(sys.argv[1])
while True:
    sys.stdout.write("ready> "); sys.stdout.flush()
    text, ends = "", 0
    while ends < need:
        got = os.read(0, 4096).decode()
        ends += got.count("\\r")
        text += got.replace("\\r", "")
        sys.stdout.write(got.replace("\\x1b[200~", "").replace("\\x1b[201~", "").replace("\\r", "")); sys.stdout.flush()
    way = "pasted" if "\\x1b[200~" in text else "typed"
    open(sys.argv[2], "a").write(f"{way} {ends} {text}\\n")
    sys.stdout.write("\\r\\nWorking hard\\r\\n"); sys.stdout.flush()
    time.sleep(1.0)  # the turn
    sys.stdout.write("\\x1b[2J\\x1b[H")
"""


def up(desk: Desk, needs: int = 1, **profile: object) -> None:
    """Start the program as PeerA, with these keys in its section."""
    program = desk.project.home / "program.py"
    program.write_text(PROGRAM)
    desk.environment["CLAUDE_I_CMD"] = f"python3 {program} {needs} {desk.project.home / 'taken'}"
    section = {"prompt_regex": r"^ready> $|^ready>$", "busy_regexes": ["working"], "idle_quiet_seconds": 0.2, **profile}
    settings = {"delivery": {**QUICK, "human_quiet_seconds": 1}, "peerA": section}
    (desk.project.settings / "cli_profiles.yaml").write_text(json.dumps(settings))
    desk.up()
    until(lambda: "ready>" in desk.screen("PeerA"), what="the prompt")


def bare(line: str) -> str:
    """Return a line that was taken without the brackets of its paste."""
    return line.replace("\x1b[200~", "").replace("\x1b[201~", "")


def taken(desk: Desk, count: int = 1) -> list[str]:
    """Return the lines that the program took, once there are `count`."""
    file = desk.project.home / "taken"

    def lines() -> list[str]:
        found = file.read_text().splitlines() if file.exists() else []
        return found if len(found) >= count else []

    return until(lines, 10, f"{count} lines")


@pytest.mark.parametrize(("mode", "way"), [("paste", "pasted"), ("type", "typed")])
def test_a_nudge_is_given_as_the_settings_say_and_counts_as_typed_not_as_accepted(
    desk: Desk, mode: str, way: str
) -> None:
    up(desk, input_mode=mode)
    desk.hand("PeerA")
    assert desk.await_(facts.Nudge)[0].to == "PeerA"
    line = bare(taken(desk)[0])
    assert line.startswith(f"{way} 1 [NUDGE] inbox=")
    assert line.endswith("]")
    assert desk.heard(facts.NudgeAccepted) == []


def test_a_busy_mark_keeps_the_next_line_waiting(desk: Desk) -> None:
    up(desk)
    wish(desk, "PeerA", "first")
    wish(desk, "PeerA", "second")
    assert [fact.outcome for fact in desk.await_(facts.RawTyped, 2)] == ["typed", "typed"]
    assert [bare(line).split()[-1] for line in taken(desk, 2)] == ["first", "second"]


@pytest.mark.parametrize(
    "profile",
    [
        {"input_mode": "paste", "post_paste_keys": ["Enter", "C-m"]},
        {"input_mode": "type", "send_sequence": "C-m", "nudge_extra_enters": 1, "nudge_enter_delay_ms": 100},
    ],
)
def test_more_keys_are_pressed_only_while_the_line_stands_there(desk: Desk, profile: dict[str, object]) -> None:
    up(desk, needs=2, **profile)
    wish(desk, "PeerA", "hello")
    assert desk.await_(facts.RawTyped)[0].outcome == "typed"
    assert taken(desk)[0].split()[1] == "2"


def test_one_key_is_not_pressed_twice_when_the_line_has_gone(desk: Desk) -> None:
    up(desk, needs=1, input_mode="paste", post_paste_keys=["Enter", "Enter", "Enter"], nudge_enter_delay_ms=100)
    wish(desk, "PeerA", "hello")
    desk.await_(facts.RawTyped)
    wish(desk, "PeerA", "again")
    desk.await_(facts.RawTyped, 2)
    assert [line.split()[1] for line in taken(desk, 2)] == ["1", "1"]


def test_without_its_prompt_nothing_is_typed(desk: Desk) -> None:
    up(desk, prompt_regex="^another> $")
    desk.hand("PeerA")
    assert desk.await_(facts.NudgeHeld)[0].reason == "no prompt is recognised"
    assert desk.heard(facts.NudgeTyping) == []


def test_the_input_mode_above_the_peers_comes_first() -> None:
    profiles = CliProfiles(peerA=Peer(input_mode="paste"), input_mode=InputModes(peerA="type"))
    assert peers.GENERIC.appearance(profiles.of("peerA")).bracketed is False
    assert peers.GENERIC.appearance(profiles.of("peerB")).bracketed is True
