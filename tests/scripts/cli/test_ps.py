"""`cccc ps` where a service does not stay."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cccc.common import supervisor
from cccc.common.paths import Project
from tests.command import cccc
from tests.waiting import until


def test_a_service_that_dies_while_starting_is_shown_with_its_last_words_and_the_next_try(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "broken.py"
    script.write_text("raise OSError('no room left for ' + __import__('sys').argv[1])")
    render = supervisor.render
    monkeypatch.setattr(
        supervisor, "render", lambda bridges: render(bridges).replace("-m cccc.services.", f"{script} ")
    )
    supervisor.start(project)
    try:
        shown = re.compile(r"panel +BACKOFF +- +\d+ s +next try in [123] s: OSError: no room left for panel")
        until(lambda: shown.search(cccc(project.root, "ps")), 30, "panel in BACKOFF")
    finally:
        supervisor.down(project)
