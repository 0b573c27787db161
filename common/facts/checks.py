"""Lint and tests, of patches and of what they are based on, and evidence cards."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

import msgspec

from cccc.common.facts.envelope import Fact

# msgspec evaluates annotations at run time: Optional[...] and List[...] here, for Python 3.9.
# ruff: noqa: UP006, UP035, UP045


class Lint(Fact, tag="lint"):
    """One lint run of the gate ended."""

    SAID_BY = ("evidence",)

    mid: str
    command: str
    verdict: str  # green, red, broken, skipped
    exit: Optional[int]
    seconds: float
    log: str = ""  # path below the project
    sha: str = ""  # of the log
    tail: str = ""
    base: str = ""  # the commit the patch was tried on
    isolated: str = ""  # bind: only the patched tree could be seen; path: it came first

    def line(self) -> str:
        return f"{self.verdict} {self.command} ({self.seconds:.1f} s) {self.isolated}"


class Test(Fact, tag="test"):
    """One test run of the gate ended."""

    SAID_BY = ("evidence",)

    mid: str
    command: str
    verdict: str  # green, red, broken, skipped
    exit: Optional[int]
    seconds: float
    log: str = ""
    sha: str = ""
    tail: str = ""
    base: str = ""  # the commit the patch was tried on
    isolated: str = ""  # as in lint
    tests: Optional[int] = None  # executed; None where the runner does not tell
    failed: Optional[int] = None
    skipped: Optional[int] = None
    on_base: str = ""  # when red: the verdict of the same command on the base

    def line(self) -> str:
        return f"{self.verdict} {self.command} ({self.seconds:.1f} s) {self.isolated}"


class BaseRun(Fact, tag="base-run"):
    """The tests are run on the commit `base` itself: nothing was known of them, and no patch has landed on `branch`."""

    SAID_BY = ("evidence",)

    mid: str  # of the tree, the settings and the environment
    branch: str  # full ref name
    base: str
    command: str
    log: str  # path below the project

    def line(self) -> str:
        return f"{self.command} on {self.base:.10}"


class BaseTest(Fact, tag="base-test"):
    """The tests on a base ended; what they counted is what the first patch on the branch is compared with."""

    SAID_BY = ("evidence",)

    mid: str
    branch: str
    base: str
    command: str
    verdict: str  # green, red, broken, skipped
    exit: Optional[int] = None
    seconds: float = 0
    log: str = ""
    sha: str = ""  # of the log
    tail: str = ""
    isolated: str = ""  # as in lint
    tests: Optional[int] = None  # executed; None where the runner does not tell
    failed: Optional[int] = None
    skipped: Optional[int] = None
    failing: List[str] = msgspec.field(default_factory=list)  # the first of them, where the runner names them all
    reason: str = ""

    def line(self) -> str:
        return f"{self.verdict} {self.command} on {self.base:.10} ({self.seconds:.1f} s) {self.reason}"


class BaseDrop(Fact, tag="base-drop"):
    """The tests on a base are not run to their end: a person wants that, or they may be run later, for `reason`."""

    SAID_BY = ("evidence", "cli")

    mid: str
    reason: str = ""

    def line(self) -> str:
        return self.reason or "dropped by the user"


class BaseAgain(Fact, tag="base-again"):
    """A person wants the tests of what is checked out run, whatever is known of them."""

    SAID_BY = ("cli",)

    def line(self) -> str:
        return "the tests of what is checked out"


class GateChecks(Fact, tag="gate-checks"):
    """What checks a patch from now on, in words for people."""

    SAID_BY = ("evidence",)

    linted_by: str
    tested_by: str
    programs: str  # where they are looked for

    def line(self) -> str:
        return f"lint: {self.linted_by}; tests: {self.tested_by}"


class BaseAccepted(Fact, tag="base-accepted"):
    """People have accepted that these tests fail on this machine (why: red), or that nothing is tested (untested)."""

    SAID_BY = ("orchestrator",)

    mid: str
    why: str
    machine: str
    rfd_id: str
    names: List[str] = msgspec.field(default_factory=list)

    def line(self) -> str:
        return f"{_accepted(self)}, by {self.rfd_id}"


class BaseForgotten(Fact, tag="base-forgotten"):
    """What was accepted counts no more: a person took it back, or the tests are green again, for `reason`."""

    SAID_BY = ("evidence", "cli")

    why: str
    machine: str
    names: List[str] = msgspec.field(default_factory=list)
    reason: str = ""

    def line(self) -> str:
        return f"removed: {_accepted(self)}: {self.reason or 'by the user'}"


class EvidenceCard(Fact, tag="evidence-card"):
    """A card was handed in: a claim with the commands that prove it. The body is its YAML or JSON."""

    SAID_BY = ("orchestrator", "cli")

    author: str = msgspec.field(name="from")
    mid: str
    sha: str
    size: int
    text: str

    def line(self) -> str:
        return self.text


class EvidenceCheck(msgspec.Struct, omit_defaults=True):
    """One command of a card that was run."""

    name: str
    exit: int
    ok: bool
    seconds: float
    allow_failure: bool = False  # not ok, and the card may pass all the same
    over: str = ""  # the limit that it was killed for


class EvidenceValidate(Fact, tag="evidence-validate"):
    """The checks of a card ended, on the commit `base`."""

    SAID_BY = ("evidence",)

    author: str = msgspec.field(name="from")
    mid: str
    verdict: str  # pass, fail
    title: str
    evidence_kind: str
    log_ref: str  # LOG:<path below the project>#L1-L<lines>
    checks: List[EvidenceCheck]
    meta: Dict[str, Any]
    base: str
    isolated: str
    sha: str = ""  # of the log
    reason: str = ""  # why not all checks ran

    def line(self) -> str:
        return f"{self.verdict} {self.title} ({self.log_ref})"


class EvidenceInvalid(Fact, tag="evidence-invalid"):
    """A card cannot be run; its author is told `reason`."""

    SAID_BY = ("evidence",)

    author: str = msgspec.field(name="from")
    mid: str
    reason: str

    def line(self) -> str:
        return self.reason


def _accepted(fact: BaseAccepted | BaseForgotten) -> str:
    return f"known to fail on {fact.machine}: {', '.join(fact.names)}" if fact.names else "patches may land untested"
