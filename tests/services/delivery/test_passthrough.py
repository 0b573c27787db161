"""Lines that are typed as they are, and the compactions, with mock peers."""

from __future__ import annotations

import time

from cccc.common import facts
from cccc.common.ledger.blobs import Blobs
from tests.services.delivery.conftest import Desk
from tests.waiting import never, until


def wish(desk: Desk, peer: str, text: str) -> None:
    """Want a line typed as it is."""
    sha = Blobs(desk.project).put(text.encode())
    id_ = f"raw-{time.monotonic_ns()}"
    desk.tell("cli", facts.RawInput(id=id_, peer=peer, who="someone", sha=sha, size=len(text), text=text))


def compact(desk: Desk, peer: str) -> None:
    try_ = facts.ContextCompactTry(peer=peer, self_check_index=5, id=f"try-{time.monotonic_ns()}")
    desk.tell("orchestrator", try_)


def test_a_line_is_typed_exactly_as_it_is_and_said_before_and_after(desk: Desk) -> None:
    desk.up()
    desk.idle()
    wish(desk, "PeerA", "/model  opus #1 @README.md")
    assert desk.await_(facts.RawTyped)[0].outcome == "typed"
    assert desk.submits("PeerA") == ["/model  opus #1 @README.md"]
    asked, typing = desk.heard(facts.RawInput)[0], desk.heard(facts.RawTyping)[0]
    typed = desk.heard(facts.RawTyped)[0]
    assert asked.seq < typing.seq < typed.seq
    assert (typing.of, typed.of, typed.cause) == (asked.seq,) * 3
    assert desk.submits("PeerB") == []


def test_nothing_in_a_line_is_a_command_of_tmux_or_of_a_shell(desk: Desk) -> None:
    lines = [
        "echo one;",
        "find . -exec ls {} \\;",
        ";",
        "-n name",
        "--",
        "$(touch ran) `touch ran` | touch ran",
        "#(touch ran) #{pid} #[fg=red] %H",
        "C-c Enter",
    ]
    desk.up()
    desk.idle()
    for number, line in enumerate(lines, 1):
        wish(desk, "PeerA", line)
        assert desk.await_(facts.RawTyped, number)[-1].outcome == "typed", line
    assert desk.submits("PeerA") == lines
    assert list(desk.project.root.rglob("ran")) == []


def test_lines_keep_their_order_and_go_before_the_nudge(desk: Desk) -> None:
    desk.up()
    desk.idle()
    desk.press("PeerA", "-l", "x")
    until(lambda: "❯ x" in desk.screen("PeerA").replace("\u00a0", " "), what="a draft")
    wish(desk, "PeerA", "first")
    wish(desk, "PeerA", "second")
    desk.hand("PeerA")
    never(lambda: desk.heard(facts.RawTyping) or desk.heard(facts.NudgeTyping), 0.5)
    desk.press("PeerA", "BSpace")
    desk.await_(facts.AckFile)
    assert desk.submits("PeerA")[:2] == ["first", "second"]
    assert len(desk.submits("PeerA")) == 3


def test_a_line_is_not_typed_into_a_dialog_and_what_became_of_it_is_told(desk: Desk) -> None:
    desk.settings(blocked_minutes=0.02)
    desk.scenario("start: [{dialog: trust}]\nrules: [{match: ., steps: [{say: x}]}]", "PeerA")
    desk.up()
    until(lambda: "Yes, I trust" in desk.screen("PeerA"), what="the dialog")
    wish(desk, "PeerA", "2")
    assert desk.await_(facts.RawTyped)[0].outcome == "not typed within 0.02 min: a dialog is open: trust"
    assert "Yes, I trust" in desk.screen("PeerA")


def test_a_line_in_a_turn_waits_for_its_end(desk: Desk) -> None:
    desk.scenario("rules: [{match: ., steps: [{busy: 1.5}]}]")
    desk.up()
    desk.idle()
    desk.hand("PeerA")
    until(lambda: "esc to interrupt" in desk.screen("PeerA"), what="the turn")
    wish(desk, "PeerA", "and now this")
    end = desk.await_(facts.TurnEnd)[0]
    assert end.seq < desk.await_(facts.RawTyping)[0].seq
    assert desk.await_(facts.RawTyped)[0].outcome == "typed"


def test_a_line_that_met_a_crash_is_entered_when_it_stands_there_and_never_pasted_twice(desk: Desk) -> None:
    desk.arm("delivery.pasted")
    desk.up()
    desk.idle()
    wish(desk, "PeerA", "just once")
    desk.died()
    desk.again()
    assert desk.await_(facts.RawTyped)[0].outcome == "typed"
    assert desk.submits("PeerA") == ["just once"]


def test_of_a_line_of_which_a_crash_left_nothing_nothing_is_promised(desk: Desk) -> None:
    desk.arm("delivery.entered")
    desk.up()
    desk.idle()
    wish(desk, "PeerA", "just once")
    desk.died()
    desk.again()
    assert desk.await_(facts.RawTyped)[0].outcome.startswith("not known: delivery was restarted")
    assert desk.submits("PeerA") == ["just once"]


def test_a_compaction_is_typed_and_followed_up_by_the_clis_own_hook(desk: Desk) -> None:
    desk.up()
    desk.idle()
    compact(desk, "PeerA")
    done = desk.await_(facts.ContextCompact)[0]
    assert (done.peer, done.outcome, done.of) == ("PeerA", "done", desk.heard(facts.ContextCompactTry)[0].seq)
    assert desk.submits("PeerA") == ["/compact"]
    desk.press("PeerA", "-l", "/compact")
    desk.press("PeerA", "Enter")
    assert desk.await_(facts.ContextCompact, 2)[1].of == 0
    desk.hand("PeerA")
    desk.await_(facts.AckFile)


def test_a_compaction_that_no_hook_can_tell_of_is_said_so(desk: Desk) -> None:
    desk.environment["CLAUDE_I_CMD"] = "cat"
    desk.settings()
    desk.up()
    desk.idle("PeerB")
    compact(desk, "PeerA")
    done = desk.await_(facts.ContextCompact)[0]
    assert done.outcome == "not typed: no known command for it in this CLI"
    assert desk.heard(facts.RawTyping) == []
