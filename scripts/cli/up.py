"""`cccc up`."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Collection, Sequence
from pathlib import PurePath

import click

from cccc.common import ledger, settings, terminal
from cccc.common.chats import bridges
from cccc.common.errors import LedgerBroken, SettingsError, UserError
from cccc.common.ledger import anchor, older
from cccc.common.machine import git, installed, supervisor
from cccc.common.paths import Project, check_path, of_others
from cccc.common.registry import SERVICES
from cccc.common.settings import drift, readers
from cccc.common.shown import obstacles
from cccc.scripts.cli import checked, leftover_mail, mend, peer_commands, ready, shelter
from cccc.scripts.cli import foreground as foreground_
from cccc.services.delivery.running import peers as kinds
from cccc.services.evidence.landing import git_hooks

SECTION = "Start and stop", 1


@click.command()
@click.option("--refresh-env", is_flag=True, help="Use this terminal's environment for what starts from now on.")
@click.option("--mock", is_flag=True, help="Start mock peers (no AI) instead of the two CLIs.")
@click.option("--foreground", is_flag=True, help="Run until SIGTERM or Ctrl-C, then stop everything.")
def command(refresh_env: bool, mock: bool, foreground: bool) -> int:
    """Start the services and both peers.

    Returns when every service is ready; otherwise names the one that is not, shows the end of its log and stops
    everything. The peers are the commands in CLAUDE_I_CMD and CODEX_I_CMD, else commands.peerA and commands.peerB in
    settings/cli_profiles.yaml. They get this terminal's environment; to update it without a stop, run
    `cccc up --refresh-env` in another terminal.

    With --foreground it keeps running, for systemd, launchd and containers (docs/running.md).

    \b
    Examples:
      cccc up
      cccc up --mock
      cccc up --foreground
      CLAUDE_I_CMD="claude --model opus" cccc up

    Exit codes: 0 up (or up already; with --foreground: stopped), 1 something is missing or a service is not ready
    (with --foreground also: supervisord ended), 2 wrong usage, 3 no git repository, 5 no project here.
    """
    project = Project.find()

    def begin() -> None:
        if start(project, refresh_env, mock, sys.stdin.isatty() and sys.stdout.isatty()):
            click.echo("next: `cccc attach` shows the peers, `cccc status` the project")

    if foreground:
        return foreground_.run(project, begin)
    begin()
    return 0


def start(project: Project, refresh_env: bool, mock: bool, asks: bool) -> bool:
    """Start everything with the bridges of the settings. Returns False when it is up.

    `asks` says whether somebody can answer questions. Raises UserError.
    """
    if supervisor.is_up(project):
        _already_up(project, refresh_env, mock)
        return False
    check(project, mock, asks)
    launch(project, asks, bridges.wanted(settings.load(project)))
    return True


def check(project: Project, mock: bool, asks: bool) -> None:
    """Look for all that would stop the start, and settle which peers it starts. Raises UserError."""
    _check(project)
    _tell_of_versions(project, _choose_peers(project, mock, asks))


def launch(project: Project, asks: bool, chats: Collection[str]) -> None:
    """Start everything that `check` found ready, with the bridges to `chats`. Raises UserError."""
    project.make_private()
    leftover_mail.settle(project, asks)
    begin = time.monotonic()
    terminal.save(project)
    bridges.mark_start(project, chats)
    drift.note(project, readers.SESSION, settings.load(project))
    started = supervisor.start(project, [f"bridge-{chat}" for chat in chats])
    names = [service.name for service in SERVICES]
    try:
        ready.wait(project, names)
    except BaseException:  # Ctrl-C too
        if started:
            supervisor.down(project)
        raise
    for found in obstacles.find(project.root, terminal.environment(project)):
        click.echo(f"! {found.line}", err=True)
    for found in obstacles.notes(project.root, terminal.environment(project)):
        click.echo(found.line)
    for line in checked.lines(project, terminal.environment(project)):
        click.echo(line)
    click.echo(f"up, after {time.monotonic() - begin:.1f} s: {', '.join(names)} are ready")
    if chats:
        click.echo(f"connecting to {', '.join(chats)}; see `cccc status`")


def _already_up(project: Project, refresh_env: bool, mock: bool) -> None:
    _shelter(project)
    runs = terminal.environment(project)
    if mock and any(runs.get(name) != text for name, text in peer_commands.mock(project).items()):
        raise UserError("already up; `cccc down` first, then `cccc up --mock`")
    if refresh_env:
        terminal.save(project)
        click.echo("environment stored; a CLI gets it at its next start")
    else:
        renewed = terminal.renew(project)
        if renewed:
            click.echo(f"commits, checks and new processes now use {', '.join(renewed)} of this terminal")
    if supervisor.mend(project):
        ready.wait(project, [service.name for service in SERVICES])
        click.echo("supervisord had lost its socket: the services were restarted, the peers keep running")
    click.echo("already up")


def _check(project: Project) -> None:
    """Raise UserError for what no service could start with."""
    what, how = installed.conflict()
    if what:
        raise UserError(f"{what}; use separate environments: {how}")
    check_path(project.root)
    others = of_others(project.home, os.getuid())
    if others:
        raise UserError(f"{others[0]} belongs to another user; `sudo chown -R {os.getuid()} {project.home}`")
    for aside in mend.mend(project):
        click.echo(
            f"{aside.name.partition('.broken-')[0]} could not be used; it was moved to {aside} and will be recreated"
        )
    left = older.files(project)
    if left:
        names = f"{left[0].relative_to(project.root)}" + (f" and {len(left) - 1} more" if len(left) > 1 else "")
        raise UserError(f"release {older.RELEASE} left {names}; run `cccc upgrade` to move it aside")
    wrong = settings.problems(project)
    for problem in wrong[:-1]:
        click.echo(f"cccc: {problem}", err=True)
    if wrong:
        raise SettingsError(wrong[-1])
    if not shutil.which("git"):
        raise UserError("git is not installed; `apt install git` or `brew install git`")
    if not shutil.which("tmux"):
        raise UserError("tmux is not installed; `apt install tmux` or `brew install tmux`")
    repo = git.look(project.root)
    _shelter(project)
    _tell_of_loss(project)
    _tell_of_hooks(project, repo)


def _tell_of_hooks(project: Project, repo: git.Repo) -> None:
    wrong = git_hooks.told(git_hooks.find(repo, os.environ), settings.load(project).policies.gate.hooks)
    if wrong:
        click.echo(f"hooks: {wrong}")


def _shelter(project: Project) -> None:
    """Have `git clean` pass by a project that an older version made."""
    why = shelter.make(project)
    if why:
        click.echo(shelter.unsafe(project, why), err=True)


def _tell_of_loss(project: Project) -> None:
    """Say in which way the ledger is not the one that was acknowledged. Raises UserError when it cannot be read."""
    try:
        ledger.end(project)
        anchor.doubt(project)
        loss = anchor.loss(project, anchor.place(project))
    except LedgerBroken as error:
        aside = "which moves an unreadable ledger aside"
        raise UserError(f"the ledger is damaged: {error}; {anchor.HOW}, {aside}") from None
    if loss:
        click.secho(f"{loss.words}; gate and nudges are held; {anchor.HOW}", fg="red", err=True)


def _choose_peers(project: Project, mock: bool, asks: bool) -> list[peer_commands.Command]:
    """Return both peers' commands, which can start; put those of the mock peers into our environment."""
    chosen = peer_commands.commands(settings.load(project), os.environ)
    missing = [] if mock else [each for each in chosen if not each.found]
    for each in missing:
        what = f"{each.program} ({each.source}) is not on the PATH" if each.text else f"{each.source} is empty"
        click.echo(f"{each.peer}: {what}", err=True)
    if missing and not asks:
        raise UserError("install the CLI or set its command, or try `cccc up --mock`")
    if missing:
        click.confirm("Start mock peers (no AI) instead?", abort=True)
    if mock or missing:
        os.environ.update(peer_commands.mock(project))
        chosen = peer_commands.commands(settings.load(project), os.environ)
    for each in chosen:
        click.echo(f"{each.peer}: {'mock peer' if mock or missing else f'{each.text} ({each.source})'}")
    return chosen


def _tell_of_versions(project: Project, chosen: Sequence[peer_commands.Command]) -> None:
    """Say, once in a project, that a CLI has a version that this cccc was not certified with."""
    told = project.state / "versions.txt"
    known = told.read_text(errors="replace").splitlines() if told.exists() else []
    for each in chosen:
        kind = kinds.of(each.text)
        program = next((word for word in each.text.split() if PurePath(word).name == kind.name), "")
        version = peer_commands.version(program) if kind.certified and program else ""
        line = f"{kind.name} {version}"
        if version and version not in kind.certified and line not in known:
            click.echo(f"{each.peer}: {line} is not the {kind.certified[-1]} that cccc was certified with; ", nl=False)
            click.echo(f"`cccc certify {kind.name}` tests it")
            known.append(line)
            told.write_text("".join(f"{old}\n" for old in known))
