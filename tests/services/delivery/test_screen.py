from __future__ import annotations

import pytest

from cccc.common.settings.cli_profiles import Peer
from cccc.services.delivery.panes import screen
from cccc.services.delivery.panes.pane import Look
from cccc.services.delivery.panes.screen import BUSY, DIALOG, DRAFT, IDLE, STARTING, UNKNOWN
from cccc.services.delivery.running import peers

CLAUDE, CODEX, MOCK = (kind.appearance(Peer()) for kind in (peers.CLAUDE, peers.CODEX, peers.MOCK))

RULE = "─" * 96
BYPASS = "  ⏵⏵ bypass permissions on (shift+tab to cycle)"
FAINT = "\x1b[2mAsk Codex to do anything\x1b[0m"
CODEX_FOOTER = ["", "  \x1b[2mGPT-5.5 default · ~/proj/cap\x1b[0m", "  ← for agents · ? for shortcuts"]


def look(*rows: str, x: int, y: int, title: str = "", in_mode: bool = False, dead: bool = False) -> Look:
    return Look("place", x, y, in_mode, dead, title, rows, 0.0)


def claude(composer: str, x: int, *above: str, footer: str = BYPASS, title: str = "✳ Claude Code") -> Look:
    rows = (*above, RULE, *composer.split("\n"), RULE, footer)
    return look(*rows, x=x, y=len(above) + 1 + composer.count("\n"), title=title)


def codex(composer: str, x: int, *above: str, title: str = "cap") -> Look:
    return look(
        *above, "", *composer.split("\n"), *CODEX_FOOTER, x=x, y=len(above) + 1 + composer.count("\n"), title=title
    )


@pytest.mark.parametrize(
    ("shown", "appearance"),
    [
        (claude("❯\u00a0", 2, " ▐▛███▛█   Claude Code v2.1.330", title="Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA"), CLAUDE),
        (claude("❯ ", 2, "● done", "✻ Cooked for 2s · done 8:54 AM"), CLAUDE),
        (claude("❯\u00a0\x1b[7mT\x1b[0m\x1b[2mry 'edit <file>'\x1b[0m", 2), CLAUDE),
        (claude("❯ ", 2, "● press esc to interrupt", "a", "b", "c", "d", "e"), CLAUDE),
        (claude("❯ ", 2, "Do you want to proceed?", " ❯ 1. Yes"), CLAUDE),
        (codex(f"› {FAINT}", 2, "  >_ OpenAI Codex (v0.169.0)"), CODEX),
        (codex(f"› {FAINT}", 2, "• done", "  Worked for 2s • 08:55", title="Fake title | cap"), CODEX),
    ],
)
def test_an_empty_composer_is_idle(shown: Look, appearance: screen.Appearance) -> None:
    assert screen.read(shown, appearance) == screen.View(IDLE)


@pytest.mark.parametrize(
    ("shown", "appearance", "draft"),
    [
        (claude("❯ fix the bug", 13), CLAUDE, "fixthebug"),
        (claude("❯ fix the bug", 2), CLAUDE, "fixthebug"),
        (claude("❯ \x1b[7ma\x1b[0m", 2), CLAUDE, "a"),
        (claude("❯ [Pasted text #1 +4 lines]", 27, footer="  paste again to expand"), CLAUDE, "[Pastedtext#1+4lines]"),
        (claude("❯ go on", 7, "Do you want to proceed?"), CLAUDE, "goon"),
        (claude("❯ one\n  two", 5), CLAUDE, "onetwo"),
        (codex("› one\n  two\n  three", 7), CODEX, "onetwothree"),
        (look("", "› ", "  two", *CODEX_FOOTER, x=2, y=1), CODEX, "two"),
        (look("\x1b[2m", "\x1b[0m", "› \x1b[1mx", *CODEX_FOOTER, x=3, y=2), CODEX, "x"),
    ],
)
def test_what_somebody_typed_is_a_draft(shown: Look, appearance: screen.Appearance, draft: str) -> None:
    view = screen.read(shown, appearance)
    assert (view.state, view.draft) == (DRAFT, draft)


