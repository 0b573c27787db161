"""One project: its settings, repository, isolation, processes, sockets, disk, and whether file events arrive."""

from __future__ import annotations

import shutil

from cccc.common import anchor, git, settings, supervisor, watch
from cccc.common.errors import LedgerBroken, NotFound, SettingsError, UserError
from cccc.common.lines import plain
from cccc.common.paths import LONGEST_SOCKET, PEERS, Project
from cccc.scripts.cli.prompts import GUIDES
from cccc.scripts.doctor import BAD, OK, WARN, Check
from cccc.services.evidence import sandbox
from cccc.services.orchestrator import prompts

_MB = 1_000_000
_PLENTY_MB = 1000


def checks(project: Project) -> list[Check]:
    """Check what is the project's own."""
    return [
        Check("project", OK, str(project.root)),
        *_settings(project),
        *(_repository(project) if shutil.which("git") else []),
        *_isolation(project),
        _ledger(project),
        _guides(project),
        _services(project),
        _sockets(project),
        *_disk(project),
        *_events(project),
    ]


def _settings(project: Project) -> list[Check]:
    problems = [Check("settings", BAD, problem, "edit the file") for problem in settings.problems(project)]
    return problems or [Check("settings", OK, f"{project.settings}")]


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


def _ledger(project: Project) -> Check:
    try:
        loss = anchor.loss(project, anchor.place(project))
    except LedgerBroken as error:
        return Check("ledger", BAD, f"it does not hold: {error}", "a backup, or cccc ledger accept --because TEXT")
    if loss:
        return Check("ledger", BAD, loss.words, "a backup, or cccc ledger accept --because TEXT")
    return Check("ledger", OK, "every line that was acknowledged is there, or was accepted")


def _guides(project: Project) -> Check:
    """What the peers are told without these lies in SYSTEM, so nothing of it has to be there."""
    brief = prompts.brief_of(project)
    missing = [name for name in GUIDES.values() if not (project.root / name).exists()]
    if brief.wrong:
        return Check("guides", WARN, f"{brief.wrong}: the peers have no brief", "make it a file that you can read")
    if brief.text is None:
        missing.append("PROJECT.md")
    if not missing:
        return Check("guides", OK, f"{', '.join(GUIDES.values())} and PROJECT.md are there")
    mends = ["cccc prompts install"] if set(missing) & set(GUIDES.values()) else []
    mends += ["write PROJECT.md, your brief"] if "PROJECT.md" in missing else []
    return Check("guides", OK, f"not there: {', '.join(missing)}", "; ".join(mends))


def _services(project: Project) -> Check:
    if not supervisor.is_up(project):
        return Check("services", OK, "not running")
    rows = supervisor.processes(project)
    ended = [f"{row.name} {row.state}" for row in rows if not row.pid and row.state != "STOPPED"]
    if ended:
        return Check("services", WARN, f"up, but {', '.join(ended)}", f"cccc logs {ended[0].split()[0]}")
    return Check("services", OK, f"up: {', '.join(row.name for row in rows if row.pid)}")


def _sockets(project: Project) -> Check:
    path = project.socket("supervisor")
    link = "" if path.parent == project.run else "; the project's own path is too long for a socket, so this is a link"
    return Check("sockets", OK, f"{path.parent}, {len(str(path))} of {LONGEST_SOCKET} bytes{link}")


def _disk(project: Project) -> list[Check]:
    try:
        limit = settings.load(project).cli_profiles.mailbox.min_free_mb
    except SettingsError:  # told already
        return []
    free = shutil.disk_usage(project.home).free // _MB
    if free < limit:
        found = f"{free} MB free, less than mailbox.min_free_mb ({limit}): what the peers hand in is not taken"
        return [Check("disk", BAD, found, "free some space")]
    return [Check("disk", OK if free > _PLENTY_MB else WARN, f"{free} MB free")]


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
