"""Asking people before a patch may land. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from cccc.common import facts as f
from cccc.common.text import redaction
from cccc.services.evidence.policy import MOST_PATHS, Need
from cccc.services.evidence.queue import Open
from cccc.services.evidence.reading.change import shown


def ask(patch: Open, needs: Iterable[Need], policy: str, base: str, paths: list[str], lines: int) -> list[f.Fact]:
    """Return the questions that are not yet answered yes, for just these words under just these settings.

    Redacted here, as they come back from the ledger: a name can look like a token, such as `sk-learn-…`.
    """
    asked = [(need.why, redaction.default.redact(need.question)) for need in needs]
    return [
        f.PatchNeedsDecision(
            author=patch.author,
            mid=patch.mid,
            why=why,
            question=question,
            paths=shown(paths[:MOST_PATHS]),
            lines=lines,
            base=base,
            policy=policy,
            sha=patch.sha,
        )
        for why, question in asked
        if not patch.may(why, question, policy)
    ]
