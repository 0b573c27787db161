"""The requests that wait for a person: look at one, and answer it.

No answer is given by one key: the second one confirms it, while what is approved stands on the screen.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.events import Key
from textual.screen import Screen
from textual.widgets import Input, Static

from cccc.common.commands import rfd
from cccc.common.errors import NotFound
from cccc.common.facts import Redact
from cccc.common.ledger.blobs import Blobs
from cccc.common.paths import Project
from cccc.common.text.lines import Line, cut

_KEYS = "↑↓ select   {answers}   ? ask   PgUp PgDn scroll   Esc back"
_SHOWN = 5  # requests at once
_ENDS = ("escape", "ctrl+r", "q")


class Decide(Screen[str]):
    """Ends with the command that gives the answer, such as `/rfd approve rfd-1`, or with ""."""

    AUTO_FOCUS = ""  # keys are answers until a question is asked
    CSS = """
    Decide { layout: vertical; }
    #requests { height: auto; }
    #request { height: 1fr; border-top: solid ansi_bright_black; scrollbar-size-vertical: 1; }
    #question { height: 1; border: none; padding: 0; display: none; }
    #keys { height: auto; }
    """

    def __init__(self, project: Project, redact: Redact) -> None:
        super().__init__()
        self._project = project
        self._redact = redact
        self._entries: list[dict[str, Any]] = []
        self._chosen = ""  # id of the request
        self._answer = ""  # waits for its confirmation

    def compose(self) -> ComposeResult:
        yield Static(id="requests")
        with VerticalScroll(id="request", can_focus=False):
            yield Static(id="text")
        yield Input(id="question", placeholder="your question (Enter asks both peers)", compact=True)
        yield Static(id="keys")

    def on_mount(self) -> None:
        self.query_one("#question", Input).cursor_blink = False
        self.look()

    def on_resize(self) -> None:
        self._show()

    def look(self) -> None:
        """Read the requests again."""
        self._entries = [entry for entry in rfd.read(self._project) if entry["status"] == "open"]
        ids = [_id(entry) for entry in self._entries]
        if self._chosen not in ids:
            self._answer = ""  # what was about to be confirmed is gone
            self._chosen = ids[0] if ids else ""
            self._read()
        self._show()

    def on_key(self, event: Key) -> None:
        if self._asking:
            if event.key == "escape":
                self._ask(False)
            return
        event.stop()
        if self._answer:
            self._confirm(event.key)
        elif event.key in _ENDS:
            self.dismiss("")
        elif event.key in ("up", "down") and self._entries:
            self._move(-1 if event.key == "up" else 1)
        elif event.key == "question_mark" and self._chosen:
            self._ask(True)
        elif self._chosen and event.character in self._choices():
            self._answer = self._choices()[event.character]
        self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.dismiss(f"/rfd ask {self._chosen} {event.value.strip()}")
        self._ask(False)

    @property
    def _asking(self) -> bool:
        return bool(self.query_one("#question", Input).display)

    def _ask(self, on: bool) -> None:
        question = self.query_one("#question", Input)
        question.display = on
        if on:
            question.focus()
        else:
            self.set_focus(None)

    def _confirm(self, key: str) -> None:
        if key != "y":
            self._answer = ""
            return
        verb = self._answer if self._answer in ("approve", "reject") else f"choose {self._chosen} {self._answer}"
        self.dismiss(f"/rfd {verb}" if verb.startswith("choose") else f"/rfd {verb} {self._chosen}")

    def _move(self, by: int) -> None:
        ids = [_id(entry) for entry in self._entries]
        self._chosen = ids[(ids.index(self._chosen) + by) % len(ids)]
        self._read()

    def _choices(self) -> dict[str, str]:
        """Return the answers of the chosen request, by the keys that give them."""
        options: list[str] = self._request()["rfd"].get("options", ["approve", "reject"])
        own = [option for option in options if option not in ("approve", "reject")]
        choices = {"a": "approve"} if "approve" in options else {}
        return {**choices, "r": "reject", **{str(number): option for number, option in enumerate(own[:9], 1)}}

    def _request(self) -> dict[str, Any]:
        return next(entry for entry in self._entries if _id(entry) == self._chosen)

    def _read(self) -> None:
        """Show the chosen request whole, and the patch that it is about."""
        text = Text()
        if self._chosen:
            entry = self._request()
            text = Text("\n").join(_styled(rfd.shown(entry)))
            if entry["rfd"].get("sha"):
                text.append("\n\n").append_text(self._patch(entry["rfd"]["sha"]))
        self.query_one("#text", Static).update(text)
        self.query_one("#request", VerticalScroll).scroll_home(animate=False)

    def _patch(self, sha: str) -> Text:
        try:
            diff = self._redact(Blobs(self._project).get(sha).decode("utf-8", "replace"))
        except NotFound as error:
            return Text(str(error), "red")
        return Text("\n").join(Text(_printable(line), _colour(line)) for line in diff.splitlines())

    def _show(self) -> None:
        width = self.app.size.width
        at = next((number for number, entry in enumerate(self._entries) if _id(entry) == self._chosen), 0)
        first = max(0, at - _SHOWN + 1)
        rows = [f"{_id(entry)}  {entry['rfd']['title']}" for entry in self._entries]
        lines = [
            Text(cut(f"{'❯' if number == at else ' '} {row}", width), "bold" if number == at else "")
            for number, row in enumerate(rows)
        ]
        self.query_one("#requests", Static).update(
            Text("\n").join(lines[first : first + _SHOWN]) if lines else Text("no open requests", "dim")
        )
        self.query_one("#keys", Static).update(self._keys())

    def _keys(self) -> Text:
        if self._answer:
            return Text(f"{self._answer} {self._chosen}? y to confirm, any other key to cancel", "bold yellow reverse")
        if not self._chosen:
            return Text("Esc back", "dim")
        return Text(_KEYS.format(answers="   ".join(f"{key} {word}" for key, word in self._choices().items())), "dim")


def _id(entry: dict[str, Any]) -> str:
    return str(entry["rfd"]["rfd_id"])


def _styled(lines: Iterable[Line]) -> list[Text]:
    return [Text(line.text, f"{'bold ' if line.bold else ''}{line.colour or ''}".strip()) for line in lines]


def _printable(line: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in line.expandtabs(4))


def _colour(line: str) -> str:
    if line.startswith(("+++", "---", "diff ", "@@")):
        return "bold"
    return {"+": "green", "-": "red"}.get(line[:1], "")
