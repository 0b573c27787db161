"""The message of the commit that a patch lands as."""

from __future__ import annotations

import pytest

from cccc.services.evidence.landing import message
from cccc.services.evidence.reading.change import ABSENT, Change
from cccc.services.evidence.reading.words import Words

FILE = "100644"


def changed(*paths: str) -> list[Change]:
    return [Change(path, FILE, FILE, "1", "2") for path in paths]


def added(*paths: str) -> list[Change]:
    return [Change(path, ABSENT, FILE, "0", path) for path in paths]


def removed(*paths: str) -> list[Change]:
    return [Change(path, FILE, ABSENT, path, "0") for path in paths]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (changed("wordcount/counter.py"), "Update wordcount/counter.py"),
        (changed("tests/test_counter.py", "wordcount/counter.py"), "Update wordcount/counter.py and its test"),
        (changed("src/parser.ts", "src/parser.test.ts"), "Update src/parser.ts and its test"),
        (changed("lib/user.rb", "spec/user_spec.rb"), "Update lib/user.rb and its test"),
        (changed("User.java", "UserTest.java", "TestUser.java"), "Update User.java and its tests"),
        (changed("src/a.py", "tests/test_b.py"), "Update src/a.py and tests/test_b.py"),
        (changed("contest.py", "latest.js"), "Update contest.py and latest.js"),
        (changed("a", "b", "c"), "Update a and 2 more files"),
        (added("docs/x.md"), "Add docs/x.md"),
        (removed("docs/x.md"), "Remove docs/x.md"),
        ([*removed("old.py"), *added("new.py"), *changed("c.py")], "Update new.py and c.py"),
        (
            [Change("x/a.py", FILE, ABSENT, "9", "0"), Change("y/a.py", ABSENT, FILE, "0", "9")],
            "Rename x/a.py to y/a.py",
        ),
        (changed("a" * 70 + "/b.py"), "Update b.py"),
        (changed("a" * 70, "b" * 70), "Update 2 files"),
    ],
)
def test_without_words_it_says_what_changed(changes: list[Change], says: str) -> None:
    assert message.subject(None, changes) == says


@pytest.mark.parametrize("told", ["", "apply patch", "Apply the patch.", "patch.diff", "WIP", "changes", "…"])
def test_words_that_say_nothing_count_as_none(told: str) -> None:
    assert message.subject(Words(told, ""), changed("a.py")) == "Update a.py"


@pytest.mark.parametrize("told", ["Fix the patch reader", "changes: read numbers", "Update a.py", "修正"])
def test_other_words_stay(told: str) -> None:
    assert message.subject(Words(told, ""), changed("b.py")) == told


def test_a_long_subject_is_cut_and_stands_whole_in_the_body() -> None:
    subject = "Read the numbers of every file that was changed since the last time somebody looked at it"
    first, empty, second = message.compose(subject, "Why.", []).split("\n")[:3]
    assert first == "Read the numbers of every file that was changed since the last time…"
    assert (empty, second) == ("", subject) and len(first) <= message.SUBJECT


def test_the_body_is_wrapped_but_for_what_is_indented_and_for_addresses() -> None:
    code, link = "    " + "x " * 80, "https://example.org/" + "x" * 120
    lines = message.compose("s", f"{'word ' * 40}\n\n{code}\n{link}", []).split("\n")
    assert code.rstrip() in lines and link in lines
    assert all(len(line) <= message.BODY for line in lines if line not in (code.rstrip(), link))


@pytest.mark.parametrize("name", ["Cccc-Mid", "Cccc-Decision", "Signed-off-by", "signed-off-by ", "Co-authored-by"])
def test_trailers_of_the_author_are_none(name: str) -> None:
    text = message.compose("s", f"Why.\n\n{name}: somebody", ["Cccc-Mid: m1"])
    assert text == f"s\n\nWhy.\n\n> {name}: somebody\n\nCccc-Mid: m1\n"


def test_nothing_in_it_steers_a_terminal_or_hides() -> None:
    text = message.compose("a\x1b[31mb\u202ec", "d\x1b]0;x\x07e\r\u2066f\x00g", [])
    assert not set(text) & set("\x1b\x07\r\x00\u202e\u2066")


@pytest.mark.parametrize("words", [Words("Use ghp_" + "a" * 36, ""), Words("s", "password: hunter2hunter2")])
def test_a_secret_in_it_is_a_problem(words: Words) -> None:
    assert "token or password" in message.problem(words)
    assert message.problem(Words("Read the password from the keyring", "")) == message.problem(None) == ""
