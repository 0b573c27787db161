"""Who gave an answer, and whether that person may. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from cccc.common import facts as f
from cccc.common.registry import PLATFORMS
from cccc.common.settings.policies import Approver

_OF_PATCHES = ("protected", "large", "tests")
_OF_BASES = ("red", "untested")


def kind(why: str) -> str:
    """Return the kind of request by which `rfd.required` and an approver's roles go."""
    return why if why in _OF_PATCHES else "base" if why in _OF_BASES else "request"


def who(approvers: Mapping[str, Approver], fact: f.Decision, asked: str) -> tuple[str, str]:
    """Return the person behind an answer to a request of the kind `asked`, and why they may not decide, or ""."""
    local = fact.via not in PLATFORMS
    if not approvers:
        return (fact.who or "the local user", "") if local else ("", _NOBODY_LISTED.format(fact=fact))
    for name, person in approvers.items():
        if person.local if local else fact.user and getattr(person, fact.via) == fact.user:
            may = not person.roles or asked in person.roles
            return name, "" if may else f"{name} may not decide this kind ({asked}; rfd.approvers.{name}.roles)"
    return "", _NOT_LISTED.format(fact=fact, account=fact.user or "without an id")


_NOBODY_LISTED = "rfd.approvers lists nobody, so only the local user decides, not {fact.who} ({fact.via})"
_NOT_LISTED = "{fact.who} ({fact.via} {account}) is not listed in rfd.approvers"
