"""Lock files are noted."""

from __future__ import annotations

from cccc.common.text.lockfiles import note


def test_lock_files_are_noted_wherever_they_lie_and_nothing_else_is() -> None:
    assert note(["src/a.py", "web/package-lock.json", "Cargo.lock"]) == (
        "it changes what is installed: web/package-lock.json, Cargo.lock"
    )
    assert note(["src/lock.py", "docs/yarn.lock.md"]) == ""
