"""`cccc evidence run`, with the project down and up."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.paths import Project
from tests.command import CCCC, cccc, environment
from tests.waiting import until


def write(root: Path, run: str, name: str = "card.yaml") -> str:
    (root / name).write_text(f"title: a claim\nchecks:\n  - {{name: one, run: '{run}'}}\n")
    return name


def test_the_exit_status_is_the_verdict_and_the_users_tree_is_not_touched(project: Project) -> None:
    write(project.root, "echo hi > made; ls")
    said = cccc(project.root, "evidence", "run", "card.yaml")
    assert said.startswith("pass: a claim\n  one: ok, exit 0, ")
    assert not (project.root / "made").exists()
    ref = said.split()[-1]
    log = (project.root / ref.partition("#")[0][len("LOG:") :]).read_text()
    assert "made" in log and "card.yaml" not in log  # what is not committed is not seen
    write(project.root, "exit 3")
    assert cccc(project.root, "evidence", "run", "card.yaml", code=1).startswith(
        "fail: a claim\n  one: failed, exit 3, "
    )


def test_the_verdict_is_json_where_that_is_asked_for(project: Project) -> None:
    write(project.root, "exit 3")
    verdict = json.loads(cccc(project.root, "evidence", "run", "card.yaml", "--json", code=1))
    assert (verdict["kind"], verdict["verdict"], verdict["evidence_kind"]) == ("evidence-validate", "fail", "generic")
    assert verdict["checks"][0]["exit"] == 3 and verdict["log_ref"].startswith("LOG:.cccc/work/logs/")


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("title: t", 2, "card: checks is missing"),
        ("[", 2, "card: neither YAML nor JSON"),
        (None, 3, "no file card.yaml"),
    ],
)
def test_a_card_that_is_none_is_said_in_one_line(project: Project, text: str | None, code: int, words: str) -> None:
    if text is not None:
        (project.root / "card.yaml").write_text(text)
    said = cccc(project.root, "evidence", "run", "card.yaml", code=code)
    assert said.startswith(f"cccc: {words}") and said.count("\n") == 1


def test_two_cards_do_not_use_the_gate_tree_at_once(project: Project) -> None:
    go, first, second = project.root.parent / "go", "first.yaml", "second.yaml"
    write(project.root, f"touch {go}.on; until test -e {go}; do sleep 0.02; done", first)
    write(project.root, "true", second)
    other = subprocess.Popen([str(CCCC), "evidence", "run", first], cwd=project.root, env=environment())
    until(Path(f"{go}.on").exists, 20, "the first card")
    assert "the gate tree is in use" in cccc(project.root, "evidence", "run", second, code=1)
    go.touch()
    assert other.wait(20) == 0


def test_when_the_project_is_up_the_gate_runs_the_card_and_says_so(system: Project) -> None:
    write(system.root, "exit 3")
    assert cccc(system.root, "evidence", "run", "card.yaml", code=1).startswith("fail: a claim")
    said = [fact for fact in ledger.read(system) if isinstance(fact, (f.EvidenceCard, f.EvidenceValidate))]
    assert [fact.kind for fact in said] == ["evidence-card", "evidence-validate"]
    assert (said[0].author, said[1].by, said[0].mid) == ("User", "evidence", said[1].mid)
