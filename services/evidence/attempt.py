"""What this life of the gate knows of one open patch, beside what the facts say of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from cccc.services.evidence.checking.base_questions import Question
from cccc.services.evidence.checking.child import Child
from cccc.services.evidence.checking.verdicts import Decision
from cccc.services.evidence.landing.land import Ground
from cccc.services.evidence.queue import Open
from cccc.services.evidence.trial import Ready, Steps

_LOOK_ANYWAY = 30.0  # also at what `Ground.stamp` does not see
_LONGEST = 600.0


@dataclass
class Run:
    """The trial that has the gate tree."""

    mid: str
    steps: Steps
    known: object  # of its base, when it began
    begun: float = field(default_factory=time.monotonic)
    child: Child | None = None

    def go_on(self) -> Decision | Ready | None:
        """Take the trial's next step; None while a check runs. Raises OnBase, Stuck and GitError as the trial does."""
        ended = self.child.ended() if self.child else None
        if self.child and ended is None:
            return None
        self.child = None
        step = self.steps.send(ended)
        if isinstance(step, Child):
            self.child = step
            return None
        return step

    def close(self) -> None:
        if self.child:
            self.child.kill()


@dataclass(frozen=True)
class Asked:
    """What people are asked while a patch waits, and what was known of its base when its trial began."""

    known: object
    question: Question


@dataclass
class Passed:
    """The commit that is ready to land, and what was last seen of its way there."""

    ready: Ready
    stamp: object = None
    failed: int = 0  # landings, one after another

    def look(self, ground: Ground) -> object:
        """Return what must change before it is looked at again: what is there, or the time, ever more of it."""
        return ground.stamp(self.ready.landing.branch, self.ready.paths), time.monotonic() // _wait(self.failed)

    def obstacle(self, ground: Ground) -> str | None:
        """Return what keeps it from landing, "" when nothing does, None when nothing has changed since the last look.

        Raises Moved and GitError.
        """
        stamp = self.look(ground)
        if stamp == self.stamp:
            return None
        self.stamp = stamp
        return ground.obstacle(self.ready.landing)


@dataclass
class Attempt:
    """One open patch on its way."""

    branch: str = ""  # said to be the one that it belongs to
    awaited: int = 0  # how many of its facts must be heard before it goes on
    look_at: float = 0.0  # when it is looked at again, while it is held
    stuck: int = 0  # how often it was tried and found to be held for what only the user can mend
    asked: Asked | None = None  # while it is held for its base
    passed: Passed | None = None

    def has_heard(self, patch: Open) -> bool:
        """Whether all that was said of it is heard."""
        return patch.decided >= self.awaited

    def rest(self, took: float, stuck: bool) -> None:
        """Let it wait after a trial that came to nothing in `took` seconds: longer each time that it is the user's."""
        self.look_at = time.monotonic() + max(_wait(self.stuck), 2 * took)
        self.stuck += stuck

    def passes(self, ready: Ready) -> None:
        """Take in that its checks have passed."""
        self.passed, self.look_at, self.stuck = Passed(ready), 0.0, 0


def _wait(tried: int) -> float:
    return min(_LOOK_ANYWAY * 2.0**tried, _LONGEST)
