"""The gate in the process of a command, while its service is down."""

from __future__ import annotations

import time

import click

from cccc.common import settings, terminal
from cccc.common.ledger.blobs import Blobs
from cccc.common.paths import Project
from cccc.services.evidence.checking import runs, sandbox
from cccc.services.evidence.checking.checks import Ended
from cccc.services.evidence.checking.child import CheckLock, Child

_LOOK_EVERY = 0.01


def gate_of(project: Project) -> runs.Gate:
    """Return the gate of a project that is down. Raises UserError while its work tree is in use."""
    project.make_run()
    policies = settings.load(project).policies
    lock = CheckLock(project.run / "check.lock", take_over=False)
    lock.adopt()
    env = terminal.environment(project)
    box = sandbox.of(project, policies.gate.isolation)
    return runs.Gate(project, policies, Blobs(project), lock, box, env, terminal.umask(project))


def end_of(child: Child) -> Ended:
    """Wait for the end of a check; Ctrl-C kills it. Raises click.Abort."""
    try:
        while True:
            ended = child.ended()
            if ended:
                return ended
            time.sleep(_LOOK_EVERY)
    except KeyboardInterrupt:
        child.kill()
        raise click.Abort from None
