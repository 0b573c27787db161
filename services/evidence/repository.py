"""The user's repository, as it was when it was last looked at."""

from __future__ import annotations

from cccc.common.errors import NotFound
from cccc.common.machine import git
from cccc.services.evidence.checking.runs import Gate
from cccc.services.evidence.landing.land import Ground


class Repository:
    """Where the project lies. `lost` is why there is no repository now, or "".

    A look costs a process, so one turn of the service may go by one look.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.lost = ""
        self._seen: git.Repo | None = None  # in this turn
        self._found: git.Repo | None = None  # ever

    def begin_turn(self) -> None:
        """Let what was seen be seen no more."""
        self._seen = None

    def look(self) -> git.Repo | None:
        """Return it as it is now; None, and `lost` says why, when there is none."""
        try:
            repo = git.look(self._gate.project.root, git.environment(self._gate.env))
        except NotFound as error:
            self.lost = str(error)
            return None
        self.lost = ""
        self._seen = self._found = repo
        return repo

    def seen(self) -> git.Repo | None:
        """Return it as it was seen in this turn, else as it is now."""
        return self._seen or self.look()

    def place(self) -> git.Repo | None:
        """Return where it lies, which does not change, as it was seen at any time."""
        return self._found or self.look()

    @property
    def is_found(self) -> bool:
        """Whether it was there at any time."""
        return self._found is not None

    def ground(self) -> Ground | None:
        """Return its work tree, to land on."""
        repo = self.place()
        return Ground(repo, self._gate.project.home, self._gate.env, self._gate.umask) if repo else None
