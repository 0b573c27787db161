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
    for terminal in terminals if sys.platform == "linux" else ():
        _switch(terminal, True)


def release(terminals: Iterable[str]) -> None:
    """Let what was typed go on."""
    for terminal in terminals if sys.platform == "linux" else ():
        _switch(terminal, False)


def _switch(terminal: str, on: bool) -> None:
    with contextlib.suppress(OSError, termios.error):  # it was closed meanwhile
        descriptor = os.open(terminal, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            attributes = termios.tcgetattr(descriptor)
            if on:
                attributes[_LOCAL] |= termios.ICANON
                for key in _EDIT:
                    attributes[_CHARACTERS][key] = _NO_KEY
            else:
                attributes[_LOCAL] &= ~termios.ICANON
            termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
        finally:
            os.close(descriptor)
