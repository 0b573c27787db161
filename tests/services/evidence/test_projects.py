"""Small projects of many shapes in the gate: a harmless patch passes, red and forbidden ones do not."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Union

import pytest

from cccc.common import facts as f
from cccc.common.ledger.blobs import Blobs
from cccc.common.machine import git
from cccc.common.paths import Project
from cccc.common.settings.policies import PatchQueue, Policies
from cccc.services.evidence.checking import sandbox
from cccc.services.evidence.checking.checks import Ended
from cccc.services.evidence.checking.child import CheckLock, Child
from cccc.services.evidence.checking.runs import Gate
from cccc.services.evidence.queue import Open
from cccc.services.evidence.trial import Ready, Trial
from tests.services.evidence import repos
from tests.services.evidence.projects import SHAPES, Edit, Shape
from tests.waiting import until

EXECUTABLE = ("node_modules/.bin/", ".venv/bin/", "scripts/test", "configure")
Outcome = Union[Ready, f.Fact]


class Gates:
    """The gate of one project, without the services around it."""

    def __init__(self, root: Path, shape: Shape, path: str) -> None:
        repos.make(root, {})
        self._write(root, shape.files)
        self._repo = repos.commit(root)
        self._write(root, shape.own)
        self._project = Project(root / ".cccc")
        self._project.home.mkdir(parents=True)
        self._project.make_run()
        self._blobs = Blobs(self._project)
        env = {**os.environ, "PATH": path, "CARGO_NET_OFFLINE": "true", "PYTHONDONTWRITEBYTECODE": "1"}
        self._gate = Gate(
            self._project,
            Policies(patch_queue=PatchQueue(allowed_paths=("**",))),
            self._blobs,
            CheckLock(self._project.run / "check.lock"),
            sandbox.of(self._project),
            {name: value for name, value in env.items() if name not in ("LINT_CMD", "TEST_CMD", "VIRTUAL_ENV")},
            0o022,
        )

    def _write(self, root: Path, files: dict[str, str]) -> None:
        repos.write(root, {path: text.encode() for path, text in files.items()})
        for path in (path for path in files if path.startswith(EXECUTABLE) and not path.endswith(".ac")):
            (root / path).chmod(0o755)

    def outcome(self, edit: Edit) -> Outcome:
        """Return what ends the trial of a patch that makes one edit."""
        patch = Open(1, "", "m1", "PeerA", "patch.diff", self._blobs.put(self._diff(edit)))
        steps, ended, last = Trial(self._gate, patch, self._repo).steps(), None, None
        while True:
            try:
                step = steps.send(ended)
            except StopIteration:
                assert last is not None
                return last
            ended = _end_of(step) if isinstance(step, Child) else None
            last = step if isinstance(step, Ready) else step[-1] if isinstance(step, list) else last

    def _diff(self, edit: Edit) -> bytes:
        path, old, new = edit
        file = self._repo.top / path
        before = file.read_text()
        assert old in before
        file.write_text(before.replace(old, new, 1) if old else before + new)
        diff = git.run(self._repo.top, "diff", "--binary").stdout
        file.write_text(before)
        return diff

    def log(self, kind: str) -> str:
        log = self._gate.log("m1", kind)
        return log.read_text() if log.exists() else ""


def _end_of(child: Child) -> Ended:
    ended = until(child.ended, 60, "the end of a check")
    assert ended
    return ended


@pytest.mark.corpus(16)
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_harmless_patch_passes_and_one_that_is_red_or_forbidden_does_not(shape: Shape, tmp_path: Path) -> None:
    path = "/usr/bin:/bin" if shape.plain_path else f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    missing = [program for program in shape.needs if not shutil.which(program, path=path)]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed")
    gate = Gates(tmp_path / "repo", shape, path)
    passed = gate.outcome(shape.harmless)
    assert isinstance(passed, Ready), (passed, gate.log("lint"), gate.log("test"))
    red = gate.outcome(shape.red)
    assert isinstance(red, f.PatchReject) and red.reason.startswith("tests failed"), (red, gate.log("test"))
    assert shape.says in red.reason, (red, gate.log("test"))
    if shape.ugly:
        ugly = gate.outcome(shape.ugly)
        assert isinstance(ugly, f.PatchReject) and ugly.reason.startswith("lint failed"), (ugly, gate.log("lint"))
