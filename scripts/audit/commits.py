"""Each commit of the gate against the facts, both ways.

Plumbing only, and without `git replace`: no setting of the user changes what is read. A commit
that the user rewrote or took off its branch since is named, and is no fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cccc.common.machine import git
from cccc.common.paths import Project
from cccc.common.text.lines import seconds
from cccc.common.text.plural import plural
from cccc.scripts.audit.book import Book

_FORM = "--format=%ct%n%(trailers:only,unfold)%x00"
_OURS = "--grep=^Cccc-Mid:"


class Commit(NamedTuple):
    """A commit, the time it was made, and its trailers: each name with all its values."""

    id: str
    made: int
    trailers: dict[str, list[str]]

    @property
    def mids(self) -> list[str]:
        return self.trailers.get("Cccc-Mid", [])


class Landed(NamedTuple):
    """What git has of the commits that facts name."""

    named: dict[str, Commit]  # those that exist
    on_branches: dict[str, Commit]  # those with our trailers, on the branches that facts name
    anywhere: set[str]  # those with our trailers, on any branch or tag


def look(project: Project, book: Book) -> Landed:
    """Read git. Raises NotFound when the project lies in no repository."""
    top = git.look(project.root).top
    names = {fact.branch for fact in book.commits.values()} | {fact.branch for fact in book.landings.values()}
    refs = git.line(top, "for-each-ref", "--format=%(refname)").splitlines()
    branches = [name for name in sorted(names) if name in refs]
    named = _commits(top, "--no-walk=unsorted", "--ignore-missing", stdin=list(book.commits))
    on_branches = _commits(top, _OURS, stdin=branches)
    lost = set(named) - set(on_branches)
    anywhere = set(_commits(top, _OURS, "--all", stdin=[])) if lost else set(on_branches)
    return Landed(named, on_branches, anywhere)


def _commits(top: Path, *options: str, stdin: list[str]) -> dict[str, Commit]:
    if not stdin and "--all" not in options:
        return {}
    said = "".join(f"{name}\n" for name in stdin).encode()
    done = git.run(top, "--no-replace-objects", "rev-list", "--basic-regexp", _FORM, *options, "--stdin", input=said)
    found = {}
    for record in done.stdout.decode(errors="replace").split("\0"):
        head, *lines = record.strip("\n").split("\n")
        if not head:
            continue
        trailers: dict[str, list[str]] = {}
        for name, colon, value in (line.partition(":") for line in lines[1:]):
            if colon:
                trailers.setdefault(name, []).append(value.strip())
        commit = Commit(head[len("commit ") :], int(lines[0]), trailers)
        found[commit.id] = commit
    return found


def of_facts(found: Landed, book: Book) -> tuple[list[str], list[str]]:
    """Return for the commits that facts name what does not hold, and what is only worth knowing."""
    problems = [problem for commit in found.named.values() for problem in _trailers(commit, book)]
    return problems, list(_moved(found, book))


def of_git(found: Landed, book: Book) -> tuple[list[str], list[str]]:
    """Return the same for the commits with our trailers that no fact names.

    Facts that came after git was read must be in the book, or a landing meanwhile looks like a stranger.
    """
    problems, notes, older = [], [], 0
    known = {fact.mid: fact for fact in book.commits.values()}
    began = seconds(book.first_ts) if book.first_ts else 0.0
    for commit in found.on_branches.values():
        what = f"commit {commit.id[:12]}"
        if commit.id in book.commits:
            continue
        if commit.id in book.landings:
            notes.append(f"{what} was announced (fact {book.landings[commit.id].seq}); that it landed is not said yet")
        elif known.keys() >= set(commit.mids):
            original = known[commit.mids[0]]
            if original.commit in found.on_branches:
                notes.append(f"{what} is a copy of {original.commit[:12]} (fact {original.seq})")
        elif commit.made < began - 1:
            older += 1
        else:
            problems.append(f"{what} carries Cccc-Mid {_list(commit.mids)}, and no fact says that it landed")
    if older:
        notes.append(f"older than this ledger: {plural(older, 'commit')} with trailers")
    return problems, notes


def _trailers(commit: Commit, book: Book) -> Iterator[str]:
    """Yield where the trailers of a commit that a fact names differ from the facts."""
    fact = book.commits[commit.id]
    mid = fact.mid
    wanted = {"Cccc-Mid": [mid], "Cccc-Peer": [fact.author], "Cccc-Patch": [book.patches.get(mid, "")]}
    for name, values in wanted.items():
        has = sorted(commit.trailers.get(name, []))
        if has != values:
            yield f"commit {commit.id[:12]}: {name} is {_list(has)}, fact {fact.seq} says {_list(values)}"
    for sha in commit.trailers.get("Cccc-Evidence", []):
        if sha not in book.evidence.get(mid, ()):
            yield f"commit {commit.id[:12]}: Cccc-Evidence is {sha[:12]}, and no test of {mid} has that log"
    decided, used = set(commit.trailers.get("Cccc-Decision", [])), book.used.get(mid, set())
    for rfd_id in sorted(decided - used - book.approved.get(mid, set())):  # used is said a moment after the landing
        yield f"commit {commit.id[:12]}: Cccc-Decision is {rfd_id}, and no fact says that people approved that"
    for rfd_id in sorted((used & book.approved.get(mid, set())) - decided):
        yield f"commit {commit.id[:12]}: Cccc-Decision {rfd_id} is missing, whose approval was used"


def _moved(found: Landed, book: Book) -> Iterator[str]:
    """Name the commits that are not where the gate put them any more."""
    others = [commit for commit in found.on_branches.values() if commit.id not in book.commits]
    now = {mid: commit.id for commit in others for mid in commit.mids}
    for fact in book.commits.values():
        here = found.named.get(fact.commit)
        if fact.commit in found.on_branches or (here and not here.mids):  # those are found by their trailers only
            continue
        what = f"commit {fact.commit[:12]} (fact {fact.seq}, {fact.mid})"
        if fact.mid in now:
            yield f"{what} was rewritten since: {now[fact.mid][:12]} carries its trailers"
        elif fact.commit in found.anywhere:
            yield f"{what} is not on {fact.branch} any more, but elsewhere in the repository"
        elif here:
            yield f"{what} was taken off {fact.branch} since"
        else:
            yield f"{what} was taken out of the repository since"


def _list(values: list[str]) -> str:
    return ", ".join(value[:40] for value in values) or "missing"
