"""The project's own tmux server: its window and its panes.

The server has its own socket and configuration, so the user's tmux is never touched. Panes
are known by an option that this module sets on them, never by their position. What runs in
a pane is marked by a second one, so that a restarted service adopts it.

Whatever changes in the window (a pane died or was killed, a client came or was resized)
makes a hook write a file in the folder `events(project)`, which the window's owner watches.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cccc.common.errors import CcccError, NotRunning, UserError
from cccc.common.machine import leftovers
from cccc.common.paths import PEERS, Project

SESSION = "cccc"
ROLES = (*PEERS, "ledger", "panel")
WIDTH, HEIGHT = 200, 49  # two peers side by side, neither below 80 columns; with tmux's own line 50
_ANSWERS_WITHIN = 5.0
_REOPENS_WITHIN = 2.0
_SOL_LOCAL, _LOCAL_PEERPID = 0, 2  # of macOS: sys/un.h
_OF_A_CLIENT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE")  # no token of a service needs to reach tmux

_CONF = """\
set -g default-terminal "screen-256color"
set -g history-limit 20000
set -g mouse on
set -g display-time 3000
set -g default-size {width}x{height}
set -g automatic-rename off
set -g allow-rename off
set -g alternate-screen {alternate}
set -g pane-border-status top
set -g pane-border-format " #{{?#{{@cccc_pane}},#{{@cccc_pane}},pane}} "
set -g status-left "[{name}] "
set -g status-left-length 40
set -sg escape-time 10
"""
_HOOK = """set-hook -g {event} 'run-shell -b ": > \\"$CCCC_WINDOW_EVENT\\""'\n"""
_EVENTS = (
    "pane-died",
    "pane-exited",
    "window-unlinked",
    "after-kill-pane",
    "client-attached",
    "client-detached",
    "client-resized",
)
_UNKNOWN = "exit unknown"
_PANE = "#{@cccc_pane}|#{pane_id}|#{pane_dead}|#{pane_pid}|#{pane_dead_status}|#{pane_dead_signal}|#{@cccc_run}"
# Where a missing pane is put: beside the first of these that is there (role, direction, across the whole window).
_BESIDE = {
    "PeerA": (("PeerB", "Left", False), ("ledger", "Above", True), ("panel", "Above", True)),
    "PeerB": (("PeerA", "Right", False),),
    "ledger": (("panel", "Left", False), ("PeerA", "Below", True)),
    "panel": (("ledger", "Right", False),),
}
_PEERS_SHARE = {"Above": "70%", "Below": "30%", "Left": "50%", "Right": "50%"}


class TmuxError(CcccError):
    """tmux refused a command, or did not answer in time."""


class Gone(TmuxError):
    """The server, the session or the pane is not there (any more)."""


@dataclass(frozen=True)
class Pane:
    """One of our panes. `run` is what `respawn` was given last, "" before the first."""

    role: str
    id: str
    dead: bool
    pid: int
    ended: str  # how its program ended: "exit 1", "signal 9"; "" while it lives
    run: str


def events(project: Project) -> Path:
    """Return the folder in which a file is written when something in the window changes."""
    return project.run / "window"


def call(project: Project, *command: str, environment: Mapping[str, str] | None = None) -> str:
    """Return the output of one tmux call, about 4 ms; `;` as an argument separates commands.

    A server that has lost its socket, which cleaners of old files remove, makes it anew. Raises Gone and TmuxError.
    """
    own = {name: os.environ[name] for name in _OF_A_CLIENT if name in os.environ}
    env = own if environment is None else dict(environment)
    env.pop("TMUX", None)
    try:
        return _ask(project, command, env)
    except TmuxError:
        if not _reopen(project):
            raise
    return _ask(project, command, env)


def _ask(project: Project, command: tuple[str, ...], env: Mapping[str, str]) -> str:
    # -u: for a service without a UTF-8 locale tmux would write `_` instead of other signs.
    argv = ("tmux", "-u", "-S", str(project.socket("tmux")), "-f", str(_conf(project)), *command)
    try:
        done = subprocess.run(
            argv, capture_output=True, timeout=_ANSWERS_WITHIN, env=env, stdin=subprocess.DEVNULL, check=False
        )
    except subprocess.TimeoutExpired:
        raise TmuxError(f"tmux did not answer within {_ANSWERS_WITHIN:.0f} s: {command[0]}") from None
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip()
        gone = words.startswith(("no server", "error connecting", "can't find", "lost server", "server exited"))
        raise (Gone if gone else TmuxError)(f"tmux {command[0]}: {words or done.returncode}")
    return done.stdout.decode("utf-8", "replace")


def _reopen(project: Project) -> bool:
    """Have a server that lives without its socket make it again (SIGUSR1 of tmux(1)). Returns whether one did."""
    path = project.socket("tmux")
    servers = leftovers.tmux_servers(path)
    if not servers or listener(path) in servers:
        return False
    project.make_run()
    leftovers.clear(path)
    os.kill(servers[0], signal.SIGUSR1)
    end = time.monotonic() + _REOPENS_WITHIN
    while listener(path) != servers[0]:
        if time.monotonic() > end:
            raise TmuxError(f"the tmux server (process {servers[0]}) has lost {path} and does not recreate it")
        time.sleep(0.01)
    return True


def listener(path: Path) -> int:
    """Return the number of the process that listens at a unix socket; 0 when nobody does."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_REOPENS_WITHIN)
        probe.connect(str(path))
        if sys.platform == "linux":
            told = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        else:
            told = probe.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID, 4)
        return int.from_bytes(told[:4], sys.byteorder)
    return 0


