"""A whole system whose services die at every named point of a handoff and of a patch: nothing lost, nothing twice."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.machine import supervisor, tmux
from cccc.common.paths import Project, folder
from cccc.common.registry import SERVICES
from tests.command import cccc, processes_in
from tests.conftest import git, make_project
from tests.waiting import until

ROOT = Path(__file__).parents[1]
POINTS = re.findall(
    r'\bfault\("(.+?)"\)', "".join(path.read_text() for path in sorted((ROOT / "services").rglob("*.py")))
)
# Where only a CLI that ends, a patch to the settings, or a chat leads to; tried below, and in the tests of evidence and
# of the torture.
ELSEWHERE = {"delivery.started", "evidence.settings-written", "evidence.file-back", "bridge.heard", "bridge.posted"}
QUICK = {"delivery": {"nudge_debounce_ms": 0, "nudge_resend_seconds": 1, "human_quiet_seconds": 1}}
MINE = "hello, and a line that is not committed\n"


class World:
    """A running project: hand things in for PeerA, and see what became of them."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.faults = project.home / "faults"
        self.count = 0

    def arm(self, point: str) -> None:
        """Let a service die at a point, once it has run long enough to be started again at once."""
        service = point.partition(".")[0]
        until(lambda: {row.name: row.state for row in self.rows()}[service] == "RUNNING", what=f"{service} runs")
        (self.faults / point).touch()

    def died_at(self, point: str) -> bool:
        return not (self.faults / point).exists()

    def rows(self) -> list[supervisor.Row]:
        return supervisor.processes(self.project)  # which also wakes supervisord's loop

    def pid(self, service: str) -> int:
        return next(row.pid for row in self.rows() if row.name == service)

    def hand_in(self, file: str, text: str) -> None:
        place = self.project.peer("PeerA") / file
        until(lambda: not place.exists() or not place.stat().st_size, what="the last one is taken")
        fresh = self.project.home / "fresh"
        fresh.write_text(text)
        fresh.replace(place)

    def message(self) -> str:
        """Hand in a message to PeerB; return the word by which it is known."""
        self.count += 1
        word = f"message-{self.count}."
        self.hand_in("to_peer.md", f"EVIDENCE: {word}\n\n```insight\nto: peerB\nkind: note\nmsg: {word}\n```\n")
        return word

    def patch(self) -> str:
        """Hand in a patch that counts in `count.txt`; return the name of the file that it adds."""
        self.count += 1
        name, counted = f"file-{self.count}.txt", int(git(self.project.root, "show", "HEAD:count.txt"))
        new = (
            "diff --git a/count.txt b/count.txt\n--- a/count.txt\n+++ b/count.txt\n"
            f"@@ -1 +1 @@\n-{counted}\n+{counted + 1}\n"
            f"diff --git a/{name} b/{name}\nnew file mode 100644\n--- /dev/null\n+++ b/{name}\n@@ -0,0 +1 @@\n+hello\n"
        )
        self.hand_in("patch.diff", new)
        return name

    def await_(self, word: str, kind: type[f.Fact]) -> None:
        """Wait for a fact about the message or patch that is known by this word."""
        until(lambda: self.rows() and kind.__name__ in self.story(word), 20, f"{kind.__name__} of {word}")

    def story(self, word: str) -> Counter[str]:
        """Return how often each kind of fact was said about it."""
        said = list(ledger.read(self.project))
        mids = {getattr(fact, "mid", "") for fact in said if word in getattr(fact, "text", "")} - {""}
        return Counter(type(fact).__name__ for fact in said if getattr(fact, "mid", "") in mids)

    def copies(self, word: str) -> list[Path]:
        """Return the files in PeerB's folders that have the message."""
        found = [*self.project.inbox("PeerB").glob("*.txt"), *self.project.processed("PeerB").glob("*.txt")]
        return [path for path in found if word in path.read_text()]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    project = make_project(tmp_path_factory.mktemp("crashes") / "repo")
    result = World(project)
    result.faults.mkdir()
    (project.settings / "cli_profiles.yaml").write_text(json.dumps(QUICK))
    (project.settings / "policies.yaml").write_text('patch_queue: {allowed_paths: ["**"]}\n')
    (project.home / "quiet.yaml").write_text("rules: [{match: ., steps: [{say: 'read {mid}'}]}]\n")
    (project.root / "count.txt").write_text("0\n")
    git(project.root, "add", "count.txt")
    git(project.root, "commit", "-q", "-m", "count")
    (project.root / "README.md").write_text(MINE)
    commands = {}
    for peer, variable in (("PeerA", "CLAUDE_I_CMD"), ("PeerB", "CODEX_I_CMD")):
        mock = [sys.executable, "-I", "-m", "cccc.scripts.mock_agent", "--role", folder(peer)]
        commands[variable] = shlex.join([*mock, "--scenario", str(project.home / "quiet.yaml")])
    try:
        cccc(project.root, "init")
        cccc(project.root, "up", code=0, input="", CCCC_FAULTS=str(result.faults), **commands)
        yield result
    finally:
        cccc(project.root, "down")
    assert processes_in(project.root) == []


