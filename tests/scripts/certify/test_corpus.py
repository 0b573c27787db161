"""The screens of the real CLIs in tests/screens, and what delivery reads from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cccc.scripts.certify import corpus
from cccc.services.delivery.panes.pane import Look
from cccc.services.delivery.panes.screen import IDLE

SCREENS = Path(__file__).parents[2] / "screens"
KEPT = list(corpus.screens(SCREENS))


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: f"{kept.path.parent.name}/{kept.path.stem}")
def test_a_screen_is_read_as_what_it_shows(kept: corpus.Kept) -> None:
    assert kept.right(), f"{kept.read()}, not {corpus.SHOWN[kept.shown]}"


def test_there_are_screens_of_every_kind_from_both_clis() -> None:
    assert {kept.shown for kept in KEPT} == set(corpus.SHOWN)
    assert {kept.cli for kept in KEPT} == {"claude", "codex"}


def test_a_screen_is_kept_as_it_was_seen(tmp_path: Path) -> None:
    look = Look("", 2, 1, True, False, "\u2733 a = title", ("\x1b[1m\u276f\x1b[0m ", "", "  x"), 0.0)
    kept = corpus.keep(tmp_path / "claude-1.2.3", "copy-mode", look)
    assert (kept.look, kept.cli, kept.shown, kept.path.name) == (look, "claude", "copy-mode", "copy-mode-1.txt")
    assert corpus.keep(tmp_path / "claude-1.2.3", "copy-mode", look).path.name == "copy-mode-2.txt"
    assert "| claude-1.2.3 | copy-mode | 2 |" in corpus.confusion(tmp_path)


def test_nothing_but_an_empty_composer_is_read_as_idle() -> None:
    idle = {kept.shown for kept in KEPT if kept.read().state == IDLE}
    assert idle == {shown for shown, view in corpus.SHOWN.items() if view.state == IDLE}
