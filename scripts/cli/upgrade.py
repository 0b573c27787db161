"""`cccc upgrade`."""

from __future__ import annotations

import shutil
import time
from importlib.resources import files

import click

from cccc.common import settings
from cccc.common.paths import Project
from cccc.common.settings import editing
from cccc.common.settings.merging import merge
from cccc.common.settings.retiring import retire
from cccc.common.settings.tree import Broken, tree
from cccc.scripts.cli import older_state

SECTION = "Maintain", 1


@click.command()
def command() -> int:
    """Upgrade a project to this version.

    Adds missing keys to the settings files, with comments and default values, so that nothing changes in effect. Your
    own values, comments and order stay; each changed file is first copied to <name>.<time>.old. Nothing is added inside
    one-line braces. Obsolete keys become comments that name the replacement.

    For a project of release 0.2.9, the old ledger is kept as .cccc/state/ledger-0.2.9.jsonl and everything else from
    its state folder in .cccc/state/release-0.2.9. Unread messages are delivered at the next `cccc up`, read ones stay
    in processed/. A second run changes nothing.

    \b
    Example:
      cccc upgrade

    Exit codes: 0 done, 1 a file must be fixed first or 0.2.9 still runs, 2 wrong usage, 5 no project here.
    """
    project = Project.find()
    older_state.take_over(project)
    for name in settings.Settings.__struct_fields__:
        _upgrade(project, name)
    problems = settings.problems(project)
    for problem in problems:
        click.echo(f"cccc: {problem}", err=True)
    return 1 if problems else 0


def _upgrade(project: Project, name: str) -> None:
    file = project.settings / f"{name}.yaml"
    shown = file.relative_to(project.root)
    shipped = files("cccc.conf").joinpath("settings", file.name).read_text(encoding="utf-8")
    if not file.exists():
        editing.write(file, shipped)
        click.echo(f"{shown}: new")
        return
    try:
        tree(file)
    except Broken:  # it is named at the end, with its line
        return
    text, gone = retire(file.read_bytes().decode("utf-8-sig"), settings.RETIRED.get(name, {}))
    text, added = merge(text, shipped, settings.MOVED.get(name, {}))
    if not added and not gone:
        click.echo(f"{shown}: nothing to add")
        return
    kept = file.with_name(f"{file.name}.{time.strftime('%Y%m%d-%H%M%S')}.old")
    shutil.copy2(file, kept)
    kept.chmod(0o600)  # it can hold a token
    editing.write(file, text)
    for key in gone:
        click.echo(f"{shown}: {key.path} is now a comment: {key.instead}")
    what = "added, each with its default" if added else "changed"
    click.echo(f"{shown}: {what}; the old file is {kept.name}")
    for path in added:
        click.echo(f"  {path}")
