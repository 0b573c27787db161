"""A message or patch by any name that a person knows it by: its mid, the commit it landed as, a branch, a tag."""

from __future__ import annotations

import os
import re

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.errors import NotFound
from cccc.common.ledger import older
from cccc.common.machine import git
from cccc.common.paths import Project
from cccc.common.text.lines import plain

_HEX = re.compile(r"[0-9a-fA-F]{4,64}")
_TRAILERS = "--format=%H%x00%s%x00%(trailers:key=Cccc-Mid,valueonly)"


def mid_of(project: Project, name: str) -> str:
    """Return the mid that `name` stands for: a mid, a commit in any form that git knows, also one git has lost.

    Raises NotFound, in words that say what the name is instead.
    """
    name = name.strip()
    if ledger.lines_of(project, mid=name):
        return name
    try:
        git.look(project.root)
    except NotFound:
        return _lost(project, name, "")
    done = git.run(project.root, "rev-parse", "--verify", f"{name}^{{commit}}", check=False)
    if done.returncode or name.startswith("-"):
        return _lost(project, name, _candidates(done.stderr.decode(errors="replace")))
    return _of_commit(project, name, done.stdout.decode().strip())


def landed_as(project: Project, commit: str) -> str:
    """Return the mid of the patch that a commit says it is, "" when it says none, or git has no such commit."""
    asked = ("log", "-1", "--no-show-signature", "--format=%(trailers:key=Cccc-Mid,valueonly)", commit, "--")
    return git.run(project.root, *asked, check=False).stdout.decode(errors="replace").strip()


def _of_commit(project: Project, name: str, commit: str) -> str:
    shown = git.run(project.root, "log", "-1", "--no-show-signature", _TRAILERS, commit).stdout
    _, subject, trailers = os.fsdecode(shown).split("\0")
    mids = [mid for mid in dict.fromkeys(trailers.split()) if ledger.lines_of(project, mid=mid)]
    if len(mids) == 1:
        return mids[0]
    what = f"{plain(name)} is commit {commit[:10]}, {plain(subject)!r}"
    if mids:
        raise NotFound(f"{what}, which holds {len(mids)} patches; name one: {', '.join(mids)}")
    newest = git.line(project.root, "log", "-1", "--format=%h", "--grep=^Cccc-Mid:", commit)
    hint = f"the newest of the gate before it is {newest}" if newest else "there is none of the gate before it"
    raise NotFound(f"{what}, which is not a patch of this ledger; {hint}")


def _lost(project: Project, name: str, candidates: str) -> str:
    """Return the patch that landed as a commit which git does not have any more."""
    if candidates:
        raise NotFound(f"{plain(name)} is ambiguous: {candidates}; use more digits")
    found = {}
    if _HEX.fullmatch(name):
        landed = (fact for fact in ledger.read(project) if isinstance(fact, f.PatchCommit))
        found = {fact.mid: fact.commit for fact in landed if fact.commit.startswith(name.lower())}
    if len(found) == 1:
        return next(iter(found))
    if found:
        several = ", ".join(f"{commit[:12]} ({mid})" for mid, commit in found.items())
        raise NotFound(f"{plain(name)} is ambiguous: {several}; use more digits")
    what = f"no such mid, commit or branch: {plain(name)}"
    raise NotFound("; ".join(filter(None, (what, older.kept_in_words(project), "`cccc ledger tail` shows the newest"))))


def _candidates(stderr: str) -> str:
    """Return the commits that git names for a short hash that fits several."""
    if "ambiguous" not in stderr:
        return ""
    return ", ".join(re.findall(r"^hint:\s+([0-9a-f]+) commit", stderr, re.MULTILINE)) or "more than one"
