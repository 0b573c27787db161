"""What the peers, the user and an approver do while things break: numbered, so that each can be counted."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cccc.scripts.crashes.place import Place

if TYPE_CHECKING:
    from cccc.scripts.crashes.chat import Chat

_MESSAGE = """\
EVIDENCE: a numbered message of the torture run.
[[{peer} {number}]]

```insight
to: the other peer
kind: note
msg: message number {number} of {peer}
refs: none
next: the message after it
```
"""
_LINES, _POSTS = 2, 2  # in the chat, for and from each peer, per burst: Telegram takes one post a second


class Load:
    """Hands things in, one after the other for each peer, and keeps the manifest of what it handed in."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.handoffs = {"PeerA": 0, "PeerB": 0}
        self.lines = {"PeerA": 0, "PeerB": 0}  # said to them in the chat
        self.posts = {"PeerA": 0, "PeerB": 0}  # of theirs to the user
        self.patches: dict[str, str] = {}
        self.protected: list[str] = []
        self._stop = threading.Event()
        self._editor = threading.Thread(target=self._edit, daemon=True)
        self._approver = threading.Thread(target=self._approve, daemon=True)

    def start(self) -> None:
        self._editor.start()
        self._approver.start()

    def stop(self) -> None:
        self._stop.set()
        self._editor.join()
        self._approver.join()

    def manifest(self) -> dict[str, object]:
        return {
            "handoffs": dict(self.handoffs),
            "posts": dict(self.posts),
            "patches": dict(self.patches),
            "protected": list(self.protected),
            "user": dict(self._place.user),
        }

    def burst(self, count: int, patch: bool, protected: bool) -> list[threading.Thread]:
        """Have each peer hand in `count` messages, one of them a patch, and both talk with the person in the chat.

        Returns what has to be joined.
        """
        number = len(self.patches)
        author = "PeerA" if number % 2 else "PeerB"
        threads = [threading.Thread(target=self.say, args=(peer, count), daemon=True) for peer in self.handoffs]
        if patch:
            folder = "protected" if protected else "docs"
            threads.append(threading.Thread(target=self._hand_in_patch, args=(author, number, folder), daemon=True))
        if self._place.chat:
            threads.append(threading.Thread(target=self._talk, args=(self._place.chat,), daemon=True))
            threads += [threading.Thread(target=self._tell_user, args=(peer,), daemon=True) for peer in self.posts]
        for thread in threads:
            thread.start()
        return threads

    def say(self, peer: str, count: int) -> None:
        for _ in range(count):
            number = self.handoffs[peer]
            self._put(peer, "to_peer.md", _MESSAGE.format(peer=peer, number=number))
            self.handoffs[peer] += 1

    def _talk(self, chat: Chat) -> None:
        """Be a person who says something to each peer in turn, and again while the platform's disk is full."""
        for peer in ("PeerA", "PeerB") * _LINES:
            while not self._stop.is_set():
                try:
                    chat.say(f"{peer[-1].lower()}: [[User-{peer} {self.lines[peer]}]]")
                except OSError:
                    time.sleep(0.05)
                else:
                    self.lines[peer] += 1
                    break

    def _tell_user(self, peer: str) -> None:
        for _ in range(_POSTS):
            self._put(peer, "to_user.md", f"[[{peer}-User {self.posts[peer]}]]\n")
            self.posts[peer] += 1

    def _hand_in_patch(self, author: str, number: int, folder: str) -> None:
        path = f"{folder}/patch-{number}.txt"
        diff = f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,2 @@\n+patch {number}\n+of {author}\n"
        self._put(author, "patch.diff", diff)
        self.patches[str(number)] = path
        if folder == "protected":
            self.protected.append(path)

    def _put(self, peer: str, name: str, text: str) -> None:
        """Hand a file in as a CLI does: when the last one was taken, and again while that fails."""
        while not self._stop.is_set():
            try:
                if self._place.hand_in(peer, name, text.encode()):
                    return
            except OSError:
                time.sleep(0.05)  # the disk is full
            time.sleep(0.002)

    def _edit(self) -> None:
        """Be a user who works in the repository all the time."""
        count = 0
        while not self._stop.is_set():
            count += 1
            try:
                self._place.write("user/busy.txt", f"edit {count}\n")
            except OSError:
                time.sleep(0.1)
            self._stop.wait(0.02)

    def _approve(self) -> None:
        """Be a user who approves every request, soon."""
        while not self._stop.wait(0.3):
            for rfd_id in _open_requests(self._place.project.state / "rfd.json"):
                self._place.cccc("rfd", "approve", rfd_id, check=False)


def _open_requests(path: Path) -> list[str]:
    try:
        return [each["rfd"]["rfd_id"] for each in json.loads(path.read_bytes()) if each["status"] == "open"]
    except (OSError, ValueError):
        return []
