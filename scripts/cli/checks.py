"""The checks of `cccc doctor`: each looks at one thing and says what mends it."""

from __future__ import annotations

import locale
import os
import platform
import re
import shutil
import subprocess
import sys
from typing import NamedTuple

from cccc.common import git, settings, supervisor, terminal, watch
from cccc.common.errors import NotFound, SettingsError, UserError
from cccc.common.lines import plain
from cccc.common.paths import PEERS, Project, folder
from cccc.scripts.cli import first_run, peers
from cccc.services.evidence import sandbox

OK, WARN, BAD = "ok", "warn", "bad"
_OLDEST_TMUX = (3, 0)
_MIB = 1 << 20


class Check(NamedTuple):
    """One check: BAD keeps a session from working, WARN does not."""

    name: str
    verdict: str
    found: str
    mend: str = ""  # what to do when it is not OK


def machine() -> list[Check]:
    """Check what does not depend on the project."""
    return [
        Check("python", OK, f"{platform.python_version()}, {sys.executable}"),
        _tmux(),
        _program("git", "--version"),
        _locale(),
    ]


def project(project: Project) -> list[Check]:
    """Check one project."""
    return [
        Check("project", OK, str(project.root)),
        *_settings(project),
        *(_repository(project) if shutil.which("git") else []),
        *_isolation(project),
        *_peers(project),
        _sockets(project),
        _disk(project),
        *_events(project),
    ]


def _program(name: str, option: str) -> Check:
    path = shutil.which(name)
    if path is None:
        return Check(name, BAD, "not installed", f"apt install {name}, or brew install {name}")
    done = subprocess.run([path, option], capture_output=True, text=True, check=False)
    return Check(name, OK, f"{done.stdout.strip()}, {path}")


def _tmux() -> Check:
    check = _program("tmux", "-V")
    if check.verdict != OK:
        return check
    number = re.search(r"(\d+)\.(\d+)", check.found)  # "tmux 3.3a", "tmux next-3.5"
    if number and (int(number[1]), int(number[2])) < _OLDEST_TMUX:
        return check._replace(verdict=BAD, mend="install tmux 3.0 or later")
    return check


def _locale() -> Check:
    coding = locale.getpreferredencoding(False)
    if coding.lower().replace("-", "") == "utf8":
        return Check("locale", OK, coding)
    return Check("locale", WARN, f"{coding}: the peers' screens may show wrong signs", "export LC_ALL=C.UTF-8")


def _settings(project: Project) -> list[Check]:
    problems = [Check("settings", BAD, problem, "edit the file") for problem in settings.problems(project)]
    unused = [Check("settings", WARN, f"{key}: not yet used") for key in settings.unused(project)]
    return [*(problems or [Check("settings", OK, f"{project.settings}")]), *unused]


def _repository(project: Project) -> list[Check]:
    try:
        repo = git.look(project.root)
    except NotFound:
        return [Check("repository", BAD, f"{project.root} is not in a git work tree", "git init")]
    checks = []
    if not repo.head:
        mend = "git commit --allow-empty -m 'Begin'"
        checks.append(Check("repository", WARN, f"{repo.top} has no commit yet: patches cannot land", mend))
    elif not repo.branch:
        mend = "git switch BRANCH"
        checks.append(Check("repository", WARN, f"{repo.top}: HEAD is detached: patches wait", mend))
    else:
        checks.append(Check("repository", OK, f"{repo.top}, {repo.branch}"))
    for trace, what in (("rebase-merge", "rebase"), ("rebase-apply", "rebase"), ("MERGE_HEAD", "merge")):
        if (repo.dir / trace).exists():
            mend = f"git {what} --continue, or git {what} --abort"
            checks.append(Check("repository", WARN, f"a {what} is in progress: patches wait", mend))
    lock = repo.dir / "index.lock"
    if lock.exists():
        checks.append(Check("repository", WARN, f"{lock} exists: patches wait", f"rm {lock}, if no git command runs"))
    checks += _edits(project)
    identity = git.run(project.root, "var", "GIT_AUTHOR_IDENT", check=False)
    if identity.returncode:
        mend = "git config user.name NAME, and git config user.email ADDRESS"
        checks.append(Check("identity", BAD, "git does not know in whose name to commit", mend))
    else:
        who = identity.stdout.decode(errors="replace").rpartition(">")[0] + ">"
        checks.append(Check("identity", OK, who))
    return checks


