"""Which chats, of all platforms, still wait for which outbound file: the same in the memory of every bridge. Pure."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.common.by_kind import ByKind
from cccc.services.bridges.state import FileToSend, State

fold: ByKind[None] = ByKind(None)


@fold.rule
def _out(state: State, fact: f.FileOut) -> None:
    state.files[fact.mid] = FileToSend(fact.seq, fact.name, fact.path, list(state.everywhere))


@fold.rule
def _sent(state: State, fact: f.FileSent) -> None:
    state.files.pop(fact.mid, None)


@fold.rule
def _subscribed(state: State, fact: f.ChatSubscribed) -> None:
    here = f"{fact.via} {fact.chat}"
    if fact.to_user and here not in state.everywhere:
        state.everywhere.append(here)


@fold.rule
def _moved(state: State, fact: f.ChatMoved) -> None:
    old, new = f"{fact.via} {fact.chat}", f"{fact.via} {fact.to}"
    for places in (state.everywhere, *(file.waiting for file in state.files.values())):
        places[:] = [new if place == old else place for place in places]


@fold.rule
def _unsubscribed(state: State, fact: f.ChatUnsubscribed) -> None:
    here = f"{fact.via} {fact.chat}"
    for places in (state.everywhere, *(file.waiting for file in state.files.values())):
        places[:] = [place for place in places if place != here]


@fold.rule
def _posted(state: State, fact: f.ChatPosted | f.ChatFailed) -> None:
    if isinstance(fact, f.ChatPosted) and fact.left:
        return
    here = f"{fact.via} {fact.chat}"
    for file in state.files.values():
        if file.seq in fact.about and here in file.waiting:
            file.waiting.remove(here)
            if isinstance(fact, f.ChatPosted):
                file.chats.append(here)
