"""Which questions people still have to answer."""

from __future__ import annotations

from cccc.common import bus
from cccc.services.evidence import queue
from cccc.services.evidence.policy import Need
from cccc.services.evidence.questions import ask

NEED = Need("protected", "docs/sk-learn-tutorial-introduction.md is protected")


def test_a_yes_counts_for_a_path_that_looks_like_a_token() -> None:
    patch = queue.Open(1, "", "m1", "PeerA", "inline", "s")
    state = queue.State([patch])
    (asked,) = ask(patch, [NEED], "p", "b" * 40, [], 1)
    queue.fold(state, bus.as_fact(bus._fields(asked)))  # as it is told and comes back
    patch.asks["protected"].approved = True
    assert ask(patch, [NEED], "p", "b" * 40, [], 1) == []