def word(text: str) -> str:
    """Return a text as one argument of a tmux command: at the end of any other, `;` separates commands."""
    return f"{text[:-1]}\\;" if text.endswith(";") else text


def _folder(project: Project) -> str:
    """Return the project's folder for `-c`, where tmux runs what stands in `#(...)`."""
    return word(str(project.root).replace("#", "##"))


def server_pid(project: Project) -> int:
    """Return the process id of the project's tmux server. Raises Gone."""
    return int(call(project, "display-message", "-p", "#{pid}"))


def socket_of(project: Project) -> int:
    """Return the number of the file that stands where the socket is; 0 without one."""
    with contextlib.suppress(OSError):
        return project.socket("tmux").lstat().st_ino
    return 0


def panes(project: Project) -> dict[str, Pane]:
    """Return our panes by role. Raises Gone without a server."""
    found = _list(project)
    if any(pane.dead and pane.ended == _UNKNOWN for pane in found.values()):
        # tmux 3.3a misses one end of a child in fifty, until the next child ends.
        call(project, "run-shell", "true")
        found = _list(project)
    return found


def _list(project: Project) -> dict[str, Pane]:
    found = {}
    for line in call(project, "list-panes", "-a", "-F", _PANE).splitlines():
        role, id_, dead, pid, status, signalled, started = line.split("|")
        if role in ROLES:
            ended = f"exit {status}" if status else f"signal {signalled}" if signalled else _UNKNOWN
            over = dead == "1" or ended != _UNKNOWN  # "0" as long as a child keeps the terminal open
            found[role] = Pane(role, id_, over, int(pid), ended if over else "", started)
    return found


def build(project: Project, environment: Mapping[str, str], alternate_screen: bool = True) -> dict[str, Pane]:
    """Make the server, the window and those of its panes that are missing; return all by role.

    Panes that are there stay as they are. A new one runs `cat` until `respawn`. `environment`
    is that of a new server, and so of the windows that a person opens in it.
    """
    try:
        found = panes(project)
    except Gone:
        _start(project, environment, alternate_screen)
        found = {}
    if len(found) < len(ROLES):
        _fill(project, {role: pane.id for role, pane in found.items()})
    return panes(project)


def _conf(project: Project) -> Path:
    return project.run / "tmux.conf"


def _start(project: Project, environment: Mapping[str, str], alternate_screen: bool) -> None:
    project.make_run()
    events(project).mkdir(mode=0o700, exist_ok=True)
    conf = _CONF.format(
        width=WIDTH,
        height=HEIGHT,
        alternate="on" if alternate_screen else "off",
        name="".join(c if c.isalnum() or c in "-_." else "-" for c in project.name),
    )
    _conf(project).write_text(conf + "".join(_HOOK.format(event=event) for event in _EVENTS), encoding="utf-8")
    env = {**environment, "CCCC_WINDOW_EVENT": str(events(project) / "event")}
    size = ("-x", str(WIDTH), "-y", str(HEIGHT))
    command = ("new-session", "-d", "-s", SESSION, "-n", "pair", *size, "-c", _folder(project), "cat")
    call(project, *command, environment=env)


def _fill(project: Project, found: dict[str, str]) -> None:
    import libtmux  # here, because it costs 90 ms that `cccc attach` and `cccc down` need not pay
    from libtmux.constants import PaneDirection

    os.environ["LC_ALL"] = "C.UTF-8"  # libtmux has no -u, and separates its fields with a non-ASCII sign
    were_there = set(found)
    server = libtmux.Server(socket_path=str(project.socket("tmux")), config_file=str(_conf(project)))
    session = server.sessions.get(session_name=SESSION)
    assert session is not None
    for role in ROLES:
        if role in found:
            continue
        beside = next((place for place in _BESIDE[role] if place[0] in found), None)
        if beside is None:
            unnamed = session.windows[0].panes[0]
            fresh = unnamed if len(server.panes) == 1 else session.new_window("pair", window_shell="cat").panes[0]
        else:
            anchor, direction, whole = beside
            pane = server.panes.get(pane_id=found[anchor])
            assert pane is not None
            fresh = pane.split(
                direction=PaneDirection[direction],
                full_window_split=whole,
                size=_PEERS_SHARE[direction],
                start_directory=_folder(project),
                shell="cat",
            )
        fresh.cmd("set-option", "-p", "@cccc_pane", role)
        fresh.cmd("set-option", "-p", "remain-on-exit", "on")
        found[role] = str(fresh.pane_id)
    if "panel" not in were_there:
        call(project, "select-pane", "-t", found["panel"])  # what a person types first is for the panel, not for a CLI
    # Of our window alone: with `-g`, tmux 3.3a crashes at the next new window.
    call(project, "set-option", "-w", "-t", found["PeerA"], "window-size", "manual")


