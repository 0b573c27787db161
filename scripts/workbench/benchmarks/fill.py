"""A ledger as long as asked for, of what a session says: messages, nudges, patches, decisions, all of them settled.

The orchestrator's own rules say what follows from each fact, under the ids that the service gives, so that a service
which folds such a ledger has nothing to add. What delivery, the gate and people say is written out here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing

from cccc.common import facts as f
from cccc.common import settings
from cccc.common.facts import Fact
from cccc.common.ledger.blobs import Blobs
from cccc.common.paths import PEERS, Project
from cccc.common.registry import BRIDGE
from cccc.services.ledger.store import Store
from cccc.services.orchestrator import rules
from cccc.services.orchestrator.decision import Said

# With the filter, most of what is said within seconds would be dropped; self-checks would type into panes.
POLICIES = 'handoff_filter: {enabled: false}\npatch_queue: {allowed_paths: ["**"]}\n'
PROFILES = "delivery: {self_check_every_handoffs: 0}\n"

_AT_ONCE = 20  # conversations side by side: one fsync for a step of all of them
_PATCH_EVERY = 10  # messages of PeerA to PeerB
_BRANCH = "refs/heads/main"
_QUESTION = "What is the next step?"
_ANSWER = "EVIDENCE: the tests pass\n```insight\nkind: note\nmsg: one new angle\n```\n"
_DIFF = "--- a/file.txt\n+++ b/file.txt\n@@ -1 +1 @@\n-0\n+1\n"


def fill(project: Project, count: int, head: str) -> None:
    """Write `count` facts, or a few more, into the empty ledger of a project whose main is at the commit `head`."""
    decide = rules.Rules(settings.load(project), str).decide  # nothing in it has to be redacted
    state, blobs, numbers = rules.State(), Blobs(project), itertools.count()
    with closing(Store(project)) as store:
        due: list[Fact] = []
        while due or store.seq < count:
            due = due or [_asked(number) for number in itertools.islice(numbers, _AT_ONCE)]
            store.append(due)
            following: list[Fact] = []
            for fact in due:
                said = decide(state, fact, _text(fact).encode())
                following += _by_orchestrator(fact, said)
                following += _by_others(fact, head)
                for entry in said:
                    if isinstance(entry.fact, (f.Handoff, f.PatchQueued)):  # durable enough without an fsync of each
                        blobs.path(entry.fact.sha).write_bytes(entry.body)
            due = following


def _text(fact: Fact) -> str:
    return str(getattr(fact, "text", ""))


def _by_orchestrator(cause: Fact, said: list[Said]) -> Iterator[Fact]:
    """Yield one decision as `Bus.say` would number it."""
    for number, (fact, _) in enumerate(said):
        yield _signed(fact, f"orchestrator:{cause.seq}" + (f".{number}" if len(said) > 1 else ""), cause.seq)


def _by_others(cause: Fact, head: str) -> Iterator[Fact]:
    for fact in _follows(cause, head):
        yield _signed(fact, f"{cause.seq}.{fact.kind}", cause.seq)


def _signed(fact: Fact, id_: str, cause: int | None) -> Fact:
    fact.id, fact.cause, fact.by = id_, cause, next(name for name in fact.SAID_BY if name != BRIDGE)
    return fact


def _asked(number: int) -> Fact:
    mid = f"asked-{number}"
    return _signed(f.UserMessage(mid=mid, via="cli", route="a", **f.body(_QUESTION.encode(), str)), mid, None)


def _follows(fact: Fact, head: str) -> Iterator[Fact]:
    """Yield what is said, and not by the orchestrator, once a fact was heard."""
    if isinstance(fact, f.Handoff) and fact.to in PEERS:
        yield from _read(fact)
        yield from _answered(fact)
    elif isinstance(fact, f.PatchQueued):
        yield f.PatchBranch(mid=fact.mid, branch=_BRANCH)
        yield f.Lint(mid=fact.mid, command="ruff check", verdict="green", exit=0, seconds=0.2, base=head)
        yield f.Test(mid=fact.mid, command="pytest -q", verdict="green", exit=0, seconds=3.4, base=head, tests=12)
        if fact.seq % 2:
            yield from _landed(fact.mid, head)
        else:
            asked = f.PatchNeedsDecision(
                author="PeerB",
                mid=fact.mid,
                why="protected",
                question="May it land?",
                lines=2,
                paths=["file.txt"],
                base=head,
                policy=head,
                sha=fact.sha,
            )
            yield asked
    elif isinstance(fact, f.Rfd):
        yield f.Decision(rfd_id=fact.rfd_id, decision="approve", who="bench", via="cli")
    elif isinstance(fact, f.RfdSettled) and fact.outcome == "approved":
        yield from _landed(fact.mid, head)


def _read(fact: f.Handoff) -> Iterator[Fact]:
    """Yield what delivery says of a message that is nudged once and read."""
    to, mid, number, token = fact.to, fact.mid, fact.inbox_seq, f"n:{fact.seq:08x}"
    file = f"{number:06d}.{mid}.txt"
    yield f.HandoffDelivered(to=to, mid=mid, inbox_seq=number, path=f".cccc/mailbox/{to}/inbox/{file}")
    yield f.NudgeTyping(to=to, token=token, pane="%1")
    yield f.Nudge(to=to, token=token, attempt=1, waiting=1)
    yield f.NudgeAccepted(to=to, token=token)
    yield f.HandoffAccepted(author=to, mid=mid, inbox_seq=number, tool="Read")
    yield f.AckFile(author=to, mid=mid, inbox_seq=number, file=file, ok=True)
    yield f.TurnEnd(peer=to, outcome="done")


def _answered(fact: f.Handoff) -> Iterator[Fact]:
    """Yield what a peer hands in after a message: A goes on to B, B tells the user or hands in a patch."""
    mid = f"cccc-1700000000-{fact.seq:06x}"
    if fact.author == "User":
        yield f.ToPeer(author=fact.to, mid=mid, **f.body(_ANSWER.encode(), str))
    elif fact.author in PEERS and fact.inbox_seq % _PATCH_EVERY:
        yield f.ToUser(author=fact.to, mid=mid, **f.body(_ANSWER.encode(), str))
    elif fact.author in PEERS:
        yield f.Patch(author=fact.to, mid=mid, **f.body(_DIFF.encode(), str))


def _landed(mid: str, head: str) -> Iterator[Fact]:
    paths = ["file.txt"]
    yield f.PatchLanding(author="PeerB", mid=mid, branch=_BRANCH, old=head, new=head, paths=paths, lines=2)
    yield f.PatchCommit(
        author="PeerB",
        mid=mid,
        source="patch.diff",
        lines=2,
        paths=paths,
        branch=_BRANCH,
        commit=head,
        tests_ok=True,
        seconds=4.0,
    )
