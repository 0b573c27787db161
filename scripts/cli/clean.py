"""`cccc clean`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from cccc.common.errors import NotFound, UserError
from cccc.common.ledger import anchor, older
from cccc.common.machine import git, supervisor
from cccc.common.paths import Project
from cccc.scripts.cli import skeleton

SECTION = "Maintain", 2


@click.command()
@click.option("--keep-ledger", is_flag=True, help="Keep the ledger and the message bodies.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def command(keep_ledger: bool, yes: bool) -> None:
    """Delete session data.

    Empties mailbox, work, logs and state, including the ledger. Settings, guides and commits stay. Asks for
    confirmation; without a terminal it needs --yes. Refused while the project is up.

    \b
    Examples:
      cccc clean
      cccc clean --keep-ledger --yes

    Exit codes: 0 cleaned, 1 refused or not confirmed, 2 wrong usage, 5 no project here.
    """
    project = Project.find()
    if supervisor.is_up(project):
        raise UserError("the project is running; run `cccc down` first")
    what = "mailbox, work, logs and state" + (" (except the ledger)" if keep_ledger else " (including the ledger)")
    if not yes:
        if not sys.stdin.isatty():
            raise UserError(f"this would delete {what} in {project.home}; pass --yes to confirm")
        click.confirm(f"Delete {what} in {project.home}?", abort=True)
    supervisor.down(project)  # what a killed supervisord left
    if not keep_ledger:
        anchor.remove(project)
    _empty(project, keep_ledger)
    skeleton.create(project)
    _forget_gate_tree(project.root)
    click.echo(f"deleted {what} in {project.home}")


def _empty(project: Project, keep_ledger: bool) -> None:
    kept = [project.ledger, project.segments, project.blobs, project.index, project.stopped, *older.kept(project)]
    kept = kept if keep_ledger else []
    left = [project.mailbox, project.work, project.logs]
    left += [path for path in project.state.glob("*") if path not in kept]
    for path in left:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _forget_gate_tree(root: Path) -> None:
    """Let git forget the gate's linked work tree, whose folder is gone."""
    try:
        git.look(root)
    except NotFound:
        return
    git.run(root, "worktree", "prune")
