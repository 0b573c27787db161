"""The quick tier takes what starts no process, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = """
import os, subprocess, sys
import pytest


def test_that_starts_nothing():
    assert True


def test_that_fails():
    assert False


def test_that_starts_git():
    subprocess.run(["git", "--version"])
    assert False


def test_that_forks():
    os._exit(1) if os.fork() == 0 else None


@pytest.fixture(scope="module")
def started():
    subprocess.Popen([sys.executable, "-c", ""])


@pytest.mark.parametrize("number", [1, 2])
def test_of_a_fixture_that_starts_python(started, number):
    assert False
"""


def test_a_test_that_starts_a_process_is_left_out_by_the_name_of_the_program(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "pytest.ini").touch()
    words = ["-p", "tests.quick", "-p", "no:cacheprovider", "-q", "-rfs", "-c", str(tmp_path / "pytest.ini")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert "1 failed, 1 passed, 4 skipped" in done.stdout
    assert "test_that_fails" in done.stdout
    said = [line.partition("it starts ")[2] for line in done.stdout.splitlines() if line.startswith("SKIPPED")]
    assert sorted(said) == ["git", "os.fork", Path(sys.executable).name]


def test_two_halves_are_the_whole() -> None:
    def half(which: str) -> set[str]:
        words = [sys.executable, "-m", "pytest", "-p", "tests.quick", "-p", "no:cacheprovider", "-q", "--collect-only"]
        done = subprocess.run(
            [*words, "tests/common"], cwd=ROOT, env={**os.environ, "QUICK_HALF": which}, capture_output=True, text=True
        )
        return {line.split("::")[0] for line in done.stdout.splitlines() if "::" in line}

    first, second = half("0"), half("1")
    assert first and second and not first & second
    assert {Path(path).name for path in first | second} == {
        path.name for path in (ROOT / "tests/common").rglob("test_*.py")
    }
