"""Why a command ended as it did, in the one line of its output that says it best. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cccc.services.evidence.checking.checks import plain

# Lines about errors with which runners and build tools end whatever the trouble is.
_ENDINGS = re.compile(
    "|".join(
        (
            r"^[\s\W_]*$|^>?\s*\d*\s*\|",  # rules, and frames of source code
            r"^=+ .* =+$|^!+ .* !+$|^(?:FAILED|ERROR) \S+$|^no tests ran|in [\d.]+s$",  # pytest
            r"^Ran \d+ test|^FAILED \(",  # unittest
            r"^g?make(?:\[\d+\])?: (?:\*\*\*|Entering|Leaving)|^ninja: build stopped",
            r"^error: Recipe .* failed|^task: Failed to run",  # just, task
            r"^npm (?:ERR!|error) |ELIFECYCLE|^error Command failed|^error: script .* exited",  # npm, pnpm, yarn, bun
            r"^error: (?:test|doctest) failed, to rerun|^error: \d+ targets? failed|^warning: build failed",  # cargo
            r"^error: could not compile|^As a reminder, you're using offline|^For more information about this error",
            r"^FAIL\b|^exit status \d+$",  # go
            r"^\d+ (?:examples?|runs|tests|specs|uncaught|known|errors?|failed|FAILED)\b",  # summaries with numbers
            r"^(?:Tests|Test Suites|Test Files|Errors)\b|^# \w+:? +\d|^[A-Z][\w ]+: +\d+$",
            r"^\[ERROR\] *(?:$|-> |To see the full|Re-run Maven|For more info|\[Help|After correcting)",  # Maven
            r"^BUILD FAILED|^FAILURE: |^Execution failed for task|^> There were failing tests",  # Gradle
            r"^-- Configuring incomplete|^The following tests|^Errors while running CTest",  # CMake, ctest
            r"^Use \"--rerun-failed|^\d+% tests passed|^Summary of Fail",  # ctest, meson
            r"^(?:Parse errors|Non-zero exit status|Result|Dubious)\b|^Failed \d|^BEGIN failed|\(Wstat: ",  # prove
            r"^(?:code|failureType|name|location|stack): |^(?:error: )?'test failed'|^at ",  # node
            r"^\w+: FAIL |^evaluation failed|^nox > Session .* failed",  # tox, nox
        )
    )
)
_ERROR = re.compile(
    r"(?i)error|fatal|panic|exception|abort|cannot|can't|could not|couldn't|unable|failed|failure|fails|no such|"
    r"not found|refused|denied|timed out|missing|unresolved|unknown|undefined|"
    r"not (?:installed|running|available|reachable)"
)
_WORD = re.compile(r"[^\s'\"`()\[\]:,]+")
_PLACE = re.compile(r"[\w./\\@+-]*\.\w+(?::\d+|\(\d+)")  # a file with the number of a line
_ONLY_A_PLACE = re.compile(r"^(?:-->|\[?warn(?:ing)?\]?|\[?error\]?|FILE:|[\d:(),.\s])*$")
_LONGEST, _LOOKED_AT = 300, 16_384


def of(output: str) -> str:
    """Return the last useful line that tells of an error, else the last useful one; "" when there is none."""
    lines = [line.strip() for line in plain(output[-_LOOKED_AT:]).split("\n")]
    useful = [line for line in lines if not _ENDINGS.search(line)]
    return next((line for line in reversed(useful) if _ERROR.search(line)), useful[-1] if useful else "")[:_LONGEST]


def complaint(output: str, touched: Iterable[str]) -> str:
    """Return the first finding of a linter, with its place: one in a file of `touched`, else any, else what `of` does.

    Linters name the file in the finding's line, below it (`-->`) or above all of a file's findings.
    """
    lines = [line.strip() for line in plain(output).split("\n")]
    useful = [line for line in lines if line.strip("-=|─━^ ")]
    paths = list(touched)
    of_the_patch = ((at, *named) for at, line in enumerate(useful) for named in _named(line, paths))
    anywhere = ((at, match[0], match[0]) for at, line in enumerate(useful) for match in _PLACE.finditer(line))
    at, word, place = next(of_the_patch, None) or next(anywhere, (0, "", ""))
    if not place:
        return of(output)
    line = useful[at].replace(word, place).removeprefix("--> ")
    if _ONLY_A_PLACE.match(useful[at].replace(word, "")):
        if useful[at].startswith("-->"):
            line = f"{useful[at - 1]}: {line}" if at else line
        elif " " in "".join(useful[at + 1 : at + 2]):
            line = f"{line}: {useful[at + 1]}"
    return " ".join(line.split())[:_LONGEST]


def _named(line: str, paths: list[str]) -> list[tuple[str, str]]:
    """Return the words of a line that name one of `paths`, or its end, each with that path."""
    words = [word for word in _WORD.findall(line) if "." in word or "/" in word]
    ends = ((word, path, f"/{path}", "/" + word.removeprefix("./")) for word in words for path in paths)
    return [(word, path) for word, path, whole, end in ends if whole.endswith(end) or end.endswith(whole)]