def _edits(project: Project) -> list[Check]:
    """What lies in the work tree that no patch handed in; the user's own edits look the same."""
    changed = git.run(project.root, "status", "--porcelain", "-z", "--no-renames", check=False).stdout
    paths = [plain(entry[3:]) for entry in changed.decode(errors="replace").split("\0") if entry]
    if not paths:
        return []
    names = ", ".join(paths[:5]) + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")
    return [Check("edits", OK, f"not committed: {names}; the gate never commits them, patches on them wait")]


def _isolation(project: Project) -> list[Check]:
    """Check whether the gate's checks can be kept from the user's tree."""
    try:
        found = sandbox.of(project, settings.load(project).policies.gate.isolation).isolation
    except UserError as error:  # of the settings, or of the folder that checks share with the gate
        return [] if isinstance(error, SettingsError) else [Check("isolation", BAD, str(error))]
    if found.way == "bind":
        return [Check("isolation", OK, "bind: checks see only the patched tree")]
    if found.way == "path":
        return [Check("isolation", WARN, f"path: checks see your tree too ({found.why})", "docs/gate.md")]
    return [Check("isolation", BAD, f"no check can run: {found.why}", "gate.isolation: auto")]


def _peers(project: Project) -> list[Check]:
    """Check both commands in the environment that the panes have, or would get from this terminal."""
    try:
        loaded = settings.load(project)
        environment = terminal.environment(project) if supervisor.is_up(project) else dict(os.environ)
    except SettingsError:
        return []
    checks = []
    for each in peers.commands(loaded, environment):
        found = f"{each.text or 'no command'} ({each.source})"
        if each.found:
            checks.append(Check(each.peer, OK, found))
            chosen = getattr(loaded.cli_profiles, folder(each.peer)).kind
            for question in first_run.questions(each.text, chosen, project.root, environment):
                by_hand = f"start `{each.program}` here once, by hand, and answer; until then its nudges wait"
                mend = "cccc setup-cli" if question.change else question.mend or by_hand
                checks.append(Check(each.peer, WARN, question.text, mend))
        else:
            mend = f"install it, set {peers.VARIABLES[each.peer]}, or try `cccc up --mock`"
            checks.append(Check(each.peer, BAD, f"{found}: {each.program or 'it'} is not on the PATH", mend))
    for variable in peers.VARIABLES.values():
        here, there = (env.get(variable, "not set") for env in (os.environ, environment))
        if here != there:
            checks.append(Check(variable, WARN, f"{here} in this terminal, {there} in force", "cccc up --refresh-env"))
    return checks


def _sockets(project: Project) -> Check:
    path = project.socket("supervisor")
    link = "" if path.parent == project.run else ", because the project's own path is too long for a socket"
    return Check("sockets", OK, f"{path.parent}{link}")


def _disk(project: Project) -> Check:
    free = shutil.disk_usage(project.home).free // _MIB
    if free < 50:
        return Check("disk", BAD, f"{free} MiB free: the ledger cannot grow", "free some space")
    return Check("disk", OK if free > 1024 else WARN, f"{free} MiB free")


def _events(project: Project) -> list[Check]:
    checks = []
    for peer in PEERS:
        for place in (project.peer(peer), project.inbox(peer)):
            if not place.is_dir():
                checks.append(Check("mailbox", BAD, f"{place} is missing", "cccc init"))
            elif not watch.probe(place):
                found = f"no file events arrive in {place}: it is looked at twice a second instead"
                checks.append(Check("events", WARN, found))
    return checks or [Check("events", OK, "file events arrive in the mailbox")]
