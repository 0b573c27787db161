"""What was typed in the panel and answered, and what the peers said meanwhile."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.text import Text
from textual.containers import VerticalScroll
from textual.widgets import Static

from cccc.common.text.lines import Line, cut

_KEPT = 40  # entries


class Entry(Static):
    """Some lines. Rows of a table are cut to the width, sentences go on below."""

    def __init__(self, lines: Sequence[Line]) -> None:
        super().__init__()
        self._lines = lines

    def render(self) -> Text:
        width = max(1, self.app.size.width - 1)  # the scroll bar
        return Text("\n").join(_fitted(line, width) for line in self._lines)


class Output(VerticalScroll, can_focus=False):
    """The entries, oldest first; hidden when there is none."""

    def on_mount(self) -> None:
        self.border_title = "Esc close · PgUp/PgDn scroll · /log shows the peers' messages again"

    def add(self, lines: Sequence[Line], from_its_top: bool) -> None:
        """Show one more entry: its beginning, or its end."""
        if not lines:
            return
        for old in list(self.query(Entry))[: -_KEPT + 1]:
            old.remove()
        entry = Entry(lines)
        self.display = True
        self.mount(entry)
        if from_its_top:
            self.call_after_refresh(self.scroll_to_widget, entry, animate=False, top=True)
        else:
            self.call_after_refresh(self.scroll_end, animate=False)

    def clear(self) -> None:
        """Forget everything."""
        self.remove_children()
        self.display = False

    def on_resize(self) -> None:
        for entry in self.query(Entry):
            entry.refresh(layout=True)


def _fitted(line: Line, width: int) -> Text:
    style = f"{'bold ' if line.bold else ''}{line.colour or ''}".strip()
    if "  " in line.text.strip():
        return Text(cut(line.text, width), style)
    return Text("\n".join(textwrap.wrap(line.text, width, subsequent_indent="  ") or [""]), style)
