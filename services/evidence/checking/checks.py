"""What the end of a lint or test command means. Pure.

A verdict is green, red, broken (the command could not do its work, so it proves nothing) or
skipped (there is nothing to run).
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Callable

from cccc.common.text import redaction
from cccc.services.evidence.checking.counts import Tally
from cccc.services.evidence.checking.finders import Tracked, node
from cccc.services.evidence.checking.sandbox import COMPLAINT, NOT_ISOLATED

_ANY_TEST = re.compile(
    r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.(?:py|go)$|\.(?:test|spec)\.[cm]?[jt]sx?$|(?:^|/)(?:tests?|spec)/[^/]+\.\w+$"
)
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\r(?=\n)")
_MISSING = re.compile(
    r"No module named '[^']+'|Cannot find (?:module|package) '[^'./][^']*'|error while loading shared libraries: \S+"
)
_TAIL_LINES, _TAIL_CHARS = 40, 3000


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int  # negative: the signal that killed it
    seconds: float
    over: str = ""  # the limit that we killed it for
    output: str = ""  # the last of it


@dataclass(frozen=True)
class Verdict:
    word: str
    reason: str


def unready(command: str, tracked: Tracked, has_packages: Callable[[], bool]) -> str:
    """Return what must be there before `command` can prove anything, "" when nothing is missing."""
    package = node.package(tracked) if re.search(r"\b(?:npm|npx|yarn|pnpm|bun)\b", command) else {}
    if not node.needs(package) or has_packages():
        return ""
    install = node.install(tracked, node.packager(tracked, package))
    return f"node_modules is missing; install the packages in your tree, or set gate.setup (such as `{install}`)"


def killed_by(code: int) -> int:
    """Return the signal that killed a command, as its parent or a shell says it; 0 when none did: exit 255, say."""
    number = -code if code < 0 else code - 128
    return number if number in signal.valid_signals() else 0


def judge(ended: Ended, tally: Tally | None, command: str, setting: str, files: Iterable[str]) -> Verdict:
    """Return what a run proves. `setting` names where another command can be set; `files` are the tracked ones."""
    if ended.over:
        return Verdict("broken", f"stopped after {ended.over}")
    if ended.code == NOT_ISOLATED and COMPLAINT in ended.output:
        return Verdict("broken", plain(ended.output).strip().rpartition("\n")[2])
    if killed_by(ended.code):
        return Verdict("broken", f"killed by signal {killed_by(ended.code)}")
    if ended.code in (126, 127):
        return Verdict("broken", f"a command of `{command}` was not found; install it, or set {setting}")
    if tally and tally.tests == 0 and ended.code in (0, 5):
        if any(map(_ANY_TEST.search, files)):
            return Verdict("broken", f"`{command}` ran no test, though there are tests")
        return Verdict("skipped", f"`{command}` found no test")
    word = "red" if ended.code or (tally and tally.failed) else "green"
    return Verdict(word, _numbers(word, tally, ended.code))


def _numbers(word: str, tally: Tally | None, code: int) -> str:
    if tally is None:
        return f"exit {code}"
    passed = ((tally.tests - tally.failed, "passed"), (tally.skipped, "skipped"))
    green = ", ".join(f"{number} {name}" for number, name in passed if number)
    if word == "green":
        return green or f"exit {code}"
    if not tally.failed:
        return f"exit {code}, though no test failed" + (f": {green}" if green else "")
    skipped = f", {tally.skipped} skipped" if tally.skipped else ""
    return f"{tally.failed} of {tally.tests} failed{skipped}" + ("" if code else ", though the command ended with 0")


def missing(output: str) -> set[str]:
    """Return what a run says it did not find and git does not track: modules, packages, libraries."""
    return set(_MISSING.findall(plain(output)))


def tail(output: str) -> str:
    """Return the last useful lines of an output, without colours and blank lines."""
    lines = [line.rstrip() for line in plain(output).split("\n") if line.strip()]
    return "\n".join(lines[-_TAIL_LINES:])[-_TAIL_CHARS:]


def shown(ended: Ended) -> str:
    """Return the last useful lines of an output, as facts and people get them."""
    return tail(redaction.default.redact(plain(ended.output)))


def plain(output: str) -> str:
    """Return an output without its terminal sequences."""
    return _ANSI.sub("", output)
