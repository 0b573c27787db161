"""What a person can type with a `/`: one table for the panel, the console and every chat.

A row is a name, the form of its arguments, a summary and a function of (project, arguments, who asks); nothing here
knows the place. It stands in `COMMANDS` of its module. With a `SECTION` the module is a subcommand of `cccc` as well;
what has options of its own there has a file in scripts/cli, which shows the same lines.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from cccc.common.commands.command import Asker, Command, Reply, WrongUsage, words
from cccc.common.errors import CcccError
from cccc.common.paths import Project
from cccc.common.text.lines import Line

__all__ = ["BY_NAME", "TABLE", "Asker", "Command", "Reply", "WrongUsage", "run"]


def _whoami(project: Project, rest: str, asker: Asker) -> Reply:
    place = f" in chat {asker.chat}" if asker.chat else ""
    return words(f"you are {asker.who} ({asker.via} {asker.user or 'without an id'}){place}")


def _help(project: Project, rest: str, asker: Asker) -> Reply:
    rows = [row for row in TABLE if row.only in ("", asker.place)]
    return Reply([Line(f"/{row.name} {row.usage}".rstrip() + f": {row.summary}") for row in rows])


def _declared() -> list[Command]:
    """Return the rows of every module here that has `COMMANDS`, by their places; only these modules are imported."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.py"))}
    names = [name for name, text in texts.items() if "\nCOMMANDS = (" in text]
    rows: list[Command] = [row for name in names for row in import_module(f"{__name__}.{name}").COMMANDS]
    return sorted(rows, key=lambda row: row.place)


TABLE = (
    *_declared(),
    Command("subscribe", "[CODE]", "subscribe this chat; `cccc bridge pair` shows the code", None, "chat"),
    Command("unsubscribe", "", "unsubscribe this chat", None, "chat"),
    Command("whoami", "", "your id and the chat's", _whoami, shows=True),
    Command("echo", "[on|off]", "show the peers' messages to you as they arrive", None, "console"),
    Command("help", "", "this help", _help, shows=True),
    Command("q", "", "quit; everything keeps running", None, "console"),
)
BY_NAME = {row.name: row for row in TABLE}


def run(project: Project, name: str, rest: str, asker: Asker) -> Reply:
    """Return what a command of the table answers; what a person can mend is the answer, in one line."""
    row = BY_NAME.get(name)
    if row is None or row.run is None or row.only not in ("", asker.place):
        return Reply([Line(f"unknown command /{name}; see /help", "red")])
    if rest.strip() and not row.usage:
        return Reply([Line(f"/{name} takes no arguments", "red")])
    try:
        return row.run(project, rest.strip(), asker)
    except CcccError as error:
        return Reply([Line(str(error), "red")])
