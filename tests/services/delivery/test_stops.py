"""`cccc stop`, with mock peers."""

from __future__ import annotations

from cccc.common import facts
from tests.services.delivery.conftest import Desk
from tests.waiting import until


def stop(desk: Desk, peer: str, number: int) -> str:
    """Ask for the interruption of a turn; return what came of it."""
    wish = facts.PeerStop(id=f"cli-stop-{number}.{peer}", peer=peer, who="someone")
    desk.tell("cli", wish)
    return desk.await_(facts.PeerStopped, number)[-1].outcome


def test_a_running_turn_is_interrupted_by_one_esc(desk: Desk) -> None:
    desk.scenario("rules: [{match: ., steps: [{busy: 30}]}]")
    desk.up()
    desk.idle()
    desk.hand("PeerA")
    desk.await_(facts.Nudge)
    until(lambda: "esc to interrupt" in desk.screen("PeerA"), what="the turn")
    assert stop(desk, "PeerA", 1) == "interrupted"
    assert "Interrupted" in desk.screen("PeerA")
    assert stop(desk, "PeerA", 2) == "no turn runs"


def test_a_dialog_is_not_answered_by_a_stop(desk: Desk) -> None:
    desk.scenario("start: [{dialog: trust}]\nrules: [{match: ., steps: [{say: x}]}]", "PeerA")
    desk.up()
    until(lambda: "Yes, I trust" in desk.screen("PeerA"), what="the dialog")
    assert stop(desk, "PeerA", 1) == "nothing was typed: a dialog is open: trust"
    assert "Yes, I trust" in desk.screen("PeerA")
