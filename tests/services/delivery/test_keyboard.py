"""Keys that are kept back at a real terminal."""

from __future__ import annotations

import os
import pty
import select
import sys
import termios
import tty
from collections.abc import Iterator

import pytest

from cccc.services.delivery.panes import keyboard

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps keys back like this")
EVERYTHING = b"half \x7f\x15\x17\x04\x16\x12a thought\r"  # with every key that edits a line


class Desk:
    """A person's keyboard, and the program that reads what is typed."""

    def __init__(self) -> None:
        self.keys, self.program = pty.openpty()
        tty.setraw(self.program)
        self.name = os.ttyname(self.program)

    def reads(self) -> bytes:
        return os.read(self.program, 4096) if select.select([self.program], [], [], 0.2)[0] else b""


@pytest.fixture
def terminal() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    os.close(desk.keys)
    os.close(desk.program)


def test_what_is_typed_meanwhile_arrives_later_whole_and_in_order(terminal: Desk) -> None:
    keyboard.hold([terminal.name])
    os.write(terminal.keys, EVERYTHING)
    assert terminal.reads() == b""
    keyboard.release([terminal.name])
    assert terminal.reads() == EVERYTHING
    os.write(terminal.keys, b"x")
    assert terminal.reads() == b"x"


def test_a_terminal_in_a_line_mode_that_is_not_ours_stays_in_it(terminal: Desk) -> None:
    attributes = termios.tcgetattr(terminal.program)
    attributes[3] |= termios.ICANON
    termios.tcsetattr(terminal.program, termios.TCSANOW, attributes)
    keyboard.release([terminal.name])
    assert termios.tcgetattr(terminal.program)[3] & termios.ICANON


def test_a_release_without_a_hold_and_a_terminal_that_is_gone_change_nothing(terminal: Desk) -> None:
    keyboard.release([terminal.name, "/dev/pts/99999"])
    keyboard.hold(["/dev/pts/99999"])
    os.write(terminal.keys, EVERYTHING)
    assert terminal.reads() == EVERYTHING
