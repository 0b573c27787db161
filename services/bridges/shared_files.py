"""Which chats, of all platforms, still wait for which outbound file: the same in the memory of every bridge. Pure."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.common.facts import Fact
from cccc.services.bridges.state import FileToSend, State

HEARD = (f.ChatSubscribed, f.ChatUnsubscribed, f.ChatMoved, f.FileOut, f.FileSent, f.ChatPosted, f.ChatFailed)


def fold(state: State, fact: Fact) -> None:
    """Keep track of which chats of all platforms still wait for which file."""
    if isinstance(fact, f.FileOut):
        state.files[fact.mid] = FileToSend(fact.seq, fact.name, fact.path, list(state.everywhere))
    elif isinstance(fact, f.FileSent):
        state.files.pop(fact.mid, None)
    elif isinstance(fact, f.ChatSubscribed):
        here = f"{fact.via} {fact.chat}"
        if fact.to_user and here not in state.everywhere:
            state.everywhere.append(here)
    elif isinstance(fact, f.ChatMoved):
        old, new = f"{fact.via} {fact.chat}", f"{fact.via} {fact.to}"
        for places in (state.everywhere, *(file.waiting for file in state.files.values())):
            places[:] = [new if place == old else place for place in places]
    elif isinstance(fact, f.ChatUnsubscribed):
        here = f"{fact.via} {fact.chat}"
        for places in (state.everywhere, *(file.waiting for file in state.files.values())):
            places[:] = [place for place in places if place != here]
    elif isinstance(fact, (f.ChatPosted, f.ChatFailed)) and getattr(fact, "left", 0) == 0:
        here = f"{fact.via} {fact.chat}"
        for file in state.files.values():
            if file.seq in fact.about and here in file.waiting:
                file.waiting.remove(here)
                if isinstance(fact, f.ChatPosted):
                    file.chats.append(here)
