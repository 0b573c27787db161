"""Why a command ended before any test, in the one line of its output that says it best. Pure."""

from __future__ import annotations

import re

from cccc.services.evidence.checks import plain

# Lines about errors with which runners and build tools end whatever the trouble is.
_ENDINGS = re.compile(
    "|".join(
        (
            r"^[\s\W_]*$|^>?\s*\d*\s*\|",  # rules, and frames of source code
            r"^=+ .* =+$|^!+ .* !+$|^(?:FAILED|ERROR) \S+$|^no tests ran|in [\d.]+s$",  # pytest
            r"^Ran \d+ test|^FAILED \(",  # unittest
            r"^make(?:\[\d+\])?: (?:\*\*\*|Entering|Leaving)|^ninja: build stopped",
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
_LONGEST, _LOOKED_AT = 300, 16_384


def of(output: str) -> str:
    """Return the last useful line that tells of an error, else the last useful one; "" when there is none."""
    lines = [line.strip() for line in plain(output[-_LOOKED_AT:]).split("\n")]
    useful = [line for line in lines if not _ENDINGS.search(line)]
    return next((line for line in reversed(useful) if _ERROR.search(line)), useful[-1] if useful else "")[:_LONGEST]
