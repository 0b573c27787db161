"""Which commands check what stands in the gate tree: the settings name them, or the repository shows them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from cccc.common import git
from cccc.services.evidence import checks
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
        settings = self.gate.policies.gate
        given = self.gate.env.get(SETTINGS[kind][0], "") or (settings.lint if kind == "lint" else settings.tests)
        if given.strip():
            return given
        tracked = self.seen(files)
        return checks.lint_command(tracked) if kind == "lint" else checks.test_command(tracked)

    def seen(self, files: list[str]) -> checks.Tracked:
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

        return checks.Tracked(files, read, self._is_on_path)

    def _is_on_path(self, name: str) -> bool:
        return shutil.which(name, path=self.gate.env.get("PATH")) is not None