@pytest.mark.parametrize(
    ("shown", "appearance"),
    [
        (claude("❯ ", 2, "● slow words", title="◑ Claude Code"), CLAUDE),
        (claude("❯ ", 2, "● slow", title="⠂ Claude Code"), CLAUDE),
        (claude("❯ ", 2, "● slow", footer=BYPASS + " · esc to interrupt · ← for agents", title="x"), CLAUDE),
        (codex(f"› {FAINT}", 2, "• slow words slow words", title="⠸ Fake title | cap"), CODEX),
        (codex(f"› {FAINT}", 2, "• Working (1s • esc to interrupt) · 1 background terminal running"), CODEX),
    ],
)
def test_a_running_turn_is_busy(shown: Look, appearance: screen.Appearance) -> None:
    assert screen.read(shown, appearance).state == BUSY


CLAUDE_PERMISSION = (
    " This command requires approval",
    " Do you want to proceed?",
    " ❯ 1. Yes",
    "   4. No",
    " Esc to cancel",
)
CODEX_APPROVAL = (
    "  Would you like to run the following command?",
    "› 1. Yes, proceed (y)",
    "  3. No, and tell Codex what to do differently (esc)",
    "  Press enter to confirm or esc to cancel",
)


@pytest.mark.parametrize(
    ("shown", "appearance", "which"),
    [
        (look(*CLAUDE_PERMISSION, x=1, y=2, title="✳ Claude Code"), CLAUDE, "permission"),
        (look(*CODEX_APPROVAL, x=96, y=3, title="[ . ] Action Required | cap"), CODEX, "permission"),
        (look(*CODEX_APPROVAL, x=96, y=3), CODEX, "permission"),
        (codex(f"› {FAINT}", 2, title="[ ! ] Action Required"), CODEX, "permission"),
        (look("Trust this folder?", "› 1. Trust and continue", "  2. No", x=0, y=1), CODEX, "trust"),
        (look("Accessing workspace:", " ❯ 1. No, exit", "   2. Yes, I trust this folder", x=1, y=1), MOCK, "trust"),
        (look("Meet a model", "› 1. Try it", "  2. Not now", x=96, y=1), CODEX, "a menu"),
        (look("  1. One model", "› 9. Another", "  enter select · esc back", x=0, y=2), CODEX, "a menu"),
        (look("Hooks need review", "› 1. Review hooks", *[""] * 40, x=1, y=30), CODEX, "hooks review"),
    ],
)
def test_a_question_that_enter_would_answer_is_a_dialog(shown: Look, appearance: screen.Appearance, which: str) -> None:
    view = screen.read(shown, appearance)
    assert (view.state, view.reason) == (DIALOG, f"a dialog is open: {which}")


def test_what_is_not_recognised_is_never_idle() -> None:
    idle = claude("❯ ", 2)
    assert screen.read(look(*idle.rows, x=2, y=0), CLAUDE).state == UNKNOWN
    assert screen.read(look(*idle.rows, x=0, y=1), CLAUDE).state == UNKNOWN
    assert screen.read(look(*idle.rows, x=9, y=1), CLAUDE).state == UNKNOWN
    assert screen.read(look(*idle.rows, x=2, y=1, in_mode=True), CLAUDE).state == UNKNOWN
    assert screen.read(look(*idle.rows, x=2, y=1, dead=True), CLAUDE).state == screen.DEAD
    assert screen.read(look("", "", x=0, y=0), CLAUDE).state == STARTING
    assert screen.read(look("$ ", x=2, y=0), CLAUDE).state == UNKNOWN
    assert screen.read(look("› ", x=2, y=0), CLAUDE).state == UNKNOWN


def test_another_cli_is_read_by_the_patterns_of_its_settings() -> None:
    profile = Peer(prompt_regex=r"(?im)^\s*(?:>>>|>)\s*$", busy_regexes=(r"\bpytest\b",), idle_quiet_seconds=1.5)
    appearance = peers.GENERIC.appearance(profile)
    assert appearance.twice == 1.5
    assert screen.read(look("hello", ">>> ", x=4, y=1), appearance).state == IDLE
    assert screen.read(look("hello", ">>> x", x=5, y=1), appearance).state == UNKNOWN
    assert screen.read(look("Pytest 8", ">>> ", x=4, y=1), appearance).state == BUSY
    assert screen.read(look(">>> ", x=4, y=0), peers.GENERIC.appearance(Peer())).state == UNKNOWN


def test_a_colour_is_not_taken_for_a_style() -> None:
    assert screen.read(claude("❯ \x1b[38;5;2mhello", 7), CLAUDE).draft == "hello"
    assert screen.read(claude("❯ \x1b[38;2;2;7;2mhello", 7), CLAUDE).draft == "hello"
    assert screen.read(claude("❯ \x1b[48:5:2mhello", 7), CLAUDE).draft == "hello"
