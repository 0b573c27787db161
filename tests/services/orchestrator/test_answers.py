"""The life of a request for decision, in its pure rules."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cccc.common import facts as f
from cccc.common.paths import PEERS
from cccc.common.settings.policies import Approver, Policies, Required, Rfd
from cccc.services.orchestrator.decision import Around, Said
from cccc.services.orchestrator.decisions import answers
from cccc.services.orchestrator.decisions.requests import State

YAML = "intent: rfd\ntitle: Drop v1\noptions: [drop, keep]\ndefault: keep\nexpires_minutes: 10\n"
ASK = "intent: rfd\ntitle: Push the release\n"
ALICE = Approver(telegram="123", slack="U1", local=True)
BOB = Approver(slack="U2")


class Table:
    """The rules with a ledger: facts are heard in the order in which they are said."""

    def __init__(self, **settings: Any) -> None:
        self.state = State()
        self.policies = Policies(rfd=Rfd(**settings))
        self.facts: list[f.Fact] = []
        self.handoffs: list[tuple[str, str]] = []  # (to, text)

    def hear(self, fact: f.Fact, text: str = "", diff: bool = False, minute: int = 0) -> list[f.Fact]:
        """Let the rules hear a fact and then all that follows from it; return what follows."""
        fact.seq = len(self.facts) + 1
        fact.ts = f"2026-01-01T{minute // 60:02d}:{minute % 60:02d}:00.000000Z"
        self.facts.append(fact)
        around = Around(self.policies, str, self._write, text=text, diff=b"diff" if diff else b"")
        said = answers.decide(self.state, fact, around)
        for entry in said:
            self.hear(entry.fact, minute=minute)
        return [entry.fact for entry in said]

    def _write(self, author: str, to: str, mid: str, text: str) -> Said:
        self.handoffs.append((to, text))
        return Said(f.Handoff(author=author, to=to, mid=mid, inbox_seq=1, sha="", size=0, text=""))

    def message(self, text: str, author: str = "PeerA", diff: bool = False) -> list[f.Fact]:
        fact = f.ToPeer(author=author, mid=f"m{len(self.facts)}", sha="", size=0, text="")
        return self.hear(fact, text, diff)

    def asked(self, text: str = ASK) -> str:
        """Hand in a request; return its id."""
        rfds = [fact for fact in self.message(text) if isinstance(fact, f.Rfd)]
        return rfds[0].rfd_id

    def patch(self, sha: str = "s1", why: str = "protected", mid: str = "p1", policy: str = "one") -> str:
        """Let the gate keep a patch; return the id of its request."""
        fact = f.PatchNeedsDecision(
            author="PeerB",
            mid=mid,
            why=why,
            question="src/api is protected",
            paths=["src/api"],
            lines=3,
            base="b" * 40,
            policy=policy,
            sha=sha,
        )
        return next(fact.rfd_id for fact in self.hear(fact) if isinstance(fact, f.Rfd))

    def answer(self, rfd_id: str, word: str, via: str = "cli", user: str = "", minute: int = 1) -> f.Fact:
        fact = f.Decision(rfd_id=rfd_id, decision=word, who="somebody", via=via, user=user, text="why?")
        return self.hear(fact, minute=minute)[0]

    def check(self, rfd_id: str, choice: str = "approve", minute: int = 2) -> f.Fact:
        return self.hear(f.RfdCheck(rfd_id=rfd_id, choice=choice, who="PeerA", via="cli"), minute=minute)[0]

    def outcome(self, rfd_id: str) -> str:
        return self.state.requests[rfd_id].status

    def expire(self, rfd_id: str, minute: int) -> list[f.Fact]:
        now = f"2026-01-01T{minute // 60:02d}:{minute % 60:02d}:00.000000Z"
        due = [fact for fact in answers.due_expiries(self.state, now) if fact.rfd_id == rfd_id]
        return self.hear(due[0], minute=minute) if due else []


def reason(fact: f.Fact) -> str:
    assert isinstance(fact, f.DecisionRefused), fact
    return fact.reason


# --- opening ---


@pytest.mark.parametrize(
    ("why", "prefix"), [("protected", "rfd-prot-"), ("large", "rfd-large-"), ("tests", "rfd-tests-")]
)
def test_a_patch_that_needs_a_decision_opens_a_request_and_tells_its_author(why: str, prefix: str) -> None:
    table = Table()
    rfd_id = table.patch(why=why)
    assert rfd_id.startswith(prefix) and len(rfd_id) == len(prefix) + 8
    ((to, text),) = table.handoffs
    assert to == "PeerB" and text.startswith("PATCH HELD p1: src/api is protected") and rfd_id in text


@pytest.mark.parametrize("change", [{"sha": "s2"}, {"policy": "two", "mid": "p2"}, {"mid": "p2"}])
def test_another_patch_on_the_same_paths_is_a_request_of_its_own(change: dict[str, str]) -> None:
    table = Table()
    first = table.patch()
    table.answer(first, "approve")
    second = table.patch(**{"mid": "p2", **change})
    assert second != first and (table.outcome(first), table.outcome(second)) == ("approved", "open")


def test_a_patch_that_is_asked_for_again_voids_the_old_request() -> None:
    table = Table()
    first = table.patch()
    table.answer(first, "approve")
    second = table.patch(policy="changed")
    assert (table.outcome(first), table.outcome(second)) == ("void", "open")
    assert "void already" in reason(table.answer(first, "revoke"))


def test_ids_that_collide_grow_longer() -> None:
    table = Table()
    rfd_id = table.patch()
    del table.state.requests[rfd_id].answers
    other = Table()
    other.state.requests[rfd_id] = table.state.requests[rfd_id]
    other.state.requests[rfd_id].status = "used"
    assert len(other.patch()) == len(rfd_id) + 8


def test_an_author_may_name_a_request_once_and_not_like_the_gates_own() -> None:
    table = Table()
    assert table.asked(f"{ASK}id: release-1\n") == "release-1"
    assert table.asked(f"{ASK}id: release-1\n").startswith("rfd-msg-")
    assert table.asked(f"{ASK}id: rfd-prot-12345678\n").startswith("rfd-msg-")
    assert table.asked(f"{ASK}id: {'x' * 41}\n").startswith("rfd-msg-")
    assert table.asked(f"{ASK}id: ../up\n").startswith("rfd-msg-")


def test_a_card_that_cannot_be_read_is_told_to_its_author() -> None:
    table = Table()
    table.message("intent: rfd\ntitle: x\noptions: [one]\n")
    assert table.handoffs == [("PeerA", "RFD REFUSED m0: options: must be 2 to 10 different texts")]
    assert table.state.requests == {}


# --- answers ---


def test_an_approved_request_tells_both_peers_and_may_be_used_once() -> None:
    table = Table()
    rfd_id = table.asked()
    assert reason(table.check(rfd_id)) == "not answered yet"
    table.answer(rfd_id, "approve")
    assert [(to, text.split("\n")[0]) for to, text in table.handoffs[1:]] == [
        (peer, f"RFD APPROVED {rfd_id}: Push the release") for peer in PEERS
    ]
    used = table.check(rfd_id)
    assert isinstance(used, f.RfdSettled) and (used.outcome, used.people) == ("used", ["somebody"])
    assert used.used_for == "the check of PeerA"
    assert "it is used" in reason(table.check(rfd_id))


def test_a_chosen_option_is_a_yes_to_that_option_only() -> None:
    table = Table()
    rfd_id = table.asked(YAML)
    assert "not one of its options: drop, keep" in reason(table.answer(rfd_id, "approve"))
    table.answer(rfd_id, "KEEP")
    assert "the answer is keep, not drop" in reason(table.check(rfd_id, "drop"))
    assert "the answer is keep, not approve" in reason(table.check(rfd_id))
    assert isinstance(table.check(rfd_id, "keep"), f.RfdSettled)


def test_a_rejected_request_stays_rejected() -> None:
    table = Table()
    rfd_id = table.asked()
    table.answer(rfd_id, "reject")
    assert "rejected already by somebody, since 2026-01-01 00:01 UTC" in reason(table.answer(rfd_id, "approve"))
    assert "it is rejected" in reason(table.check(rfd_id))


def test_a_second_press_gets_a_clear_reply() -> None:
    table = Table()
    rfd_id = table.patch()
    table.answer(rfd_id, "approve")
    assert "approved already by somebody; `revoke` withdraws it" in reason(table.answer(rfd_id, "approve"))


def test_an_unknown_request_gets_a_clear_reply() -> None:
    assert "no such request" in reason(Table().answer("rfd-prot-00000000", "approve"))


def test_the_users_own_patch_is_told_to_no_peer() -> None:
    table = Table()
    fact = f.PatchNeedsDecision(
        author="User", mid="p1", why="large", question="q", paths=[], lines=1, base="b", policy="p", sha="s"
    )
    rfd_id = next(said.rfd_id for said in table.hear(fact) if isinstance(said, f.Rfd))
    table.answer(rfd_id, "approve")
    assert table.outcome(rfd_id) == "approved" and table.handoffs == []


def test_a_question_goes_to_both_peers_and_leaves_the_request_open() -> None:
    table = Table()
    rfd_id = table.patch()
    assert isinstance(table.answer(rfd_id, "ask"), f.RfdQuestion)
    assert [to for to, text in table.handoffs if text.startswith("QUESTION of somebody")] == list(PEERS)
    assert table.outcome(rfd_id) == "open"


def test_an_approved_patch_is_told_to_its_author_only() -> None:
    table = Table()
    rfd_id = table.patch()
    table.answer(rfd_id, "approve")
    assert table.handoffs[-1] == (
        "PeerB",
        f"PATCH APPROVED p1 ({rfd_id}) by somebody. It is checked on the current base and lands automatically.",
    )
    assert "the gate lands it automatically" in reason(table.check(rfd_id))


# --- revoking, landing, the end ---


def landing() -> f.PatchLanding:
    return f.PatchLanding(author="PeerB", mid="p1", branch="main", old="o", new="n", paths=[])


def commit() -> f.PatchCommit:
    return f.PatchCommit(
        author="PeerB",
        mid="p1",
        source="inline",
        lines=1,
        paths=[],
        branch="main",
        commit="12345678901234567890",
        tests_ok=True,
        seconds=1.0,
    )


def test_an_approval_can_be_revoked_until_its_patch_is_landing() -> None:
    table = Table()
    rfd_id = table.patch()
    assert "nothing is approved yet" in reason(table.answer(rfd_id, "revoke"))
    table.answer(rfd_id, "approve")
    table.hear(landing())
    assert "too late, the patch is landing" in reason(table.answer(rfd_id, "revoke"))
    table.hear(f.PatchHeld(author="PeerB", mid="p1", reason="a rebase is in progress"))
    assert isinstance(table.answer(rfd_id, "revoke"), f.RfdSettled)
    assert table.outcome(rfd_id) == "revoked"


def test_a_revoked_answer_says_no_to_check() -> None:
    table = Table()
    rfd_id = table.asked()
    table.answer(rfd_id, "approve")
    table.answer(rfd_id, "revoke")
    assert "it is revoked" in reason(table.check(rfd_id))
    assert "Do not do it" in table.handoffs[-1][1]


def test_a_landed_patch_uses_its_approval_up() -> None:
    table = Table()
    rfd_id = table.patch()
    table.answer(rfd_id, "approve")
    table.hear(landing())
    (settled,) = table.hear(commit())
    assert isinstance(settled, f.RfdSettled) and settled.outcome == "used"
    assert settled.used_for == "commit 1234567890"
    assert "used already, for commit 1234567890 (patch p1): approved by somebody" in reason(
        table.answer(rfd_id, "approve")
    )


def test_a_patch_that_is_refused_takes_its_other_requests_with_it() -> None:
    table = Table()
    protected, large = table.patch(), table.patch(why="large")
    table.answer(protected, "reject")
    table.hear(f.PatchReject(author="PeerB", mid="p1", reason="rejected"))
    assert (table.outcome(protected), table.outcome(large)) == ("rejected", "void")


def test_nobody_answered_a_patch_in_time_is_no() -> None:
    table = Table(expires_minutes=30)
    rfd_id = table.patch()
    assert table.expire(rfd_id, 29) == []
    (settled,) = table.expire(rfd_id, 30)
    assert isinstance(settled, f.RfdSettled) and (settled.outcome, settled.choice) == ("expired", "reject")


def test_the_default_of_a_request_holds_when_nobody_answers_but_is_no_permission() -> None:
    table = Table()
    rfd_id = table.asked(YAML.replace("default: keep", "default: drop"))
    table.expire(rfd_id, 10)
    assert [text.split("\n")[1] for _, text in table.handoffs[-2:]] == [
        "Nobody answered in time, or the answer was not used. Continue with: drop."
    ] * 2
    assert "it is expired" in reason(table.check(rfd_id, "drop", minute=11))


def test_an_expired_request_is_left_closed_when_settings_say_so() -> None:
    table = Table(on_expiry="close")
    rfd_id = table.asked(YAML)
    (settled, *_) = table.expire(rfd_id, 10)
    assert isinstance(settled, f.RfdSettled) and settled.choice == ""
    assert "Nothing is decided" in table.handoffs[-1][1]


def test_an_answer_after_the_time_does_not_count_even_before_the_end_is_said() -> None:
    table = Table()
    rfd_id = table.asked(YAML)
    assert "it has expired" in reason(table.answer(rfd_id, "keep", minute=10))


def test_an_approval_that_is_not_used_expires_later() -> None:
    table = Table(expires_minutes=30)
    rfd_id = table.asked()
    table.answer(rfd_id, "approve", minute=20)
    assert table.expire(rfd_id, 30) == []
    table.expire(rfd_id, 50)
    assert table.outcome(rfd_id) == "expired"


def test_the_end_of_the_time_loses_against_an_answer_that_came_first() -> None:
    table = Table(expires_minutes=30)
    rfd_id = table.patch()
    (late,) = answers.due_expiries(table.state, "2026-01-01T00:30:00.000000Z")
    table.answer(rfd_id, "approve", minute=29)
    assert table.hear(late, minute=30) == [] and table.outcome(rfd_id) == "approved"


def test_a_landing_patch_does_not_expire() -> None:
    table = Table(expires_minutes=30)
    rfd_id = table.patch()
    table.answer(rfd_id, "approve")
    table.hear(landing())
    assert table.expire(rfd_id, 500) == []


# --- who ---


def test_two_approvers_are_two_people_wherever_they_answer() -> None:
    table = Table(approvers={"alice": ALICE, "bob": BOB}, required=Required(protected=2))
    rfd_id = table.patch()
    counted = table.answer(rfd_id, "approve", "telegram", "123")
    assert isinstance(counted, f.DecisionCounted) and (counted.who, counted.missing) == ("alice", 1)
    assert "answered approve already; 1 more person must answer the same" in reason(
        table.answer(rfd_id, "approve", "slack", "U1")
    )
    assert "alice has answered approve already" in reason(table.answer(rfd_id, "approve"))
    settled = table.answer(rfd_id, "approve", "slack", "U2")
    assert isinstance(settled, f.RfdSettled) and settled.people == ["alice", "bob"]


def test_one_no_is_enough() -> None:
    table = Table(approvers={"alice": ALICE, "bob": BOB}, required=Required(protected=2))
    rfd_id = table.patch()
    table.answer(rfd_id, "approve", "telegram", "123")
    table.answer(rfd_id, "reject", "slack", "U2")
    assert table.outcome(rfd_id) == "rejected"


@pytest.mark.parametrize(("via", "user"), [("telegram", "124"), ("discord", "123"), ("telegram", ""), ("slack", "")])
def test_who_is_not_listed_does_not_decide(via: str, user: str) -> None:
    table = Table(approvers={"alice": ALICE, "bob": BOB})
    rfd_id = table.patch()
    assert "is not listed in rfd.approvers" in reason(table.answer(rfd_id, "approve", via, user))
    assert table.outcome(rfd_id) == "open"


def test_the_local_user_does_not_decide_when_others_are_listed() -> None:
    table = Table(approvers={"bob": BOB})
    assert "is not listed" in reason(table.answer(table.patch(), "approve"))


def test_without_a_list_nobody_in_a_chat_decides() -> None:
    table = Table()
    assert "only the local user decides" in reason(table.answer(table.patch(), "approve", "telegram", "123"))


def test_a_role_limits_what_a_person_decides() -> None:
    table = Table(approvers={"bob": Approver(slack="U2", roles=("large",))})
    assert "bob may not decide this kind (protected" in reason(table.answer(table.patch(), "approve", "slack", "U2"))
    large = table.patch(why="large", mid="p2")
    assert isinstance(table.answer(large, "approve", "slack", "U2"), f.RfdSettled)


# --- triggers ---


def insight(kind: str, more: str = "") -> str:
    return f"A claim about the parser.\n\n```insight\nto: them | kind: {kind}{more}\n```\n"


def opened(table: Table) -> list[str]:
    return [fact.why for fact in table.facts if isinstance(fact, f.Rfd)]


def test_two_peers_that_are_both_unsure_ask_the_user() -> None:
    table = Table()
    table.message(insight("note", " | confidence: 0.5"), "PeerA")
    table.message(insight("note", " | confidence: 0.7"), "PeerB")
    assert opened(table) == []
    table.message(insight("note", "\nconfidence: .3"), "PeerB")
    assert opened(table) == ["confidence"]
    table.message(insight("note", "\nconfidence: 0.3"), "PeerB")
    assert opened(table) == ["confidence"]  # both have to say it again


def test_a_message_without_confidence_ends_the_doubt() -> None:
    table = Table()
    table.message(insight("note", " | confidence: 0.5"), "PeerA")
    table.message(insight("note"), "PeerA")
    table.message(insight("note", " | confidence: 0.1"), "PeerB")
    assert opened(table) == []


def test_counters_in_turn_without_evidence_ask_the_user() -> None:
    table = Table()
    for author in ("PeerA", "PeerB", "PeerB"):
        table.message(insight("counter"), author)
    table.message(insight("revise"), "PeerA")
    assert opened(table) == []
    table.message(insight("counter"), "PeerA")
    assert opened(table) == ["dispute"]
    assert {to for to, text in table.handoffs if text.startswith("RFD OPEN")} == set(PEERS)


@pytest.mark.parametrize("proof", ["diff", "commit"])
def test_evidence_ends_a_dispute(proof: str) -> None:
    table = Table()
    for author in PEERS:
        table.message(insight("counter"), author)
    if proof == "diff":
        table.message("here", "PeerA", diff=True)
    else:
        table.hear(commit())
    table.message(insight("counter"), "PeerA")
    assert opened(table) == []


# --- replay ---


def test_the_same_facts_give_the_same_decisions() -> None:
    def play() -> tuple[bytes, list[bytes]]:
        table = Table()
        rfd_id = table.patch()
        table.answer(rfd_id, "approve")
        table.hear(landing())
        table.hear(commit())
        return msgspec.msgpack.encode(table.state), [msgspec.json.encode(fact) for fact in table.facts]

    assert play() == play()


def test_what_the_ledger_says_was_opened_and_settled_holds_in_a_fold_under_other_settings() -> None:
    table = Table()
    rfd_id = table.patch()
    table.answer(rfd_id, "approve")
    later = Table(approvers={"bob": BOB})
    for fact in table.facts:
        answers.decide(later.state, fact, Around(later.policies, str, later._write))
    assert later.outcome(rfd_id) == "approved"


def test_the_state_survives_a_snapshot() -> None:
    table = Table()
    table.answer(table.patch(), "approve")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(table.state), type=State) == table.state
