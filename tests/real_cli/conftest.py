"""Both real CLIs in the project's own tmux, with a throw-away home and models on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from cccc.common import ledger
from cccc.common.facts import Fact
from cccc.common.machine import tmux
from cccc.common.paths import Project
from cccc.scripts.certify import homes
from cccc.scripts.model_server import ModelServer
from tests.command import cccc, processes_in
from tests.waiting import until

BIN = Path(__file__).parents[2] / "build" / "real-cli" / "bin"
AnyKind = TypeVar("AnyKind", bound=Fact)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = [name for name in ("claude", "codex") if not (BIN / name).exists()]
    skip = pytest.mark.skip(reason=f"{BIN} has no {' and no '.join(missing)}: run `scripts/install --real-cli`")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.real_cli)
            if missing:
                item.add_marker(skip)


class Pair:
    """A project that is up with both real CLIs, and the models behind them."""

    def __init__(self, project: Project, home: Path, manner: str = homes.UNATTENDED) -> None:
        self.project = project
        self.claude, self.codex = ModelServer([]), ModelServer([])
        self.environment = {
            **homes.prepare(home, project.root, self.claude.url, self.codex.url, manner),
            "CLAUDE_I_CMD": homes.command("claude", BIN / "claude"),
            "CODEX_I_CMD": homes.command("codex", BIN / "codex"),
            "LINT_CMD": "",
            "TEST_CMD": "grep -q hello README.md",
        }

    def up(self, **delivery: object) -> None:
        """Start everything and wait until both CLIs show an empty composer."""
        cccc(self.project.root, "init")
        changed = {"delivery": {"lazy_preamble": {"enabled": False}, **delivery}}
        (self.project.settings / "cli_profiles.yaml").write_text(json.dumps(changed))
        cccc(self.project.root, "up", code=0, input="", **self.environment)
        for peer, sign in (("PeerA", "bypass permissions on"), ("PeerB", "Ask Codex to do anything")):
            until(lambda: sign in self.screen(peer), 20, f"{peer}'s composer: {self.screen(peer)}")  # noqa: B023

    def close(self) -> None:
        cccc(self.project.root, "down", code=None)
        self.claude.close()
        self.codex.close()
        until(lambda: processes_in(self.project.root) == [], 10, "the end of everything")

    def send(self, text: str) -> str:
        """Say something as the user; return its mid."""
        return cccc(self.project.root, "send", text).strip()

    def screen(self, peer: str) -> str:
        return tmux.call(self.project, "capture-pane", "-p", "-J", "-t", tmux.panes(self.project)[peer].id)

    def heard(self, kind: type[AnyKind]) -> list[AnyKind]:
        return [fact for fact in ledger.read(self.project) if isinstance(fact, kind)]

    def await_(self, kind: type[AnyKind], count: int = 1, limit: float = 30.0) -> list[AnyKind]:
        """Return the facts of a kind, once there are `count`."""
        until(lambda: len(self.heard(kind)) >= count, limit, lambda: f"no {count} x {kind.__name__} in {self.story()}")
        return self.heard(kind)

    def story(self) -> str:
        said = [f"{fact.ts[17:23]} {fact.kind} {getattr(fact, 'reason', '')}" for fact in ledger.read(self.project)]
        return "\n".join([*said, self.screen("PeerA"), self.screen("PeerB")])


@pytest.fixture
def pair(project: Project, tmp_path: Path) -> Iterator[Pair]:
    result = Pair(project, tmp_path / "home")
    try:
        yield result
    finally:
        result.close()
