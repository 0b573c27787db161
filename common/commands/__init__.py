"""What a person can type with a `/`: one table for the panel, the console and every chat.

`cccc` has the same verbs as subcommands, which show the same lines. A row is a name, the form of its
arguments, a summary and a function of (project, arguments, who asks); nothing here knows the place.
"""

from __future__ import annotations

from cccc.common.commands import files, filter, locks, log, peers, queue, rfd, status, trace
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


TABLE = (
    Command("status", "", "the whole project at a glance", status.run),
    Command("queue", "", "the patches that wait or are being checked", queue.run),
    Command("locks", "", "what is locked, and by whom", locks.run),
    Command("rfd", rfd.USAGE, "what the peers may not decide", rfd.run),
    Command("trace", "MID|COMMIT|BRANCH", "what became of one message or patch", trace.run),
    Command("log", "[N|MID]", "what the peers told you, in full; or one message", log.run),
    Command("pause", "", "hold what the peers say to each other", peers.pause),
    Command("resume", "", "let it go on", peers.resume),
    Command("stop", "a|b|both", "interrupt the turn of a peer", peers.stop),
    Command("refresh", "[a|b|both]", "send SYSTEM to a peer again", peers.refresh),
    Command("showpeers", "on|off", "whether chats see what the peers say to each other", peers.show_peers),
    Command("anti-on", "", "let the handoff filter drop what says nothing", filter.on),
    Command("anti-off", "", "forward whatever one peer says to the other", filter.off),
    Command("anti-status", "", "whether the handoff filter is on", filter.shown),
    Command("files", "[in|out] [N]", "the newest files that came or went", files.listed),
    Command("file", "[in|out] N", "one of these files", files.one),
    Command("subscribe", "[CODE]", "let this chat in; the code is shown by `cccc bridge pair`", None, "chat"),
    Command("unsubscribe", "", "leave this chat out", None, "chat"),
    Command("whoami", "", "your id, and the chat's", _whoami),
    Command("echo", "[on|off]", "whether what the peers say to you is shown as it comes", None, "console"),
    Command("help", "", "this list", _help),
    Command("q", "", "leave; the system goes on", None, "console"),
)
BY_NAME = {row.name: row for row in TABLE}


def run(project: Project, name: str, rest: str, asker: Asker) -> Reply:
    """Return what a command of the table answers; what a person can mend is the answer, in one line."""
    row = BY_NAME.get(name)
    if row is None or row.run is None or row.only not in ("", asker.place):
        return Reply([Line(f"there is no /{name} here; /help lists what there is", "red")])
    if rest.strip() and not row.usage:
        return Reply([Line(f"nothing comes after /{name}", "red")])
    try:
        return row.run(project, rest.strip(), asker)
    except CcccError as error:
        return Reply([Line(str(error), "red")])
