"""The panel driven by textual's own pilot: a project that is down, so that only the panel answers."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Awaitable
from typing import Any, Callable

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from cccc.common.commands.history import History
from cccc.common.ledger.blobs import Blobs
from cccc.common.paths import Project
from cccc.services.tui import app
from cccc.services.tui.app import Panel
from cccc.services.tui.output import Entry, Output
from cccc.services.tui.requests import Decide
from cccc.services.tui.typed import CommandLine
from tests.services.tui.test_picture import a_status

DIFF = b"diff --git a/api.py b/api.py\n--- a/api.py\n+++ b/api.py\n@@ -1 +1 @@\n-old\n+password = hunter2\n"


def play(project: Project, size: tuple[int, int], act: Callable[[Panel, Pilot[None]], Awaitable[None]]) -> None:
    """Run a panel of some size and act on it."""

    async def whole() -> None:
        panel = Panel(project)
        async with panel.run_test(size=size) as pilot:
            await act(panel, pilot)

    asyncio.run(whole())


async def shows(panel: Panel, pilot: Pilot[None], words: str) -> None:
    """Wait until an answer holds some words."""
    for _ in range(500):
        if words in said(panel):
            return
        await pilot.pause(0.01)
    raise AssertionError(f"{words!r} is not in {said(panel)!r}")


def said(panel: Panel) -> str:
    return "\n".join(entry.render().plain for entry in panel.screen_stack[0].query(Entry))


def text_of(panel: Panel, id_: str) -> str:
    return str(panel.screen.query_one(id_, Static).render())


def a_request(number: int, **fields: Any) -> dict[str, Any]:
    rfd = {
        "rfd_id": f"rfd-{number}",
        "title": f"title {number}",
        "question": f"question {number}",
        "from": "PeerB",
        "why": "protected",
        "mid": f"m{number}",
        "required": 1,
        **fields,
    }
    times = {"opened": "2025-01-01T00:00:00Z", "expires": "2035-01-01T00:00:00Z"}
    return {"rfd": rfd, "status": "open", "by": [], "choice": "", "answers": {}, **times}


def open_requests(project: Project, *requests: dict[str, Any]) -> None:
    project.state.mkdir(exist_ok=True)
    (project.state / "rfd.json").write_text(json.dumps(requests))


def test_a_line_is_answered_and_the_answer_can_be_closed(project: Project) -> None:
    async def act(panel: Panel, pilot: Pilot[None]) -> None:
        await pilot.press(*"/queue", "enter")
        await shows(panel, pilot, "❯ /queue\nthe queue is empty")
        await pilot.press("escape")
        assert not panel.query_one(Output).display and said(panel) == ""

    play(project, (60, 15), act)


def test_ctrl_j_begins_another_line_and_enter_hands_all_of_them_over(project: Project) -> None:
    async def act(panel: Panel, pilot: Pilot[None]) -> None:
        await pilot.press(*"a:1", "ctrl+j", *"2")
        assert panel.query_one(CommandLine).text == "a:1\n2" and panel.query_one(CommandLine).size.height == 2
        await pilot.press("enter")
        await shows(panel, pilot, "not running, nothing was done")
        assert History(project).lines == ["a:1\n2"] and panel.query_one(CommandLine).text == ""

    play(project, (60, 15), act)


def test_up_and_down_go_through_what_was_typed_and_come_back_to_the_draft(project: Project) -> None:
    history = History(project)
    for text in ("first", "second"):
        history.add(text)

    async def act(panel: Panel, pilot: Pilot[None]) -> None:
        line = panel.query_one(CommandLine)
        await pilot.press(*"my")
        seen = []
        for key in ("up", "up", "up", "down", "down", "down"):
            await pilot.press(key)
            seen.append(line.text)
        assert seen == ["second", "first", "first", "second", "my", "my"]

    play(project, (60, 15), act)


def test_tab_completes_and_shows_the_choices(project: Project) -> None:
    async def act(panel: Panel, pilot: Pilot[None]) -> None:
        await pilot.press(*"/an", "tab")
        assert panel.query_one(CommandLine).text == "/anti-"
        await shows(panel, pilot, "/anti-on /anti-off /anti-status")
        await pilot.press(*"s", "tab")
        assert panel.query_one(CommandLine).text == "/anti-status"

    play(project, (60, 15), act)


def test_a_request_is_answered_by_two_keys_while_its_patch_is_on_the_screen(project: Project) -> None:
    sha = Blobs(project).put(DIFF)
    open_requests(project, a_request(1), a_request(2, sha=sha, paths=["api.py"]))

    async def act(panel: Panel, pilot: Pilot[None]) -> None:
        await pilot.press("ctrl+r", "down")
        assert "❯ rfd-2  title 2" in text_of(panel, "#requests")
        shown = text_of(panel, "#text")
        assert "question 2" in shown and "-old" in shown and "+[REDACTED]" in shown
        await pilot.press("a", "x", "a")
        assert text_of(panel, "#keys").startswith("approve rfd-2? y to confirm")
        await pilot.press("y")
        assert not isinstance(panel.screen, Decide)
        await shows(panel, pilot, "❯ /rfd approve rfd-2")

    play(project, (60, 15), act)


def test_own_options_have_numbers_and_a_question_is_typed(project: Project) -> None:
    open_requests(project, a_request(1, options=["drop", "keep"]))

    async def act(panel: Panel, pilot: Pilot[None]) -> None:
        await pilot.press("ctrl+r", "a")
        assert "r reject   1 drop   2 keep" in text_of(panel, "#keys") and "approve" not in text_of(panel, "#keys")
        await pilot.press("2", "y")
        await shows(panel, pilot, "❯ /rfd choose rfd-1 keep")
        await pilot.press("ctrl+r", "question_mark", *"who", "space", *"y?", "enter")
        await shows(panel, pilot, "❯ /rfd ask rfd-1 who y?")

    play(project, (60, 15), act)


def test_a_request_that_is_gone_is_not_confirmed_for_another(project: Project) -> None:
    open_requests(project, a_request(1), a_request(2))

    async def act(panel: Panel, pilot: Pilot[None]) -> None:
        await pilot.press("ctrl+r", "a")
        open_requests(project, a_request(2))
        screen = panel.screen
        assert isinstance(screen, Decide)
        screen.look()
        await pilot.press("y")
        assert isinstance(panel.screen, Decide) and "a approve" in text_of(panel, "#keys")

    play(project, (60, 15), act)


@pytest.mark.parametrize("size", [(60, 15), (200, 50)])
def test_nothing_of_the_screen_is_lost_at_either_size(project: Project, size: tuple[int, int]) -> None:
    open_requests(project, a_request(1))
    project.state.mkdir(exist_ok=True)
    project.status.write_bytes(msgspec.json.encode(a_status()))

    async def act(panel: Panel, pilot: Pilot[None]) -> None:
        await pilot.press(*"/help", "enter")
        await shows(panel, pilot, "/queue: ")
        bottom = panel.query_one("#typing").region.bottom
        assert bottom == size[1] and panel.query_one(Output).region.height <= size[1] // 2 + 1
        await pilot.press("ctrl+r")
        assert panel.screen.query_one("#keys").region.bottom == size[1]

    play(project, size, act)


def test_q_leaves_a_panel_of_its_own(project: Project) -> None:
    async def act(panel: Panel, pilot: Pilot[None]) -> None:
        await pilot.press("q", "enter")
        await pilot.pause()
        assert not panel.is_running

    play(project, (60, 15), act)


def test_a_timer_that_comes_after_the_end_does_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "FOLLOW_AGAIN_AFTER", 0.001)
    shutil.rmtree(project.state, ignore_errors=True)

    async def act(panel: Panel, pilot: Pilot[None]) -> None:
        await pilot.pause(0.02)

    play(project, (60, 15), act)
