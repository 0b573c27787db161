"""What follows from a fact."""

from __future__ import annotations

import pytest

from cccc.common import facts as f
from cccc.common.settings import Settings
from cccc.services.orchestrator import rules
from cccc.services.orchestrator.decision import Said

DIFF = b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
NOW = "2026-01-01T00:00:00.000000Z"
PLAIN = {"sha": "", "size": 0, "text": ""}


def decide(state: rules.State, fact: f.Fact, body: bytes = b"", raw: bytes = b"") -> list[Said]:
    return rules.Rules(Settings(), str).decide(state, fact, body, raw)


def queued(mid: str = "m1") -> f.PatchQueued:
    return f.PatchQueued(author="PeerB", mid=mid, source="patch.diff", ts="now", **PLAIN)  # type: ignore[arg-type]


def landing(tests_ok: bool | None) -> f.PatchCommit:
    return f.PatchCommit(
        seq=9,
        author="PeerB",
        mid="m1",
        source="patch.diff",
        lines=2,
        paths=["x"],
        branch="refs/heads/main",
        commit="a" * 40,
        tests_ok=tests_ok,
        seconds=1.0,
    )


def told(said: list[Said]) -> list[tuple[str, str]]:
    """Return (to, body) of each handoff."""
    return [(entry.fact.to, entry.body.decode()) for entry in said if isinstance(entry.fact, f.Handoff)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252"])
def test_a_diff_in_a_message_keeps_its_bytes_where_those_can_be_a_patch(encoding: str) -> None:
    diff = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-größer\n+größer als je\n"
    text = f"EVIDENCE: größer, schöner\n\n```diff\n{diff}```\n"
    raw = b"" if encoding == "utf-8" else text.encode(encoding)
    message = f.ToPeer(ts=NOW, author="PeerA", mid="m", sha="", size=0, text="")
    said = decide(rules.State(), message, text.encode(), raw)
    (patch,) = [entry.body for entry in said if isinstance(entry.fact, f.PatchQueued)]
    assert patch == diff.encode("utf-8" if encoding.startswith("utf") else encoding)


def test_each_receiver_has_its_own_counter() -> None:
    state = rules.State()
    for route in ("a", "both", "b"):
        decide(state, f.UserMessage(mid=route, via="cli", route=route, **PLAIN), b"hi")  # type: ignore[arg-type]
    assert state.inbox_seq == {"PeerA": 2, "PeerB": 2}


def of_user(route: str) -> f.UserMessage:
    return f.UserMessage(mid=f"to-{route}", via="cli", route=route, **PLAIN)  # type: ignore[arg-type]


def test_what_is_for_one_peer_alone_asks_that_peer_to_answer_the_user() -> None:
    for route, peer in (("a", "PeerA"), ("b", "PeerB")):
        ((to, text),) = told(decide(rules.State(), of_user(route), b"hi"))
        assert to == peer and "answer in" in text and "to_user.md" in text
        assert "CLAIM to PeerB" not in text and "Wait for PeerA" not in text


def test_the_other_peer_learns_once_what_was_for_one_alone() -> None:
    state = rules.State()
    notes = [
        [(to, line) for to, text in told(decide(state, of_user(route), b"hi")) for line in text.splitlines()[2:3]]
        for route in ("a", "a", "b", "both", "both")
    ]
    note = "[NOTE: the user wrote to {} alone: {}; nothing for you to do]"
    assert notes[2] == [("PeerB", note.format("PeerA", "to-a, to-a"))]
    assert notes[3] == [("PeerA", note.format("PeerB", "to-b")), ("PeerB", "hi")]
    assert notes[4] == [("PeerA", "hi"), ("PeerB", "hi")]


def test_a_rejected_patch_tells_its_author_the_reason_and_the_end_of_the_output() -> None:
    state = rules.State()
    decide(state, queued())
    decide(state, f.Test(mid="m1", command="pytest", verdict="red", exit=1, seconds=1.0, base="", tail="E 1 == 2"))
    said = decide(state, f.PatchReject(seq=9, author="PeerB", mid="m1", reason="tests failed"))
    ((to, text),) = told(said)
    assert to == "PeerB"
    assert "PATCH REJECTED m1: tests failed" in text and "E 1 == 2" in text
    assert state.patches.queue == [] and state.patches.tails == {}
    assert "Hand in a corrected patch." in text


def test_the_user_is_told_once_which_line_of_the_settings_would_let_a_refused_path_pass() -> None:
    state = rules.State()
    lines = ["allowed_paths: [src/**]", "allowed_paths: [src/**]", "", "allow_submodules: true"]
    said = [
        decide(state, f.PatchReject(author="PeerB", mid=f"m{number}", reason=f"path-not-allowed: {line}", allow=line))
        for number, line in enumerate(lines)
    ]
    notices = [[entry.fact for entry in one if isinstance(entry.fact, f.Notice)] for one in said]
    assert [len(one) for one in notices] == [1, 0, 0, 1]
    assert lines[0] in notices[0][0].text and notices[0][0].about == "m0"


def test_the_author_of_a_patch_that_waits_for_the_user_is_not_asked_for_another() -> None:
    reason = "tests could not run: no network"
    held = f.PatchHeld(author="PeerB", mid="m1", reason=reason, asked=True)
    ((to, text),) = told(decide(rules.State(), held))
    assert to == "PeerB" and reason in text
    assert "not your patch; the user was asked" in text and "corrected patch" not in text


@pytest.mark.parametrize("reason", ["dropped by the user", "rfd-revoked: rfd-prot-1 was revoked by alice: why"])
def test_the_author_of_a_patch_that_people_do_not_want_is_not_asked_for_another(reason: str) -> None:
    state = rules.State()
    decide(state, queued())
    ((_, text),) = told(decide(state, f.PatchReject(seq=9, author="PeerB", mid="m1", reason=reason)))
    assert reason in text and "corrected patch" not in text


@pytest.mark.parametrize(
    ("reason", "told_to"),
    [
        ("tests could not run: command not found", "`cccc patch retry m1`"),
        ("lint could not run: more than 600 s (gate.timeout_seconds)", "`cccc patch retry m1`"),
        ("checks could not run: gate.setup failed", "`cccc patch retry m1`"),
        ("tests failed: 1 of 3", "Hand in a corrected patch."),
        ("dropped by the user", "Nothing in the repository was changed."),
    ],
)
def test_the_author_of_a_refused_patch_is_told_what_fits_the_reason(reason: str, told_to: str) -> None:
    ((_, text),) = told(decide(rules.State(), f.PatchReject(author="PeerA", mid="m1", reason=reason)))
    assert told_to in text
    assert ("Hand in a corrected patch." in text) is reason.startswith("tests failed")


def test_a_landed_patch_is_told_to_both_peers() -> None:
    state = rules.State()
    decide(state, queued())
    said = decide(state, landing(tests_ok=True))
    assert [to for to, _ in told(said)] == ["PeerB", "PeerA"]
    assert "PATCH LANDED m1: aaaaaaaaa on main, 2 lines, tests green" in told(said)[0][1]
    assert state.patches.queue == []


def test_a_landing_that_nothing_checked_says_so_with_the_settings_that_end_it() -> None:
    state = rules.State()
    decide(state, queued())
    for kind in (f.Lint, f.Test):
        decide(state, kind(mid="m1", command="", verdict="skipped", exit=None, seconds=0, tail="nothing to run"))
    said = decide(state, landing(tests_ok=None))
    text = told(said)[0][1]
    assert "2 lines, untested" in text
    assert "not linted: nothing to run; gate.lint in .cccc/settings/policies.yaml" in text
    assert "untested: nothing to run; gate.tests in" in text


def test_a_question_about_the_base_is_the_users_alone_and_a_yes_counts_at_once() -> None:
    state = rules.State()
    names = ["tests.test_a::test_old"]
    asked = f.BaseNeedsDecision(
        seq=7,
        ts=NOW,
        mid="base-1",
        branch="refs/heads/main",
        base="a",
        why="red",
        question="?",
        machine="m",
        names=names,
    )
    (opened,) = decide(state, asked)
    rfd = opened.fact
    assert isinstance(rfd, f.Rfd) and rfd.rfd_id.startswith("rfd-base-") and rfd.names == names
    rfd.ts = NOW
    assert decide(state, rfd) == []
    yes = f.Decision(seq=9, ts=NOW, rfd_id=rfd.rfd_id, decision="approve", who="me", via="cli")
    (settled,) = decide(state, yes)
    (accepted,) = decide(state, settled.fact)
    assert isinstance(accepted.fact, f.BaseAccepted) and accepted.fact.names == names
    (used,) = decide(state, accepted.fact)
    assert isinstance(used.fact, f.RfdSettled) and used.fact.outcome == "used"


def of_base(seq: int, *names: str, machine: str = "m") -> f.BaseNeedsDecision:
    return f.BaseNeedsDecision(
        seq=seq, ts=NOW, mid="base-1", branch="b", base="a", why="red", question="?", machine=machine, names=[*names]
    )


def test_a_question_about_more_tests_takes_the_place_of_one_about_less() -> None:
    state = rules.State()
    (less,) = decide(state, of_base(7, "a"))
    decide(state, of_base(8, "a", machine="elsewhere"))
    void, opened = decide(state, of_base(9, "a", "b"))
    assert isinstance(void.fact, f.RfdSettled) and isinstance(less.fact, f.Rfd) and isinstance(opened.fact, f.Rfd)
    assert (void.fact.rfd_id, void.fact.outcome) == (less.fact.rfd_id, "void")


def test_a_yes_about_the_base_is_not_revoked_but_forgotten() -> None:
    state = rules.State()
    (opened,) = decide(state, of_base(7, "a"))
    assert isinstance(opened.fact, f.Rfd)
    answers = [
        f.Decision(seq=seq, ts=NOW, rfd_id=opened.fact.rfd_id, decision=word, who="me", via="cli")
        for seq, word in ((9, "approve"), (10, "revoke"))
    ]
    (settled,), (refused,) = decide(state, answers[0]), decide(state, answers[1])
    assert isinstance(refused.fact, f.DecisionRefused) and "cccc gate forget" in refused.fact.reason
    (accepted,) = decide(state, settled.fact)
    decide(state, accepted.fact)
    (refused,) = decide(state, answers[1])
    assert isinstance(refused.fact, f.DecisionRefused) and "cccc gate forget" in refused.fact.reason


def test_a_held_patch_stays_in_the_queue_with_its_reason() -> None:
    state = rules.State()
    decide(state, queued())
    said = decide(state, f.PatchHeld(author="PeerB", mid="m1", reason="a rebase is in progress"))
    assert "PATCH HELD m1: a rebase is in progress" in told(said)[0][1]
    assert [(entry.mid, entry.stage) for entry in state.patches.queue] == [("m1", "held")]


def test_the_run_of_a_base_stands_in_the_queue_until_it_ends_and_a_red_one_is_told() -> None:
    state = rules.State()
    begun = f.BaseRun(mid="base-1", branch="refs/heads/main", base="a" * 40, command="pytest -q", log="logs/base-1.log")
    assert not decide(state, begun)
    (entry,) = state.patches.queue
    assert (entry.mid, entry.author, entry.stage) == (
        "base-1",
        "System",
        "checking",
    ) and "logs/base-1.log" in entry.reason
    ended = f.BaseTest(
        mid="base-1",
        branch="refs/heads/main",
        base="a" * 40,
        command="pytest -q",
        verdict="red",
        tests=9,
        failed=3,
        failing=["t::one", "t::two"],
        reason="3 failed, 6 passed",
    )
    (told_to_the_user,) = (entry.fact for entry in decide(state, ended))
    assert isinstance(told_to_the_user, f.Notice)
    assert "the tests are red on aaaaaaaaa on main, before any patch" in told_to_the_user.text
    assert "3 failed, 6 passed; failing: t::one, t::two and 1 more" in told_to_the_user.text
    assert state.patches.queue == []
    decide(state, begun)
    assert not decide(state, f.BaseDrop(mid="base-1")) and state.patches.queue == []


def test_a_message_with_a_diff_is_forwarded_and_queued_once() -> None:
    message = f.ToPeer(author="PeerA", mid="m1", ts=NOW, **PLAIN)  # type: ignore[arg-type]
    said = decide(rules.State(), message, b"EVIDENCE\n```diff\n" + DIFF + b"```\n")
    assert [entry.fact.kind for entry in said] == ["handoff", "patch-queued"]
    assert said[1].body == DIFF


def test_bytes_without_a_diff_are_queued_as_they_are_for_the_gate_to_refuse() -> None:
    said = decide(rules.State(), f.Patch(author="PeerA", mid="m1", **PLAIN), b"please apply")  # type: ignore[arg-type]
    assert (said[0].fact.kind, said[0].body) == ("patch-queued", b"please apply")


def test_unanswered_nudges_become_a_notice_to_the_user() -> None:
    said = decide(rules.State(), f.NudgeUnanswered(to="PeerA", attempts=8, since="10:00"))
    assert isinstance(said[0].fact, f.Notice) and "8 nudges" in said[0].fact.text


def test_the_same_facts_give_the_same_decisions() -> None:
    def play() -> list[Said]:
        state = rules.State()
        message = f.ToPeer(author="PeerA", mid="m1", seq=3, ts=NOW, **PLAIN)  # type: ignore[arg-type]
        return decide(state, message, b"hello") + decide(state, queued()) + decide(state, message, b"hello")

    assert play() == play()
