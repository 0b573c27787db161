"""One project: its settings, repository, isolation, processes, sockets, disk, and whether file events arrive."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

from cccc.common import settings, terminal
from cccc.common.commands.status import NO
from cccc.common.errors import LedgerBroken, NotRunning, SettingsError, UserError
from cccc.common.ledger import anchor
from cccc.common.machine import git, supervisor, watch
from cccc.common.paths import LONGEST_SOCKET, PEERS, Project, of_others
from cccc.common.shown import obstacles, status
from cccc.common.text.lines import plain
from cccc.scripts.cli import checked, shelter
from cccc.scripts.cli.prompts import GUIDES
from cccc.scripts.doctor import BAD, OK, WARN, Check
from cccc.services.evidence.checking import sandbox
from cccc.services.evidence.landing import git_hooks
from cccc.services.orchestrator.upkeep import prompts

_MB = 1_000_000
_PLENTY_MB = 1000
_ENOUGH = {"fs.inotify.max_user_instances": 1024, "fs.inotify.max_user_watches": 524288}


def checks(project: Project) -> list[Check]:
    """Check what is the project's own."""
    return [
        Check("project", OK, str(project.root)),
        *_settings(project),
        *(_repository(project) if shutil.which("git") else []),
        *(_checks(project) if shutil.which("git") else []),
        *_isolation(project),
        _shelter(project),
        _ledger(project),
        _guides(project),
        _services(project),
        _sockets(project),
        *_owners(project),
        *_disk(project),
        *_events(project),
    ]


def _settings(project: Project) -> list[Check]:
    problems = [Check("settings", BAD, problem, "edit the file") for problem in settings.problems(project)]
    try:
        changed = status.read(project).settings if supervisor.is_up(project) and not problems else []
    except NotRunning:  # its panel has not written yet
        changed = []
    problems += [Check("settings", WARN, line.partition("; ")[0], line.partition("; ")[2]) for line in changed]
    return problems or [Check("settings", OK, f"{project.settings}")]


def _repository(project: Project) -> list[Check]:
    """Check whether patches can land here, in the environment that the gate has, or would get from this terminal."""
    try:
        env = terminal.environment(project) if supervisor.is_up(project) else dict(os.environ)
    except SettingsError:  # told already
        env = dict(os.environ)
    found = obstacles.find(project.root, env)
    checks = [Check(each.about, BAD if each.bad else WARN, each.what, each.mend) for each in found]
    try:
        repo = git.look(project.root)
    except UserError:
        return checks
    if not any(each.about == "repository" for each in found):
        checks.insert(0, Check("repository", OK, f"{repo.top}, {repo.branch}"))
    checks += [Check(each.about, OK, each.what, each.mend) for each in obstacles.notes(project.root, env)]
    checks += _edits(project)
    checks += _hooks(project, repo, env)
    if not any(each.about == "identity" for each in found):
        identity = git.line(project.root, "var", "GIT_AUTHOR_IDENT", env=git.environment(env))
        checks.append(Check("identity", OK, identity.rpartition(">")[0] + ">"))
    return checks


def _checks(project: Project) -> list[Check]:
    """Say what checks a patch; that nothing does is no more than a warning."""
    try:
        found = checked.here(project, checked.environment_of(project))
    except SettingsError:  # told already
        return []
    return [_of_a_check(name, words) for name, words in found.items()]


def _of_a_check(name: str, words: str) -> Check:
    if words.startswith(NO):
        what, _, mend = words.rpartition("; ")
        return Check(name, WARN, what, mend)
    return Check(name, WARN if "not installed" in words else OK, words)


def _edits(project: Project) -> list[Check]:
    """What lies in the work tree that no patch handed in; the user's own edits look the same."""
    changed = git.run(project.root, "status", "--porcelain", "-z", "--no-renames", check=False).stdout
    paths = [plain(entry[3:]) for entry in changed.decode(errors="replace").split("\0") if entry]
    if not paths:
        return []
    names = ", ".join(paths[:5]) + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")
    return [Check("edits", OK, f"uncommitted: {names}; the gate never commits them, patches that touch them are held")]


