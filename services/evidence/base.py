"""What the base's own run says about a run with the patch: what was red before, what the patch broke. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from cccc.common.plural import plural
from cccc.services.evidence.counts import Tally

_NAMED = 10


@dataclass(frozen=True)
class Compared:
    """How a red run with the patch stands to the same command on the base."""

    not_worse: bool  # proved: nothing that passed on the base fails or is missing
    words: str  # for the author; "" when the base is green


def compare(run: Tally | None, base_word: str, base: Tally | None) -> Compared:
    """Tell a red run and its base's apart. `base_word` is the verdict of the base."""
    if base_word == "broken":
        return Compared(False, "the same command could not run on the base")
    if base_word != "red":
        return Compared(False, "")
    if run is None or base is None:
        return Compared(False, "red on the base too")
    if not run.failing or not base.failing:
        return Compared(False, "red on the base too, and the runner does not name all that fails")
    before, new = run.failing & base.failing, run.failing - base.failing
    words = [f"failing on the base too: {_names(before)}"] if before else ["what fails on the base is something else"]
    words += [f"failing with the patch only: {_names(new)}"] if new else []
    gone = _missing(run, base)
    words += [gone] if gone else []
    return Compared(not new and not gone, "; ".join(words))


def _missing(run: Tally, base: Tally) -> str:
    if run.passing is not None and base.passing is not None:
        gone = base.passing - run.passing - (run.failing or frozenset())
        return f"passing on the base and missing with the patch: {_names(gone)}" if gone else ""
    if run.tests < base.tests or run.skipped > base.skipped:
        before = f"{plural(base.tests, 'test')} and {base.skipped} skipped on the base"
        return f"{before}, {run.tests} and {run.skipped} with the patch"
    return ""


def _names(names: frozenset[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(sorted(names)[:_NAMED]) + more
