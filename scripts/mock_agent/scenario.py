"""What a mock peer does: the scenario file, read and checked.

    paste_burst_ms: 120      # an Enter this soon after a paste is a newline, as in the real CLIs
    log: submits.jsonl       # one JSON line per submit; the variable MOCK_AGENT_LOG comes first
    start: [steps]           # played once, before the first turn
    rules:                   # the first rule that fits a message is played
      - match: regex         # searched in the message without its tags; `^` and `$` fit at lines
        from: User           # or PeerA, PeerB, System; default: anybody
        times: 1             # at most so often; default: always
        steps: [steps]

A step is one of:

    say: text                # a line of the transcript
    write: {file: to_peer, text: ..., how: rename}    # file: to_peer, to_user, patch; how: rename, inplace, slow
    wait: seconds            # nothing happens (in `start` the pane looks idle)
    busy: seconds            # the spinner turns
    dialog: permission       # or trust; waits for a person's key, "No" ends the turn
    limit: text              # a usage-limit notice; ends the turn
    fail: text               # an error; ends the turn, and no hook tells so
    crash: 1                 # exit with this code
    move: false              # leave the message in the inbox when the steps are done

Texts may use {mid}, {text} and the groups {1}, {2}, ... of the regex.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Iterator, List, Literal, Optional

import msgspec
import yaml

from cccc.common.errors import SettingsError
from cccc.common.text import strict_yaml

# msgspec evaluates annotations at run time: Optional[...] and List[...] here, for Python 3.9.
# ruff: noqa: UP006, UP035, UP045

DEFAULT = Path(__file__).resolve().parents[2] / "conf" / "scenarios" / "default.yaml"

SLOT = re.compile(r"\{(mid|text|\d+)\}")

_Seconds = Annotated[float, msgspec.Meta(ge=0)]


class Write(msgspec.Struct, forbid_unknown_fields=True):
    """Hand in a file: `slow` keeps it open between its parts."""

    file: Literal["to_peer", "to_user", "patch"]
    text: str
    how: Literal["rename", "inplace", "slow"] = "rename"


class Step(msgspec.Struct, forbid_unknown_fields=True):
    """One thing to do: exactly one field is set."""

    say: Optional[str] = None
    write: Optional[Write] = None
    wait: Optional[_Seconds] = None
    busy: Optional[_Seconds] = None
    dialog: Optional[Literal["trust", "permission"]] = None
    limit: Optional[str] = None
    fail: Optional[str] = None
    crash: Optional[int] = None
    move: Optional[bool] = None

    def __post_init__(self) -> None:
        given = [name for name in self.__struct_fields__ if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"a step is exactly one of {', '.join(self.__struct_fields__)}")

    def texts(self) -> Iterator[str]:
        """Yield the texts that may hold slots."""
        for text in (self.say, self.limit, self.fail, self.write.text if self.write else None):
            if text is not None:
                yield text


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """What to do with a message that fits."""

    match: str
    steps: List[Step]
    author: Optional[Literal["User", "PeerA", "PeerB", "System"]] = msgspec.field(name="from", default=None)
    times: Optional[int] = None

    def __post_init__(self) -> None:
        try:
            groups = self.pattern.groups
        except re.error as error:
            raise ValueError(f"match is no regular expression: {error}") from None
        _check_slots(self.steps, groups)

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(self.match, re.MULTILINE)


class Scenario(msgspec.Struct, forbid_unknown_fields=True):
    """The whole file."""

    paste_burst_ms: Annotated[int, msgspec.Meta(ge=0)] = 120
    log: Optional[str] = None
    start: List[Step] = []
    rules: List[Rule] = []

    def __post_init__(self) -> None:
        _check_slots(self.start, 0)


def _check_slots(steps: list[Step], groups: int) -> None:
    for text in (text for step in steps for text in step.texts()):
        for slot in SLOT.findall(text):
            if slot.isdigit() and int(slot) > groups:
                raise ValueError(f"{{{slot}}} is used but match has {groups} groups")


def load(path: Path) -> Scenario:
    """Return the scenario of a file. Raises SettingsError: one line with the file and what is wrong where."""
    try:
        text = path.read_text("utf-8")
        strict_yaml.check(text)
        return msgspec.convert(yaml.load(text, strict_yaml.Loader), Scenario)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}; name a scenario file that can be read") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not UTF-8; save it as UTF-8") from None
    except strict_yaml.BadYAML as error:
        raise SettingsError(f"{path}:{error.line}: {error}") from None
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path}: {' '.join(str(error).split())}") from None
