"""The quick tier, `pytest -p tests.quick`: the tests that start no process. Others are skipped where they start one.

What is left out is decided by what a test does, so no list can be out of date, and the summary counts it by program.
Of made-up inputs a quarter is tried.
"""

from __future__ import annotations

import os
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

import pytest
from hypothesis import settings

_STARTS = {"subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system"}
_in_a_test = False


def pytest_configure(config: pytest.Config) -> None:
    """Watch for processes. A test that is left in its middle may leave files open, which is no fault of the code."""
    sys.addaudithook(_watch)
    config.addinivalue_line("filterwarnings", "ignore::ResourceWarning")
    config.addinivalue_line("filterwarnings", "ignore::pytest.PytestUnraisableExceptionWarning")
    settings.register_profile("quick", max_examples=25)
    settings.load_profile("quick")


def pytest_ignore_collect(collection_path: Path) -> Optional[bool]:  # noqa: UP045
    """Leave out the files of the other half, when QUICK_HALF is 0 or 1: two processes share the work."""
    half = os.environ.get("QUICK_HALF", "")
    if not half or collection_path.suffix != ".py":
        return None
    name = collection_path.relative_to(Path(__file__).parent).as_posix()
    return zlib.crc32(name.encode()) % 2 != int(half) or None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    global _in_a_test
    _in_a_test = True
    try:
        return (yield)
    finally:
        _in_a_test = False


def _watch(event: str, args: tuple[object, ...]) -> None:
    if event in _STARTS and _in_a_test:
        program = args[0] if args and isinstance(args[0], (str, bytes, os.PathLike)) else event
        pytest.skip(f"it starts {os.path.basename(os.fsdecode(program))}")  # noqa: PTH119


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count what was left out, by the program that it starts."""
    why = Counter(str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", ()))
    for reason, count in why.most_common():
        terminalreporter.line(f"left out: {count} ({reason.replace('Skipped: ', '')})")
