"""Which texts are lines for a pane, and which lines are taken."""

from __future__ import annotations

import pytest

from cccc.common import facts as f
from cccc.common.commands import Asker, WrongUsage, raw
from cccc.common.ledger.blobs import Blobs
from cccc.common.paths import Project

ALICE = Asker("alice", "cli")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a! /model opus", ("a", "/model opus")),
        ("B!ls", ("b", "ls")),
        ("a！ 　x ", ("a", "　x ")),  # noqa: RUF001  # full-width
        ("a!  two blanks", ("a", " two blanks")),
        ("b! /compact\n", ("b", "/compact")),
        ("a: hello!", None),
        ("both! x", None),
        ("ab! x", None),
        ("hurra! it works", None),
    ],
)
def test_a_line_begins_with_the_peers_letter_and_an_exclamation_mark(
    text: str, expected: tuple[str, str] | None
) -> None:
    assert raw.parse(text) == expected


def test_the_bytes_of_the_line_are_kept_as_they_are(project: Project) -> None:
    (fact,) = raw.wish(project, "b", "/model  opus 🎉", ALICE).facts
    assert isinstance(fact, f.RawInput)
    assert (fact.peer, fact.who, fact.via) == ("PeerB", "alice", "cli")
    assert Blobs(project).get(fact.sha).decode() == "/model  opus 🎉"


@pytest.mark.parametrize("line", ["", "  ", "two\nlines", "esc \x1b[A", "tab\tx", "x" * 701])
def test_what_is_no_plain_line_is_refused(project: Project, line: str) -> None:
    with pytest.raises(WrongUsage):
        raw.wish(project, "a", line, ALICE)
