from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from cccc.common.errors import SettingsError
from cccc.scripts.mock_agent import scenario


def test_the_default_scenario_has_an_answer_to_anything() -> None:
    last = scenario.load(scenario.DEFAULT).rules[-1]
    assert last.author is None and last.times is None
    assert last.pattern.search("")


def test_an_empty_mapping_is_a_scenario(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("{}")
    assert scenario.load(tmp_path / "s.yaml").paste_burst_ms == 120


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rulez: []", "`rulez`"),
        ("paste_burst_ms: soon", "$.paste_burst_ms"),
        ("start: [{say: 1}]", "$.start[0].say"),
        ("start: [{shout: hello}]", "`$.start[0]`"),
        ("start: [{}]", "a step is exactly one of say, write"),
        ("start: [{say: a, wait: 1}]", "a step is exactly one of say, write"),
        ("start: [{wait: -1}]", "$.start[0].wait"),
        ("start: [{write: {file: notes, text: a}}]", "$.start[0].write.file"),
        ("start: [{say: '{1}'}]", "{1} is used but match has 0 groups"),
        ("rules: [{match: '(', steps: []}]", "match is no regular expression"),
        ("rules: [{match: '(a)', steps: [{limit: '{2}'}]}]", "{2} is used but match has 1 groups"),
        ("rules: [{match: a, steps: [], from: Peer}]", "$.rules[0].from"),
        ("start: [\n", "s.yaml:1: something is not closed"),
        ("\x00", "a character that YAML does not allow"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "s.yaml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        scenario.load(tmp_path / "s.yaml")
    line = str(caught.value)
    assert says in line
    assert str(tmp_path / "s.yaml") in line
    assert "\n" not in line


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=os.strerror(errno.ENOENT)):
        scenario.load(tmp_path / "none.yaml")
