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
from cccc.common.settings.tree import Broken, tree


@click.command()
def command() -> int:
    """Add the settings of this version to older files.

    Adds the keys that a settings file does not have, with their comments and with the defaults that are in force
    anyway, so nothing changes its meaning. Your own values, comments and order stay; each file that changes is first
    copied to <name>.<time>.old. What is written in braces on one line gets nothing added. What this version does not
    understand any more is named, with what replaces it. A second run changes nothing.

    \b
    Example:
      pipx upgrade cccc-pair && cccc upgrade

    Exit codes: 0 done, 1 a file needs you, 2 wrong usage, 3 no project here.
    """
    project = Project.find()
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
    text, added = merge(file.read_bytes().decode("utf-8-sig"), shipped, settings.MOVED.get(name, {}))
    if not added:
        click.echo(f"{shown}: nothing to add")
        return
    kept = file.with_name(f"{file.name}.{time.strftime('%Y%m%d-%H%M%S')}.old")
    shutil.copy2(file, kept)
    kept.chmod(0o600)  # it can hold a token
    editing.write(file, text)
    click.echo(f"{shown}: added, each with its default; the old file is {kept.name}")
    for path in added:
        click.echo(f"  {path}")
