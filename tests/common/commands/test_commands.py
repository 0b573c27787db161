"""The table of what a person can type with a `/`."""

from __future__ import annotations

import json

from cccc.common import commands
from cccc.common import facts as f
from cccc.common.commands import Asker, status
from cccc.common.paths import Project

ALICE = Asker("alice", "telegram", "42", "-100")
LOCAL = Asker("alice", "panel")


def text(project: Project, line: str, asker: Asker = ALICE) -> str:
    name, _, rest = line.partition(" ")
    return commands.run(project, name, rest, asker).text


def said(project: Project, line: str) -> list[f.Fact]:
    name, _, rest = line.partition(" ")
    return list(commands.run(project, name, rest, ALICE).facts)


def test_help_lists_every_command_with_its_form(project: Project) -> None:
    lines = text(project, "help").splitlines()
    assert [line.split()[0].strip("/:") for line in lines] == [
        row.name for row in commands.TABLE if row.only != "console"
    ]
    assert "/stop a|b|both: interrupt a peer's turn" in lines


def test_what_only_a_chat_can_do_is_not_listed_elsewhere(project: Project) -> None:
    assert "subscribe" not in text(project, "help", LOCAL)
    assert "unknown command /subscribe" in text(project, "subscribe", LOCAL)
    assert "/echo [on|off]" in text(project, "help", LOCAL)
    assert "unknown command /echo" in text(project, "echo off")


def test_every_look_answers_in_a_project_that_is_down(project: Project) -> None:
    assert "not running" in text(project, "status")
    assert text(project, "queue") == "the queue is empty"
    assert text(project, "rfd list") == "no open requests"
    assert text(project, "files") == "no files in"
    assert "nobody" in text(project, "locks") or text(project, "locks") == "no locks"
    assert "no such mid, commit or branch: m-1" in text(project, "trace m-1")


def test_a_pane_that_holds_a_nudge_tells_its_reason_once() -> None:
    peers = {
        "PeerA": {"state": "waiting", "reason": "a menu is open", "nudge": "held: a menu is open"},
        "PeerB": {"state": "busy", "reason": "a turn runs", "nudge": "held: a draft stands there"},
    }
    nothing: dict[str, list[str]] = {"troubles": [], "services": [], "queue": [], "facts": []}
    found = {"running": True, "project": "p", "installed": "1", "inboxes": {"PeerA": 1, "PeerB": 1}, **nothing}
    shown = status.lines({**found, "snapshot": {"peers": peers}})
    a, b = (line.text.split("  ") for line in shown if line.text.startswith("Peer"))
    assert [cell.strip() for cell in a if cell] == ["PeerA", "waiting (a menu is open)", "1", "held", "-"]
    assert "held: a draft stands there" in "  ".join(b)


def test_whoami_tells_what_an_approver_is_listed_by(project: Project) -> None:
    assert text(project, "whoami") == "you are alice (telegram 42) in chat -100"


def test_a_wish_is_a_fact_with_the_person_in_it(project: Project) -> None:
    assert [(fact.peer, fact.who, fact.via) for fact in said(project, "stop both") if isinstance(fact, f.PeerStop)] == [
        ("PeerA", "alice", "telegram"),
        ("PeerB", "alice", "telegram"),
    ]
    assert isinstance(said(project, "pause")[0], f.Pause)
    (shown,) = said(project, "showpeers OFF")
    assert isinstance(shown, f.ShowPeers) and not shown.on


def test_the_filter_is_switched_by_a_fact_and_its_state_is_told(project: Project) -> None:
    (off,) = said(project, "anti-off")
    (on,) = said(project, "anti-on")
    assert isinstance(off, f.FilterSwitched) and isinstance(on, f.FilterSwitched)
    assert (off.on, on.on, on.who, on.via) == (False, True, "alice", "telegram")
    assert "does not exist yet" in text(project, "anti-status")


def test_a_wrong_form_says_the_right_one(project: Project) -> None:
    for line, form in (
        ("stop", "/stop a|b|both"),
        ("showpeers", "/showpeers on|off"),
        ("rfd approve", "approve ID"),
        ("files both", "/files [in|out] [N]"),
        ("files 51", "1 to 50"),
        ("file", "/file [in|out] N"),
        ("trace", "/trace MID"),
    ):
        assert form in text(project, line), line
        assert said(project, line) == []


def test_a_decision_carries_the_platforms_account(project: Project) -> None:
    rfd = {"rfd_id": "rfd-1", "title": "Drop it?"}
    (project.state).mkdir(exist_ok=True)
    (project.state / "rfd.json").write_text(json.dumps([{"rfd": rfd, "status": "open"}]))
    (given,) = said(project, "rfd approve rfd-1")
    assert isinstance(given, f.Decision)
    assert (given.rfd_id, given.decision, given.user, given.via) == ("rfd-1", "approve", "42", "telegram")
    (asked,) = said(project, "rfd ask rfd-1 who calls this?")
    assert isinstance(asked, f.Decision) and (asked.decision, asked.text) == ("ask", "who calls this?")
    assert "no request rfd-2" in text(project, "rfd approve rfd-2")


def test_a_file_has_the_same_number_in_the_list_and_alone(project: Project) -> None:
    upload = project.work / "upload"
    upload.mkdir()
    (upload / "plan.pdf").write_bytes(b"%PDF")
    entries = [
        {
            "name": name,
            "path": f".cccc/work/upload/{name}",
            "bytes": 4,
            "mime": "application/pdf",
            "ts": "2026-01-02T03:04:05.000000Z",
        }
        for name in ("gone.pdf", "plan.pdf")
    ]
    (upload / "inbound-index.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    assert [line.split()[:2] for line in text(project, "files").splitlines()[1:]] == [
        ["2", "plan.pdf"],
        ["1", "gone.pdf"],
    ]
    assert commands.run(project, "file", "2", ALICE).files == [upload / "plan.pdf"]
    assert commands.run(project, "file", "1", ALICE).files == []
    assert "no file 3;" in text(project, "file 3")
