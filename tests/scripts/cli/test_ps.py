"""`cccc ps` where a service does not stay."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from cccc.common.machine import supervisor
from cccc.common.paths import Project
from cccc.common.shown import status
from tests.command import cccc, running
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


def test_what_a_failing_service_died_of_is_in_status_and_panel_and_gone_when_it_is_mended(project: Project) -> None:
    cccc(project.root, "init")
    with running(project.root):
        policies = project.settings / "policies.yaml"
        before = policies.read_text()
        policies.write_text("rfd: {no such thing\n")
        evidence = next(row.pid for row in supervisor.processes(project) if row.name == "evidence")
        os.kill(evidence, signal.SIGKILL)
        until(lambda: "policies.yaml" in cccc(project.root, "status"), 20, "the reason in status")

        def troubles() -> str:
            return " ".join(status.read(project).troubles)

        until(lambda: "evidence: " in troubles() and "policies.yaml" in troubles(), 40, troubles)
        policies.write_text(before)
        until(lambda: not troubles(), 30, "nothing wrong any more")
