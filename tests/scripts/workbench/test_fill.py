"""A filled ledger is what a session would have left: whole, settled, and nothing in it is news to a service."""

from __future__ import annotations

import pytest

from cccc.common import ledger, settings
from cccc.common.paths import PEERS, Project
from cccc.common.text import redaction
from cccc.scripts.workbench.benchmarks import fill
from cccc.services.delivery import memory
from cccc.services.evidence import queue
from cccc.services.orchestrator import rules
from cccc.services.panel import fold

HEAD = "0" * 40


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("filled") / ".cccc")
    project.settings.mkdir(parents=True)
    (project.settings / "policies.yaml").write_text(fill.POLICIES)
    (project.settings / "cli_profiles.yaml").write_text(fill.PROFILES)
    fill.fill(project, 2000, HEAD)
    return project


def test_it_has_as_many_facts_as_were_asked_for_and_holds(project: Project) -> None:
    found = ledger.verify(project)
    assert 2000 <= found.lines < 4000 and not found.broken


def test_the_orchestrator_has_nothing_to_add(project: Project) -> None:
    there = {fact.id for fact in ledger.read(project)}
    decide, state = rules.Rules(settings.load(project), redaction.default.redact).decide, rules.State()
    for fact in ledger.read(project):
        said = decide(state, fact, str(getattr(fact, "text", "")).encode())
        ids = [f"orchestrator:{fact.seq}" + (f".{number}" if len(said) > 1 else "") for number in range(len(said))]
        assert set(ids) <= there
    assert not state.patches.queue and not any(request.alive for request in state.decisions.requests.values())


def test_no_message_and_no_patch_is_open(project: Project) -> None:
    mail, gate, seen = memory.Memory(), queue.State(), fold.State()
    for fact in ledger.read(project):
        memory.fold(mail, fact)
    for fact in ledger.read(project):
        queue.fold(gate, fact)
    for fact in ledger.read(project):
        fold.fold(seen, fact)
    assert not any(mail.peers[peer].owed or mail.peers[peer].waiting for peer in PEERS)
    assert not gate.patches and not seen.patches and not seen.rfds and seen.counts.landed > 5
