"""What was typed at the consoles of a project."""

from __future__ import annotations

from cccc.common.commands.history import History
from cccc.common.paths import Project


def test_what_was_typed_is_there_for_the_next_console_and_nobody_else(project: Project) -> None:
    history = History(project)
    for text in ("a: hello", "a: hello", "two\nlines ☃"):
        history.add(text)
    assert history.lines == History(project).lines == ["a: hello", "two\nlines ☃"]
    assert (project.state / "console-history").stat().st_mode & 0o777 == 0o600


def test_the_file_does_not_grow_for_ever(project: Project) -> None:
    history = History(project)
    for number in range(1001):
        history.add(str(number))
    assert History(project).lines[-1] == "1000"
    assert (project.state / "console-history").read_text().count("\n") == 500
