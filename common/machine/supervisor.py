"""supervisord for one project: start it, ask it, end it.

supervisord's main loop sleeps up to 1 s between the steps of a stop, a start or a restart, and each
question wakes it: so whoever waits for it here keeps asking. Its own death leaves the services behind
as orphans for a moment; `down` finds those by the locks they hold, never by name. It lives on without its
socket, which cleaners of old files remove: it is known by its command line, too, and `mend` has it bind anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import importlib.resources
import os
import resource
import signal
import socket
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cccc.common.errors import NotFound, NotRunning, UserError
from cccc.common.machine import leftovers
from cccc.common.paths import Project, same_file
from cccc.common.registry import BRIDGES, BY_NAME, EVERY, is_bridge

LOST_SOCKET = "its socket is gone or does not answer; `cccc up` recreates it, the peers keep running"
STOP_WITHIN = 1.0  # what `down` leaves to the services; leftovers.end takes less than 1 s more
_ANSWER_WITHIN = 10.0  # longer than stopwaitsecs
_STARTS_WITHIN = 60.0  # on a host under load Python alone needs seconds
_RESTARTS_WITHIN = 30.0
_ASK_EVERY = 0.005
_ASK_AGAIN = 0.1  # of one that does not answer
NOT_RUNNING = 70  # supervisor.xmlrpc.Faults
_SHUTDOWN_STATE = 6
_STAYS = ("RUNNING", "RESTARTING")


@dataclass(frozen=True)
class Row:
    """One service as supervisord sees it. RUNNING means started; ready is what its beat says."""

    name: str
    state: str  # STOPPED, STARTING, RUNNING, BACKOFF (waits before the next try), STOPPING, EXITED
    pid: int  # 0: no process
    since: float  # Unix time of the last start, or of the end when it has ended
    error: str  # why it could not start or stay, else ""
    log: Path
    next_try: float = 0.0  # Unix time, in BACKOFF only; supervisord may be 1 s late


def start(project: Project, bridges: Collection[str] = ()) -> bool:
    """Start supervisord, which starts the services in their order, and of the bridges those that are named.

    Returns False when it already runs; two at once in one project cannot be. Raises UserError when
    supervisord refuses to start. The services are started when this returns, not yet ready.
    """
    project.make_private()
    with _one_at_a_time(project):
        if _mended(project):
            return False
        _shut_down(project)  # it may be on its way out
        project.place_sockets()
        _prepare(project, bridges)
        _run(project)
    return True


def mend(project: Project) -> bool:
    """Have a supervisord that has lost its socket restart in place, which binds it anew and restarts the services.

    Returns whether there was need for it. The peers go on. Raises UserError when it does not come back.
    """
    with _one_at_a_time(project):
        return not _answers(project) and _mended(project)


def _mended(project: Project) -> bool:
    """Return whether supervisord runs and answers now."""
    if _answers(project):
        return True
    found = leftovers.supervisords(project)
    if _state(project) or not found:
        return False
    bridges = [bridge.name for bridge in BRIDGES if leftovers.serves(project, bridge.name, bridge.module)]
    _prepare(project, bridges)
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGHUP)
    end = time.monotonic() + _RESTARTS_WITHIN
    while leftovers.supervisords(project):
        if _answers(project):
            return True
        if time.monotonic() > end:
            raise UserError(
                f"supervisord (process {found[0]}) is running but does not answer; `cccc down` stops everything"
            )
        time.sleep(_ASK_AGAIN)
    return False  # it was on its way out


def _prepare(project: Project, bridges: Collection[str]) -> None:
    """Write the configuration, and clear the place of the socket of what is none: supervisord would try for ever."""
    project.make_run()
    leftovers.clear(project.socket("supervisor"))
    (project.sockets / "supervisord.conf").write_text(render(bridges), encoding="utf-8")


def _run(project: Project) -> None:
    env = {**os.environ, "CCCC_HOME": str(project.home), "CCCC_PYTHON": sys.executable}
    try:
        started = subprocess.run(
            [sys.executable, "-I", *leftovers.supervisord(project)],
            cwd=project.home,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_STARTS_WITHIN,
            check=False,
        )
    except subprocess.TimeoutExpired:
        log = project.service_log("supervisord")
        raise UserError(f"supervisord did not start within {_STARTS_WITHIN:.0f} s; see {log}") from None
    if started.returncode:
        said = (started.stderr + started.stdout).strip().splitlines() or [f"exit {started.returncode}"]
        raise UserError(f"supervisord failed to start: {said[0]}; see {project.service_log('supervisord')}")


def render(bridges: Collection[str]) -> str:
    """Return the text of supervisord's configuration: the last section of the template once for each service."""
    template = importlib.resources.files("cccc.conf").joinpath("supervisord.ini").read_text(encoding="utf-8")
    head, mark, program = template.partition("\n[program:")
    sections = []
    for service in EVERY:
        name, module = service.name, service.module or service.name
        autostart = str(name in bridges or not is_bridge(name)).lower()
        sections.append((mark + program).format(name=name, module=module, order=service.order, autostart=autostart))
    return head.format(
        minfds=_at_most(resource.RLIMIT_NOFILE, 1024), minprocs=_at_most(resource.RLIMIT_NPROC, 200)
    ) + "".join(sections)


def _at_most(limit: int, wish: int) -> int:
    """Return how much supervisord may ask for: it refuses to start where it cannot have it."""
    hard = resource.getrlimit(limit)[1]
    return wish if hard == resource.RLIM_INFINITY else min(wish, hard)


def is_up(project: Project) -> bool:
    """Return whether supervisord runs and is not about to end, also where it has lost its socket."""
    state = _state(project)
    return state in _STAYS if state else bool(leftovers.supervisords(project))


