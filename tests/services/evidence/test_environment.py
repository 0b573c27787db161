"""Checks run in the project's own environment, and see the patched tree wherever that leads."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.common.paths import Project
from tests.conftest import Start
from tests.services.evidence import repos
from tests.services.evidence.bench import Bench, refused

NEEDS_NODE = pytest.mark.skipif(not shutil.which("node") or not shutil.which("npm"), reason="node is not installed")


@pytest.fixture
def bench(project: Project, service: Start) -> Bench:
    return Bench(project, service)


def landed(bench: Bench, files: dict[str, bytes]) -> f.Test:
    bench.queue(bench.diff(files))
    fact = bench.outcome()
    assert isinstance(fact, f.PatchCommit), fact
    test = bench.wait(f.Test)
    assert isinstance(test, f.Test)
    return test


def environment(place: Path, says: str) -> None:
    """Make an environment whose pytest is a program that prints `says`, and how many tests passed."""
    repos.write(place, {"pyvenv.cfg": b"", "bin/pytest": f"#!/bin/sh\necho {says}; echo 1 passed in 0.1s\n".encode()})
    (place / "bin" / "python").symlink_to(sys.executable)
    (place / "bin" / "pytest").chmod(0o755)


@repos.BOTH_ISOLATIONS
def test_the_projects_environment_is_used_though_no_terminal_activated_it(bench: Bench, isolation: str) -> None:
    repos.write(bench.root, {"tests/test_a.py": b"def test_a(): pass\n", ".gitignore": b".cccc\n.venv\n"})
    repos.commit(bench.root)
    environment(bench.root / ".venv", "by .venv")
    bench.settings(f"gate: {{isolation: {isolation}}}")
    bench.gate()
    test = landed(bench, {"docs/a.md": b"b\n"})
    assert (test.command, test.tests) == ("pytest -q", 1) and "by .venv" in test.tail


def test_a_folder_with_an_environment_of_its_own_is_tested_in_that(bench: Bench) -> None:
    for name in ("one", "two"):
        files = {f"{name}/pyproject.toml": b"", f"{name}/tests/test_{name}.py": b"def test_a(): pass\n"}
        repos.write(bench.root, {**files, ".gitignore": b".cccc\n.venv\n"})
    repos.commit(bench.root)
    for name in ("one", "two"):
        environment(bench.root / name / ".venv", f"by {name}")
    bench.gate()
    assert [line for line in landed(bench, {"docs/a.md": b"b\n"}).tail.splitlines() if line.startswith("by ")] == [
        "by one",
        "by two",
    ]


@NEEDS_NODE
@repos.BOTH_ISOLATIONS
@pytest.mark.parametrize("place", ["node_modules", "packages/b/node_modules"], ids=["npm", "pnpm"])
def test_a_test_that_goes_through_the_workspace_sees_the_patched_package(
    bench: Bench, isolation: str, place: str
) -> None:
    test = b"require('node:test')('f', () => require('assert').equal(require('@s/a').f(), 1))\n"
    files = {
        "package.json": b'{"workspaces": ["packages/*"], "scripts": {"test": "node --test packages/"}}',
        "packages/a/package.json": b'{"name": "@s/a", "version": "1.0.0", "main": "a.js"}',
        "packages/a/a.js": b"exports.f = () => 1\n",
        "packages/b/package.json": b'{"name": "b", "version": "1.0.0"}',
        "packages/b/b.test.js": test,
        ".gitignore": b".cccc\nnode_modules\n",
    }
    repos.write(bench.root, files)
    repos.commit(bench.root)
    link = bench.root / place / "@s" / "a"
    link.parent.mkdir(parents=True)
    link.symlink_to(os.path.relpath(bench.root / "packages" / "a", link.parent))
    bench.settings(f"gate: {{isolation: {isolation}}}")
    bench.gate()
    assert "1 failed" in refused(bench, bench.diff({"packages/a/a.js": b"exports.f = () => 2\n"}))


@repos.BOTH_ISOLATIONS
def test_a_module_with_the_name_of_one_of_pythons_own_breaks_no_check(bench: Bench, isolation: str) -> None:
    body = b"def test_a():\n    assert random.Random and types.ModuleType and double(2) == 4\n"
    test = b"import random, types\nfrom src.calc import double\n\n\n" + body
    files = {"random.py": b"def r(): return 4\n", "src/types.py": b"", "src/__init__.py": b""}
    repos.write(bench.root, {**files, "tests/__init__.py": b"", "tests/test_a.py": test})
    repos.commit(bench.root)
    bench.settings(f"gate: {{isolation: {isolation}}}")
    bench.gate()
    assert landed(bench, {"docs/a.md": b"b\n"}).tests == 1
