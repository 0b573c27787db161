"""Which commands check a commit: the settings name them, or the repository shows them."""

from __future__ import annotations

from collections.abc import Mapping

from cccc.common.machine import git
from cccc.common.settings.policies import Gate as Settings
from cccc.services.evidence.checking import environment, finders, links
from cccc.services.evidence.checking.finders import Tracked

SETTINGS = {"lint": ("LINT_CMD", "LINT_CMD or gate.lint"), "test": ("TEST_CMD", "TEST_CMD or gate.tests")}


_FILE = ".cccc/settings/policies.yaml"


def given(kind: str, settings: Settings, env: Mapping[str, str]) -> tuple[str, str]:
    """Return the setting that says the command for "lint" or "test", and the command; both "" where none does."""
    variable = SETTINGS[kind][0]
    own = ("gate.lint", settings.lint) if kind == "lint" else ("gate.tests", settings.tests)
    places = ((variable, env.get(variable, "")), own)
    return next((place for place in places if place[1].strip()), ("", ""))


def at(repo: git.Repo, env: Mapping[str, str], commit: str = "HEAD") -> Tracked:
    """Return what the choice of commands rests on, as a commit has it."""
    clean = git.environment(env)
    listed = git.run(repo.top, "ls-tree", "-r", "-z", "--name-only", f"{commit}:{repo.prefix}", env=clean, check=False)
    files = [name.decode(errors="surrogateescape") for name in listed.stdout.split(b"\0") if name]
    known, own = set(files), environment.find(repo, env, links.folders(files))

    def read(name: str) -> str:
        if name not in known:
            return ""
        found = git.run(repo.top, "cat-file", "blob", f"{commit}:{repo.prefix}{name}", env=clean, check=False)
        return found.stdout.decode(errors="replace")

    return Tracked(files, read, lambda name: environment.has(own, env, name))


def words(settings: Settings, env: Mapping[str, str], tracked: Tracked) -> tuple[str, str]:
    """Return for people what lints and what tests a patch, and what shows that; or what to do where nothing does."""
    found = finders.find(tracked)
    hints = finders.hints(tracked)
    said = []
    for kind, name in (("lint", "lint"), ("test", "tests")):
        setting, command = given(kind, settings, env)
        mine = [one for one in found if one.kind == kind]
        line = finders.line(found, kind)
        lacking = "; ".join(finders.missing(mine)) if kind == "lint" else ""
        if command:
            said.append(f"{command} ({setting})")
        elif line:
            markers = dict.fromkeys(one.folder + one.marker for one in mine if not (kind == "lint" and one.missing))
            said.append(f"{line} ({', '.join(markers)})" + (f"; {lacking}" if lacking else ""))
        else:
            hint = "".join(f"; {hint}" for hint in hints[:1])
            none = lacking or f"nothing found{hint}"
            said.append(f"{'not linted' if kind == 'lint' else 'untested'}: {none}; set gate.{name} in {_FILE}")
    return said[0], said[1]
