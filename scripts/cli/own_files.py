"""Small changes to the files of a person: the one value that is asked for, every other byte as it was."""

from __future__ import annotations

import difflib
import json
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from cccc.common.errors import UserError

_BLANK = re.compile(r"[ \t\r\n]*")
_READ = json.JSONDecoder().raw_decode


def put_in_json(text: str, keys: Sequence[str], value: object) -> str:
    """Return a JSON text, "" for a new one, with `value` at a path of keys. Raises ValueError without an object."""
    json.loads(text or "{}")
    text = text or "{}\n"
    at = _skip(text, 0)
    for depth, key in enumerate(keys):
        if text[at] != "{":
            raise ValueError(f"no object at {'.'.join(keys[:depth]) or 'the top'}")
        found = _member(text, at, key)
        if found is None:
            return _insert(text, at, keys[depth:], value)
        at, end = found
    return text[:at] + json.dumps(value) + text[end:]


def add_to_toml(text: str, table: Sequence[str], line: str) -> str:
    """Return a TOML text with a new table of one line at its end. Raises ValueError where the first is no table."""
    first, *rest = table
    if re.search(rf"^[ \t]*{first}[ \t]*[=.]", text, re.M):
        raise ValueError(f"{first} is not written as tables")
    title = ".".join([first, *(json.dumps(each, ensure_ascii=False) for each in rest)])
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    return f"{text}{gap}[{title}]\n{line}\n"


def agreed(path: Path, old: str, new: str, yes: bool) -> bool:
    """Show what would change in a file and ask whether it may; with `yes` it may."""
    before, after = (text.splitlines(keepends=True) for text in (old, new))
    for line in difflib.unified_diff(before, after, str(path) if old else "/dev/null", str(path)):
        click.echo(line.rstrip("\n"))
    return yes or click.confirm("Write this?")


def write(path: Path, old: str, new: str) -> None:
    """Put a new text in place of the old one, by a rename. Raises UserError when the file is not `old` any more."""
    path = path.resolve()  # what a link leads to
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False) as fresh:
        fresh.write(new.encode())
        fresh.flush()
        os.fsync(fresh.fileno())
    if path.exists():
        Path(fresh.name).chmod(path.stat().st_mode & 0o7777)
    if text_of(path) != old:
        Path(fresh.name).unlink()
        raise UserError(f"{path} was changed meanwhile, not written; run this again")
    Path(fresh.name).replace(path)


def text_of(path: Path) -> str:
    """Return what is in a file with its line ends as they are, "" when there is none."""
    return path.read_bytes().decode() if path.exists() else ""


def _skip(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at


def _member(text: str, at: int, key: str) -> tuple[int, int] | None:
    """Return begin and end of the value of a key in the object that begins at `at`; of twins the last, which counts."""
    found = None
    at = _skip(text, at + 1)
    while text[at] != "}":
        name, end = _READ(text, at)
        begin = _skip(text, _skip(text, end) + 1)  # behind the colon
        end = _READ(text, begin)[1]
        found = (begin, end) if name == key else found
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at
    return found


def _insert(text: str, at: int, keys: Sequence[str], value: object) -> str:
    """Put a member at the begin of the object that begins at `at`, set off like the one that follows."""
    for key in reversed(keys[1:]):
        value = {key: value}
    follows = _skip(text, at + 1)
    blank = text[at + 1 : follows]
    member = f"{json.dumps(keys[0], ensure_ascii=False)}: {json.dumps(value, ensure_ascii=False)}"
    if text[follows] == "}":
        return text[: at + 1] + member + text[follows:]
    return text[: at + 1] + blank + member + "," + (blank or " ") + text[follows:]