def points(*services: str) -> list[str]:
    """Return the points of these services in turn, so that none has just been started again when it must die."""
    known = [point for point in POINTS if point not in ELSEWHERE]
    mine = [[point for point in known if point.startswith(f"{service}.")] for service in services]
    assert all(mine)
    return [some[number] for number in range(max(map(len, mine))) for some in mine if number < len(some)]


@pytest.mark.corpus(4)
@pytest.mark.parametrize("point", points("ledger", "orchestrator", "delivery"))
def test_a_message_arrives_once_though_a_service_dies_at(point: str, world: World) -> None:
    world.arm(point)
    word = world.message()
    world.await_(word, f.AckFile)
    assert world.died_at(point)
    story = world.story(word)
    assert [story[kind] for kind in ("ToPeer", "Handoff", "HandoffDelivered", "AckFile")] == [1, 1, 1, 1], story
    assert [path.parent.name for path in world.copies(word)] == ["processed"]


def test_a_message_arrives_once_though_delivery_dies_after_it_started_a_cli(world: World) -> None:
    world.arm("delivery.started")
    os.kill(tmux.panes(world.project)["PeerB"].pid, signal.SIGKILL)
    word = world.message()
    until(lambda: world.rows() and world.died_at("delivery.started"), 15, "the crash")
    world.await_(word, f.AckFile)
    assert len(world.copies(word)) == 1


@pytest.mark.corpus(6)
@pytest.mark.parametrize("point", points("ledger", "orchestrator", "evidence"))
def test_a_patch_lands_once_though_a_service_dies_at(point: str, world: World) -> None:
    world.arm(point)
    name = world.patch()
    world.await_(name, f.PatchCommit)
    assert world.died_at(point)
    assert world.story(name)["PatchCommit"] == 1
    root = world.project.root
    assert git(root, "log", "--format=%h", "--", name).count("\n") == 1
    assert (root / name).read_text() == "hello\n"
    assert git(root, "status", "--short") == " M README.md\n"
    assert (root / "README.md").read_text() == MINE


@pytest.mark.corpus(2)
@pytest.mark.parametrize("service", [service.name for service in SERVICES])
def test_a_killed_service_loses_nothing_that_is_on_its_way(service: str, world: World) -> None:
    pid = world.pid(service)
    before, name = world.message(), world.patch()
    os.kill(pid, signal.SIGKILL)
    until(lambda: world.pid(service) not in (0, pid), 15, f"a new {service}")
    after = world.message()
    for word in (before, after):
        world.await_(word, f.AckFile)
        assert len(world.copies(word)) == 1
    world.await_(name, f.PatchCommit)
    assert git(world.project.root, "log", "--format=%h", "--", name).count("\n") == 1


def test_after_a_killed_supervisord_the_peers_live_on_and_read_on(world: World) -> None:
    before = {role: tmux.panes(world.project)[role].pid for role in ("PeerA", "PeerB")}
    os.kill(supervisor.call(world.project, "getPID"), signal.SIGKILL)
    word = world.message()
    terminal: dict[str, str] = json.loads(world.project.terminal.read_text())["env"]
    cccc(world.project.root, "up", code=0, input="", **terminal)
    world.await_(word, f.AckFile)
    assert len(world.copies(word)) == 1
    assert {role: tmux.panes(world.project)[role].pid for role in before} == before


def test_after_all_that_every_id_counts_once_and_the_chain_holds(world: World) -> None:
    ids = Counter(fact.id for fact in ledger.read(world.project))
    assert ids.most_common(1)[0][1] == 1
    assert ": OK" in cccc(world.project.root, "ledger", "verify")
    assert not [path for peer in ("PeerA", "PeerB") for path in world.project.taken(peer).iterdir()]