def _hooks(project: Project, repo: git.Repo, env: Mapping[str, str]) -> list[Check]:
    """Which of the user's hooks judge a patch before it lands."""
    try:
        mode = settings.load(project).policies.gate.hooks
    except SettingsError:  # told already
        return []
    found = git_hooks.find(repo, env)
    wrong = git_hooks.told(found, mode)
    if wrong:
        return [Check("hooks", WARN, wrong, "" if mode == "off" else git_hooks.MEND)]
    if found.names:
        return [Check("hooks", OK, f"{', '.join(found.names)} of {found.folder} run on each landing")]
    return []


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


def _shelter(project: Project) -> Check:
    if shelter.is_made(project):
        return Check("git clean", OK, f"skips {project.home.name}: it is a nested repository")
    found = f"`git clean -fdx` and `git stash --all` would delete {project.home.name}"
    return Check("git clean", WARN, found, "cccc up")


def _ledger(project: Project) -> Check:
    try:
        loss = anchor.loss(project, anchor.place(project))
    except LedgerBroken as error:
        return Check("ledger", BAD, f"damaged: {error}", "restore a backup, or cccc ledger accept --because TEXT")
    if loss:
        return Check("ledger", BAD, loss.words, "restore a backup, or cccc ledger accept --because TEXT")
    return Check("ledger", OK, "complete")


def _guides(project: Project) -> Check:
    """What the peers are told without these lies in SYSTEM, so nothing of it has to be there."""
    brief = prompts.brief_of(project)
    missing = [name for name in GUIDES.values() if not (project.root / name).exists()]
    if brief.wrong:
        return Check("guides", WARN, f"{brief.wrong}: the peers have no brief", "make it a readable file")
    if brief.text is None:
        missing.append("PROJECT.md")
    if not missing:
        return Check("guides", OK, f"{', '.join(GUIDES.values())} and PROJECT.md found")
    mends = ["cccc prompts install"] if set(missing) & set(GUIDES.values()) else []
    mends += ["write your brief as PROJECT.md"] if "PROJECT.md" in missing else []
    return Check("guides", OK, f"missing: {', '.join(missing)}", "; ".join(mends))


def _services(project: Project) -> Check:
    if not supervisor.is_up(project):
        return Check("services", OK, "not running")
    try:
        rows = supervisor.processes(project)
    except NotRunning as error:
        return Check("services", WARN, str(error), "cccc up")
    ended = [f"{row.name} {row.state}" for row in rows if not row.pid and row.state != "STOPPED"]
    if ended:
        return Check("services", WARN, f"up, but {', '.join(ended)}", f"cccc logs {ended[0].split()[0]}")
    return Check("services", OK, f"up: {', '.join(row.name for row in rows if row.pid)}")


def _sockets(project: Project) -> Check:
    path = project.socket("supervisor")
    why = "" if path.parent == project.run else f"; {project.run} is too long, or on a file system without sockets"
    return Check("sockets", OK, f"{path.parent}, {len(str(path))} of {LONGEST_SOCKET} bytes{why}")


def _owners(project: Project) -> list[Check]:
    others = of_others(project.home, os.getuid())
    mend = f"sudo chown -R {os.getuid()} {project.home}"
    return [Check("owner", BAD, f"{others[0]} belongs to another user", mend)] if others else []


def _disk(project: Project) -> list[Check]:
    try:
        limit = settings.load(project).cli_profiles.mailbox.min_free_mb
    except SettingsError:  # told already
        return []
    free = shutil.disk_usage(project.home).free // _MB
    if free < limit:
        found = f"{free} MB free, less than mailbox.min_free_mb ({limit}): the peers' files are not picked up"
        return [Check("disk", BAD, found, "free some space")]
    return [Check("disk", OK if free > _PLENTY_MB else WARN, f"{free} MB free")]


def _events(project: Project) -> list[Check]:
    checks = []
    for peer in PEERS:
        for place in (project.peer(peer), project.inbox(peer)):
            if not place.is_dir():
                checks.append(Check("mailbox", BAD, f"{place} is missing", "cccc init"))
            elif not os.access(place, os.W_OK):
                checks.append(Check("mailbox", BAD, f"{place} is not writable", "check its owner and file system"))
            elif not watch.probe(place):
                limit = watch.used_up(place)
                why = f" (this user's {limit} are used up)" if limit else ""
                found = f"no file events arrive in {place}{why}: polling twice a second instead"
                checks.append(Check("events", WARN, found, f"sudo sysctl -w {limit}={_ENOUGH[limit]}" if limit else ""))
    return checks or [Check("events", OK, "file events arrive in the mailbox")]
