"""Taking over what release 0.2.9 left: its ledger and state are kept aside, its unread mail is handed over."""

from __future__ import annotations

import subprocess
from pathlib import Path

import click

from cccc.common.errors import UserError
from cccc.common.ledger import older
from cccc.common.ledger.older import RELEASE
from cccc.common.machine import supervisor
from cccc.common.machine.durable import sync_folder
from cccc.common.paths import PEERS, Project
from cccc.common.text.plural import plural
from cccc.scripts.cli import skeleton

_PROGRAMS = ("orchestrator_tmux.py", "bridge_telegram.py", "bridge_slack.py", "bridge_discord.py", "panel_status.py")


def take_over(project: Project) -> None:
    """Move aside what the older release left, and say each thing. Raises UserError while something of it runs.

    Each step is one rename, the ledger's last: a run that was cut short is gone on with by the next one.
    """
    left = older.files(project)
    if not left:
        return
    if supervisor.is_up(project):
        raise UserError(f"the project is running, with {left[0].name} of release {RELEASE}; run `cccc down` first")
    _require_ended(project)
    skeleton.create(project)
    shown = project.state.relative_to(project.root)
    aside = project.state / f"release-{RELEASE}"
    for peer in PEERS:
        _take_mail(project, peer)
        _keep_drafts(project, peer, aside)
    others = [path for path in left if path != project.ledger]
    if others:
        aside.mkdir(mode=0o700, exist_ok=True)
        for path in others:
            path.rename(_free(aside / path.name))
        names = ", ".join(path.name for path in others)
        click.echo(f"{shown}/{aside.name}: state files of {RELEASE}: {names}")
    if project.ledger in left:
        kept = _free(project.state / f"ledger-{RELEASE}.jsonl")
        project.ledger.rename(kept)
        click.echo(f"{shown}/{kept.name}: the old ledger; a new one starts at `cccc up`")
    sync_folder(project.state)
    _tell_of_chats(aside, others)


def _take_mail(project: Project, peer: str) -> None:
    """Put unread messages where the orchestrator hands them over from, in their order."""
    unread = older.mail(project)[peer]
    if unread:
        project.left_over(peer).mkdir(mode=0o700, exist_ok=True)
        for path in unread:
            path.rename(project.left_over(peer) / path.name)
        click.echo(f"{peer}: {plural(len(unread), 'unread message')}, delivered at `cccc up`")
    read = len(list(project.processed(peer).glob("*")))
    if read:
        click.echo(f"{peer}: {plural(read, 'read message')} in processed/, unchanged")


def _keep_drafts(project: Project, peer: str, aside: Path) -> None:
    """Move what stands in the files that a peer writes: the older release did not empty all of them after reading."""
    for name in ("to_peer.md", "to_user.md", "patch.diff"):
        path = project.peer(peer) / name
        if path.is_file() and path.stat().st_size:
            aside.mkdir(mode=0o700, exist_ok=True)
            kept = _free(aside / f"{peer}-{name}")
            path.rename(kept)
            path.touch()
            click.echo(f"{peer}: its {name} may have been read by {RELEASE} already, so it is kept as {kept.name}")


def _free(path: Path) -> Path:
    """Return the path, or one with a number where that is taken: nothing that was kept is written over."""
    free, number = path, 2
    while free.exists():
        free = path.with_name(f"{path.stem}.{number}{path.suffix}")
        number += 1
    return free


def _tell_of_chats(aside: Path, moved: list[Path]) -> None:
    for path in moved:
        if path.name.endswith("-subs.json"):
            how = f"/subscribe, or allow_chats in {path.name.partition('-')[0]}.yaml"
            click.echo(f"{aside.name}/{path.name}: the subscribed chats; {how}")


def _require_ended(project: Project) -> None:
    """Raise UserError while a program of the older release still writes here."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,args="], capture_output=True, text=True, check=False).stdout
    for line in listed.splitlines():
        pid, _, command = line.strip().partition(" ")
        program = next((name for name in _PROGRAMS if name in command), "")
        if program and (str(project.home) in command or _works_in(pid, project)):
            raise UserError(
                f"{program} of release {RELEASE} is still running here (process {pid}); stop it, then upgrade again"
            )


def _works_in(pid: str, project: Project) -> bool:
    try:
        place = Path(f"/proc/{pid}/cwd").resolve(strict=True)
    except OSError:  # another user's, gone, or no /proc
        return False
    return project.root == place or project.root in place.parents
