"""Running commands on what stands in the gate tree: environment, loans, log, counts."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from cccc.common.ledger.blobs import Blobs
from cccc.common.machine import git, host
from cccc.common.paths import Project
from cccc.common.settings.policies import Policies
from cccc.common.terminal import typed_by
from cccc.common.text import redaction
from cccc.services.evidence.checking import cause, checks, counts, environment, links, setup_cache
from cccc.services.evidence.checking.checks import Ended
from cccc.services.evidence.checking.child import CheckLock, Child, Command
from cccc.services.evidence.checking.counts import Tally
from cccc.services.evidence.checking.environment import Own, Seen
from cccc.services.evidence.checking.finders import python
from cccc.services.evidence.checking.links import Link, Loan
from cccc.services.evidence.checking.sandbox import Sandbox
from cccc.services.evidence.checking.setup_cache import Products
from cccc.services.evidence.policy import Counted
from cccc.services.evidence.tree.gate_tree import GateTree
from cccc.services.evidence.tree.kept_tree import Clean

SILENT = "no output"  # of a run without a cause
_LARGEST_REPORT = 64 * 1024 * 1024


@dataclass(frozen=True)
class Run:
    """A command that was run to its end."""

    command: str
    ended: Ended
    tally: Tally | None
    log: Path
    sha: str  # of the log
    rewritten: dict[str, int] = field(default_factory=dict)  # by lint: lines of each tracked file

    @property
    def counted(self) -> Counted | None:
        return Counted(self.tally.tests, self.tally.skipped) if self.tally else None

    @property
    def cause(self) -> str:
        """The line of the output that says best why it ended so, for facts and people; "" when it says nothing."""
        return redaction.default.redact(cause.of(self.ended.output))


@dataclass(frozen=True)
class Gate:
    """What every trial of a project uses."""

    project: Project
    policies: Policies
    blobs: Blobs
    lock: CheckLock
    sandbox: Sandbox
    env: dict[str, str]  # of the user's terminal
    umask: int
    on_base: dict[tuple[str, str], Run] = field(default_factory=dict)  # by commit and command
    machine: str = field(default_factory=host.name)
    clean: Clean = field(default_factory=Clean)

    def log(self, name: str, kind: str) -> Path:
        """Where a check of this kind puts its output; the folder is there."""
        self.project.make(self.project.check_logs)
        return self.project.check_logs / f"{name}.{kind}.log"

    def tree(self, repo: git.Repo) -> GateTree:
        return GateTree(repo, self.project.gate_tree, self.env, self.umask, self.clean)


Running = Generator[Child, Optional[Ended], Run]


class Runs:
    """Runs of commands in the gate tree; `name` begins their logs' names."""

    def __init__(self, gate: Gate, repo: git.Repo, tree: GateTree, name: str) -> None:
        self._gate = gate
        self._repo = repo
        self._tree = tree
        self._name = name
        self._products: list[Link] = []
        self._files: list[str] = []
        self._own: dict[tuple[str, ...], Own] = {}

    def files(self) -> list[str]:
        """Return the files that were tracked when this was first asked, from the project's folder."""
        self._files = self._files or self._tree.files()
        return self._files

    def own(self, files: Iterable[str]) -> Own:
        """Return what the project has of its own in the user's tree, looked for once while these runs go on."""
        folders = tuple(links.folders(files))
        if folders not in self._own:
            self._own[folders] = environment.find(self._repo, self._gate.env, folders)
        return self._own[folders]

    def log(self, kind: str) -> Path:
        return self._gate.log(self._name, kind)

    def run(
        self,
        command: str,
        kind: str,
        limit: float = 0,
        limited_by: str = "gate.timeout_seconds",
        log: Path | None = None,
    ) -> Running:
        """Run a command on the tree as it stands. Raises Missing. A `log` given is appended to."""
        return (yield from self._run(command, kind, self.lent(), limit, limited_by, log))

    def set_up(self, kind: str = "setup") -> Generator[Child, Ended | None, Run | None]:
        """Have what `gate.setup` makes for the tree as it stands. Returns the run that failed, None when all is well.

        Raises Missing.
        """
        command = self._gate.policies.gate.setup
        if not command.strip():
            return None
        store = Products(self._gate.project)
        key = setup_cache.key(command, self._tree.blobs())
        found = store.find(key)
        if found is None:
            asked = links.asked(self._repo, self._gate.policies.gate.link)
            run = yield from self._run(command, kind, asked)
            if run.ended.code or run.ended.over:
                return run
            found = store.keep(key, self._tree.path, self._tree.made())
        self._products = found
        return None

    def lends(self, name: str) -> bool:
        """Whether something of this name in the project's folder is there for a run, lent or tracked."""
        self._tree.bring()
        path = self._repo.prefix + name
        return any(link.path == path for link in self.lent()) or (self._tree.path / path).exists()

    def not_checked_out(self) -> list[str]:
        """Return the submodules that a run finds empty."""
        lent = {link.path for link in self.lent()}
        return [path for path in self._tree.modules() if path not in lent]

    def lent(self) -> list[Link]:
        """Return what a run gets lent. Raises Missing."""
        asked = links.asked(self._repo, self._gate.policies.gate.link)
        modules = links.submodules(self._repo, self._tree.modules())
        path = environment.before(self.own(self.files()).folders, self._gate.env)
        return [*asked, *self._products, *modules, *links.usual(self._repo, self.files(), path)]

    def _run(
        self,
        command: str,
        kind: str,
        lent: list[Link],
        limit: float = 0,
        limited_by: str = "gate.timeout_seconds",
        log: Path | None = None,
    ) -> Running:
        self._tree.bring()
        sandbox = self._gate.sandbox
        prefix = self._repo.prefix
        setup_cache.date(self._repo.top / prefix, self._tree.path / prefix, self._tree.files())
        loan = Loan(lent, self._repo, self._tree.path, sandbox.isolation.way == "bind")
        started = time.time()
        own_report = sandbox.box / "report.xml"
        own_report.unlink(missing_ok=True)
        line = f"{command} --junitxml={own_report} -o junit_family=xunit1" if command == python.PYTEST else command
        child = Child(
            Command(
                sandbox.wrap(["sh", "-c", line], self._repo, self._tree.path, loan.mounts),
                self._tree.path / self._repo.prefix,
                self._environment(),
                limit or self._gate.policies.gate.timeout_seconds,
                limited_by,
                self._header(line),
                contained=sandbox.isolation.way == "bind",
            ),
            self._gate.umask,
            log or self.log(kind),
            self._gate.lock,
            append=log is not None,
        )
        self._tree.hand_over(keep=log is not None)
        ended = yield child
        assert ended
        loan.take_back()
        reports = [own_report, *self._reports(started, counts.reports(command))]
        tally = counts.read(checks.plain(ended.output), (_read(report) for report in reports))
        rewritten = self._tree.rewritten() if kind.startswith("lint") else {}
        return Run(command, ended, tally, child.log, child.sha(), rewritten)

    def _header(self, line: str) -> str:
        here = self._gate.sandbox.here(self._repo, self._tree.path)
        return f"$ {line}\nisolated: {self._gate.sandbox.isolation.way}, in {here} on {self._repo.head}\n\n"

    def _environment(self) -> dict[str, str]:
        """The terminal's environment, as far as it fits the gate tree."""
        here = self._gate.sandbox.here(self._repo, self._tree.path)
        top = self._gate.sandbox.top(self._repo, self._tree.path)
        made = {link.path: link.source for link in self._products}
        seen = Seen(self._repo, top, self._gate.sandbox.box, self._gate.env, self.own(self.files()), made)
        seen.write(self._tree.path)
        env = seen.variables()
        env["PWD"] = str(here)
        env[typed_by.CHECK] = self._gate.project.key
        # A check that breaks its own .git must not find the user's repository above it.
        env["GIT_CEILING_DIRECTORIES"] = str(self._tree.path.parent)
        return env

    def _reports(self, since: float, usual: list[str]) -> list[Path]:
        """Return the reports that this run wrote where `gate.reports` names them, or where it usually does."""
        folder = self._tree.path / self._repo.prefix
        found = [path for pattern in self._gate.policies.gate.reports or usual for path in sorted(folder.glob(pattern))]
        return [path for path in found if path.is_file() and path.stat().st_mtime >= since - 1]


def _read(report: Path) -> bytes:
    try:
        return report.read_bytes() if report.stat().st_size <= _LARGEST_REPORT else b""
    except FileNotFoundError:
        return b""
