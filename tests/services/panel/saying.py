"""Facts as the services say them, for the panel's tests."""

from __future__ import annotations

from collections.abc import Iterator

from cccc.common import facts as f
from cccc.common.facts import Fact

_BODY = f.Body(sha="0" * 64, size=5, text="hello")


def ts_of(seq: int) -> str:
    """The moment at which the facts of this module were written: one a second."""
    return f"2025-01-01T{seq // 3600 % 24:02d}:{seq // 60 % 60:02d}:{seq % 60:02d}.000000Z"


def numbered(facts: list[Fact]) -> list[Fact]:
    """Give facts the envelope that the ledger gives."""
    for seq, fact in enumerate(facts, 1):
        fact.seq, fact.ts, fact.by, fact.id = seq, ts_of(seq), "orchestrator", f"id{seq}"
    return facts


def handoff(number: int, to: str = "PeerA", author: str = "User", text: str = "hello") -> f.Handoff:
    body = f.Body(sha="0" * 64, size=len(text), text=text)
    return f.Handoff(author=author, to=to, mid=f"m{number}", inbox_seq=number, **body)


def delivered(number: int, to: str = "PeerA") -> f.HandoffDelivered:
    return f.HandoffDelivered(to=to, mid=f"m{number}", inbox_seq=number, path=f"{number:06d}.m{number}.txt")


def nudge(to: str = "PeerA") -> f.Nudge:
    return f.Nudge(to=to, token="t1", attempt=1, waiting=1)


def read(number: int, peer: str = "PeerA") -> f.AckFile:
    return f.AckFile(author=peer, mid=f"m{number}", inbox_seq=number, file=f"{number:06d}.m{number}.txt", ok=True)


def queued(mid: str) -> f.PatchQueued:
    return f.PatchQueued(author="PeerB", mid=mid, source="patch.diff", **_BODY)


def checked(mid: str, verdict: str) -> f.Test:
    return f.Test(mid=mid, command="pytest -q", verdict=verdict, exit=0 if verdict == "green" else 1, seconds=1.5)


def rejected(mid: str) -> f.PatchReject:
    return f.PatchReject(author="PeerB", mid=mid, reason="tests are red")


def landing(mid: str) -> f.PatchLanding:
    return f.PatchLanding(
        author="PeerB", mid=mid, branch="refs/heads/main", old="a" * 40, new="b" * 40, paths=["calc.py"]
    )


def landed(mid: str) -> f.PatchCommit:
    return f.PatchCommit(
        author="PeerB",
        mid=mid,
        source="patch.diff",
        lines=12,
        paths=["calc.py"],
        branch="refs/heads/main",
        commit="b" * 40,
        tests_ok=True,
        seconds=2.5,
    )


def a_long_session(rounds: int) -> Iterator[Fact]:
    """The facts of a session in which everything is finished in the end."""
    for number in range(1, rounds + 1):
        yield f.UserMessage(mid=f"u{number}", via="cli", route="a", **_BODY)
        yield handoff(number)
        yield delivered(number)
        yield nudge()
        yield read(number)
        yield f.ToPeer(author="PeerA", mid=f"p{number}", **_BODY)
        yield queued(f"x{number}")
        yield checked(f"x{number}", "red")
        yield rejected(f"x{number}")
        yield f.Notice(text=f"notice {number}")
