"""What the peers told the person, in full."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.commands.command import Asker, Command, Reply, WrongUsage
from cccc.common.errors import NotRunning
from cccc.common.ledger.named import mid_of
from cccc.common.paths import Project
from cccc.common.shown import status, whole
from cccc.common.text.lines import Line

_USUAL = 3


def run(project: Project, rest: str, asker: Asker) -> Reply:
    """Show the last words of the peers to the user, or one message or patch in full. Raises WrongUsage, NotFound."""
    if rest and not rest.isdecimal():
        if len(rest.split()) > 1:
            raise WrongUsage("usage: /log [N] or /log MID")
        return Reply(whole.of_mid(project, mid_of(project, rest)))
    facts = newest(project, int(rest or _USUAL))
    return Reply(whole.entries(project, facts) or [Line("no messages from the peers yet")])


def newest(project: Project, count: int) -> list[f.ToUser]:
    """Return the last words of the peers to the user, oldest first; the whole ledger is read for more than a few."""
    try:
        known = status.read(project)
    except NotRunning:
        known = None
    if known is None or (count > len(known.told) == status.TOLD):
        return [fact for fact in ledger.read(project) if isinstance(fact, f.ToUser)][-count:] if count else []
    raws = [ledger.line_at(project, line.seq) for line in reversed(known.told)]
    facts = [ledger.decode(raw) for raw in raws if raw]
    facts += ledger.read(project, known.ledger.seq)
    return [fact for fact in facts if isinstance(fact, f.ToUser)][-count:] if count else []


COMMANDS = (Command("log", "[N|MID]", "messages to you, in full; or one message", run, shows=True, place=6),)
