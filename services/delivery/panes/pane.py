"""Eyes and hands on one pane: what is on its screen, a paste, a key.

A key is sent only while the screen is still as it was when it was looked at; tmux itself
compares and acts, so nothing that a person types can come in between.
"""

from __future__ import annotations

from dataclasses import dataclass

from cccc.common.machine import tmux
from cccc.common.paths import Project

_PLACE = "#{cursor_x} #{cursor_y} #{pane_in_mode} #{pane_dead} #{history_size} #{pane_width}"
_CLIENT = "client #{pane_id} #{client_readonly} #{client_activity} #{client_control_mode} #{client_tty}"


@dataclass(frozen=True)
class Look:
    """What is on a pane's screen at one moment.

    `place` changes whenever somebody types or scrolls; `paste` and `press` act only while it
    is the same. `rows` carry the SGR sequences of `capture-pane -e`. `human` is the Unix time of the
    last key of a person who has this pane in front, 0 without one; `terminals` are those of these people.
    """

    place: str
    x: int
    y: int
    in_mode: bool
    dead: bool
    title: str
    rows: tuple[str, ...]
    human: float
    terminals: tuple[str, ...] = ()


def look(project: Project, pane: str) -> Look:
    """Return what is on the pane's screen, in one tmux call. Raises Gone."""
    output = tmux.call(
        project,
        *("list-clients", "-t", f"={tmux.SESSION}", "-F", _CLIENT),
        *(";", "display-message", "-p", "-t", pane, f"{_PLACE}|#{{pane_title}}"),
        *(";", "capture-pane", "-p", "-e", "-t", pane),
    )
    lines = output.split("\n")
    human, terminals = 0.0, []
    while lines[0].startswith("client "):
        _, shown, readonly, active, controls, terminal = lines.pop(0).split(" ", 5)
        if shown == pane and readonly == "0":
            human = max(human, float(active))
            terminals += [terminal] if controls == "0" else []
    place, _, title = lines.pop(0).partition("|")
    x, y, in_mode, dead = place.split(" ")[:4]
    rows = tuple(lines[:-1])
    return Look(place, int(x), int(y), in_mode != "0", dead != "0", title, rows, human, tuple(terminals))


def transcript(project: Project, pane: str) -> str:
    """Return the text of the pane's screen and history, wrapped lines joined. Raises Gone."""
    return tmux.call(project, "capture-pane", "-p", "-J", "-S", "-", "-t", pane)


def last_words(project: Project, pane: str) -> str:
    """Return the last line on the pane's screen that is not blank. Raises Gone."""
    lines = tmux.call(project, "capture-pane", "-p", "-J", "-t", pane).splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def paste(project: Project, pane: str, text: str, place: str, bracketed: bool = True) -> bool:
    """Paste one line, bracketed or as if it were typed, if the pane is still as it was seen at `place`. Raises Gone."""
    buffer = f"cccc-{pane[1:]}"
    pasting = f"paste-buffer {'-p ' if bracketed else ''}-d -b {buffer} -t {pane}"
    filled = ("set-buffer", "-b", buffer, "--", tmux.word(text), ";")
    return _while_at(project, pane, place, pasting, f"delete-buffer -b {buffer}", *filled)


def press(project: Project, pane: str, key: str, place: str) -> bool:
    """Press a key, if the pane is still as it was seen at `place`. Raises Gone."""
    return _while_at(project, pane, place, f"send-keys -t {pane} {key}", "")


def escape(project: Project, pane: str) -> None:
    """Press Esc, if the pane is neither scrolled back nor dead. Raises Gone."""
    tmux.call(
        project, "if-shell", "-F", "-t", pane, "#{==:#{pane_in_mode}#{pane_dead},00}", f"send-keys -t {pane} Escape"
    )


def _while_at(project: Project, pane: str, place: str, then: str, otherwise: str, *before: str) -> bool:
    """Let tmux itself compare and act, so that no key can come in between."""
    condition = f"#{{==:{_PLACE},{place}}}"
    then, otherwise = f"{then} ; display-message -p yes", f"{otherwise} ; display-message -p no".lstrip(" ;")
    return tmux.call(project, *before, "if-shell", "-F", "-t", pane, condition, then, otherwise).strip() == "yes"
