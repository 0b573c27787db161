"""`cccc init`."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from fnmatch import fnmatch
from importlib.resources import files
from pathlib import Path

import click

from cccc.common.errors import NotFound, UserError
from cccc.common.machine import git
from cccc.common.paths import IGNORE, Project, check_path
from cccc.common.settings import editing
from cccc.common.settings.policies import Gates
from cccc.scripts.cli import checked, shelter, skeleton

SECTION = "Get started", 1
GUIDES = ("PEERA.md", "PEERB.md")
_SHOWN = 8
# What a person decides on where it is there, besides what is protected everywhere: other names for the licence, and
# what other services run by themselves. Compared without case.
_KIN = (
    *("licen[cs]e*", "copying*", "notice*", "security.*", "codeowners"),
    *(".circleci", ".forgejo", ".gitea", ".woodpecker", ".githooks", ".lefthook.y*ml", "lefthook.y*ml"),
    *(".travis.yml", ".woodpecker.y*ml", "azure-pipelines.yml", "bitbucket-pipelines.yml", "jenkinsfile"),
)
UNTRACKED = (*GUIDES, "CLAUDE.md", "AGENTS.md")
_IGNORED_BY = {IGNORE, "/.cccc/", "/.cccc", ".cccc/", ".cccc", ".cccc/**"}


@click.command()
@click.option(
    "--to", "target", metavar="PATH", type=click.Path(path_type=Path, file_okay=False), help="The project's folder."
)
@click.option("--force", is_flag=True, help="Replace changed settings; the old files are renamed.")
@click.option("--fit-paths", is_flag=True, help="Allow patches only in paths that git tracks now.")
def command(target: Path | None, force: bool, fit_paths: bool) -> None:
    """Set up cccc in a repository.

    Creates .cccc with settings, mailbox, work, state and logs in PATH (default: the current directory), and copies the
    peers' guides PEERA.md and PEERB.md to the project's root unless they exist. None of it is committed: .cccc is added
    to .gitignore, and the guides to .git/info/exclude.

    Patches may touch every path; some, such as .github and the licence, need your approval. Both lists are in
    settings/policies.yaml. --fit-paths narrows allowed_paths to the top-level names that git tracks, also in an
    existing file.

    Running it again adds what is missing. Existing settings files are kept; --force replaces them and renames the old
    ones to <name>.<time>.old.

    \b
    Examples:
      cccc init
      cccc init --to ~/projects/shop
      cccc init --fit-paths

    Exit codes: 0 done, 1 a folder or file could not be written, 2 wrong usage.
    """
    project = Project(_home(target))
    check_path(project.root)
    skeleton.create(project)
    (project.home / ".gitignore").write_text("*\n", encoding="utf-8")
    click.echo(f"project: {project.root}")
    tracked = _tracked(project.root)
    _copy_settings(project, tracked or [], force)
    if fit_paths:
        _narrow(project, tracked or [])
    _copy_guides(project.root)
    if tracked is None:
        click.echo("not a git repository: run `git init` before `cccc up`")
    else:
        _ignore(project.root)
        _exclude(project.root)
        _shelter(project)
        for line in checked.lines(project, os.environ):
            click.echo(line)
    click.echo("next: `cccc doctor` checks what is missing, `cccc run` starts everything")


def _home(target: Path | None) -> Path:
    if target is None and os.environ.get("CCCC_HOME"):
        return Path(os.environ["CCCC_HOME"]).resolve()
    return (target or Path()).resolve() / ".cccc"


def _tracked(root: Path) -> list[str] | None:
    """Return the names at the top of `root` that git tracks, as patterns; None when it is in no repository."""
    try:
        git.look(root)
    except NotFound:
        return None
    paths = git.run(root, "ls-files", "-z").stdout.decode(errors="replace").split("\0")
    tops = {(top, below) for top, below, _ in (path.partition("/") for path in paths if path)}
    return sorted(shelter.escape(top) + ("/**" if below else "") for top, below in tops)


def _copy_settings(project: Project, tracked: Sequence[str], force: bool) -> None:
    for shipped in sorted(files("cccc.conf").joinpath("settings").iterdir(), key=lambda file: file.name):
        if not shipped.name.endswith(".yaml"):
            continue
        text = shipped.read_text(encoding="utf-8")
        path = project.settings / shipped.name
        shown = path.relative_to(project.root)
        fitted = _protect(text, tracked) if shipped.name == "policies.yaml" else text
        if not path.exists():
            click.echo(f"wrote {shown}")
            if shipped.name == "policies.yaml":
                click.echo("  patches may touch every path (--fit-paths to narrow); protected_paths need your approval")
        elif path.read_bytes() in (text.encode(), fitted.encode()):
            continue
        elif not force:
            click.echo(f"kept {shown}, which differs from the shipped one; --force to replace")
            continue
        else:
            old = path.with_name(f"{path.name}.{time.strftime('%Y%m%d-%H%M%S')}.old")
            path.rename(old)
            click.echo(f"replaced {shown}; the old one, with its tokens, is {old.relative_to(project.root)}")
        path.touch(mode=0o600)  # it may get a token
        path.write_text(fitted, encoding="utf-8")


def _protect(policies: str, tracked: Sequence[str]) -> str:
    """Return policies.yaml with what is there of the kinds that people decide on among its protected paths."""
    shipped = Gates().protected_paths
    kin = [name for name in tracked if any(fnmatch(name.lower().removesuffix("/**"), kind) for kind in _KIN)]
    more = [name for name in kin if not any(fnmatch(name, known) for known in shipped)]
    return editing.with_value(policies, "rfd.gates.protected_paths", [*shipped, *more]) if more else policies


def _narrow(project: Project, tracked: Sequence[str]) -> None:
    """Let patches touch only what is tracked and the brief, in the file that is there. Raises UserError."""
    if not tracked:
        raise UserError("--fit-paths: git tracks no files yet; commit something first")
    path, allowed = project.settings / "policies.yaml", sorted({*tracked, "PROJECT.md"})
    editing.put(path, "patch_queue.allowed_paths", allowed)
    click.echo(f"patches may touch: {_few(allowed)} (patch_queue.allowed_paths)")


def _few(patterns: list[str]) -> str:
    more = f" and {len(patterns) - _SHOWN} more" if len(patterns) > _SHOWN else ""
    return ", ".join(patterns[:_SHOWN]) + more


def _copy_guides(root: Path) -> None:
    for name in GUIDES:
        if not (root / name).exists():
            (root / name).write_bytes((files("cccc.conf") / "prompts" / name).read_bytes())
            click.echo(f"wrote {name}")


def _ignore(root: Path) -> None:
    path = root / ".gitignore"
    lines = path.read_bytes() if path.exists() else b""
    if not _IGNORED_BY & {line.strip() for line in lines.decode(errors="replace").splitlines()}:
        shelter.append(path, [IGNORE])
        click.echo(f"added {IGNORE} to .gitignore")


def _exclude(root: Path) -> None:
    repo = git.look(root)
    names = [name for name in UNTRACKED if not git.run(root, "ls-files", "--", name).stdout]
    missing = shelter.exclude(repo, names)
    if missing:
        click.echo(f"added {' '.join(missing)} to {os.path.relpath(repo.common / 'info' / 'exclude', root)}")


def _shelter(project: Project) -> None:
    why = shelter.make(project)
    if why:
        click.echo(shelter.unsafe(project, why), err=True)
