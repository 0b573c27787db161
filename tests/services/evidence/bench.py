"""A gate to try patches on, as a service: a patch is queued in the ledger, and what becomes of it is read there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from cccc.common import bus, ledger
from cccc.common import facts as f
from cccc.common.ledger.blobs import Blobs
from cccc.common.machine import git
from cccc.common.paths import Project
from tests.conftest import Start
from tests.services.evidence import repos
from tests.waiting import until

CALC = b"def double(x):\n    return 2 * x\n"
TEST = b"from calc import double\n\n\ndef test_double():\n    assert double(2) == 4\n"


class Bench:
    """The repository of a project, its ledger and its gate, running. Unless it is `new`, a patch has landed on main."""

    def __init__(self, project: Project, start: Start, new: bool = False) -> None:
        self.project = project
        self.root = project.root
        self.beside = project.root.parent  # what a check shows to a test: the root itself is hidden from it
        self._start = start
        repos.write(self.root, {"src/calc.py": CALC, "src/other.py": b"x = 1\n", "docs/a.md": b"a\n"})
        repos.commit(self.root)
        self.settings("")
        start("ledger")
        if not new:
            self._land_something()

    def _land_something(self) -> None:
        """Let the gate know of a patch whose tests were run, so that the base needs no run."""
        self.queue(b"", "m0")
        test = f.Test(id="m0:test", mid="m0", command="true", verdict="green", exit=0, seconds=0)
        landed = f.PatchCommit(
            id="m0:commit",
            author="PeerA",
            mid="m0",
            source="patch.diff",
            lines=0,
            paths=[],
            branch="refs/heads/main",
            commit="",
            tests_ok=True,
            seconds=0,
        )
        bus.tell(self.project, "evidence", [test, landed])

    def gate(self, **environment: str) -> subprocess.Popen[bytes]:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return self._start("evidence", **{"TEST_CMD": "", "LINT_CMD": "", "PATH": path, **environment})

    def settings(self, text: str) -> None:
        """Have these settings; unless they say something else, code may land untested."""
        if "allow_without_tests" not in text:
            here = text.replace("gate: {", "gate: {allow_without_tests: true, ", 1)
            text = here if "gate:" in text else f"{text}\ngate: {{allow_without_tests: true}}\n"
        (self.project.settings / "policies.yaml").write_text(text)

    def diff(self, files: dict[str, bytes]) -> bytes:
        """Return the diff that writes `files`; the work tree stays as it is."""
        before = {path: (self.root / path).read_bytes() if (self.root / path).exists() else None for path in files}
        times = {path: (self.root / path).stat() for path, content in before.items() if content is not None}
        repos.write(self.root, files)
        git.run(self.root, "add", "-N", ".")
        diff = git.run(self.root, "diff", "--binary", "--", *files).stdout
        for path, content in before.items():
            if content is None:
                (self.root / path).unlink()
                git.run(self.root, "rm", "-q", "--cached", path)
            else:
                (self.root / path).write_bytes(content)
                os.utime(self.root / path, ns=(times[path].st_atime_ns, times[path].st_mtime_ns))
        git.run(self.root, "update-index", "-q", "--refresh", check=False)
        return diff

    def queue(self, diff: bytes, mid: str = "m1", source: str = "patch.diff") -> None:
        sha = Blobs(self.project).put(diff)
        fact = f.PatchQueued(
            id=f"queued:{mid}", author="PeerA", mid=mid, source=source, sha=sha, size=len(diff), text=""
        )
        bus.tell(self.project, "orchestrator", [fact])

    def facts(self, mid: str = "m1") -> list[f.Fact]:
        return [fact for fact in ledger.read(self.project) if getattr(fact, "mid", "") == mid]

    def wait(self, kind: type[f.Fact], mid: str = "m1") -> f.Fact:
        def found() -> f.Fact | None:
            return next((fact for fact in self.facts(mid) if isinstance(fact, kind)), None)

        return until(found, 40, f"{kind.__name__} of {mid}: {self.facts(mid)} {self.log()}")  # type: ignore[return-value]

    def outcome(self, mid: str = "m1") -> f.Fact:
        """Return the fact that closed the patch."""
        closing = (f.PatchCommit, f.PatchReject, f.PatchPrecheckFail)
        until(lambda: any(isinstance(x, closing) for x in self.facts(mid)), 40, f"{self.facts(mid)} {self.log()}")
        return self.facts(mid)[-1]

    def log(self) -> str:
        return self.project.service_log("evidence").read_text()

    def kinds(self, mid: str = "m1") -> list[str]:
        return [fact.kind for fact in self.facts(mid)]


def running(mark: str) -> list[str]:
    """Return the sleeps that carry the mark."""
    return subprocess.run(["pgrep", "-f", f"^sleep {mark}"], capture_output=True, text=True).stdout.split()


def held(bench: Bench, diff: bytes) -> str:
    """Queue a patch that waits for the user, who is told at once; return the reason."""
    bench.queue(diff)
    fact = bench.wait(f.PatchHeld)
    assert isinstance(fact, f.PatchHeld) and fact.asked
    told = bench.wait(f.PatchWaiting)
    assert isinstance(told, f.PatchWaiting) and told.reason == fact.reason
    return fact.reason


def refused(bench: Bench, diff: bytes) -> str:
    """Queue a patch that must not land, and return the reason; nothing of the user's may have changed."""
    before, head = repos.picture(bench.root), git.look(bench.root).head
    bench.queue(diff)
    fact = bench.outcome()
    assert isinstance(fact, f.PatchReject), fact
    assert (repos.picture(bench.root), git.look(bench.root).head) == (before, head)
    return fact.reason
