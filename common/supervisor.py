"""supervisord for one project: start it, ask it, end it.

supervisord's main loop sleeps up to 1 s between the steps of a stop, a start or a restart, and each
question wakes it: so whoever waits for it here keeps asking. Its own death leaves the services behind
as orphans for a moment; `down` finds those by the locks they hold, never by name.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import importlib.resources
import os
import socket
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cccc.common import leftovers
from cccc.common.errors import NotFound, NotRunning, UserError
from cccc.common.paths import Project
from cccc.common.registry import BY_NAME, EVERY, is_bridge

STOP_WITHIN = 1.0  # what `down` leaves to the services; leftovers.end takes less than 1 s more
_ANSWER_WITHIN = 10.0  # longer than stopwaitsecs
_ASK_EVERY = 0.005
NOT_RUNNING = 70  # supervisor.xmlrpc.Faults
_SHUTDOWN_STATE = 6


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
    project.make_run()
    project.make_private()
    with _one_at_a_time(project):
        if is_up(project):
            return False
        _shut_down(project)  # it may be on its way out
        (project.run / "supervisord.conf").write_text(render(bridges), encoding="utf-8")
        started = subprocess.run(
            [sys.executable, "-I", *leftovers.supervisord(project)],
            cwd=project.home,
            env={**os.environ, "CCCC_HOME": str(project.home), "CCCC_PYTHON": sys.executable},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_ANSWER_WITHIN,
            check=False,
        )
        if started.returncode:
            said = (started.stderr + started.stdout).strip().splitlines() or [f"exit {started.returncode}"]
            raise UserError(f"supervisord does not start: {said[0]}; see {project.service_log('supervisord')}")
    return True


def render(bridges: Collection[str]) -> str:
    """Return the text of supervisord's configuration: the last section of the template once for each service."""
    template = importlib.resources.files("cccc.conf").joinpath("supervisord.ini").read_text(encoding="utf-8")
    head, mark, program = template.partition("\n[program:")
    sections = []
    for service in EVERY:
        name, module = service.name, service.module or service.name
        autostart = str(name in bridges or not is_bridge(name)).lower()
        sections.append((mark + program).format(name=name, module=module, order=service.order, autostart=autostart))
    return head + "".join(sections)


def is_up(project: Project) -> bool:
    """Return whether supervisord answers and is not about to end."""
    return _state(project) == "RUNNING"


def call(project: Project, method: str, *args: object) -> Any:
    """Return supervisord's answer to one call of its XML-RPC API (`getState`, `startProcess`, …).

    Raises NotRunning when nobody answers, xmlrpc.client.Fault when it refuses.
    """
    return _ask(project, _ANSWER_WITHIN, method, *args)


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
    """Return why a service does not stay up: the last line of its log while it waits for the next try."""
    if row.state != "BACKOFF":
        return row.error
    said = row.log.read_text(encoding="utf-8", errors="replace").split("\n") if row.log.exists() else []
    return next((line for line in reversed(said) if line.strip()), row.error)


def _tries(project: Project, name: str) -> int:
    """Return how often a service was started in vain, from supervisord's log: so many seconds it waits now."""
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
            raise NotFound(f"no service {name}; there are {', '.join(known)}")
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
    if not project.run.is_dir():
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
    with (project.run / "up.lock").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _ask(project: Project, within: float, method: str, *args: object) -> Any:
    transport = _Transport(project.socket("supervisor"), within)
    proxy = xmlrpc.client.ServerProxy("http://localhost", transport)
    try:
        return getattr(proxy, f"supervisor.{method}")(*args)
    except (OSError, http.client.HTTPException) as error:
        raise NotRunning("not running here; start it with `cccc up`") from error
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
