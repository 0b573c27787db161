"""Which commands check what stands in the gate tree: the settings name them, or the repository shows them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cccc.common import git
from cccc.services.evidence import environment, finders, links
from cccc.services.evidence.finders import Found, Tracked
from cccc.services.evidence.runs import Gate
from cccc.services.evidence.tree import GateTree

SETTINGS = {"lint": ("LINT_CMD", "LINT_CMD or gate.lint"), "test": ("TEST_CMD", "TEST_CMD or gate.tests")}


@dataclass(frozen=True)
class Commands:
    """The commands for `tree`, as its files are when asked."""

    gate: Gate
    repo: git.Repo
    tree: GateTree

    def of(self, kind: str, files: list[str]) -> str:
        """Return the command for "lint" or "test", "" when there is nothing to run. `files` are the tracked ones."""
        return self._given(kind)[1] or finders.line(self.found(files), kind)

    def given(self, kind: str) -> str:
        """Return the setting that says the command, LINT_CMD or gate.lint say; "" where none does."""
        return self._given(kind)[0]

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
        return "; ".join(missing) or "there is nothing to run"

    def _given(self, kind: str) -> tuple[str, str]:
        settings = self.gate.policies.gate
        variable = SETTINGS[kind][0]
        own = ("gate.lint", settings.lint) if kind == "lint" else ("gate.tests", settings.tests)
        places = ((variable, self.gate.env.get(variable, "")), own)
        return next((place for place in places if place[1].strip()), ("", ""))

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

        own = environment.find(self.repo, self.gate.env, links.folders(files))
        return Tracked(files, read, lambda name: environment.has(own, self.gate.env, name))
