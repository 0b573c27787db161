"""Waiting until services are ready: started is what supervisord says, ready is what their beats say."""

from __future__ import annotations

import time
from collections.abc import Sequence

import click

from cccc.common import bus
from cccc.common.errors import NotRunning, UserError
from cccc.common.facts import Beat
from cccc.common.machine import supervisor
from cccc.common.paths import Project

LIMIT = 60.0  # a loaded machine takes half of it
_ASK_EVERY = 0.02
_ENDED = ("BACKOFF", "EXITED", "FATAL")
_LOG_LINES = 12


def wait(project: Project, names: Sequence[str]) -> None:
    """Return when each service has said that it is ready, with the process that supervisord sees.

    Raises UserError, after printing the log's last lines, when one has ended, or when none of them has come any
    further for LIMIT s: one that lost its snapshot reads the whole ledger first.
    """
    end, before = time.monotonic() + LIMIT, 0
    while True:
        rows = {row.name: row for row in supervisor.processes(project)}
        beats = _beats(project)
        ready = {beat.by: beat.pid for beat in beats if beat.ready}
        progress = sum(beat.seq for beat in beats)
        if progress > before:
            end, before = time.monotonic() + LIMIT, progress
        late = [name for name in names if ready.get(name) != rows[name].pid or not rows[name].pid]
        if not late:
            return
        for name in names:
            if rows[name].state in _ENDED:
                raise _failure(project, name, rows[name].error or "it exited while starting")
        if time.monotonic() > end:
            raise _failure(project, late[0], f"not ready within {LIMIT:.0f} s")
        time.sleep(_ASK_EVERY)


def _beats(project: Project) -> list[Beat]:
    try:
        return bus.beats(project, 0.2)
    except NotRunning:
        return []


def _failure(project: Project, name: str, why: str) -> UserError:
    log = project.service_log(name)
    if log.exists():
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:]:
            click.echo(f"  {name}: {line}", err=True)
    return UserError(f"{name}: {why}; see `cccc logs {name}`")
