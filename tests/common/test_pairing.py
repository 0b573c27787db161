from __future__ import annotations

from pathlib import Path

from cccc.common.chats import pairing
from cccc.common.paths import Project


def test_a_code_is_good_for_ten_minutes_and_not_longer_because_the_clock_was_set_back(tmp_path: Path) -> None:
    project = Project(tmp_path / ".cccc")
    project.state.mkdir(parents=True)
    digest = pairing.digest(pairing.new(project, 10_000))
    assert [digest in pairing.good(project, now) for now in (10_000, 10_599, 10_600, 9_999, 2_800)] == [
        *(True, True),
        *(False, False, False),
    ]
