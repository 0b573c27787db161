from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from cccc.scripts.mock_agent.play import Ask, Move, Pause, Player, Say, Script
from cccc.scripts.mock_agent.scenario import Scenario


@pytest.fixture
def peer(tmp_path: Path) -> Path:
    """PeerA's folder; the path has a blank."""
    folder = tmp_path / "two words" / ".cccc" / "mailbox" / "peerA"
    (folder / "inbox").mkdir(parents=True)
    return folder


def player(rules: str, peer: Path) -> Player:
    return Player("peerA", msgspec.yaml.decode(rules, type=Scenario), peer.parent.parent)


def put(peer: Path, number: int, text: str, author: str = "USER") -> None:
    message = f"<FROM_{author}>\n[MID: m-{number}]\n{text}\n</FROM_{author}>\n"
    (peer / "inbox" / f"{number:06d}.m-{number}.txt").write_text(message)


def played(script: Script, answer: bool = True) -> list[Move]:
    """Play to the end without waiting."""
    moves: list[Move] = []
    reply: bool | None = None
    while True:
        try:
            move = script.send(reply)
        except StopIteration:
            return moves
        moves.append(move)
        reply = answer if isinstance(move, Ask) else None


def said(moves: list[Move]) -> str:
    return "\n".join(move.text for move in moves if isinstance(move, Say))


def nudge(peer: Path) -> str:
    return f"[NUDGE] inbox={peer / 'inbox'} token=abc read the oldest file in inbox, move it to processed, repeat"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_nudge_empties_the_inbox_lowest_number_first(peer: Path) -> None:
    for number in (1000000, 2, 999999):
        put(peer, number, f"text {number}")
    (peer / "inbox" / ".000001.m.txt.tmp").touch()
    moves = played(player("rules: [{match: '.*', steps: [{say: 'got {text} ({mid})'}]}]", peer).turn(nudge(peer)))
    got = [move.text for move in moves if isinstance(move, Say) and "got" in move.text]
    assert got == ["● got text 2 (m-2)", "● got text 999999 (m-999999)", "● got text 1000000 (m-1000000)"]
    assert names(peer / "processed") == ["000002.m-2.txt", "1000000.m-1000000.txt", "999999.m-999999.txt"]
    assert names(peer / "inbox") == [".000001.m.txt.tmp"]


def test_the_first_rule_that_fits_author_and_text_is_played(peer: Path) -> None:
    rules = r"""
    rules:
      - {from: System, match: '^PATCH REJECTED (\S+): (.*)', steps: [{say: 'no {1} because {2}'}]}
      - {from: PeerB, match: 'x', steps: [{say: wrong}]}
      - {match: 'x', times: 1, steps: [{say: once}]}
      - {match: 'x', steps: [{say: later}]}
    """
    put(peer, 1, "PATCH REJECTED m-9: tests are red\nmore", author="SYSTEM")
    put(peer, 2, "x")
    put(peer, 3, "x")
    put(peer, 4, "y")
    text = said(played(player(rules, peer).turn(nudge(peer))))
    assert [part for part in ("no m-9 because tests are red", "once", "later", "No rule") if part in text] == [
        "no m-9 because tests are red",
        "once",
        "later",
        "No rule",
    ]
    assert "wrong" not in text


@pytest.mark.parametrize("how", ["rename", "inplace", "slow"])
def test_each_way_of_writing_ends_with_the_whole_text(peer: Path, how: str) -> None:
    rules = f"rules: [{{match: '(.*)', steps: [{{write: {{file: to_peer, text: 'CLAIM: {{1}}', how: {how}}}}}]}}]"
    moves = played(player(rules, peer).turn("grüße"))
    assert (peer / "to_peer.md").read_text() == "CLAIM: grüße"
    assert names(peer) == ["inbox", "to_peer.md"]
    assert any(isinstance(move, Pause) for move in moves) == (how == "slow")


def test_braces_that_are_no_slot_stay(peer: Path) -> None:
    player_ = player("rules: [{match: '.*', steps: [{write: {file: patch, text: '+x = {} {a} {\"b\": 1}'}}]}]", peer)
    played(player_.turn("go"))
    assert (peer / "patch.diff").read_text() == '+x = {} {a} {"b": 1}'


def test_a_message_can_be_left_in_the_inbox(peer: Path) -> None:
    put(peer, 1, "stay")
    put(peer, 2, "go")
    rules = "rules: [{match: stay, steps: [{move: false}]}, {match: go, steps: [{say: went}]}]"
    played(player(rules, peer).turn(nudge(peer)))
    assert names(peer / "inbox") == ["000001.m-1.txt"]
    assert names(peer / "processed") == ["000002.m-2.txt"]


def test_no_to_a_permission_ends_the_turn_and_leaves_the_message(peer: Path) -> None:
    put(peer, 1, "x")
    rules = "rules: [{match: x, steps: [{dialog: permission}, {say: done}]}]"
    assert "done" not in said(played(player(rules, peer).turn(nudge(peer)), answer=False))
    assert names(peer / "inbox") == ["000001.m-1.txt"]
    assert "done" in said(played(player(rules, peer).turn(nudge(peer)), answer=True))


def test_a_limit_ends_the_turn_and_leaves_the_message(peer: Path) -> None:
    put(peer, 1, "x")
    rules = "rules: [{match: x, steps: [{limit: You've hit your limit}, {say: done}]}]"
    assert said(played(player(rules, peer).turn(nudge(peer)))).endswith("⎿  You've hit your limit")
    assert names(peer / "inbox") == ["000001.m-1.txt"]


def test_a_crash_is_the_exit_code(peer: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        played(player("start: [{crash: 7}]", peer).start())
    assert caught.value.code == 7


def test_a_broken_message_is_read_anyway(peer: Path) -> None:
    (peer / "inbox" / "000001.odd.name.txt").write_bytes(b"\xff\xfe without tags")
    moves = played(player("rules: [{match: without, steps: [{say: '{mid}'}]}]", peer).turn(nudge(peer)))
    assert "● odd.name" in said(moves)
    assert names(peer / "processed") == ["000001.odd.name.txt"]


def test_an_inbox_that_is_not_there_is_said(peer: Path) -> None:
    (peer / "inbox").rmdir()
    assert "there is no" in said(played(player("rules: []", peer).turn(nudge(peer))))


def test_a_mailbox_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    rules = "rules: [{match: '.*', steps: [{write: {file: to_user, text: a}}]}]"
    assert "to_user.md was not written" in said(played(player(rules, tmp_path / "mailbox" / "none").turn("go")))