def _answers(project: Project) -> bool:
    return _state(project) in _STAYS


def call(project: Project, method: str, *args: object) -> Any:
    """Return supervisord's answer to one call of its XML-RPC API (`getState`, `startProcess`, …).

    Raises NotRunning when nobody answers, xmlrpc.client.Fault when it refuses.
    """
    try:
        return _ask(project, _ANSWER_WITHIN, method, *args)
    except NotRunning:
        if leftovers.supervisords(project):
            raise NotRunning(f"supervisord is running, but {LOST_SOCKET}") from None
        raise


def processes(project: Project) -> list[Row]:
    """Return one row per service, in start order. Raises NotRunning."""
    rows = [
        Row(
            name=answer["name"],
            state=answer["statename"],
            pid=answer["pid"],
            since=float(answer["start"] if answer["pid"] else answer["stop"]),
            error="" if answer["pid"] else answer["spawnerr"],
            log=project.service_log(answer["name"]),
            next_try=answer["stop"] + _tries(project, answer["name"]) if answer["statename"] == "BACKOFF" else 0.0,
        )
        for answer in call(project, "getAllProcessInfo")
    ]
    order = list(BY_NAME)
    return sorted(rows, key=lambda row: order.index(row.name) if row.name in order else -1)


def reason(row: Row) -> str:
    """Return why a service does not stay up: its last words while it waits for the next try."""
    return last_words(row) if row.state == "BACKOFF" else row.error


def last_words(row: Row) -> str:
    """Return the last line of a service's log."""
    said = row.log.read_text(encoding="utf-8", errors="replace").split("\n") if row.log.exists() else []
    return next((line for line in reversed(said) if line.strip()), row.error)


def _tries(project: Project, name: str) -> int:
    """Return how often a service was started in vain: so many seconds it waits now. Only supervisord's log tells it."""
    log, tries = project.service_log("supervisord"), 0
    for path in (log.with_name(f"{log.name}.2"), log.with_name(f"{log.name}.1"), log):
        with contextlib.suppress(FileNotFoundError):
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                if f"spawned: '{name}' with" in line:
                    tries += 1
                elif f"success: {name} entered RUNNING" in line or "supervisord started with" in line:
                    tries = 0
    return tries


def restart(project: Project, names: Sequence[str] = ()) -> None:
    """Stop the named services (none: all, without bridges that do not run) in reverse start order, then start them.

    Returns when they are started, not yet ready. Raises NotRunning, and NotFound for an unknown name.
    """
    rows = processes(project)
    known = [row.name for row in rows]
    for name in names:
        if name not in known:
            raise NotFound(f"unknown service {name}; choose from {', '.join(known)}")
    stopped = [row.name for row in rows if row.state == "STOPPED" and is_bridge(row.name)]
    chosen = [name for name in known if name in names or (not names and name not in stopped)]
    for name in reversed(chosen):
        try:
            call(project, "stopProcess", name)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != NOT_RUNNING:
                raise
    for name in chosen:
        call(project, "startProcess", name, False)


def down(project: Project) -> bool:
    """End every process of the project within 2 s, the services in reverse start order.

    Returns False when nothing ran. What does not stop in time, what a killed supervisord left behind,
    the tmux server, its panes and a running check of the gate are killed. Sockets are removed.
    """
    if not project.state.is_dir() and not leftovers.runs(project):
        return False
    with _one_at_a_time(project):
        ran = _shut_down(project)
        left = leftovers.end(project, [service.name for service in EVERY])
        if ran or left:
            project.stopped.write_bytes(b"")  # also where it is there: panels watch it
    return ran or left


def _shut_down(project: Project) -> bool:
    """Return whether there was a supervisord to shut down. After STOP_WITHIN it may still be there."""
    if not _state(project):
        return False
    with contextlib.suppress(NotRunning, xmlrpc.client.Fault):
        _ask(project, STOP_WITHIN, "shutdown")
    end = time.monotonic() + STOP_WITHIN
    while _state(project) and time.monotonic() < end:
        time.sleep(_ASK_EVERY)
    return True


def _state(project: Project) -> str:
    """Return RUNNING, RESTARTING or SHUTDOWN; an empty text when nobody answers."""
    try:
        return str(_ask(project, STOP_WITHIN, "getState")["statename"])
    except NotRunning:
        return ""
    except xmlrpc.client.Fault as fault:
        if fault.faultCode == _SHUTDOWN_STATE:  # what every question gets from then on
            return "SHUTDOWN"
        raise


@contextlib.contextmanager
def _one_at_a_time(project: Project) -> Iterator[None]:
    """Keep a second `up` or `down` of this project waiting."""
    project.make_run()
    path = project.run / "up.lock"
    while True:
        with path.open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not same_file(file.fileno(), path):  # somebody removed it meanwhile
                continue
            yield
            return


def _ask(project: Project, within: float, method: str, *args: object) -> Any:
    transport = _Transport(project.socket("supervisor"), within)
    proxy = xmlrpc.client.ServerProxy("http://localhost", transport)
    try:
        return getattr(proxy, f"supervisor.{method}")(*args)
    except (OSError, http.client.HTTPException) as error:
        raise NotRunning("not running; run `cccc up`") from error
    finally:
        transport.close()


class _Transport(xmlrpc.client.Transport):
    """XML-RPC over a unix socket. `close` finds only a connection that is kept in `_connection`."""

    def __init__(self, path: Path, within: float) -> None:
        super().__init__()
        self._unix = _Connection(path, within)

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        self._connection = host, self._unix
        return self._unix


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, within: float) -> None:
        super().__init__("localhost", timeout=within)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
