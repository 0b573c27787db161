"""Which variables of a terminal lead to something that is there."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common import terminal
from cccc.common.paths import Project
from cccc.common.terminal import inherited
from cccc.common.terminal.alive import alive


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:  # short enough for a socket
        yield Path(name)


@pytest.fixture
def agent(folder: Path) -> Iterator[str]:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "agent"))
        server.listen()
        yield str(folder / "agent")


@pytest.fixture
def dead(folder: Path) -> str:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "dead"))
    return str(folder / "dead")


def test_a_socket_that_answers_is_alive(agent: str, folder: Path) -> None:
    env = {
        "SSH_AUTH_SOCK": agent,
        "SSH_AGENT_PID": "1",
        "WAYLAND_DISPLAY": "agent",
        "XDG_RUNTIME_DIR": str(folder),
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={agent},guid=1",
        "GNUPGHOME": str(folder),
        "KRB5CCNAME": f"DIR:{folder}",
        "GPG_AGENT_INFO": f"{agent}:1:1",
    }
    assert alive(env) == env


def test_a_socket_that_nobody_answers_is_not(dead: str, folder: Path) -> None:
    env = {
        "SSH_AUTH_SOCK": dead,
        "SSH_AGENT_PID": "1",
        "WAYLAND_DISPLAY": dead,
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={folder}/none",
        "GNUPGHOME": str(folder / "none"),
        "KRB5CCNAME": f"FILE:{folder}/none",
        "XAUTHORITY": str(folder / "none"),
        "GPG_TTY": dead,
        "DISPLAY": "localhost:64999",
    }
    assert alive(env) == {}


def test_a_terminal_of_gpg_is_a_device_and_no_text_in_its_place() -> None:
    assert alive({"GPG_TTY": "/dev/null"}) == {"GPG_TTY": "/dev/null"}
    assert alive({"GPG_TTY": "not a tty"}) == {}


def test_a_display_over_tcp_is_alive_while_it_answers() -> None:
    with socket.socket() as server:
        for number in range(50, 90):
            try:
                server.bind(("localhost", 6000 + number))
                break
            except OSError:
                continue
        server.listen()
        assert alive({"DISPLAY": f"localhost:{number}.0"})
    assert alive({"DISPLAY": f"localhost:{number}.0"}) == {}


def test_nothing_that_names_a_program_is_ever_taken(agent: str) -> None:
    assert alive({"PATH": agent, "SSH_ASKPASS": agent, "EDITOR": agent, "GIT_SSH_COMMAND": agent}) == {}


@pytest.fixture
def kept(project: Project, monkeypatch: pytest.MonkeyPatch, dead: str) -> Project:
    project.make_run()
    for name in ("SSH_AUTH_SOCK", "GPG_TTY", "TMUX", "TMUX_PANE", "CCCC_CHECK", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSH_AUTH_SOCK", dead)
    monkeypatch.setenv("PATH", os.environ["PATH"])
    terminal.save(project)
    return project


def test_a_new_agent_is_kept_and_nothing_else_of_the_terminal(
    kept: Project, monkeypatch: pytest.MonkeyPatch, agent: str
) -> None:
    before, seen = terminal.environment(kept), terminal.stamp(kept)
    monkeypatch.setenv("SSH_AUTH_SOCK", agent)
    monkeypatch.setenv("PATH", f"/elsewhere:{os.environ['PATH']}")
    monkeypatch.setenv("EDITOR", "another")
    assert terminal.renew(kept) == ["SSH_AUTH_SOCK"]
    assert terminal.environment(kept) == {**before, "SSH_AUTH_SOCK": agent}
    assert terminal.stamp(kept) != seen
    assert terminal.renew(kept) == []


def test_an_agent_that_is_dead_or_not_set_takes_the_place_of_none(
    kept: Project, monkeypatch: pytest.MonkeyPatch, agent: str, dead: str
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", agent)
    terminal.renew(kept)
    monkeypatch.setenv("SSH_AUTH_SOCK", dead)
    assert terminal.renew(kept) == []
    monkeypatch.delenv("SSH_AUTH_SOCK")
    assert terminal.renew(kept) == []
    assert terminal.environment(kept)["SSH_AUTH_SOCK"] == agent


def test_from_a_pane_or_a_check_nothing_is_taken(kept: Project, monkeypatch: pytest.MonkeyPatch, agent: str) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", agent)
    with monkeypatch.context() as inside:
        inside.setenv("CCCC_CHECK", kept.key)
        assert terminal.renew(kept) == []
    with monkeypatch.context() as inside:
        inside.setenv("TMUX", f"{kept.socket('tmux')},1,0")
        inside.setenv("TMUX_PANE", "%1")
        assert terminal.renew(kept) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("XAUTHORITY", "/" + "x" * 5000),
        ("XDG_RUNTIME_DIR", "/" + "x" * 5000),
        ("KRB5CCNAME", "FILE:/" + "x" * 5000),
        ("DISPLAY", "/" + "x" * 5000),
        ("DISPLAY", "a..b:0"),
        ("DISPLAY", "localhost:70000"),
        ("DISPLAY", "localhost:" + "9" * 20),
    ],
)
def test_what_cannot_even_be_looked_at_is_not_alive(name: str, value: str) -> None:
    assert alive({name: value}) == {}


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, who can become another user")
def test_what_belongs_to_another_user_is_not_alive(folder: Path) -> None:
    """As after `su`, which leaves XAUTHORITY and the like as they are."""
    (folder / "file").touch()
    folder.chmod(0o700)
    names = ("XAUTHORITY", "XDG_RUNTIME_DIR", "GNUPGHOME", "KRB5CCNAME", "GPG_TTY", "DISPLAY", "WAYLAND_DISPLAY")
    env = {name: str(folder / "file") for name in names}
    os.seteuid(65534)
    try:
        assert alive(env) == {}
        kept = inherited.of({"VIRTUAL_ENV": str(folder / "file")}, folder.parent, folder)
    finally:
        os.seteuid(0)
    assert kept == {"VIRTUAL_ENV": str(folder / "file")}
