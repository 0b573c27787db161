"""Asking people about a base: what keeps patches from landing and is none of theirs. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from cccc.common import facts as f
from cccc.common.machine import git
from cccc.common.text.plural import plural
from cccc.services.evidence.checking import bases


class Question(NamedTuple):
    """What people are to be asked. `why` as in `base-needs-decision`; `mid` is that of the run on the base."""

    why: str
    names: list[str]
    mid: str
    branch: str
    base: str


def ask(known: bases.State, question: Question, machine: str) -> tuple[f.Fact, str] | None:
    """Return the question as a fact and its id, None when there is nothing to ask, or it was asked."""
    why = question.why
    new = sorted(bases.as_told(question.names) - known.known_red(machine))
    if (why == "red" and not new) or known.was_asked(why, new, machine) or not bases.can_be_told(new):
        return None
    fact = f.BaseNeedsDecision(
        mid=question.mid,
        branch=question.branch,
        base=question.base,
        why=why,
        question=_words(why, new, question.branch),
        machine=machine,
        names=new,
    )
    digest = hashlib.sha256("\0".join([why, machine, *new]).encode()).hexdigest()[:16]
    return fact, f"base:ask:{digest}:{known.questions}"


def _words(why: str, names: Iterable[str], branch: str) -> str:
    """Return what people are asked, on one line."""
    if why == "untested":
        return "this project has no tests; may patches to its code land untested? (gate.allow_without_tests)"
    named = sorted(names)
    fail = "fails" if len(named) == 1 else "fail"
    tests, where = plural(len(named), "test"), git.short(branch)
    return f"{tests} {fail} on {where} without any patch: accept as known failures on this machine?"
