"""What the end of a command proves; real runners where they are installed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cccc.services.evidence.checking import checks, counts
from cccc.services.evidence.checking.checks import Ended
from tests.services.evidence import repos


def verdict(code: int, output: str = "", files: tuple[str, ...] = ("tests/test_a.py",), over: str = "") -> str:
    return checks.judge(Ended(code, 1.0, over, output), counts.read(output), "run", "TEST_CMD", files).word


def test_only_a_run_that_did_its_work_is_green_or_red() -> None:
    assert verdict(0) == "green"
    assert verdict(1) == "red"
    assert verdict(0, over="600 s") == "broken"
    assert [verdict(code) for code in (126, 127, 137, -9)] == ["broken"] * 4
    assert verdict(255) == "red"  # `exit -1`
    assert verdict(5, "no tests ran in 0.01s") == "broken"
    assert verdict(0, "3 skipped in 0.01s") == "broken"
    assert verdict(5, "no tests ran in 0.01s", files=("a.py",)) == "skipped"


def test_the_tail_is_the_last_useful_lines_without_colours() -> None:
    output = "".join(f"\x1b[31mline {number}\x1b[0m\r\n\n" for number in range(100))
    assert checks.tail(output) == "\n".join(f"line {number}" for number in range(60, 100))
    assert len(checks.tail("x" * 10000)) == 3000


def run(folder: Path, *argv: str) -> Ended:
    rust = Path(pwd.getpwuid(os.getuid()).pw_dir) / ".rustup"  # the tests' own HOME has none
    env = {"RUSTUP_HOME": str(rust), **os.environ}
    done = subprocess.run(argv, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return Ended(done.returncode, 1.0, "", done.stdout)


RUNNERS = {
    "pytest": (
        {"test_a.py": b"def test_a(): assert {}\n"},
        [sys.executable, "-m", "pytest", "-q"],
        (b"True", b"False"),
    ),
    "unittest": (
        {"test_a.py": b"import unittest\nclass A(unittest.TestCase):\n    def test_a(self): assert {}\n"},
        [sys.executable, "-m", "unittest"],
        (b"True", b"False"),
    ),
    "node": (
        {"a.test.js": b"require('node:test')('a', () => {{ if (!{}) throw 1 }})\n"},
        ["node", "--test"],
        (b"true", b"false"),
    ),
    "cargo": (
        {
            "Cargo.toml": b'[package]\nname = "a"\nversion = "0.1.0"\nedition = "2021"\n',
            "src/lib.rs": b"#[test]\nfn a() {{ assert!({}) }}\n",
        },
        ["cargo", "test", "--offline"],
        (b"true", b"false"),
    ),
}


@pytest.mark.parametrize("name", RUNNERS)
def test_a_real_runners_verdict_and_count_are_read(name: str, tmp_path: Path) -> None:
    files, argv, (good, bad) = RUNNERS[name]
    if not shutil.which(argv[0]):
        pytest.skip(f"{argv[0]} is not installed")
    for folder, truth, word in ((tmp_path / "good", good, "green"), (tmp_path / "bad", bad, "red")):
        repos.write(
            folder,
            {
                path: content.replace(b"{}", truth).replace(b"{{", b"{").replace(b"}}", b"}")
                for path, content in files.items()
            },
        )
        ended = run(folder, *argv)
        tally = counts.read(ended.output)
        assert tally and tally.tests == 1, ended.output
        assert checks.judge(ended, tally, name, "TEST_CMD", files).word == word, ended.output
