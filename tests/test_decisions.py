"""From a patch that needs a decision to its commit, with the real ledger, orchestrator and gate."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path
from typing import TypeVar

import pytest

from cccc.common import bus, ledger
from cccc.common import facts as f
from cccc.common.commands import answer
from cccc.common.ledger.blobs import Blobs
from cccc.common.machine import git
from cccc.common.paths import Project
from cccc.scripts.audit import verify as verifying
from tests.conftest import Start
from tests.services.evidence import repos
from tests.waiting import until

T = TypeVar("T", bound=f.Fact)
API = b"def call():\n    return 1\n"
PATH = "src/api/public/call.py"


class Bench:
    """A project whose ledger, orchestrator and gate run; its peers write patches, a person answers."""

    def __init__(self, project: Project, start: Start) -> None:
        self.project, self.root, self._start = project, project.root, start
        self._ids = itertools.count()
        self._environment: dict[str, str] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        repos.write(self.root, {PATH: API, "src/other.py": b"x = 1\n"})
        repos.commit(self.root)
        start("ledger")

    def run(self, settings: str = "", **environment: str) -> None:
        """Start what decides and what lands."""
        (self.project.settings / "policies.yaml").write_text(settings)
        self._environment = environment
        self.start("orchestrator")
        self.start("evidence")

    def start(self, name: str) -> None:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        quiet = {"TEST_CMD": "echo 3 passed in 0.1s", "LINT_CMD": "", "PATH": path}
        self._processes[name] = self._start(name, **{**quiet, **self._environment})

    def kill(self, name: str) -> None:
        self._processes[name].kill()
        self._processes[name].wait()

    def is_dead(self, name: str) -> bool:
        return self._processes[name].poll() is not None

    def patch(self, content: bytes = API + b"# new\n", path: str = PATH) -> str:
        """Let PeerA hand in a patch; return its mid."""
        before = {fact.mid for fact in self.said(f.PatchQueued)}
        file = self.project.peer("PeerA") / "patch.diff"
        fresh = file.with_name(".fresh")
        fresh.write_bytes(self.diff(path, content))
        fresh.replace(file)
        return next(fact.mid for fact in self.wait(f.PatchQueued, len(before) + 1) if fact.mid not in before)

    def diff(self, path: str, content: bytes) -> bytes:
        old = (self.root / path).read_bytes()
        (self.root / path).write_bytes(content)
        diff = git.run(self.root, "diff", "--", path).stdout
        (self.root / path).write_bytes(old)
        git.run(self.root, "update-index", "-q", "--refresh", check=False)
        return diff

    def asked(self, mid: str) -> str:
        """Wait for the request about a patch; return its id."""
        return until(
            lambda: next((rfd.rfd_id for rfd in self.said(f.Rfd) if rfd.mid == mid), ""),
            15,
            f"rfd of {mid}{self.log()}",
        )

    def answer(self, rfd_id: str, word: str, via: str = "cli", user: str = "") -> answer.Outcome:
        fact = f.Decision(
            id=f"answer-{next(self._ids)}", rfd_id=rfd_id, decision=word, who="somebody", via=via, user=user
        )
        return answer.give(self.project, [fact])[0]

    def outcome(self, mid: str) -> f.Fact:
        """Wait for the fact that ends a patch."""
        kinds = (f.PatchCommit, f.PatchReject, f.PatchPrecheckFail, f.SettingsApplied)
        found = (fact for fact in ledger.read(self.project) if isinstance(fact, kinds) and fact.mid == mid)
        return until(
            lambda: next((x for x in ledger.read(self.project) if isinstance(x, kinds) and x.mid == mid), None),
            15,
            f"{list(found)} {self.log()}",
        )  # type: ignore[return-value]

    def said(self, kind: type[T]) -> list[T]:
        return [fact for fact in ledger.read(self.project) if isinstance(fact, kind)]

    def wait(self, kind: type[T], count: int = 1) -> list[T]:
        return until(lambda: found if len(found := self.said(kind)) >= count else [], 15, f"{kind}{self.log()}")

    def told(self, peer: str = "PeerA") -> str:
        """Return everything that a peer was told."""
        blobs = Blobs(self.project)
        return "\n".join(blobs.get(fact.sha).decode() for fact in self.said(f.Handoff) if fact.to == peer)

    def log(self) -> str:
        return "".join(self.project.service_log(name).read_text()[-2000:] for name in ("evidence", "orchestrator"))


@pytest.fixture
def bench(project: Project, service: Start) -> Bench:
    return Bench(project, service)


def test_an_approved_patch_lands_by_itself_with_the_decision_in_its_commit(bench: Bench) -> None:
    bench.run()
    head = git.look(bench.root).head
    mid = bench.patch()
    rfd_id = bench.asked(mid)
    assert rfd_id.startswith("rfd-prot-")
    until(lambda: f"PATCH HELD {mid}: {PATH} is protected" in bench.told(), what="the author is told of the hold")
    assert git.look(bench.root).head == head
    assert '"stage": "decision"' in (bench.project.state / "queue.json").read_text()
    outcome = bench.answer(rfd_id, "approve")
    assert isinstance(outcome, f.RfdSettled) and outcome.outcome == "approved"
    commit = bench.outcome(mid)
    assert isinstance(commit, f.PatchCommit), commit
    shown = git.run(bench.root, "show", "-s", "--format=%B", "HEAD").stdout.decode()
    assert f"Cccc-Decision: {rfd_id}\n" in shown
    assert (bench.root / PATH).read_bytes() == API + b"# new\n"
    until(lambda: f"PATCH LANDED {mid}" in bench.told(), what="the author is told of the landing")
    assert f"PATCH APPROVED {mid} ({rfd_id}) by somebody" in bench.told()
    used = bench.wait(f.RfdSettled, 2)[-1]
    assert (used.rfd_id, used.outcome) == (rfd_id, "used")
    assert "used already" in getattr(bench.answer(rfd_id, "approve"), "reason", "")


@pytest.mark.parametrize("word", ["reject", "revoke", "expire"])
def test_a_patch_that_people_do_not_want_never_lands(bench: Bench, word: str) -> None:
    bench.run()
    head = git.look(bench.root).head
    if word == "revoke":
        git.run(bench.root, "checkout", "-q", "-b", "elsewhere")
        git.run(bench.root, "checkout", "-q", "main")
    mid = bench.patch()
    rfd_id = bench.asked(mid)
    if word == "revoke":
        git.run(bench.root, "checkout", "-q", "elsewhere")  # the patch waits for its branch
        bench.answer(rfd_id, "approve")
        bench.answer(rfd_id, "revoke")
        git.run(bench.root, "checkout", "-q", "main")
    elif word == "reject":
        bench.answer(rfd_id, "reject")
    else:
        (rfd,) = bench.said(f.Rfd)
        end = f.RfdExpired(id="the-end", rfd_id=rfd_id, expires=rfd.expires)
        bus.tell(bench.project, "orchestrator", [end])
    refused = bench.outcome(mid)
    assert isinstance(refused, f.PatchReject) and refused.reason.startswith(f"rfd-{word.rstrip('e')}"), refused
    until(lambda: f"PATCH REJECTED {mid}: rfd-" in bench.told(), what="the author is told")
    assert git.look(bench.root).head == head and (bench.root / PATH).read_bytes() == API


def test_other_patches_land_while_one_waits_for_people(bench: Bench) -> None:
    bench.run()
    waiting = bench.patch()
    bench.asked(waiting)
    passing = bench.patch(b"x = 2\n", "src/other.py")
    assert isinstance(bench.outcome(passing), f.PatchCommit)
    bench.answer(bench.asked(waiting), "approve")
    commit = bench.outcome(waiting)
    assert isinstance(commit, f.PatchCommit)  # on the base as it is by then


def test_a_different_patch_on_the_same_paths_needs_its_own_decision(bench: Bench) -> None:
    bench.run()
    first, second = bench.patch(), bench.patch(API + b"# other\n")
    one, two = bench.asked(first), bench.asked(second)
    assert one != two
    bench.answer(one, "approve")
    assert isinstance(bench.outcome(first), f.PatchCommit)
    assert [fact for fact in bench.said(f.PatchCommit) if fact.mid == second] == []


def test_the_same_patch_again_needs_its_own_decision(bench: Bench) -> None:
    bench.run()
    first = bench.patch()
    bench.answer(bench.asked(first), "reject")
    bench.outcome(first)
    second = bench.patch()
    assert bench.asked(second) != bench.asked(first)


def test_an_approved_patch_that_no_longer_fits_is_refused_and_its_approval_is_void(bench: Bench) -> None:
    bench.run()
    first, second = bench.patch(API.replace(b"1", b"3")), bench.patch(API.replace(b"1", b"2") + b"# other\n")
    one, two = bench.asked(first), bench.asked(second)
    bench.answer(one, "approve")
    bench.outcome(first)
    bench.answer(two, "approve")
    assert isinstance(bench.outcome(second), f.PatchPrecheckFail)
    until(lambda: [x for x in bench.said(f.RfdSettled) if (x.rfd_id, x.outcome) == (two, "void")], what="void")


def test_who_is_not_listed_cannot_approve_and_two_must(bench: Bench) -> None:
    bench.run("rfd: {required: {protected: 2}, approvers: {alice: {local: true, slack: U1}, bob: {slack: U2}}}\n")
    mid = bench.patch()
    rfd_id = bench.asked(mid)
    assert "not listed" in getattr(bench.answer(rfd_id, "approve", "slack", "U9"), "reason", "")
    assert isinstance(bench.answer(rfd_id, "approve"), f.DecisionCounted)
    assert "alice has answered" in getattr(bench.answer(rfd_id, "approve", "slack", "U1"), "reason", "")
    assert bench.said(f.PatchCommit) == []
    settled = bench.answer(rfd_id, "approve", "slack", "U2")
    assert isinstance(settled, f.RfdSettled) and settled.people == ["alice", "bob"]
    assert isinstance(bench.outcome(mid), f.PatchCommit)


def test_a_large_patch_waits_for_people_where_settings_say_so(bench: Bench) -> None:
    bench.run("patch_queue: {max_diff_lines: 3}\nrfd: {gates: {large_diff_requires_rfd: true}}\n")
    mid = bench.patch(API + b"# new\n" * 4)
    until(lambda: len(bench.said(f.Rfd)) == 2, 15, f"both questions{bench.log()}")
    assert [rfd.why for rfd in bench.said(f.Rfd)] == ["protected", "large"]
    for rfd in bench.said(f.Rfd):
        assert bench.said(f.PatchCommit) == []
        bench.answer(rfd.rfd_id, "approve")
    assert isinstance(bench.outcome(mid), f.PatchCommit)
    shown = git.run(bench.root, "show", "-s", "--format=%B", "HEAD").stdout.decode()
    assert shown.count("Cccc-Decision: rfd-") == 2


def test_a_red_patch_bothers_nobody(bench: Bench) -> None:
    bench.run(TEST_CMD="git diff --quiet HEAD")
    refused = bench.outcome(bench.patch())
    assert isinstance(refused, f.PatchReject) and "tests failed" in refused.reason
    assert bench.said(f.Rfd) == []


# --- what happens in between ---


@pytest.mark.parametrize("victim", ["orchestrator", "evidence"])
def test_a_service_killed_after_the_answer_lands_the_patch_exactly_once(bench: Bench, victim: str) -> None:
    bench.run()
    mid = bench.patch()
    rfd_id = bench.asked(mid)
    bench.kill(victim)
    answered = f.Decision(id="answer", rfd_id=rfd_id, decision="approve", who="somebody", via="cli")
    bus.tell(bench.project, "cli", [answered])
    bench.start(victim)
    assert isinstance(bench.outcome(mid), f.PatchCommit)
    bench.kill("evidence")
    bench.kill("orchestrator")
    bench.start("orchestrator")
    bench.start("evidence")
    until(lambda: [x.outcome for x in bench.said(f.RfdSettled)] == ["approved", "used"], what="both outcomes, once")
    assert len(bench.said(f.PatchCommit)) == 1
    log = git.run(bench.root, "log", "--format=%(trailers:key=Cccc-Mid,valueonly)").stdout.decode()
    assert log.count(mid) == 1


@pytest.mark.corpus(2)
@pytest.mark.parametrize(
    "point", ["evidence.committed", "evidence.landing-locked", "evidence.ref-moved", "evidence.landed"]
)
def test_a_gate_killed_while_landing_lands_an_approved_patch_exactly_once(
    bench: Bench, tmp_path: Path, point: str
) -> None:
    bench.run(CCCC_FAULTS=str(tmp_path))
    mid = bench.patch()
    rfd_id = bench.asked(mid)
    (tmp_path / point).touch()
    bench.answer(rfd_id, "approve")
    until(lambda: bench.is_dead("evidence"), 15, f"killed at {point}")
    bench.start("evidence")
    assert isinstance(bench.outcome(mid), f.PatchCommit)
    until(lambda: [x.outcome for x in bench.said(f.RfdSettled)] == ["approved", "used"], what="both outcomes, once")
    assert git.run(bench.root, "rev-list", "--count", "HEAD").stdout.strip() == b"3"


def test_settings_that_changed_since_the_approval_ask_again(bench: Bench) -> None:
    bench.run()
    mid = bench.patch()
    rfd_id = bench.asked(mid)
    bench.kill("evidence")
    bench.answer(rfd_id, "approve")
    (bench.project.settings / "policies.yaml").write_text("patch_queue: {max_diff_lines: 99}\n")
    bench.start("evidence")
    until(lambda: len(bench.said(f.Rfd)) == 2, 15, f"asked again{bench.log()}")
    again = bench.said(f.Rfd)[-1].rfd_id
    assert again != rfd_id and bench.said(f.PatchCommit) == []
    assert "void already" in getattr(bench.answer(rfd_id, "revoke"), "reason", "")
    bench.answer(again, "approve")
    assert isinstance(bench.outcome(mid), f.PatchCommit)


def test_an_approval_that_is_no_longer_asked_for_is_used_up_and_named_by_the_commit(bench: Bench) -> None:
    bench.run()
    mid = bench.patch()
    rfd_id = bench.asked(mid)
    bench.kill("evidence")
    bench.answer(rfd_id, "approve")
    (bench.project.settings / "policies.yaml").write_text("rfd: {gates: {protected_paths: []}}\n")
    bench.start("evidence")
    assert isinstance(bench.outcome(mid), f.PatchCommit)
    (used,) = [fact for fact in bench.wait(f.RfdSettled, 2) if fact.outcome == "used"]
    assert used.rfd_id == rfd_id
    assert verifying.verify(bench.project).problems == []
    assert f"Cccc-Decision: {rfd_id}" in git.run(bench.root, "log", "-1", "--format=%B").stdout.decode()


def test_the_time_of_a_request_ends_by_itself(bench: Bench) -> None:
    """As it is after a night without the system: the ledger holds a request whose time is over."""
    old = f.Rfd(
        id="old",
        rfd_id="rfd-msg-00000000",
        author="PeerA",
        mid="m1",
        why="request",
        title="Publish",
        question="Publish it",
        minutes=1,
        expires="2026-01-01T00:00:00.000000Z",
        required=1,
        default="reject",
    )
    bus.tell(bench.project, "orchestrator", [old])
    bench.run()
    (settled,) = bench.wait(f.RfdSettled)
    assert (settled.rfd_id, settled.outcome, settled.choice) == (old.rfd_id, "expired", "reject")
    assert "RFD EXPIRED rfd-msg-00000000: Publish" in bench.told("PeerB")


# --- settings ---

ROLES = ".cccc/settings/roles.yaml"
CHANGE = f"--- a/{ROLES}\n+++ b/{ROLES}\n@@ -1 +1 @@\n-leader: peerA\n+leader: peerB\n".encode()


def settings_patch(bench: Bench, diff: bytes = CHANGE) -> str:
    file = bench.project.peer("PeerA") / "patch.diff"
    fresh = file.with_name(".fresh")
    fresh.write_bytes(diff)
    fresh.replace(file)
    return bench.wait(f.PatchQueued)[-1].mid


@pytest.mark.parametrize("point", ["", "evidence.settings-written"])
def test_an_approved_change_of_settings_is_written_to_the_live_file_and_not_committed(
    bench: Bench, tmp_path: Path, point: str
) -> None:
    live = bench.root / ROLES
    live.write_text("leader: peerA\n")
    bench.run(CCCC_FAULTS=str(tmp_path))
    head = git.look(bench.root).head
    mid = settings_patch(bench)
    rfd_id = bench.asked(mid)
    assert live.read_text() == "leader: peerA\n"
    if point:
        (tmp_path / point).touch()
    bench.answer(rfd_id, "approve")
    if point:
        until(lambda: bench.is_dead("evidence"), 15, "killed")
        bench.start("evidence")
    applied = bench.outcome(mid)
    assert isinstance(applied, f.SettingsApplied), applied
    assert live.read_text() == "leader: peerB\n"
    (kept,) = applied.kept
    assert kept.startswith(f"{ROLES}.20") and (bench.root / kept).read_text() == "leader: peerA\n"
    assert git.look(bench.root).head == head
    until(lambda: f"SETTINGS CHANGED {mid}: {ROLES}" in bench.told(), what="the author is told")
    assert [fact.outcome for fact in bench.wait(f.RfdSettled, 2)] == ["approved", "used"]


def test_settings_that_the_user_changed_meanwhile_are_left_alone(bench: Bench) -> None:
    live = bench.root / ROLES
    live.write_text("leader: peerA\n")
    bench.run()
    mid = settings_patch(bench)
    rfd_id = bench.asked(mid)
    live.write_text("# mine\nspecialties: {}\n")
    bench.answer(rfd_id, "approve")
    refused = bench.outcome(mid)
    assert isinstance(refused, f.PatchReject) and "git cannot apply it to the current settings" in refused.reason
    assert live.read_text() == "# mine\nspecialties: {}\n"


def test_settings_that_would_be_wrong_are_refused_before_anybody_is_asked(bench: Bench) -> None:
    (bench.root / ROLES).write_text("leader: peerA\n")
    bench.run()
    mid = settings_patch(bench, CHANGE.replace(b"+leader: peerB", b"+leader: nobody"))
    refused = bench.outcome(mid)
    assert isinstance(refused, f.PatchReject)
    assert "settings-invalid: .cccc/settings/roles.yaml:1: leader: got the text 'nobody'" in refused.reason
    assert bench.said(f.Rfd) == []
