"""What a kind of CLI says about itself, and what the screens of several have in common."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, NamedTuple

from cccc.common.settings.cli_profiles import Peer
from cccc.services.delivery.panes.screen import Appearance

_HOOK = Path(__file__).with_name("hook.sh")


@dataclass(frozen=True)
class Start:
    """Where a CLI is started: `spool` is the folder in which its hooks leave what they are told."""

    root: Path
    spool: Path
    environment: Mapping[str, str]
    command: str = ""

    def keep(self, name: str, text: str) -> Path:
        """Write a file for the CLI that nobody else may read; return its path."""
        path = self.spool / f".{name}"  # what begins with a dot was left by no hook
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        return path

    def hook(self, event: str) -> str:
        """Return the shell command that a CLI runs at one of its hooks."""
        return shlex.join(["sh", str(_HOOK), str(self.spool), event, sys.executable])


class Ending(NamedTuple):
    """How a turn ended of whose end no hook told: `error` is the kind of a failure, in the CLI's own word."""

    outcome: str = "ended"  # that is all the screen says
    error: str = ""
    words: str = ""


@dataclass(frozen=True)
class Kind:
    """How one kind of CLI is recognised and started."""

    name: str
    appearance: Callable[[Peer], Appearance]
    hooks: Callable[[Start], list[str]] = lambda _: []  # arguments that make its hooks write to the spool
    resume: Callable[[str], list[str]] = lambda _: []  # arguments that go on with a session
    ending: Callable[[Path], Ending] = lambda _: Ending()  # from the session's record
    at_stop: bool = False  # its Stop hook can give it a line
    queue: Callable[[str, str], list[str]] = lambda *_: []  # arguments that give a session a line
    compact: str = ""  # what is typed to compact its context
    certified: tuple[str, ...] = ()  # the versions that passed `cccc certify`


DIALOGS = (
    (
        "permission",
        re.compile(r"Do you want to (?:proceed|make this edit|create)|Would you like to run|requires approval"),
    ),
    (
        "trust",
        re.compile(
            r"trust (?:this|the files in this) folder|Accessing workspace|Is this a (?:project|folder) you", re.I
        ),
    ),
    ("hooks review", re.compile(r"Hooks need review")),
    ("bypass warning", re.compile(r"Bypass Permissions mode", re.I)),
    ("login", re.compile(r"Select login method|Sign in with ChatGPT", re.I)),
    (
        "a menu",
        re.compile(
            r"^\s*[\u276f\u203a]\s*\d+\. |enter (?:to )?(?:confirm|select)|esc (?:to )?(?:cancel|back|skip)",
            re.I | re.M,
        ),
    ),
)
INTERRUPT = re.compile(r"esc to interrupt")
