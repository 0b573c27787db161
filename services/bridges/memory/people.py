"""What people say in the chats, and the marks that it gets."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.common.by_kind import ByKind
from cccc.common.facts import Fact
from cccc.services.bridges.memory.queues import at, push
from cccc.services.bridges.state import COMMAND, REPLY, Asked, Item, Mark, Said, State, forget_oldest, message_key

_ALBUMS_KEPT = 50

fold: ByKind[None] = ByKind(None)


@fold.rule
def _user_message(state: State, fact: f.UserMessage) -> None:
    if not fact.chat:
        return
    _read_up_to(state, fact.chat, fact.message)
    key = message_key(fact.chat, fact.message)
    before = state.said.get(key)
    state.said[key] = Said(fact.mid, fact.route, fact.sha, before.marks if before else [])
    forget_oldest(state.said)
    if fact.album:
        state.albums[fact.album] = fact.route
        forget_oldest(state.albums, _ALBUMS_KEPT)
    _mark(state, fact, key, "stored")


def _mark(state: State, fact: Fact, key: str, mark: str) -> None:
    """Let a message have a mark, once: the other peer's acceptance and an edit show nothing new."""
    its = state.said[key]
    chat, _, message = key.rpartition("/")
    if message and mark not in its.marks:  # a slash command is no message
        its.marks.append(mark)
        state.marks.append(Mark(chat, message, its.mid, mark, fact.seq))


def _read_up_to(state: State, chat: str, message: str) -> None:
    """Take note of how far a chat is read; an edit is about an older message, a slash command about none."""
    before = state.cursors.get(chat, "")
    state.cursors[chat] = max(before, message, key=lambda id_: (len(id_), id_))


@fold.rule
def _handoff_accepted(state: State, fact: f.HandoffAccepted) -> None:
    for key, said in state.said.items():
        if said.mid == fact.mid:
            _mark(state, fact, key, "accepted")


@fold.rule
def _chat_marked(state: State, fact: f.ChatMarked) -> None:
    done = (fact.chat, fact.message, fact.mark)
    state.marks = [mark for mark in state.marks if (mark.chat, mark.message, mark.mark) != done]


@fold.rule
def _chat_command(state: State, fact: f.ChatCommand) -> None:
    if not fact.press:
        _read_up_to(state, fact.chat, fact.message)
    state.asked[fact.seq] = Asked(fact.chat, fact.thread, fact.message, fact.press)
    forget_oldest(state.asked)
    item = Item(fact.seq, COMMAND, at(fact), reply_to=fact.message, thread=fact.thread, press=fact.press)
    item.about = _asks_about(fact.text)
    push(state, fact.chat, item)


def _asks_about(command: str) -> str:
    """Return the request about which somebody wants to ask, when a command does not have the question yet."""
    words = command.lstrip("/").split()
    return words[2] if len(words) == 3 and words[:2] == ["rfd", "ask"] else ""


@fold.rule
def _chat_told(state: State, fact: f.ChatTold) -> None:
    state.hinted[f"{fact.chat} {fact.user}"] = at(fact)
    forget_oldest(state.hinted)
    push(state, fact.chat, Item(fact.seq, REPLY, at(fact), reply_to=fact.message, thread=fact.thread, press=fact.press))
