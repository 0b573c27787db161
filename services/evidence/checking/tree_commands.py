"""Which commands check what stands in the gate tree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Callable

from cccc.common.machine import git
from cccc.services.evidence.checking import environment, finders
from cccc.services.evidence.checking.commands import given
from cccc.services.evidence.checking.environment import Own
from cccc.services.evidence.checking.finders import Found, Tracked
from cccc.services.evidence.checking.runs import Gate
from cccc.services.evidence.tree.gate_tree import GateTree


@dataclass(frozen=True)
class Commands:
    """The commands for `tree`, as its files are when asked."""

    gate: Gate
    repo: git.Repo
    tree: GateTree
    own: Callable[[Iterable[str]], Own]  # what the project has of its own, by its tracked files

    def of(self, kind: str, files: list[str]) -> str:
        """Return the command for "lint" or "test", "" when there is nothing to run. `files` are the tracked ones."""
        return given(kind, self.gate.policies.gate, self.gate.env)[1] or finders.line(self.found(files), kind)

    def given(self, kind: str) -> str:
        """Return the setting that says the command, LINT_CMD or gate.lint say; "" where none does."""
        return given(kind, self.gate.policies.gate, self.gate.env)[0]

    def found(self, files: list[str]) -> list[Found]:
        """Return the checks that the repository shows, of the kinds whose command no setting says."""
        found = (one for one in finders.find(self.seen(files)) if not self.given(one.kind))
        return [self._with_its_own(one) for one in found]

    def _with_its_own(self, one: Found) -> Found:
        """Let a check of a folder below find the programs of that folder first."""
        own = environment.beside(self.repo.top / self.repo.prefix / one.folder) if one.folder else []
        path = "".join(f"$PWD/{place}:" for place in own)
        return replace(one, command=f'PATH="{path}$PATH" && {one.command}') if own else one

    def why_none(self, kind: str, files: list[str]) -> str:
        """Return, where there is no command, why not."""
        missing = finders.missing(self.found(files)) if kind == "lint" else []
        return "; ".join(missing) or "nothing to run"

    def seen(self, files: list[str]) -> Tracked:
        """Return what the choice of a command rests on."""
        known = set(files)

        def read(name: str) -> str:
            if name not in known:
                return ""
            self.tree.bring()
            try:
                return (self.tree.path / self.repo.prefix / name).read_text(errors="replace")
            except OSError:
                return ""

        own = self.own(files)
        return Tracked(files, read, lambda name: environment.has(own, self.gate.env, name))
