"""Whether what a variable of a terminal leads to is still there: the socket of an agent, a display, a terminal."""

from __future__ import annotations

import os
import re
import socket
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Callable

_ANSWERS_WITHIN = 1.0
_DISPLAY = re.compile(r"(?P<host>[^:]*):(?P<number>\d+)(?:\.\d+)?$")
_X11_PORT = 6000


def alive(env: Mapping[str, str]) -> dict[str, str]:
    """Return those variables by which a program reaches the user's agents and screen, where they lead to something.

    None of them names a program to run.
    """
    return {name: env[name] for name in _LEADS if env.get(name) and _leads(name, env)}


def _leads(name: str, env: Mapping[str, str]) -> bool:
    try:
        return _LEADS[name](env[name], env)
    except (OSError, ValueError, OverflowError):  # another user's, or no address at all
        return False


def _agent(path: str, env: Mapping[str, str]) -> bool:
    return _connects(path)


def _agent_pid(pid: str, env: Mapping[str, str]) -> bool:
    return _connects(env.get("SSH_AUTH_SOCK", ""))


def _gpg_agent(value: str, env: Mapping[str, str]) -> bool:
    return _connects(value.split(":")[0])


def _terminal(path: str, env: Mapping[str, str]) -> bool:
    return stat.S_ISCHR(Path(path).stat().st_mode) and os.access(path, os.R_OK | os.W_OK)


def _folder(path: str, env: Mapping[str, str]) -> bool:
    return Path(path).is_dir()


def _file(path: str, env: Mapping[str, str]) -> bool:
    return Path(path).is_file()


def _tickets(name: str, env: Mapping[str, str]) -> bool:
    kind, _, path = name.rpartition(":")
    return kind not in ("", "FILE", "DIR") or Path(path).exists()  # others: a keyring, the KCM


def _display(name: str, env: Mapping[str, str]) -> bool:
    found = _DISPLAY.match(name)
    if found is None:
        return Path(name).is_socket() and _connects(name)  # as XQuartz names it
    number = int(found["number"])
    if found["host"] in ("", "unix"):
        return _connects(f"/tmp/.X11-unix/X{number}") or _connects(f"\0/tmp/.X11-unix/X{number}")
    try:
        with socket.create_connection((found["host"], _X11_PORT + number), _ANSWERS_WITHIN):
            return True
    except OSError:
        return False


def _wayland(name: str, env: Mapping[str, str]) -> bool:
    return _connects(str(Path(env.get("XDG_RUNTIME_DIR", ""), name)))


def _bus(address: str, env: Mapping[str, str]) -> bool:
    found = re.search(r"unix:(?:[^;]*,)?(path|abstract)=([^,;]+)", address)
    return found is not None and _connects(("\0" if found[1] == "abstract" else "") + found[2])


def _connects(path: str) -> bool:
    if not path:
        return False
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_ANSWERS_WITHIN)
        try:
            connection.connect(path)
        except OSError:
            return False
    return True


_LEADS: dict[str, Callable[[str, Mapping[str, str]], bool]] = {
    "SSH_AUTH_SOCK": _agent,
    "SSH_AGENT_PID": _agent_pid,
    "GPG_AGENT_INFO": _gpg_agent,
    "GPG_TTY": _terminal,
    "GNUPGHOME": _folder,
    "DISPLAY": _display,
    "XAUTHORITY": _file,
    "WAYLAND_DISPLAY": _wayland,
    "XDG_RUNTIME_DIR": _folder,
    "DBUS_SESSION_BUS_ADDRESS": _bus,
    "KRB5CCNAME": _tickets,
}
