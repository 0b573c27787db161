"""What values settings can have: each kind with its limits and the words for what is allowed.

`Meta.description` is what an error says is allowed. `extra["check"]` is a function from a value of
the right type to what is wrong with it, or "".
"""

from __future__ import annotations

import re
import string
import warnings
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from cccc.common.text.redaction import REDACTED

_HARMFUL = ("escape", "c-[", "c-c", "c-d", "c-u", "c-z", "c-\\")
_A_YEAR_S = 31_536_000
# Telegram's own accounts, by which it posts for anonymous admins, for channels and for itself.
_NOBODY = ("1087968824", "136817688", "777000")


class Section(msgspec.Struct, frozen=True):
    """A mapping of a settings file. Its field defaults are the product's defaults."""

    def __repr__(self) -> str:
        """Show every field but the tokens: settings end up in logs and tracebacks."""
        shown = (f"{name}={REDACTED if is_secret(name) else getattr(self, name)!r}" for name in self.__struct_fields__)
        return f"{type(self).__name__}({', '.join(shown)})"


def is_secret(name: str) -> bool:
    """Return whether the value of the key `name` must not be shown."""
    return name == "token" or name.endswith("_token")


def _regex(text: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        return f"not a regular expression ({error})"
    return ""


def _pattern(text: str) -> str:
    bare = text[1:] if text.startswith("!") else text
    if not bare.strip("/ ") or bare.startswith("#"):
        return "matches no path"
    if ".." in bare.split("/"):
        return "leaves the repository with `..`"
    return _compiled(text) if set("[\\") & set(text) else ""


def _compiled(text: str) -> str:
    from pathspec import GitIgnoreSpec  # here, because most patterns are plain and every start would pay for it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiled = GitIgnoreSpec.from_lines([text]).patterns
    except (ValueError, re.error) as error:
        return f"not a path pattern ({error})"
    return "" if all(pattern.include is not None for pattern in compiled) else "matches no path"


def _folder(text: str) -> str:
    if not text.strip("/.") or text.startswith(("/", "~")) or ".." in text.split("/"):
        return "not a folder inside the project"
    return ""


def _name(text: str) -> str:
    return "" if re.fullmatch(r"[\w-][\w.-]*", text) else "not a plain folder name"


def _key(text: str) -> str:
    if text.lower() in _HARMFUL:
        return "ends a program, or wipes out what a person typed"
    return "" if re.fullmatch(r"(?:[CMS]-)*(?:\w+|[!-/:-@\[-`{-~])", text) else "not the name of a key"


def _subject(text: str) -> str:
    try:
        fields = [(name, form, how) for _, name, form, how in string.Formatter().parse(text) if name is not None]
    except ValueError as error:
        return f"not a template ({error})"
    if any(name not in ("subject", "peer", "mid") or form or how for name, form, how in fields):
        return "has a field that is none of {subject}, {peer} and {mid}"
    return "" if ("subject", "", None) in fields else "leaves out {subject}"


def _variable(text: str) -> str:
    return "" if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text) else "not the name of an environment variable"


def _account(text: str) -> str:
    return "belongs to no person but to Telegram itself" if text in _NOBODY else ""


Count = Annotated[int, Meta(ge=0, le=1_000_000_000, description="a whole number, 0 or more")]
Positive = Annotated[int, Meta(ge=1, le=1_000_000_000, description="a whole number, 1 or more")]
Seconds = Annotated[float, Meta(ge=0, le=_A_YEAR_S, description="a number of seconds from 0 to a year")]
Minutes = Annotated[float, Meta(ge=0, le=_A_YEAR_S / 60, description="a number of minutes from 0 to a year")]
Share = Annotated[float, Meta(ge=0, le=1, description="a number from 0 to 1")]

Regex = Annotated[str, Meta(description="a Python regular expression in quotes", extra={"check": _regex})]
Pattern = Annotated[
    str,
    Meta(description="a path pattern as in .gitignore, such as src/**", extra={"check": _pattern}),
]
Folder = Annotated[
    str,
    Meta(description="a path below the project, such as .cccc/work/upload/inbound", extra={"check": _folder}),
]
Inside = Annotated[
    str,
    Meta(description="a path below the project, such as node_modules or src/*.so", extra={"check": _folder}),
]
Subject = Annotated[
    str,
    Meta(description='a template such as "{subject}" or "feat: {subject} ({peer})"', extra={"check": _subject}),
]
Name = Annotated[str, Meta(description="a folder name such as inbox", extra={"check": _name})]
Key = Annotated[str, Meta(description="the name of a key as tmux has it, such as Enter or C-m", extra={"check": _key})]
Variable = Annotated[
    str, Meta(description="the name of an environment variable, not its value", extra={"check": _variable})
]
# People write the ids of chats with and without quotes.
ChatId = Annotated[int, Meta(description="a numeric id such as -1001234567890", extra={"quoted": True})]

# The id of a person on a platform, as it is written, with or without quotes.
Account = Annotated[
    str,
    Meta(
        description="the platform's id of a person, such as 123456 or U024BE7LH",
        extra={"check": _account, "written": True},
    ),
]

PeerName = Literal["peerA", "peerB"]
Route = Literal["a", "b", "both"]
