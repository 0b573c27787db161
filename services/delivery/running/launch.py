"""What a peer's pane runs: it becomes the CLI, through the user's login shell, in the user's environment.

The environment comes from the file and not through tmux, whose commands are limited to 16 KiB
and can be seen by everybody.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from cccc.common import terminal
from cccc.common.paths import Project
from cccc.services.delivery.running import login_shell

_OF_THE_PANE = ("TERM", "TMUX", "TMUX_PANE")
_LOGIN_SHELLS = ("bash", "dash", "fish", "ksh", "sh", "zsh")
_MORE_THAN_ONE = re.compile(r"[;&|<>(){}`\n]|^\s*exec\b")
_LOCALES = ("LC_ALL", "LC_CTYPE", "LANG")


def environment(terminal_: Mapping[str, str], pane: Mapping[str, str]) -> dict[str, str]:
    """Return the CLI's environment: the terminal's, with what belongs to the pane and a UTF-8 locale."""
    result = {**terminal_, **{name: pane[name] for name in _OF_THE_PANE if name in pane}}
    locale = next((result[name] for name in _LOCALES if result.get(name)), "")
    if "utf-8" not in locale.lower().replace("utf8", "utf-8"):
        result["LC_ALL"] = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
    return result


def shell(environment_: Mapping[str, str]) -> str:
    """Return the user's login shell, or /bin/sh when it is none that knows `-l -c`."""
    path = environment_.get("SHELL", "")
    return path if Path(path).name in _LOGIN_SHELLS and os.access(path, os.X_OK) else "/bin/sh"


def as_one_process(command: str, *added: str) -> str:
    """Return a simple command with `added` arguments, such that no shell stays behind it.

    So the end of the CLI is the end of the pane. What is more than one command stays as it is.
    """
    return command if _MORE_THAN_ONE.search(command) else f"exec env {command} {shlex.join(added)}".rstrip()


def main(home: str, peer: str, profile: str, command: str, *added: str) -> None:
    """Replace this process by the login shell that runs `command` with the `added` arguments.

    With the `profile` "no" its profile is not read.
    """
    project = Project(Path(home))
    env = environment(terminal.environment(project), os.environ)
    os.umask(terminal.umask(project))
    login = () if profile == "no" else ("-l",)
    line = login_shell.to(project, peer, shell(env)) + as_one_process(command, *added)
    os.execve(shell(env), [shell(env), *login, "-c", line], env)


if __name__ == "__main__":
    main(*sys.argv[1:])
