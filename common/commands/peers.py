"""What a person does to the peers: pause, resume, stop, and whether chats see what they say to each other."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.commands.command import Asker, Command, Reply, WrongUsage, words
from cccc.common.errors import NotRunning
from cccc.common.paths import PEERS, Project
from cccc.common.shown import status
from cccc.common.text.lines import Line

_TALK = (f.Pause, f.Resume)
CHOICES = {"a": ("PeerA",), "b": ("PeerB",), "both": PEERS}


def pause(project: Project, rest: str, asker: Asker) -> Reply:
    """Hold what the peers say to each other, in order, until resume."""
    return Reply([Line("paused; /resume to continue")], [f.Pause(who=asker.who)])


def resume(project: Project, rest: str, asker: Asker) -> Reply:
    """Resume handoffs between the peers."""
    said = "resumed" if _paused(project) else "not paused"
    return Reply([Line(said)], [f.Resume(who=asker.who)])


def _paused(project: Project) -> bool:
    """Return whether the handoffs wait; true where nobody can tell."""
    try:
        known = status.read(project)
    except NotRunning:
        return True
    later = ledger.read(project, known.ledger.seq)
    return [bool(known.paused), *(isinstance(fact, f.Pause) for fact in later if isinstance(fact, _TALK))][-1]


def stop(project: Project, rest: str, asker: Asker) -> Reply:
    """Interrupt the turn of a peer; what came of it is a `peer-stopped` per peer."""
    if rest.lower() not in CHOICES:
        raise WrongUsage("usage: /stop a|b|both")
    return Reply(facts=[f.PeerStop(peer=peer, who=asker.who, via=asker.via) for peer in CHOICES[rest.lower()]])


def refresh(project: Project, rest: str, asker: Asker) -> Reply:
    """Send SYSTEM again, which says who the peers are and how they work."""
    choice = rest.lower() or "both"
    if choice not in CHOICES:
        raise WrongUsage("usage: /refresh a|b|both")
    labels = CHOICES[choice]
    said = [f.Refresh(peer=peer, who=asker.who, via=asker.via) for peer in labels]
    return Reply([Line(f"resending the system prompt to {' and '.join(labels)}")], said)


def show_peers(project: Project, rest: str, asker: Asker) -> Reply:
    """Show what the peers say to each other in the chats of every bridge, or not."""
    if rest.lower() not in ("on", "off"):
        raise WrongUsage("usage: /showpeers on|off")
    on = rest.lower() == "on"
    said = "chats show the peers' messages to each other" if on else "chats show only the peers' messages to you"
    return words(said)._replace(facts=[f.ShowPeers(on=on, who=asker.who, via=asker.via)])


COMMANDS = (
    Command("pause", "", "pause handoffs between the peers", pause, place=7),
    Command("resume", "", "resume handoffs", resume, place=7),
    Command("stop", "a|b|both", "interrupt a peer's turn", stop, place=7),
    Command("refresh", "[a|b|both]", "resend the system prompt", refresh, place=7),
    Command("showpeers", "on|off", "show the peers' messages to each other in chats", show_peers, place=7),
)
