"""What became of one message."""

from __future__ import annotations

from itertools import islice

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.commands.command import Asker, Command, Reply, WrongUsage
from cccc.common.errors import NotFound
from cccc.common.facts import Fact
from cccc.common.ledger.named import mid_of
from cccc.common.paths import Project
from cccc.common.shown.short import colour, tell
from cccc.common.text.lines import Line, moment, table

SECTION = "Watch", 4
_NUDGES = (f.NudgeTyping, f.Nudge, f.NudgeAccepted, f.NudgeHeld, f.NudgeLost, f.NudgeUnanswered)
_PROOF = (f.Nudge, f.NudgeAccepted)  # can be said after a quick peer has read
_NUDGED_WITHIN = 500  # facts after a delivery
_CAUSES = 20
_ANSWERS = (f.ToPeer, f.ToUser, f.Patch)  # what a peer hands in
_ENDS = (f.PatchCommit, f.PatchReject, f.PatchPrecheckFail)
_FOLLOWED_WITHIN = 5000  # facts after a message
_MOST_ANSWERS = 30
_WIDE = 80  # cells of what a fact says; more than that is cut by most terminals


def run(project: Project, rest: str, asker: Asker) -> Reply:
    """Show what happened to a message or patch.

    Prints every fact of the message MID with the time since the first: stored, in the inbox, accepted by the model,
    read, and for a patch what the gate did. Related facts are marked `·`: what caused it, answers to requests about it,
    nudges typed while it was unread, and the end of the turn that read it. A landed patch can also be named by its
    commit or branch.

    \b
    Examples:
      cccc trace "$(cccc send 'a: hello')"
      cccc trace HEAD

    Exit codes: 0 done, 1 the ledger is damaged, 2 wrong usage, 3 no such message.
    """
    if not rest:
        raise WrongUsage("usage: /trace MID")
    return Reply(lines(project, rest))


def lines(project: Project, mid: str) -> list[Line]:
    """Return every fact of a message, named by its mid or a commit, with its time since the first. Raises NotFound."""
    mid = mid_of(project, mid)
    mine = ledger.of_mid(project, mid)
    if not mine:
        raise NotFound(f"no fact known to this version has the mid {mid}; try `cccc ledger show --mid {mid} --json`")
    related = (*_causes(project, mine), *_answers(project, mine), *_nudges(project, mine), *_led_to(project, mine))
    others = {fact.seq: fact for fact in related}
    for fact in mine:
        others.pop(fact.seq, None)
    raws = [raw for seq in sorted([*others, *(fact.seq for fact in mine)]) if (raw := ledger.line_at(project, seq))]
    begin = moment(mine[0].ts)
    rows = []
    for told in map(tell, raws):
        after = (moment(told.ts) - begin).total_seconds()
        kind = f"· {told.kind}" if told.seq in others else told.kind
        rows.append((f"{after:+.3f} s", str(told.seq), kind, told.who, told.text))
    shown = table(("time", "seq", "kind", "who", "what"), rows, [colour(raw) for raw in raws])
    cut = any(len(row[-1]) > _WIDE for row in rows)
    hint = [Line(f"lines are cut; `cccc log {mid}`, or /log {mid} in panel and chats, shows all", "bright_black")]
    return [Line(f"{mid}, {begin.astimezone():%Y-%m-%d %H:%M:%S}"), *shown, *(hint if cut else [])]


def _causes(project: Project, mine: list[Fact]) -> list[Fact]:
    """Return the facts that led to a message, up to the first of the chain."""
    found: list[Fact] = []
    cause = mine[0].cause
    while cause and len(found) < _CAUSES:
        raw = ledger.line_at(project, cause)
        fact = ledger.decode(raw) if raw else None
        if fact is None:
            break
        found.append(fact)
        cause = fact.cause
    return found


def _led_to(project: Project, mine: list[Fact]) -> list[Fact]:
    """Return what the peers handed in because of a message, and what became of their patches."""
    found: list[Fact] = []
    chain, patches = {fact.seq for fact in mine}, set()
    for fact in islice(ledger.read(project, mine[0].seq), _FOLLOWED_WITHIN):
        if isinstance(fact, _ENDS) and fact.mid in patches:
            found.append(fact)
        if fact.cause in chain:
            chain.add(fact.seq)
            if isinstance(fact, _ANSWERS):
                found.append(fact)
                patches.add(fact.mid)
    return found[:_MOST_ANSWERS]


def _answers(project: Project, mine: list[Fact]) -> list[Fact]:
    """Return what people said of the requests for decision about a message."""
    asked = [fact.rfd_id for fact in mine if isinstance(fact, f.Rfd)]
    return [fact for rfd_id in asked for raw in ledger.lines_of(project, rfd_id=rfd_id) if (fact := ledger.decode(raw))]


def _nudges(project: Project, mine: list[Fact]) -> list[Fact]:
    """Return, per receiver, the nudges between a message's delivery and its reading, and the end of that turn."""
    found: list[Fact] = []
    for delivered in (fact for fact in mine if isinstance(fact, f.HandoffDelivered)):
        read = False
        for fact in islice(ledger.read(project, delivered.seq), _NUDGED_WITHIN):
            if isinstance(fact, _PROOF if read else _NUDGES) and fact.to == delivered.to:
                found.append(fact)
            if isinstance(fact, f.AckFile) and (fact.mid, fact.author) == (delivered.mid, delivered.to):
                read = True
            if read and isinstance(fact, (f.TurnEnd, f.PeerExited)) and fact.peer == delivered.to:
                found.append(fact)
                break
    return found


COMMANDS = (Command("trace", "MID|COMMIT|BRANCH", "what happened to a message or patch", run, shows=True, place=5),)
