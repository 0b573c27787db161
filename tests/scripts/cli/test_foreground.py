from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from cccc.common.paths import Project
from tests.command import CCCC, cccc, environment, processes_in
from tests.waiting import until


@contextlib.contextmanager
def staying(root: Path) -> Iterator[subprocess.Popen[str]]:
    """Keep `cccc up --foreground` running, until it says that it is up."""
    argv = [str(CCCC), "up", "--mock", "--foreground"]
    process = subprocess.Popen(argv, cwd=root, env=environment(), stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        for line in process.stdout:
            if line.startswith("next: "):
                break
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        cccc(root, "down")


def test_it_stays_until_sigterm_and_stops_everything(project: Project) -> None:
    cccc(project.root, "init")
    with staying(project.root) as process:
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert processes_in(project.root) == []


def test_it_ends_with_1_when_supervisord_is_killed_and_leaves_nothing(project: Project) -> None:
    cccc(project.root, "init")
    with staying(project.root) as process:
        os.kill(int((project.run / "supervisord.pid").read_text()), signal.SIGKILL)
        assert process.wait(20) == 1
        until(lambda: processes_in(project.root) == [], 5, what="nothing left")
