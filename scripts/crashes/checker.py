"""What became of everything that was handed in: counted from files and git alone.

Shares no code with the services, so that a mistake of theirs is not made here too. Run by itself
(`python -m cccc.scripts.crashes.checker FOLDER`) it prints the counts as JSON; the exit code is 1 when one is not 0.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

MARK = re.compile(r"\[\[([\w-]+) (\d+)\]\]")
_OTHER = {"PeerA": "peerB", "PeerB": "peerA"}


class Counts(NamedTuple):
    """What must all be 0 once everything has come to rest."""

    handoffs_lost: int = 0
    handoffs_twice: int = 0
    handoffs_reordered: int = 0
    patches_lost: int = 0
    patches_twice: int = 0
    decisions_twice: int = 0
    undecided_landed: int = 0
    lines_lost: int = 0
    lines_twice: int = 0
    lines_reordered: int = 0
    posts_lost: int = 0
    posts_twice: int = 0  # beyond those of `doubled`
    posts_reordered: int = 0
    bytes_changed: int = 0
    chain_breaks: int = 0


def check(root: Path, manifest: dict[str, object]) -> Counts:
    """Return the counts for a project; `manifest` says what was handed in:

    `handoffs`: peer → how many; `patches`: number → path; `protected`: the paths that needed a decision;
    `user`: path → SHA-256 of a file of the user's; `posts`: peer → how many messages to the user. The chat is in
    `chat.jsonl` beside the project, if there is one.
    """
    facts, breaks = _ledger(root)
    handoffs = _handoffs(root, facts, manifest["handoffs"])  # type: ignore[arg-type]
    lines = _lines(root, facts)
    posts = _posts(root, manifest["posts"])  # type: ignore[arg-type]
    doubles, ends = doubled(root)
    patches: dict[str, str] = manifest["patches"]  # type: ignore[assignment]
    landed = Counter(_added(root))
    protected: list[str] = manifest["protected"]  # type: ignore[assignment]
    trailers = Counter(re.findall(r"(?m)^Cccc-Decision: (\S+)$", _git(root, "log", "--format=%B")))
    approved = {fact["rfd_id"] for fact in facts if fact["kind"] == "rfd-settled" and fact["outcome"] == "approved"}
    used = Counter(fact["rfd_id"] for fact in facts if fact["kind"] == "rfd-settled" and fact["outcome"] == "used")
    return Counts(
        handoffs_lost=handoffs.lost,
        handoffs_twice=handoffs.twice,
        handoffs_reordered=handoffs.reordered,
        patches_lost=sum(not landed[path] for path in patches.values()),
        patches_twice=sum(landed[path] > 1 for path in patches.values()),
        decisions_twice=sum(count > 1 for count in (*trailers.values(), *used.values())),
        undecided_landed=max(0, sum(landed[path] for path in protected) - len(approved & trailers.keys())),
        lines_lost=lines.lost,
        lines_twice=lines.twice,
        lines_reordered=lines.reordered,
        posts_lost=posts.lost,
        posts_twice=max(0, doubles - ends),
        posts_reordered=posts.reordered,
        bytes_changed=_changed(root, manifest["user"]),  # type: ignore[arg-type]
        chain_breaks=breaks,
    )


def _ledger(root: Path) -> tuple[list[dict], int]:  # type: ignore[type-arg]  # as the lines are
    """Return all facts, and how often the chain, the counting or a line is broken."""
    state = root / ".cccc" / "state"
    closed = sorted((state / "ledger").glob("*.jsonl"), key=lambda path: int(path.stem))
    facts, breaks, seq, before = [], 0, 0, None
    for path in (*closed, state / "ledger.jsonl"):
        for line in path.read_bytes().splitlines(keepends=True):
            if not line.endswith(b"\n"):
                continue  # being written
            try:
                fact = json.loads(line)
            except ValueError:
                breaks += 1
                continue
            breaks += fact["seq"] != seq + 1 or (before is not None and fact["prev"] != before)
            seq, before = fact["seq"], hashlib.sha256(line.rstrip(b"\n")).hexdigest()
            facts.append(fact)
    return facts, breaks


class _Tally(NamedTuple):
    lost: int = 0
    twice: int = 0
    reordered: int = 0


def _tally(wanted: Iterable[int], found: Sequence[int]) -> _Tally:
    each = Counter(found)
    return _Tally(
        lost=sum(not each[number] for number in wanted),
        twice=sum(count - 1 for count in each.values()),
        reordered=sum(later < earlier for earlier, later in zip(found, found[1:])),
    )


def _sum(tallies: Iterable[_Tally]) -> _Tally:
    return _Tally(*map(sum, zip(*tallies)))


def _handoffs(root: Path, facts: list[dict], sent: dict[str, int]) -> _Tally:  # type: ignore[type-arg]
    """Compare what the peers said to each other with the ledger, and with the receiver's files."""
    bodies = list(_bodies(root, facts, "handoff", "from", _OTHER))
    return _sum(
        _tally(range(count), _numbers(found, peer))
        for peer, count in sent.items()
        for found in (bodies, _mail(root, _OTHER[peer]))
    )