def respawn(project: Project, pane: str, run: str, *argv: str) -> None:
    """Start `argv` in the pane, in the project's folder, ending what runs there. Raises Gone."""
    call(
        project,
        *("respawn-pane", "-k", "-t", pane, "-c", _folder(project), *map(word, argv)),
        *(";", "set-option", "-p", "-t", pane, "@cccc_run", run),
    )


def fit(project: Project) -> None:
    """Make the window as large as its largest client, but never smaller than WIDTH x HEIGHT. Raises Gone."""
    output = call(
        project,
        *("display-message", "-p", "-t", f"={SESSION}:", "#{window_width} #{window_height} #{window_id}"),
        *(";", "list-clients", "-t", f"={SESSION}", "-F", "#{client_width} #{client_height}"),
    )
    window, *clients = output.splitlines()
    sizes = [(int(width), int(height) - 1) for width, height in (line.split() for line in clients)]
    wide = max([WIDTH, *(width for width, _ in sizes)])
    high = max([HEIGHT, *(height for _, height in sizes)])
    width, height, id_ = window.split()
    if (int(width), int(height)) != (wide, high):
        call(project, "resize-window", "-t", id_, "-x", str(wide), "-y", str(high))


def announce(project: Project, text: str) -> None:
    """Show one line to everybody who is attached, until a key is pressed or `display-time` is over. Raises Gone."""
    literal = text.replace("#", "##").replace("%", "%%")  # tmux runs what stands in `#(...)`
    for client in call(project, "list-clients", "-F", "#{client_name}").splitlines():
        call(project, "display-message", "-c", client, "--", word(literal))


def detach(project: Project) -> None:
    """Detach the terminal that typed last. Raises Gone."""
    clients = call(project, "list-clients", "-F", "#{client_activity} #{client_name}").splitlines()
    if clients:
        call(project, "detach-client", "-t", max(clients, key=lambda line: int(line.split()[0])).split(" ", 1)[1])


def _to_panel(project: Project) -> tuple[str, ...]:
    """Return the commands that move a small client's view to the panel: tmux follows only a cursor that is shown."""
    panel = panes(project).get("panel")
    if panel is None:
        return ()
    left = call(project, "display-message", "-p", "-t", panel.id, "#{pane_left}").strip()
    moves = (("-L", "9999"), ("-R", left), ("-D", "9999"))  # from the left edge, wherever the view is now
    return tuple(word for move in moves for word in (";", "refresh-client", *move))


def _has_session(project: Project) -> bool:
    try:
        call(project, "has-session", "-t", f"={SESSION}")
    except Gone:
        return False
    return True


def attach(project: Project, read_only: bool = False) -> None:
    """Be a client of the project's session until it is left, or ends. Raises NotRunning and UserError."""
    path = project.socket("tmux")
    if not _has_session(project):
        raise NotRunning(f"no session of {project.root} to attach to; run `cccc up`")
    outer = os.environ.pop("TMUX", "")
    if outer:
        if Path(outer.rsplit(",", 2)[0]).resolve() == path.resolve():
            raise UserError("this terminal is already inside the session")
        print("inside another tmux: press the prefix key twice to reach this session", file=sys.stderr)
    flags = ("-r",) if read_only else ()
    client = ("tmux", "-u", "-S", str(path), "attach-session", *flags, "-t", f"={SESSION}")
    size = os.get_terminal_size() if sys.stdout.isatty() else os.terminal_size((WIDTH, HEIGHT + 1))
    if size.columns < WIDTH or size.lines <= HEIGHT:
        seen = f"you see {size.columns}x{size.lines} of {WIDTH}x{HEIGHT + 1}"
        told = f"{seen}: C-b Shift-arrow moves the view, C-b Delete follows the cursor"
        client += (*_to_panel(project), ";", "display-message", told)
    ended = subprocess.run(client, check=False)  # it says itself why
    if ended.returncode and _has_session(project):  # else it was stopped meanwhile
        kind = os.environ.get("TERM", "")
        raise UserError(f"tmux cannot use this terminal (TERM={kind}); try `TERM=xterm-256color cccc attach`")
