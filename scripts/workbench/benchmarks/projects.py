"""Hand four patches to the gate of real projects: a harmless one, a red one, a new module, one that lint forbids.

Each project is worked on in two copies with what its contributors set up: one is the gate's, in the other the same
commands are run by hand. A red edit is one that a test sees by hand, found among a few mutations.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import click

from cccc.common import bus, ledger
from cccc.common import facts as f
from cccc.common.machine import git
from cccc.common.paths import Project
from cccc.scripts.workbench.benchmarks import edits, modules
from cccc.scripts.workbench.benchmarks.rows import table
from cccc.scripts.workbench.benchmarks.scratch import cccc, rename_in, until, up
from cccc.services.evidence.checking import checks, commands, counts, environment, finders, links

_LIMIT = 1500.0
_PATIENCE = 60.0  # with a patch that is held and of which nothing is asked
_MUTATIONS = 8
_SHORT = 120


class Outcome(NamedTuple):
    """What became of a patch; `seconds` from the written `patch.diff`."""

    landed: bool
    words: str
    seconds: float = 0.0


class Result(NamedTuple):
    project: str
    lints: str
    tests: str
    base: str
    harmless: str
    red: str
    module: str
    forbidden: str
    green_time: str
    red_time: str


HEAD = (
    *("project", "lints", "tests", "on its base", "harmless", "red", "new module with its test", "lint-forbidden"),
    *("green: gate / by hand (goal ≤ 1.2)", "red: gate / by hand (goal ≤ 1.3)"),
)


@click.command()
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...", type=click.Path(exists=True, path_type=Path))
def command(folders: tuple[Path, ...]) -> None:
    """Hand four patches to the gate of each project, and print a row of what came of them.

    FOLDER is a clone in which the project's own set-up is done. It is only read: the work is done in copies.
    """
    rows = []
    for folder in folders:
        with tempfile.TemporaryDirectory(prefix="cccc-projects-") as place:
            rows.append(_try(folder.resolve(), Path(place)))
        click.echo(table(HEAD, rows[-1:]), err=True)
    click.echo(table(HEAD, rows))


def _try(folder: Path, place: Path) -> Result:
    if git.run(folder, "status", "--porcelain", "--untracked-files=no").stdout:
        raise click.UsageError(f"{folder} has uncommitted changes")
    hand = Hand(copy(folder, place / "hand" / folder.name))
    before = hand.run()  # which also leaves what later runs find made
    project = Project(copy(folder, place / "gate" / folder.name) / ".cccc")
    cccc(project, "init")
    with up(project):
        patches = Patches(project)
        base, told = patches.base()
        harmless, green_time = _give(patches, hand, hand.harmless(), is_timed=True)
        edit, tries = hand.red(before)
        red, red_time = _give(patches, hand, edit, is_timed=True)
        module, _ = _give(patches, hand, hand.module())
        forbidden, _ = _give(patches, hand, hand.forbidden())
    return Result(
        folder.name,
        _short(told.linted_by),
        _short(told.tested_by),
        base,
        _cell(harmless),
        _cell(red) + (f" (mutation {tries})" if tries > 1 else ""),
        _cell(module),
        _cell(forbidden),
        _times(harmless, green_time),
        _times(red, red_time),
    )


def _give(patches: Patches, hand: Hand, edit: edits.Edit, is_timed: bool = False) -> tuple[Outcome, float]:
    """Hand an edit in, and keep it by hand too where it lands. Returns the outcome, and the seconds by hand."""
    if not edit:
        return Outcome(False, "no rule finds such an edit"), 0.0
    seconds = 0.0
    if is_timed:
        with hand.with_(edit):
            seconds = hand.run().seconds
    diff = hand.diff(edit)
    outcome = patches.give(diff)
    if outcome.landed:
        hand.keep(diff)
    return outcome, seconds


def copy(folder: Path, to: Path) -> Path:
    """Copy a checkout with what is installed in it, which then leads to the copy. Returns `to`."""
    to.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", "--reflink=auto", str(folder), str(to)], check=True)
    old, new = os.fsencode(folder), os.fsencode(to)
    found = subprocess.run(["grep", "-rlIZF", "--exclude-dir=.git", str(folder), str(to)], stdout=subprocess.PIPE)
    for name in filter(None, found.stdout.split(b"\0")):
        path = Path(os.fsdecode(name))
        path.write_bytes(path.read_bytes().replace(old, new))
    for link in (Path(top, name) for top, folders, files in os.walk(to) for name in (*folders, *files)):
        target = str(link.readlink()) if link.is_symlink() else ""
        if target == str(folder) or target.startswith(f"{folder}/"):
            link.unlink()
            link.symlink_to(str(to) + target[len(str(folder)) :])
    for key, value in (("user.name", "Bench"), ("user.email", "bench@example.org")):
        git.run(to, "config", key, value)
    return to


class Ran(NamedTuple):
    seconds: float
    lint: int
    test: int
    failing: frozenset[str]


class Hand:
    """A copy in which edits are made, and the gate's commands are run by hand."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = git.run(root, "ls-files").stdout.decode().splitlines()
        self.of = edits.language(self.files)
        self.sources = edits.sources(self.files, self.of, self.read) or self.files[:1]
        repo = git.look(root)
        found = finders.find(commands.at(repo, os.environ))
        self.lint, self.test = finders.line(found, "lint"), finders.line(found, "test")
        path = environment.path(repo, os.environ, links.folders(self.files))
        self._env = {**os.environ, "PATH": path}

    def read(self, name: str) -> str:
        return (self.root / name).read_text(errors="replace")

    def run(self, limit: float | None = None) -> Ran:
        """Run lint and tests on what is there. Raises TimeoutExpired."""
        began = time.perf_counter()
        lint, test = self._run(self.lint, limit), self._run(self.test, limit)
        tally = counts.read(checks.plain(test.stdout))
        failing = tally.failing if tally and tally.failing else frozenset()
        return Ran(time.perf_counter() - began, lint.returncode, test.returncode, failing)

    def _run(self, line: str, limit: float | None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", line],
            cwd=self.root,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=limit,
        )

    @contextmanager
    def with_(self, edit: edits.Edit) -> Iterator[None]:
        """Make an edit, and take it back."""
        try:
            for name, text in edit.items():
                (self.root / name).write_text(text)
            yield
        finally:
            self._back(edit)

    def diff(self, edit: edits.Edit) -> bytes:
        with self.with_(edit):
            git.run(self.root, "add", "-f", "--", *edit)
            return git.run(self.root, "diff", "--cached", "--no-ext-diff").stdout

    def keep(self, diff: bytes) -> None:
        """Commit what has landed."""
        git.run(self.root, "apply", "--index", "-", input=diff)
        git.run(self.root, "commit", "-q", "--no-verify", "-m", "landed")
        self.files = git.run(self.root, "ls-files").stdout.decode().splitlines()

    def _back(self, edit: edits.Edit) -> None:
        git.run(self.root, "reset", "-q", "--", *edit)
        for name in edit:
            if name not in self.files:
                (self.root / name).unlink(missing_ok=True)
        git.run(self.root, "checkout", "-q", "--", *(name for name in edit if name in self.files), check=False)

    def harmless(self) -> edits.Edit:
        return edits.harmless(self.sources[0], self.read(self.sources[0]), self.of)

    def forbidden(self) -> edits.Edit:
        return edits.forbidden(self.sources[0], self.read(self.sources[0]), self.of)

    def module(self) -> edits.Edit:
        tests = edits.tests(self.files, self.of) or [self.sources[0]]
        return modules.new(self.of, self.sources[0], tests[0], self.files, self.read, self.test)

    def red(self, before: Ran) -> tuple[edits.Edit, int]:
        """Return an edit that a test sees and lint does not, and how many were tried; none when all were in vain."""
        texts = [(name, self.read(name)) for name in self.sources[:3]]
        tries = 0
        for tries, edit in enumerate(edits.mutations(texts, _MUTATIONS), 1):
            with self.with_(edit):
                try:
                    ran = self.run(before.seconds * 3 + 30)
                except subprocess.TimeoutExpired:
                    continue
            if ran.lint == before.lint and (ran.test != before.test or ran.failing - before.failing):
                return edit, tries
        return {}, tries


