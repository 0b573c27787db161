"""What release 0.2.9 left in a project's state: how it is known, and where `cccc upgrade` keeps it."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from cccc.common.paths import PEERS, Project

RELEASE = "0.2.9"
# Files of its state that have no name in common with ours.
_NAMES = (
    *("session.json", "preamble_sent.json", "review_rev_state.json", "nudge.peer*.json", "inbox-seq-peer*"),
    *("outbox-peer*.jsonl", "outbox-seen-*.json", "bridge-runtime.json", "telegram-runtime.json", "rfd-seen.json"),
    *(
        "telegram-offset.json",
        "*-subs.json",
        "bridge-*.log",
        "bridge-*.lock",
        "inbound-index.jsonl",
        "outbound-*.jsonl",
    ),
    *("telegram-bridge*", "slack-bridge*", "discord-bridge*"),
)
_LOOKED_AT = 20  # lines of a file whose name both have


def kept(project: Project) -> list[Path]:
    """Return the ledgers of the older release that `cccc upgrade` moved aside."""
    return sorted(project.state.glob(f"ledger-{RELEASE}*.jsonl"))


def kept_in_words(project: Project) -> str:
    """Return in words that older facts lie in another file, "" when there are none."""
    names = ", ".join(str(path.relative_to(project.root)) for path in kept(project))
    return f"what happened under release {RELEASE} is in {names}" if names else ""


def files(project: Project) -> list[Path]:
    """Return the files and folders of the state that the older release has written, the ledger first."""
    if not project.state.is_dir():
        return []
    found = [path for path in (project.ledger, project.state / "outbox.jsonl") if _is_without(path, "seq")]
    found += [path for name, key in _SHARED.items() if _is_without(path := project.state / name, key)]
    own = [path for path in project.state.iterdir() if any(fnmatchcase(path.name, name) for name in _NAMES)]
    return [*found, *sorted(own)]


def mail(project: Project) -> dict[str, list[Path]]:
    """Return the unread messages in each inbox, oldest first."""
    return {peer: sorted(project.inbox(peer).glob("*.txt")) for peer in PEERS}


_SHARED = {"status.json": "format", "locks.json": "inbox_seq_locks", "queue.json": ""}


def _is_without(path: Path, key: str) -> bool:
    """Whether a file whose name both releases have is the older one's, by a key that only one of them writes."""
    try:
        text = path.read_bytes()[: 1 << 20]
    except (FileNotFoundError, IsADirectoryError):
        return False
    if path.suffix == ".json":
        entry = _json(text)
        if path.name == "locks.json":
            return isinstance(entry, dict) and key in entry
        return isinstance(entry, dict) and (not key or key not in entry)
    entries = [entry for line in text.splitlines()[:_LOOKED_AT] if isinstance(entry := _json(line), dict)]
    return bool(entries) and not any(key in entry for entry in entries)


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
