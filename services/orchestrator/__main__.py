"""The orchestrator: takes what the peers hand in, and decides what follows from each fact."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from cccc.common import facts as f
from cccc.common import ledger, terminal
from cccc.common.errors import NotFound
from cccc.common.facts import Fact
from cccc.common.ledger.named import landed_as
from cccc.common.machine import durable
from cccc.common.machine.faults import fault
from cccc.common.paths import PEERS, Project, other
from cccc.common.text import redaction
from cccc.common.worker import Worker, main
from cccc.services.orchestrator import rules
from cccc.services.orchestrator.decisions import answers
from cccc.services.orchestrator.decisions.requests import stamp
from cccc.services.orchestrator.mail import causes, disk
from cccc.services.orchestrator.mail.decode import decode
from cccc.services.orchestrator.mail.mailbox import Mailbox, StillWriting, Taken, us_of
from cccc.services.orchestrator.talk import forwarding
from cccc.services.orchestrator.upkeep import keepalive, prompts

_HANDED_IN = {"to_peer.md": f.ToPeer, "to_user.md": f.ToUser, "patch.diff": f.Patch}
_POLLING = "no file events arrive in the mailbox; polling twice a second instead (see `cccc doctor`)"
_BODIES = (f.UserMessage, f.ToPeer, f.ToUser, f.Patch, f.HandoffRelease, f.InboxTakenOver)


class State(rules.State):
    """What the rules remember, and what the taker must not repeat."""

    last_us: int = 0  # the newest message id, in microseconds


class Orchestrator(Worker):
    """The mailbox and the rules."""

    name = "orchestrator"
    version = 8
    State = State
    hears = rules.HEARS

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        if hasattr(signal, "SIGIO"):
            signal.signal(signal.SIGIO, signal.SIG_IGN)  # how the kernel breaks a lease; see mailbox
        self._redact = redaction.Redactor(self.settings.telegram.redact_patterns).redact
        self._prompts: dict[str, str] = {}
        self._seen: object = ""  # how PROJECT.md was when the prompts were woven
        self._has_brief = False
        self._rules = rules.Rules(self.settings, self._redact, self._prompts)
        self._open: dict[str, Taken] = {}  # their fact is said and not yet known to be on disk
        self._outbox = project.state / "outbox.jsonl"
        self._outbox_seq = _last_seq(self._outbox)
        self._for_outbox: list[str] = []  # lines that the disk has no room for
        self._written: dict[str, bytes] = {}  # what stands in our files for people and tools

    def open(self) -> None:
        mailbox = self.settings.cli_profiles.mailbox
        self._mailbox = Mailbox(self.project, mailbox.settle_ms / 1000, mailbox.max_bytes, self.state.last_us)
        self.watch(self._mailbox.fileno(), self._mailbox.notice)
        for taken in self._mailbox.swept():
            self._hand_in(self._as_said(taken))
        self._left_over = {path: self._take_over(peer, path) for peer in PEERS for path in self._old_mail(peer)}

    def fold(self, fact: Fact) -> None:
        self._weave()
        if isinstance(fact, (f.ToPeer, f.ToUser, f.Patch, f.MailboxRefused)):
            self.state.last_us = max(self.state.last_us, us_of(fact.mid))
        said = self._rules.decide(self.state, fact, self._body(fact), self._raw(fact))
        for entry in said:
            if entry.body:
                self.blobs.put(entry.body)
        if said:
            self.say(*(entry.fact for entry in said), id_=f"orchestrator:{fact.seq}", cause=fact.seq)
        if isinstance(fact, rules.OUTBOX):
            self._to_outbox(fact)

    def act(self) -> None:
        has_room = self._has_room()
        for taken in self._mailbox.take() if has_room else ():
            self._hand_in(taken)
        for mid in [mid for mid in self._open if not self.pending(mid)]:
            self._let_go(mid)
        for path in [path for path, id_ in self._left_over.items() if not self.pending(id_)]:
            path.unlink(missing_ok=True)
            del self._left_over[path]
        for reminder, cause in forwarding.due_reminders(self.state.talk, time.time()):
            self.say(reminder, id_=f"remind:{cause}", cause=cause)
        for expired in answers.due_expiries(self.state.decisions, stamp(datetime.now(timezone.utc))):
            self.say(expired, id_=f"expired:{expired.rfd_id}:{expired.expires}")
        self._append_to_outbox()
        self._keep_alive()
        self._write("queue.json", self.state.patches.queue)
        self._write("rfd.json", list(self.state.decisions.requests.values()))
        if has_room:
            self.wake_in(self._mailbox.waits())

    def close(self) -> None:
        self._mailbox.close()

    def _has_room(self) -> bool:
        """Whether the disk has room for what the peers hand in; a change is said."""
        limit, known = self.settings.cli_profiles.mailbox.min_free_mb, self.state.room
        free = disk.Free.of(os.statvfs(self.project.home))
        low = disk.is_low(free, limit, known.low)
        files = free.files if disk.few_files(free, limit, known.low) else -1
        if low and not known.low:
            paused = f.IntakePaused(free_mb=free.mb, limit_mb=limit, free_files=files)
            self.say(paused, id_=f"intake-paused:{known.seq}")
        elif known.low and not low:
            self.say(f.IntakeResumed(free_mb=free.mb), id_=f"intake-resumed:{known.seq}")
        self.trouble = disk.trouble(free.mb, files) if low else _POLLING if self._mailbox.polling else ""
        return not low

    def _keep_alive(self) -> None:
        """Ask for the next step when both peers have been idle for long."""
        state: rules.State = self.state
        if state.talk.paused or any(state.upkeep.unread.values()):
            return
        minutes = self.settings.cli_profiles.delivery.keepalive_minutes
        asked = keepalive.due(state.keepalive, minutes, self._has_brief, datetime.now(timezone.utc))
        if asked:
            self.say(asked, id_=f"keepalive:{state.keepalive.seq}", cause=state.keepalive.seq)

    def _weave(self) -> None:
        """Have the SYSTEM texts say what PROJECT.md says now."""
        try:
            found = (self.project.root / "PROJECT.md").stat()
            seen: object = (found.st_ctime_ns, found.st_size, found.st_ino)
        except OSError as error:
            seen = error.errno
        if seen != self._seen:
            self._seen = seen
            brief = prompts.brief_of(self.project)
            self._has_brief = brief.text is not None
            self._prompts.update(prompts.system(brief, self.settings, terminal.environment(self.project)))

    def _hand_in(self, taken: Taken) -> None:
        """Say the fact of a taken file. What cannot be read as a message is refused and kept."""
        self._open[taken.mid] = taken
        if taken.refused:
            reason = f"{taken.refused}; it is kept as {self._kept(taken).relative_to(self.project.root)}"
            self._refuse(taken, reason, "")
            return
        decoded = decode(taken.content)
        if taken.file == "patch.diff":
            self._say_message(taken, taken.content)
        elif decoded is None:
            reason = "unknown text encoding; write UTF-8"
            self._refuse(taken, reason, self.blobs.put(taken.content))
        elif decoded.plain:
            self._say_message(taken, decoded.text.encode())
        else:
            self._say_message(taken, decoded.text.encode(), _diagnosis(taken, decoded.encoding))

    def _old_mail(self, peer: str) -> list[Path]:
        folder = self.project.left_over(peer)
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def _take_over(self, peer: str, path: Path) -> str:
        """Say that a message of an older release is handed over; return the id of what is said."""
        content = path.read_bytes()
        decoded = decode(content)
        body = decoded.text.encode() if decoded else content
        self.blobs.put(body)
        id_ = f"left-over:{peer}:{path.name}"
        self.say(f.InboxTakenOver(to=peer, mid=f"old-{path.stem}", **f.body(body, self._redact)), id_=id_)
        return id_

    def _as_said(self, taken: Taken) -> Taken:
        """Return a swept file with the content that its fact has, where it was said before the crash.

        What was written into the file after that is found when it is let go.
        """
        for fact in ledger.of_mid(self.project, taken.mid):
            if isinstance(fact, _BODIES) and fact.sha != _sha(taken):
                return taken._replace(content=self._body(fact))
        return taken

    def _say_message(self, taken: Taken, body: bytes, *more: Fact) -> None:
        self.blobs.put(body)
        fact = _HANDED_IN[taken.file](author=taken.author, mid=taken.mid, **f.body(body, self._redact))
        if more and isinstance(fact, f.ToPeer):
            fact.raw = self.blobs.put(taken.content)
        self.say(fact, *more, id_=taken.mid, cause=self._cause(taken, body.decode("utf-8", "replace")))

    def _cause(self, taken: Taken, text: str) -> int | None:
        """Return the fact that a hand-in follows from, where that is known."""
        for name in causes.named(text):
            mid = name if ledger.lines_of(self.project, mid=name) else landed_as(self.project, name)
            facts = ledger.of_mid(self.project, mid) if mid else []
            if facts:
                return facts[0].seq
        written = datetime.fromtimestamp(taken.path.stat().st_mtime, timezone.utc)
        return causes.of_the_turn(self.state.causes, taken.author, stamp(written))

    def _refuse(self, taken: Taken, reason: str, sha: str) -> None:
        size = taken.path.lstat().st_size
        fact = f.MailboxRefused(author=taken.author, mid=taken.mid, file=taken.file, reason=reason, size=size, sha=sha)
        self.say(fact, id_=taken.mid)

    def _kept(self, taken: Taken) -> Path:
        return self.project.work / "refused" / taken.path.name

    def _let_go(self, mid: str) -> None:
        """Remove a taken file whose fact is on disk; what was written into it late is handed in."""
        fault("orchestrator.said")
        taken = self._open[mid]
        if taken.refused:
            self.project.make(self._kept(taken).parent)
            taken.path.rename(self._kept(taken))
            del self._open[mid]
            return
        try:
            late = self._mailbox.left_behind(taken)
        except StillWriting:
            self.wake_in(0.05)
            return
        del self._open[mid]
        if late:
            self._hand_in(late)

    def _body(self, fact: Fact) -> bytes:
        if not isinstance(fact, _BODIES):
            return b""
        try:
            return self.blobs.get(fact.sha)
        except NotFound:  # removed by `cccc ledger forget`: the preview is what is left
            return fact.text.encode()

    def _raw(self, fact: Fact) -> bytes:
        """Return the bytes of a message as they were handed in, when they were not UTF-8."""
        raw = fact.raw if isinstance(fact, f.ToPeer) else ""
        try:
            return self.blobs.get(raw) if raw else b""
        except NotFound:
            return b""

    def _to_outbox(self, fact: f.ToUser | f.ToPeer | f.Notice | f.Rfd) -> None:
        """Append what tools read to `outbox.jsonl`, once: its last line says how far it is."""
        if fact.seq <= self._outbox_seq:
            return
        if isinstance(fact, f.ToPeer):
            line = {"type": "to_peer_summary", "from": fact.author, "to": other(fact.author), "id": fact.mid}
        elif isinstance(fact, f.ToUser):
            line = {"type": "to_user", "peer": fact.author, "id": fact.mid}
        elif isinstance(fact, f.Rfd):
            line = {"type": "rfd", "from": fact.author, "id": fact.rfd_id}
        else:
            line = {"type": "to_user", "peer": "System", "id": fact.id}
        body = self._redact(self._body(fact).decode("utf-8", "replace"))
        text = body or (fact.title if isinstance(fact, f.Rfd) else fact.text)
        self._for_outbox.append(json.dumps({**line, "seq": fact.seq, "ts": fact.ts, "text": text}) + "\n")
        self._outbox_seq = fact.seq
        self._append_to_outbox()

    def _append_to_outbox(self) -> None:
        """Write the lines that wait; on a full disk they wait on."""
        if self._for_outbox:
            before = self._outbox.stat().st_size if self._outbox.exists() else 0
            try:
                with self._outbox.open("a", encoding="utf-8") as file:
                    file.write("".join(self._for_outbox))
            except OSError as error:
                if not durable.no_room(error):
                    raise
                if self._outbox.exists():
                    os.truncate(self._outbox, before)
                return
            self._for_outbox.clear()

    def _write(self, name: str, entries: object) -> None:
        content = msgspec.json.format(msgspec.json.encode(entries)) + b"\n"
        if content != self._written.get(name):
            try:
                durable.show(self.project.state / name, content)
            except OSError as error:
                if durable.no_room(error):
                    return
                raise
            self._written[name] = content


def _sha(taken: Taken) -> str:
    decoded = decode(taken.content)
    body = decoded.text.encode() if decoded and taken.file != "patch.diff" else taken.content
    return hashlib.sha256(body).hexdigest()


def _diagnosis(taken: Taken, encoding: str) -> f.MailboxDiag:
    raw = taken.content
    return f.MailboxDiag(
        author=taken.author,
        mid=taken.mid,
        file=taken.file,
        encoding=encoding,
        bytes=len(raw),
        prefix_hex=raw[:24].hex(),
        nul_ratio=round(raw.count(0) / len(raw), 3),
    )


def _last_seq(path: Path) -> int:
    """Return how far the outbox is, after cutting a torn last line. One that cannot be read is put aside."""
    if not path.exists():
        return 0
    line = ledger.last_line(path)
    with path.open("r+b") as file:
        file.truncate(ledger.end_of_last_line(file.fileno(), path.stat().st_size))
    try:
        return int(json.loads(line)["seq"]) if line else 0
    except (ValueError, KeyError, TypeError):
        durable.set_aside(path)
        return 0


if __name__ == "__main__":
    sys.exit(main(Orchestrator))