def _lines(root: Path, facts: list[dict]) -> _Tally:  # type: ignore[type-arg]
    """Compare what the person said in the chat with the ledger, as heard and as handed over, and with the inboxes."""
    said = _chat(root, "said")
    heard = list(_bodies(root, facts, "user-message", "via", ("telegram",)))
    handed = list(_bodies(root, facts, "handoff", "from", ("User",)))
    return _sum(
        _tally(_numbers(said, f"User-{peer}"), _numbers(found, f"User-{peer}"))
        for peer, mine in (("PeerA", "peerA"), ("PeerB", "peerB"))
        for found in (heard, handed, _mail(root, mine))
    )


def _posts(root: Path, sent: dict[str, int]) -> _Tally:
    """Compare what the peers said to the user with the first time that it stands in the chat."""
    posted = _chat(root, "posted")
    return _sum(
        _tally(range(count), list(dict.fromkeys(_numbers(posted, f"{peer}-User")))) for peer, count in sent.items()
    )


def doubled(root: Path) -> tuple[int, int]:
    """Return how many posts stand in the chat again, and how often the bridge ended and was started again.

    One of them per end is what docs/bridges.md says of Telegram: a bridge that dies between a post and its answer
    cannot know whether it arrived.
    """
    seen: set[tuple[str, str]] = set()
    doubles = 0
    for text in _chat(root, "posted"):
        marks = set(MARK.findall(text))
        doubles += bool(marks & seen)
        seen |= marks
    logs = (path.read_text(errors="replace") for path in (root / ".cccc" / "logs").glob("supervisord.log*"))
    return doubles, max(0, sum(log.count("spawned: 'bridge-telegram'") for log in logs) - 1)


def _chat(root: Path, what: str) -> list[str]:
    """Return the texts that were said by the person, or posted by the bot, in the order of the platform's file."""
    path = root.parent / "chat.jsonl"
    if not path.exists():
        return []
    messages = [json.loads(line) for line in path.read_bytes().splitlines()]
    return [message[what] for message in messages if what in message]


def _numbers(texts: Iterable[str], mark: str) -> list[int]:
    return [int(number) for text in texts for name, number in MARK.findall(text) if name == mark]


def _bodies(root: Path, facts: list[dict], kind: str, field: str, of: Container[str]) -> Iterator[str]:  # type: ignore[type-arg]
    for fact in facts:
        if fact["kind"] == kind and fact[field] in of:
            yield (root / ".cccc" / "state" / "blobs" / fact["sha"]).read_text(errors="replace")


def _mail(root: Path, folder: str) -> Iterator[str]:
    """Yield the text of each message file of a peer, in the order of the numbers."""
    files: dict[str, str] = {}
    for name in ("inbox", "processed"):
        for path in (root / ".cccc" / "mailbox" / folder / name).glob("*.txt"):
            with contextlib.suppress(FileNotFoundError):  # being moved to processed, where it is found
                files[path.name] = path.read_text(errors="replace")
    for name in sorted(files, key=lambda name: int(name.split(".")[0])):
        yield files[name]


def _added(root: Path) -> list[str]:
    """Return the path of every file that a commit has added, as often as that was done."""
    shown = _git(root, "log", "--format=", "--name-status", "--no-renames", "--diff-filter=A")
    return [line.split("\t", 1)[1] for line in shown.splitlines() if "\t" in line]


def _changed(root: Path, user: dict[str, str]) -> int:
    """Return how many files of the user's do not have their bytes."""
    return sum(
        not (root / name).exists() or hashlib.sha256((root / name).read_bytes()).hexdigest() != sha
        for name, sha in user.items()
    )


def _git(root: Path, *args: str) -> str:
    return subprocess.run(["git", *args], cwd=root, check=True, capture_output=True, text=True).stdout


def left_over(root: Path) -> list[str]:
    """Return the processes and sockets that are left once the project is down."""
    home = str(root / ".cccc")
    left = [str(path.relative_to(root)) for path in (root / ".cccc" / "state" / "run").glob("*.sock")]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            ours = home in words or f"CCCC_HOME={home}".encode() in (process / "environ").read_bytes().split(b"\0")
        except OSError:  # gone meanwhile
            continue
        if ours:
            left.append(f"{process.name} {words[:80]}")
    return left


def main() -> int:
    folder = Path(sys.argv[1])
    counts = check(folder / "project", json.loads((folder / "manifest.json").read_text()))
    print(json.dumps(counts._asdict()))
    return 1 if any(counts) else 0


if __name__ == "__main__":
    sys.exit(main())
