"""Which lint and test command a repository has, and what its end means. Pure.

A verdict is green, red, broken (the command could not do its work, so it proves nothing) or
skipped (there is nothing to run). Tried for real: pytest, unittest, node, npm, cargo, go, make,
jest, vitest, mocha. By their documents only: tox, nox.
"""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Callable

from cccc.services.evidence.counts import Tally
from cccc.services.evidence.sandbox import COMPLAINT, NOT_ISOLATED

_PYTHON_TEST = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.py$")
_ANY_TEST = re.compile(
    r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.(?:py|go)$|\.(?:test|spec)\.[cm]?[jt]sx?$|(?:^|/)(?:tests?|spec)/[^/]+\.\w+$"
)
_RUFF_FILES = ("ruff.toml", ".ruff.toml")
_ESLINT_FILE = re.compile(r"^(?:eslint\.config\.[cm]?[jt]s|\.eslintrc(?:\.\w+)?)$")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07|\r(?=\n)")
_MISSING = re.compile(
    r"No module named '[^']+'|Cannot find (?:module|package) '[^'./][^']*'|error while loading shared libraries: \S+"
)
PYTEST = "pytest -q"
_TAIL_LINES, _TAIL_CHARS = 40, 3000


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int  # negative: the signal that killed it
    seconds: float
    over: str = ""  # the limit that we killed it for
    output: str = ""  # the last of it


@dataclass(frozen=True)
class Verdict:
    word: str
    reason: str


@dataclass(frozen=True)
class Tracked:
    """What the choice of a command rests on."""

    files: list[str]  # tracked, from the project's folder
    read: Callable[[str], str]  # content of a file, "" when missing
    on_path: Callable[[str], bool]


def lint_command(tracked: Tracked) -> str:
    """Return the linters the repository has a configuration for, or "". A linter that is only installed is no rule."""
    commands = []
    ruff = any(name in tracked.files for name in _RUFF_FILES) or "[tool.ruff" in tracked.read("pyproject.toml")
    if ruff and tracked.on_path("ruff"):
        commands.append("ruff check .")
    package = _package(tracked)
    eslint = "eslintConfig" in package or any(_ESLINT_FILE.match(name) for name in tracked.files)
    if eslint and tracked.on_path("eslint"):
        commands.append("eslint --max-warnings 0 .")
    return " && ".join(commands)


def test_command(tracked: Tracked) -> str:
    """Return the commands that run all kinds of tests the repository has, or ""."""
    commands = [_python_tests(tracked)]
    script = str(_package(tracked).get("scripts", {}).get("test", ""))
    if script and "no test specified" not in script:
        commands.append("npm test")
    if "Cargo.toml" in tracked.files:
        commands.append("cargo test")
    if "go.mod" in tracked.files:
        commands.append("go test -v ./...")
    found = [command for command in commands if command]
    if not found and re.search(r"(?m)^test\s*:", tracked.read("Makefile")):
        found = ["make test"]
    return " && ".join(found)


def _python_tests(tracked: Tracked) -> str:
    if tracked.on_path("pytest") or not any(map(_PYTHON_TEST.search, tracked.files)):
        return PYTEST if any(map(_PYTHON_TEST.search, tracked.files)) else ""
    for name, file in (("tox", "tox.ini"), ("nox", "noxfile.py")):
        if file in tracked.files and tracked.on_path(name):
            return name
    return PYTEST  # which will not be found: tests exist, so not running them is no pass


def _package(tracked: Tracked) -> dict[str, dict[str, object]]:
    try:
        package = json.loads(tracked.read("package.json") or "{}")
    except ValueError:
        return {}
    return package if isinstance(package, dict) else {}


def unready(command: str, tracked: Tracked, has_packages: bool) -> str:
    """Return what must be there before `command` can prove anything, "" when nothing is missing."""
    package = _package(tracked)
    needs = any(package.get(name) for name in ("dependencies", "devDependencies"))
    if needs and not has_packages and re.search(r"\b(?:npm|npx|yarn|pnpm)\b", command):
        return "node_modules is missing; install the packages in your tree, or set gate.setup (such as `npm ci`)"
    return ""


def killed_by(code: int) -> int:
    """Return the signal that killed a command, as its parent or a shell says it; 0 when none did: exit 255, say."""
    number = -code if code < 0 else code - 128
    return number if number in signal.valid_signals() else 0


def judge(ended: Ended, tally: Tally | None, command: str, setting: str, files: Iterable[str]) -> Verdict:
    """Return what a run proves. `setting` names where another command can be set; `files` are the tracked ones."""
    if ended.over:
        return Verdict("broken", f"stopped after {ended.over}")
    if ended.code == NOT_ISOLATED and COMPLAINT in ended.output:
        return Verdict("broken", plain(ended.output).strip().rpartition("\n")[2])
    if killed_by(ended.code):
        return Verdict("broken", f"killed by signal {killed_by(ended.code)}")
    if ended.code in (126, 127):
        return Verdict("broken", f"a command of `{command}` was not found; install it, or set {setting}")
    if tally and tally.tests == 0 and ended.code in (0, 5):
        if any(map(_ANY_TEST.search, files)):
            return Verdict("broken", f"`{command}` ran no test, though there are tests")
        return Verdict("skipped", f"`{command}` found no test")
    return Verdict("red" if ended.code else "green", _numbers(tally) or f"exit {ended.code}")


def _numbers(tally: Tally | None) -> str:
    if tally is None:
        return ""
    numbers = ((tally.failed, "failed"), (tally.tests - tally.failed, "passed"), (tally.skipped, "skipped"))
    return ", ".join(f"{number} {word}" for number, word in numbers if number)


def missing(output: str) -> set[str]:
    """Return what a run says it did not find and git does not track: modules, packages, libraries."""
    return set(_MISSING.findall(plain(output)))


def tail(output: str) -> str:
    """Return the last useful lines of an output, without colours and blank lines."""
    lines = [line.rstrip() for line in plain(output).split("\n") if line.strip()]
    return "\n".join(lines[-_TAIL_LINES:])[-_TAIL_CHARS:]


def plain(output: str) -> str:
    """Return an output without its terminal sequences."""
    return _ANSI.sub("", output)
