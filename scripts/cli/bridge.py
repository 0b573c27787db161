"""`cccc bridge`: start, stop, status, restart, logs, pair."""

from __future__ import annotations

import contextlib
import os
import time
import xmlrpc.client

import click

from cccc.common import settings
from cccc.common.chats import bridges, pairing
from cccc.common.errors import NotFound, NotRunning, UserError
from cccc.common.machine import supervisor
from cccc.common.paths import Project
from cccc.common.registry import PLATFORMS, is_bridge
from cccc.common.text.lines import age
from cccc.scripts.cli import ready, running
from cccc.scripts.cli.printing import table

SECTION = "Chats", 2
_ACTIONS = ("start", "stop", "status", "restart", "logs", "pair")
_PROOF_IS_OLD = 60.0
_NO_TOKEN = "no bridge has a token; `cccc token set telegram` (or slack, discord) stores one"


@click.command()
@click.argument("words", nargs=-1, metavar="[telegram|slack|discord|all] start|stop|status|restart|logs|pair")
@click.option("-n", "--lines", default=50, show_default=True, type=click.IntRange(min=0), help="logs: number of lines.")
@click.option("-f", "--follow", is_flag=True, help="logs: follow, until Ctrl-C.")
def command(words: tuple[str, ...], lines: int, follow: bool) -> None:
    """Manage the chat bridges.

    Without a name, `start` starts every bridge that has a token; the other actions apply to all. `status` shows since
    when each is connected, when it last received, its last error and how many posts are queued. `pair` prints a
    one-time code: typing `/subscribe CODE` in a chat subscribes that chat.

    \b
    Examples:
      cccc bridge telegram start
      cccc bridge status
      cccc bridge slack logs -n 200 -f
      cccc bridge pair

    Exit codes: 0 done, 1 a library or token is missing, or it does not start, 2 wrong usage, 4 not running.
    """
    platforms, action = _read(words)
    project = Project.find()
    if action == "pair":
        _pair(project)
    elif action == "logs":
        _logs(project, platforms or PLATFORMS, lines, follow)
    elif action == "status":
        _status(project, platforms or PLATFORMS)
    elif action == "stop":
        running.require(project)
        for platform in platforms or PLATFORMS:
            click.echo(f"{platform}: {'stopped' if _stop(project, platform) else 'does not run'}")
    else:
        _start(project, platforms, again=action == "restart")


def _read(words: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Return the named platforms, none for all, and the action; people write them in either order."""
    names = [word for word in words if word in (*PLATFORMS, "all")]
    actions = [word for word in words if word in _ACTIONS]
    if len(actions) != 1 or len(names) > 1 or len(words) != len(names) + len(actions):
        raise click.UsageError(f"it is cccc bridge [{'|'.join(PLATFORMS)}|all] {'|'.join(_ACTIONS)}")
    return ((names[0],) if names and names[0] != "all" else ()), actions[0]


def _start(project: Project, platforms: tuple[str, ...], again: bool) -> None:
    loaded = settings.load(project)
    chosen = platforms or _with_a_token(loaded)
    if not chosen:
        raise UserError(_NO_TOKEN)
    for platform in chosen:
        lacking = bridges.missing(loaded, platform) or bridges.exposed(project, loaded, platform)
        if lacking:
            raise UserError(lacking)
    running.require(project)
    for platform in chosen:
        if again:
            _stop(project, platform)
        name = f"bridge-{platform}"
        if any(row.name == name and row.pid for row in supervisor.processes(project)):
            click.echo(f"{platform}: already running")
            continue
        bridges.mark_start(project, [platform])
        supervisor.call(project, "startProcess", name, False)
        ready.wait(project, [name])
        click.echo(f"{platform}: started; see `cccc bridge {platform} status`")


def _with_a_token(loaded: settings.Settings) -> tuple[str, ...]:
    return tuple(name for name in PLATFORMS if bridges.tokens(loaded, name))


def _stop(project: Project, platform: str) -> bool:
    try:
        supervisor.call(project, "stopProcess", f"bridge-{platform}")
    except xmlrpc.client.Fault as fault:
        if fault.faultCode != supervisor.NOT_RUNNING:
            raise
        return False
    return True


def _status(project: Project, platforms: tuple[str, ...]) -> None:
    states = {}
    with contextlib.suppress(NotRunning):
        states = {row.name: row.state for row in supervisor.processes(project)}
    rows, colours = [], []
    for platform in platforms:
        state = states.get(f"bridge-{platform}", "STOPPED")
        row, colour = _row(project, platform, state)
        rows.append(row)
        colours.append(colour)
    table(("bridge", "state", "connected", "can receive", "chats", "waiting", "last error"), rows, colours)


def _row(project: Project, platform: str, state: str) -> tuple[tuple[str, ...], str | None]:
    try:
        report, now = bridges.report(project, platform), time.time()
    except NotRunning:
        return (platform, state, "-", "-", "-", "-", ""), None
    alive = state == "RUNNING"
    connected = f"for {age(now - report.since)}" if alive and report.connected else "no"
    proof = f"{report.proof} {age(now - report.proved)} ago" if report.proof else "never yet"
    row = (platform, state, connected, proof, str(report.chats), str(report.waiting), report.error)
    fine = report.connected and now - report.proved < _PROOF_IS_OLD
    return row, "red" if alive and not fine else None


def _logs(project: Project, platforms: tuple[str, ...], lines: int, follow: bool) -> None:
    paths = [str(path) for name in platforms if (path := project.service_log(f"bridge-{name}")).exists()]
    if not paths:
        raise NotFound("no bridge has a log yet; `cccc bridge start`")
    os.execvp("tail", ["tail", "-n", str(lines), *(["-F"] if follow else []), *paths])


def _pair(project: Project) -> None:
    running.require(project)
    code = pairing.new(project, time.time())
    click.echo(f"type this in the chat within {pairing.GOOD_FOR / 60:.0f} minutes; valid for one chat:")
    click.echo(f"  /subscribe {code}")
    if any(row.pid for row in supervisor.processes(project) if is_bridge(row.name)):
        return
    known = _with_a_token(settings.load(project))
    mend = f"; `cccc bridge start` starts {', '.join(known)}" if known else f", and {_NO_TOKEN}"
    click.echo(f"no bridge is running{mend}", err=True)
