"""Posting: one post at a time and chat, said before and after.

A post is announced (`chat-posting`); each of its parts that arrived is a `chat-posted`. A part whose answer got lost,
or that was under way when the bridge died, is posted again as one in doubt: a platform that can look does so, the
others may show it twice. Nothing is given up but what the platform refuses for good.
"""

from __future__ import annotations

import time

from cccc.common import commands, ledger
from cccc.common import facts as f
from cccc.common.commands import Asker, Reply
from cccc.common.errors import NotFound
from cccc.common.facts import Fact
from cccc.common.machine.faults import fault
from cccc.common.text.lines import Line
from cccc.services.bridges import pacing, posts
from cccc.services.bridges.calls import Calls
from cccc.services.bridges.ends import Ends
from cccc.services.bridges.loop import Done
from cccc.services.bridges.platform import ChatIs, Gone, Later, Post, Refused, Undone, Unsure
from cccc.services.bridges.posts import Part, Told
from cccc.services.bridges.state import CARD, COMMAND, SETTLED, SYSTEM, Card, Item, Outbox, Posting

_BACK_OFF = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)


class Outgoing:
    """The effects of one bridge."""

    def __init__(self, ends: Ends, calls: Calls) -> None:
        self._ends, self._service, self._calls = ends, ends.service, calls
        self._sending: set[str] = set()  # chats whose post is under way
        self._said: dict[str, str] = {}  # chat -> the id of what was said last
        self._doubt: set[str] = set()
        self._parts: dict[str, tuple[int, list[Part]]] = {}  # chat -> the number of the open posting, its parts
        self._tries: dict[str, int] = {}
        self._not_before: dict[str, float] = {}  # time.monotonic()
        self._replies: dict[int, Reply] = {}

    def adopt(self) -> None:
        """Take note of what was under way when the bridge ended."""
        self._doubt = {chat for chat, box in self._ends.state.outboxes.items() if box.open}

    def step(self) -> None:
        """Post what is due."""
        for chat, box in list(self._ends.state.outboxes.items()):
            for item in box.queue:
                if item.kind == COMMAND:
                    self._run(item)
            if box.queue and chat not in self._sending:
                self._next(chat, box)
        queued = {item.seq for box in self._ends.state.outboxes.values() for item in box.queue}
        self._replies = {seq: reply for seq, reply in self._replies.items() if seq in queued}

    def ended(self, done: Done) -> None:
        """Take note of what came of a job."""
        what, _, chat = done.key.partition(" ")
        if what == "post":
            self._sending.discard(chat)
            if done.error is None:
                self._posted(chat, done.result)
            else:
                self._failed(chat, done.error)
        elif done.error is not None:
            self._service.log.warning("%s: %s", what, done.error)

    # --- posts ---

    def _next(self, chat: str, box: Outbox) -> None:
        """Announce the next post of a chat, or send the next part of the announced one, when it is due."""
        if self._service.pending(self._said.get(chat, "")):
            return  # woken when it is heard
        pace, now = self._ends.platform.pace(chat), time.time()
        count, wait = (
            pacing.next_post(box, self._ends.rules, pace, now)
            if box.open is None
            else (0, pacing.next_part(box, pace, now))
        )
        wait = max(wait, self._not_before.get(chat, 0.0) - time.monotonic())
        if wait > 0:
            self._service.wake_in(wait)
        elif box.open:
            self._send(chat, box)
        else:
            about = [item.seq for item in box.queue[:count]]
            posting = f.ChatPosting(via=self._ends.via, chat=chat, about=about)
            self._say(chat, f"{self._ends.state.number + 1}", about[-1], posting)

    def _send(self, chat: str, box: Outbox) -> None:
        assert box.open
        parts = self._rendered(chat, box)
        if parts is None:
            return
        if box.open.done >= len(parts):  # nothing to show: the answer comes later, or the body is forgotten
            self._say_posted(chat, box, "", 0)
            return
        post = self._as_post(chat, box.open.number, parts[box.open.done])
        if post.file and (post.file.is_symlink() or not post.file.is_file()):
            self._give_up(chat, box, Refused(f"{post.name} is gone"))
            return
        if not self._calls.may(chat, self._effect(chat, box.open)):
            return
        if post.press:
            job = self._answer(post)
        else:
            job = self._ends.platform.post(
                chat, post, key=f"{box.open.number}.{box.open.done}", doubt=chat in self._doubt
            )
        self._sending.add(chat)
        self._ends.loop.submit(f"post {chat}", job)

    async def _answer(self, post: Post) -> str:
        await self._ends.platform.answer(post.press, post.text)
        return ""

    def _posted(self, chat: str, message: str) -> None:
        fault("bridge.posted")
        box = self._ends.state.outboxes.get(chat)
        self._doubt.discard(chat)
        self._tries.pop(chat, None)
        if box and box.open:  # else the queue was cleared meanwhile
            self._calls.confirm(self._effect(chat, box.open))
            _, parts = self._parts[chat]
            self._say_posted(chat, box, message, max(0, len(parts) - box.open.done - 1))

    def _effect(self, chat: str, posting: Posting) -> str:
        return f"{self._service.name}:{chat}:{posting.number}:{posting.done}"

    def _say_posted(self, chat: str, box: Outbox, message: str, left: int) -> None:
        assert box.open
        about = [item.seq for item in box.queue[: box.open.count]]
        posted = f.ChatPosted(
            via=self._ends.via, chat=chat, about=about, message=message, part=box.open.done, left=left
        )
        self._say(chat, f"{box.open.number}:{box.open.done}", about[-1], posted)

    def _say(self, chat: str, what: str, cause: int, *facts: Fact) -> None:
        """Say something of a chat; until it is heard nothing more is done there."""
        self._said[chat] = f"{self._service.name}:{chat}:{what}"
        self._service.say(*facts, id_=self._said[chat], cause=cause)

    def _failed(self, chat: str, error: Undone) -> None:
        """Try again what can still arrive; give up, and say so, what cannot."""
        box = self._ends.state.outboxes.get(chat)
        if box is None or box.open is None:
            return
        if isinstance(error, ChatIs):
            moved = f.ChatMoved(via=self._ends.via, chat=chat, to=error.chat)
            self._say(chat, f"moved:{error.chat}", box.queue[0].seq, moved)
        elif isinstance(error, (Refused, Gone)):
            self._give_up(chat, box, error)
        else:
            tries = self._tries.get(chat, 0)
            self._tries[chat] = tries + 1
            wait = error.seconds if isinstance(error, Later) else _BACK_OFF[min(tries, len(_BACK_OFF) - 1)]
            self._not_before[chat] = time.monotonic() + wait
            if isinstance(error, Unsure):
                self._doubt.add(chat)
            self._service.log.warning("post to %s: %s; again in %.0f s", chat, error, wait)

    def _give_up(self, chat: str, box: Outbox, error: Undone) -> None:
        assert box.open
        number, parts = self._parts[chat]
        post = parts[box.open.done]
        if isinstance(post, Post) and post.press:  # the press is too old: a message will do
            parts[box.open.done] = Post(post.text, reply_to=post.reply_to, thread=post.thread)
            return
        about = [item.seq for item in box.queue[: box.open.count]]
        facts: list[Fact] = [f.ChatFailed(via=self._ends.via, chat=chat, about=about, reason=str(error))]
        if isinstance(error, Gone):
            facts.append(f.ChatUnsubscribed(via=self._ends.via, chat=chat, reason=str(error)))
        head = box.queue[0]
        if isinstance(error, Gone) or not (head.kind == SYSTEM or head.edit):  # nor about a notice, or a deleted card
            words = "gets nothing more" if isinstance(error, Gone) else "did not take a post"
            facts.append(f.Notice(text=f"{self._ends.via} chat {chat} {words}: {error}", about=self._service.name))
        self._say(chat, f"{number}:failed", about[-1], *facts)

    # --- what is in a post ---

    def _rendered(self, chat: str, box: Outbox) -> list[Part] | None:
        """Return the parts of the open posting, or None while a command's wish is on its way to the ledger."""
        assert box.open
        if chat not in self._parts or self._parts[chat][0] != box.open.number:
            parts = self._render(box.queue[: box.open.count])
            if parts is None:
                return None
            self._parts[chat] = (box.open.number, parts)
        return self._parts[chat][1]

    def _render(self, items: list[Item]) -> list[Part] | None:
        head = items[0]
        if head.kind == COMMAND:
            if self._service.pending(self._wish(head)):
                return None
            text = self._ends.redact(self._replies[head.seq].text)
            shown = posts.reply(head, text, self._ends.platform.limits, code="  " in text) if text else []
            return [*shown, *(Post(file=path, name=path.name) for path in self._replies[head.seq].files)]
        card = self._card(head) if head.kind in (CARD, SETTLED) else None
        told = [self._told(card.seq if card else item.seq, item) for item in items]
        if head.press:
            return posts.reply(head, posts.words(told[0].fact), self._ends.platform.limits, code=False)
        return posts.render(told, self._ends.rules, self._ends.platform.limits, card, self._service.project.root)

    def _told(self, seq: int, item: Item) -> Told:
        fact = self._fact(seq)
        if not isinstance(fact, (f.ToUser, f.ToPeer)):
            return Told(item, fact)
        try:
            body = self._service.blobs.get(fact.sha).decode("utf-8", "replace")
        except NotFound:  # removed by `cccc ledger forget`: the preview is what is left
            body = fact.text
        return Told(item, fact, self._ends.redact(body))

    def _card(self, item: Item) -> Card | None:
        return self._ends.state.cards.get(getattr(self._fact(item.seq), "rfd_id", ""))

    def _fact(self, seq: int) -> Fact:
        raw = ledger.line_at(self._service.project, seq)
        fact = ledger.decode(raw) if raw else None
        assert fact, seq
        return fact

    def _as_post(self, chat: str, number: int, part: Part) -> Post:
        """Return what is sent; a text that is sent as a file gets one."""
        if isinstance(part, Post):
            return part
        folder = self._service.project.run / "texts"
        folder.mkdir(exist_ok=True)
        path = folder / f"{self._ends.via}-{number}.md"
        path.write_text(part.text, encoding="utf-8")
        return Post(file=path, name=part.name)

    # --- commands ---

    def _run(self, item: Item) -> None:
        """Run a command at once, whatever waits before its answer; once said, its wishes count once."""
        if item.seq in self._replies:
            return
        fact = self._fact(item.seq)
        assert isinstance(fact, f.ChatCommand)
        if item.about:
            reply = Reply([Line(f"Reply to this message with your question about {item.about}.")])
        else:
            name, _, rest = fact.text.lstrip("/").partition(" ")
            reply = commands.run(self._service.project, name, rest, Asker(fact.who, fact.via, fact.user, fact.chat))
        self._replies[item.seq] = reply
        if reply.facts:
            self._service.say(*reply.facts, id_=self._wish(item), cause=item.seq)

    def _wish(self, item: Item) -> str:
        return f"{self._service.name}:{item.seq}"
