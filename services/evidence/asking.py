"""Asking people before a patch may land. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from cccc.common import facts as f
from cccc.services.evidence.change import shown
from cccc.services.evidence.policy import MOST_PATHS, Need
from cccc.services.evidence.queue import Open


def ask(patch: Open, needs: Iterable[Need], policy: str, base: str, paths: list[str], lines: int) -> list[f.Fact]:
    """Return the questions that are not yet answered yes, for just these words under just these settings."""
    return [
        f.PatchNeedsDecision(
            author=patch.author,
            mid=patch.mid,
            why=need.why,
            question=need.question,
            paths=shown(paths[:MOST_PATHS]),
            lines=lines,
            base=base,
            policy=policy,
            sha=patch.sha,
        )
        for need in needs
        if not patch.may(need.why, need.question, policy)
    ]