class Patches:
    """The gate of a project that is up: what is handed in, and what becomes of it."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._reader = ledger.Reader(project)

    def _heard(self) -> Iterator[f.Fact | None]:
        """Yield what is said, and None while nothing is; say yes where a base is asked about."""
        end = time.monotonic() + _LIMIT
        while time.monotonic() < end:
            for fact in filter(None, (ledger.decode(line.raw) for line in self._reader.read())):
                if isinstance(fact, f.Rfd):
                    cccc(self._project, "rfd", "approve" if fact.machine else "reject", fact.rfd_id)
                yield fact
            yield None
            time.sleep(0.005)

    def base(self) -> tuple[str, f.GateChecks]:
        """Wait until the base's own run has ended. Returns what came of it, and what checks a patch."""
        told = f.GateChecks(linted_by="", tested_by="", programs="")
        for fact in self._heard():
            if isinstance(fact, f.GateChecks):
                told = fact
                if fact.tested_by.startswith("untested"):
                    return "untested", told
            if isinstance(fact, f.BaseTest):
                return _of_base(fact), told
        return "no answer", told

    def give(self, diff: bytes) -> Outcome:
        """Hand a patch in and wait for its outcome."""
        inbox = self._project.peer("PeerA") / "patch.diff"
        until(lambda: inbox.exists() and inbox.stat().st_size == 0, "patch.diff taken")
        began = time.perf_counter()
        rename_in(inbox, diff)
        held, asked = None, ""
        for fact in self._heard():
            now = time.perf_counter() - began
            if isinstance(fact, f.PatchCommit):
                return Outcome(True, {None: "untested", False: "red as known"}.get(fact.tests_ok, ""), now)
            if isinstance(fact, (f.PatchReject, f.MailboxRefused)):
                return Outcome(False, asked or fact.reason, now)
            if isinstance(fact, f.PatchPrecheckFail):
                return Outcome(False, fact.stderr, now)
            if isinstance(fact, f.Rfd):
                held, asked = None, "" if fact.machine else f"a person is asked: {fact.question}"
            if isinstance(fact, f.PatchHeld) and fact.asked:
                held, since = fact, now
            if held and now - since > _PATIENCE:
                bus.tell(self._project, "cli", [f.PatchDrop(id=f"drop:{held.mid}", mid=held.mid)])
                return Outcome(False, f"held: {held.reason}", now)
        return Outcome(False, "no answer", _LIMIT)


def _of_base(fact: f.BaseTest) -> str:
    """Return in short what came of the tests without any patch."""
    if fact.tests is None:
        return f"{fact.verdict}, {fact.reason}"
    failed = f", known to fail: {fact.failed}" if fact.failed else ""
    return f"{fact.verdict}, {fact.tests:,} tests{failed}"


def _short(words: str) -> str:
    """Return the first of the words, for one cell."""
    line = " ".join(words.split()).replace("|", "\\|")
    return line if len(line) <= _SHORT else f"{line[:_SHORT]}…"


def _cell(outcome: Outcome) -> str:
    return f"{'lands' if outcome.landed else 'no'}{': ' if outcome.words else ''}{_short(outcome.words)}"


def _times(gate: Outcome, by_hand: float) -> str:
    if not by_hand:
        return ""
    return f"{gate.seconds:.1f} s / {by_hand:.1f} s = {gate.seconds / by_hand:.2f}"
