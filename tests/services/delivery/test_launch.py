from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from cccc.common.paths import Project
from cccc.services.delivery.running import launch


def test_the_cli_gets_the_terminals_environment_and_what_belongs_to_the_pane() -> None:
    terminal = {"PATH": "/usr/bin", "TERM": "xterm", "LANG": "de_DE.UTF-8"}
    pane = {"TERM": "screen-256color", "TMUX": "x", "TMUX_PANE": "%1", "CCCC_HOME": "/x", "TOKEN": "x"}
    expected = {"PATH": "/usr/bin", "LANG": "de_DE.UTF-8", "TERM": "screen-256color", "TMUX": "x", "TMUX_PANE": "%1"}
    assert launch.environment(terminal, pane) == expected


@pytest.mark.parametrize("terminal", [{}, {"LANG": "C"}, {"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}])
def test_a_cli_never_runs_without_a_utf_8_locale(terminal: dict[str, str]) -> None:
    assert launch.environment(terminal, {})["LC_ALL"].endswith(".UTF-8")
    assert "LC_ALL" not in launch.environment({"LC_CTYPE": "C.utf8"}, {})


def test_a_shell_that_knows_no_login_command_is_not_used() -> None:
    assert launch.shell({"SHELL": "/bin/sh"}) == "/bin/sh"
    assert launch.shell({"SHELL": "/usr/bin/python3"}) == "/bin/sh"
    assert launch.shell({"SHELL": "/nowhere/bash"}) == "/bin/sh"
    assert launch.shell({}) == "/bin/sh"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("claude -c", "exec env claude -c"),
        ("A='b c' claude", "exec env A='b c' claude"),
        ("cd sub && claude", "cd sub && claude"),
        ("exec claude", "exec claude"),
        ("claude | tee log", "claude | tee log"),
    ],
)
def test_a_simple_command_becomes_the_panes_own_process(command: str, expected: str) -> None:
    assert launch.as_one_process(command) == expected


def test_it_becomes_the_command_with_the_umask_and_variables_of_the_terminal(project: Project) -> None:
    terminal = {"env": {"PATH": os.environ["PATH"], "HOME": str(project.home), "MARK": "kept"}, "umask": 0o022}
    project.make_run()
    project.terminal.write_text(json.dumps({**terminal, "saved": "2025-01-01T00:00:00+00:00"}))
    program = project.home / "program"
    program.write_text(
        f"#!{sys.executable}\nimport os\n"
        "print(oct(os.umask(0)), os.environ['MARK'], os.environ['A'], os.environ.get('CCCC_HOME'), os.getpid())\n"
    )
    program.chmod(0o755)
    command = f"A='b' {program}"
    process = subprocess.Popen(
        [
            sys.executable,
            "-I",
            "-m",
            "cccc.services.delivery.running.launch",
            str(project.home),
            "PeerA",
            "yes",
            command,
        ],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "CCCC_HOME": str(project.home)},
        cwd=project.root,
    )
    said, _ = process.communicate(timeout=20)
    assert said.split() == ["0o22", "kept", "b", "None", str(process.pid)]
