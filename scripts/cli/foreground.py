"""Staying in the foreground while the services run, for systemd, launchd and containers."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import Callable

import click

from cccc.common.machine import supervisor
from cccc.common.paths import Project

_LOOK_EVERY = 2.0


def run(project: Project, start: Callable[[], object]) -> int:
    """Start, and stay. Returns 0 when SIGTERM or Ctrl-C has stopped everything, 1 when supervisord ended by itself."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        start()
        return _stay(project)
    except KeyboardInterrupt:
        supervisor.down(project)
        click.echo("down")
        return 0


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _stay(project: Project) -> int:
    while supervisor.is_up(project):
        time.sleep(_LOOK_EVERY)
        with contextlib.suppress(ChildProcessError):  # as the first process of a container we inherit orphans
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    supervisor.down(project)
    click.echo("supervisord has exited; see `cccc logs supervisord`", err=True)
    return 1
