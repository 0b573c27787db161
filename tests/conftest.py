"""Fixtures: a project in a temporary repository, one service alone, the whole system."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import HealthCheck, settings

from cccc.common import bus
from cccc.common.errors import NotRunning
from cccc.common.paths import PEERS, Project
from cccc.common.registry import BY_NAME
from tests.command import running
from tests.waiting import until

TOOLS = {  # what tests need of the account, by the variable that says where it is
    "PIP_CACHE_DIR": ".cache/pip",
    "PIP_CONFIG_FILE": ".config/pip/pip.conf",
    "RUSTUP_HOME": ".rustup",
    "CARGO_HOME": ".cargo",
}


settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")  # how long an example takes is the machine's affair


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give every test an empty home and temporary folder: this account's profile and git settings play no part."""
    tmp_path_factory.getbasetemp()  # stays where it can be looked at afterwards
    with tempfile.TemporaryDirectory(prefix="cccc-tests-") as own, pytest.MonkeyPatch.context() as patch:
        for name, place in TOOLS.items():
            if name not in os.environ and (Path.home() / place).exists():
                patch.setenv(name, str(Path.home() / place))
        (Path(own) / "home").mkdir()
        patch.setenv("HOME", f"{own}/home")
        patch.setenv("TMPDIR", own)
        patch.setattr(tempfile, "tempdir", None)
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # half of what the pytest of a small project takes to start
        for name in ("XDG_CONFIG_HOME", "TMUX", "TMUX_PANE"):
            patch.delenv(name, raising=False)
        yield


def git(root: Path, *args: str) -> str:
    """Run git in `root` and return what it printed."""
    return subprocess.run(["git", *args], cwd=root, check=True, capture_output=True, text=True).stdout


def make_project(root: Path) -> Project:
    """Make a repository with one commit and the folders of a project in it."""
    root.mkdir(parents=True, exist_ok=True)
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "Someone")
    git(root, "config", "user.email", "someone@example.org")
    (root / "README.md").write_text("hello\n")
    (root / ".gitignore").write_text("/.cccc/\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first")
    project = Project(root / ".cccc")
    for peer in PEERS:
        for folder in (project.inbox(peer), project.processed(peer), project.taken(peer)):
            folder.mkdir(parents=True)
        for name in ("to_peer.md", "to_user.md", "patch.diff"):
            (project.peer(peer) / name).touch()
    for folder in (project.settings, project.logs, project.work):
        folder.mkdir(parents=True)
    return project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose services are not running."""
    return make_project(tmp_path / "repo")


Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def service(project: Project) -> Iterator[Start]:
    """Start one real service process of the project and wait until it is ready."""
    running: list[subprocess.Popen[bytes]] = []

    def start(name: str, **environment: str) -> subprocess.Popen[bytes]:
        log = (project.logs / f"{name}.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-I", "-m", f"cccc.services.{BY_NAME[name].module or name}"],
            cwd=project.root,
            env={**os.environ, "CCCC_HOME": str(project.home), **environment},
            stdout=log,
            stderr=log,
        )
        log.close()
        running.append(process)
        until(lambda: is_ready(project, name, process), 15, f"{name} ready: {project.service_log(name).read_text()}")
        return process

    yield start
    late = []
    for process in reversed(running):
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            late.append(process.args)
            process.kill()
            process.wait()
    assert not late


def is_ready(project: Project, name: str, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, project.service_log(name).read_text()
    try:
        return any(beat.by == name and beat.ready and beat.pid == process.pid for beat in bus.beats(project))
    except NotRunning:
        return False


@pytest.fixture
def system(project: Project) -> Iterator[Project]:
    """A project with everything up and two mock peers; afterwards nothing of it runs."""
    with running(project.root):
        yield project
