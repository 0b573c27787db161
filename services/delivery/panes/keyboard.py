"""Keeping back the keys of the people at a pane for the moment in which a line of ours stands in its composer.

Their terminals are switched to the kernel's line mode, with every editing key off: what is typed waits
in the kernel, whole and in order, until `release`, and then arrives as if it had been typed later.
"""

from __future__ import annotations

import contextlib
import os
import sys
import termios
from collections.abc import Iterable
from typing import Any, Callable

_LOCAL, _CHARACTERS = 3, 6  # places in what tcgetattr returns
_NO_KEY = b"\0"
_EDIT = (
    termios.VERASE,
    termios.VKILL,
    termios.VEOF,
    termios.VEOL,
    termios.VEOL2,
    termios.VWERASE,
    termios.VREPRINT,
    termios.VLNEXT,
)


def hold(terminals: Iterable[str]) -> None:
    """Keep back what is typed at these terminals. Does nothing where the system is not Linux."""
    _change(terminals, _to_lines)


def release(terminals: Iterable[str]) -> None:
    """Let what was typed go on. A terminal that is in line mode for another reason stays as it is."""
    _change(terminals, _to_keys)


def _to_lines(attributes: list[Any]) -> bool:
    attributes[_LOCAL] |= termios.ICANON
    for key in _EDIT:
        attributes[_CHARACTERS][key] = _NO_KEY
    return True


def _to_keys(attributes: list[Any]) -> bool:
    ours = attributes[_LOCAL] & termios.ICANON and all(attributes[_CHARACTERS][key] == _NO_KEY for key in _EDIT)
    attributes[_LOCAL] &= ~termios.ICANON
    return bool(ours)


def _change(terminals: Iterable[str], change: Callable[[list[Any]], bool]) -> None:
    """Change the attributes of each terminal where `change` says so, but of those that were closed meanwhile."""
    for terminal in terminals if sys.platform == "linux" else ():
        with contextlib.suppress(OSError, termios.error):
            descriptor = os.open(terminal, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            try:
                attributes = termios.tcgetattr(descriptor)
                if change(attributes):
                    termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
            finally:
                os.close(descriptor)
