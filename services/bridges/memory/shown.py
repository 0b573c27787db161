"""What is said to people, and what they see of the peers' talk."""

from __future__ import annotations

from cccc.common import facts as f
from cccc.common.by_kind import ByKind
from cccc.services.bridges.memory.queues import push_to_all
from cccc.services.bridges.state import FILE, PEERS, SYSTEM, USER, State, forget_oldest

fold: ByKind[None] = ByKind(None)


@fold.rule
def _to_user(state: State, fact: f.ToUser) -> None:
    named = next((rfd_id for rfd_id, card in state.cards.items() if not card.over and rfd_id in fact.text), "")
    asked = state.questions.pop(fact.author, "")
    push_to_all(state, fact, USER, named or asked)


@fold.rule
def _to_peer(state: State, fact: f.ToPeer) -> None:
    state.talk[fact.mid] = fact.seq
    forget_oldest(state.talk)


@fold.rule
def _handoff(state: State, fact: f.Handoff) -> None:
    said = state.talk.pop(fact.mid, 0)  # people see what the peers say as the peers do: not while it is held
    if said and (state.peers_by_default if state.show_peers is None else state.show_peers):
        push_to_all(state, fact, PEERS, said=said)


@fold.rule
def _show_peers(state: State, fact: f.ShowPeers) -> None:
    state.show_peers = fact.on


@fold.rule
def _of_the_system(
    state: State,
    fact: f.Notice | f.PatchCommit | f.PatchReject | f.PatchPrecheckFail | f.SettingsApplied | f.FileRefused,
) -> None:
    push_to_all(state, fact, SYSTEM)


@fold.rule
def _file_out(state: State, fact: f.FileOut) -> None:
    push_to_all(state, fact, FILE)
