"""The clock of a torture run: its processes see it jump, and nothing else does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cccc.scripts.crashes.clock import Clock

_TELL = """\
import sys, time
for line in sys.stdin:
    print(time.time(), time.monotonic(), flush=True)
"""
_WAIT = """\
import threading, time
began = time.monotonic()
time.sleep(0.05)  # what is measured
threading.Event().wait(0.05)
print(time.monotonic() - began)
"""


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    clock = Clock(tmp_path)
    if not clock.take_over():
        pytest.skip("this machine has no C compiler, or is no Linux")
    return clock


def test_a_process_that_runs_sees_each_jump_and_its_monotonic_clock_does_not(clock: Clock) -> None:
    env = {**os.environ, **clock.variables}
    argv = [sys.executable, "-u", "-c", _TELL]
    with subprocess.Popen(argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        for seconds, ahead in ((0, 0), (7200, 7200), (-14400, -7200), (7200, 0)):
            clock.jump(seconds)
            process.stdin.write("\n")
            process.stdin.flush()
            wall, monotonic = map(float, process.stdout.readline().split())
            assert wall - time.time() == pytest.approx(ahead, abs=60)
            assert monotonic - time.monotonic() == pytest.approx(0, abs=60)
        process.stdin.close()


def test_waits_for_a_moment_take_as_long_as_before(clock: Clock) -> None:
    """A lock too: before Python 3.11 by the wall clock."""
    clock.jump(7200)
    argv = [sys.executable, "-c", _WAIT]
    env = {**os.environ, **clock.variables}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True, timeout=60)
    assert float(done.stdout) > 0.09
