"""Every command on a whole running system: real supervisord, ledger, tmux, git and two mock peers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cccc.common import bus
from cccc.common import facts as f
from cccc.common.machine import supervisor
from cccc.common.paths import PEERS, Project
from cccc.common.registry import BRIDGES
from tests.command import CCCC, Terminal, cccc, environment, on_a_terminal, processes_in, running
from tests.conftest import git, make_project
from tests.waiting import until


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """One running system for all tests that leave it as it is."""
    project = make_project(tmp_path_factory.mktemp("system") / "a dir.with dots")
    with running(project.root):
        yield project


def status(project: Project) -> dict[str, object]:
    found: dict[str, object] = json.loads(cccc(project.root, "status", "--json"))
    return found


def trace(project: Project, mid: str) -> str:
    return cccc(project.root, "trace", mid)


def test_a_second_up_says_so_and_changes_nothing(up: Project) -> None:
    before = supervisor.call(up, "getPID")
    assert cccc(up.root, "up") == "already up\n"
    assert cccc(up.root, "up", "--mock") == "already up\n"
    assert supervisor.call(up, "getPID") == before


def test_refresh_env_keeps_the_new_environment_while_up(up: Project) -> None:
    said = cccc(up.root, "up", "--refresh-env", MY_VARIABLE="one", **json.loads(up.terminal.read_text())["env"])
    assert "environment" in said
    assert json.loads(up.terminal.read_text())["env"]["MY_VARIABLE"] == "one"


def test_a_message_is_traced_from_the_shell_to_its_reader(up: Project) -> None:
    mid = cccc(up.root, "send", "a: is anybody there?").strip()
    until(lambda: "ack-file" in trace(up, mid), 20, trace(up, mid))
    steps = [line.split()[3] for line in trace(up, mid).splitlines() if line.startswith("+") and "·" not in line]
    assert steps == ["user-message", "handoff", "handoff-delivered", "handoff-accepted", "ack-file"]


@pytest.mark.parametrize(
    ("text", "receivers"),
    [("b: one", ["PeerB"]), ("A\N{FULLWIDTH COLON}two", ["PeerA"]), ("three", ["PeerA", "PeerB"])],
)
def test_the_prefix_chooses_the_receivers(up: Project, text: str, receivers: list[str]) -> None:
    mid = cccc(up.root, "send", text).strip()
    until(lambda: trace(up, mid).count(" handoff ") == len(receivers), 10, trace(up, mid))
    assert [peer for peer in PEERS if f"User→{peer}" in trace(up, mid)] == receivers


def test_the_help_of_ctl_tells_of_the_3_that_stopped_bridges_make_of_a_status(up: Project) -> None:
    assert "bridge-slack" in cccc(up.root, "ctl", "status", code=3)
    assert "`status` is 3 while a process is stopped" in " ".join(cccc(up.root, "ctl", "--help").split())


def test_a_code_for_a_chat_comes_with_a_word_where_no_bridge_runs(up: Project) -> None:
    *_, code, alone = cccc(up.root, "bridge", "pair").splitlines()
    assert "/subscribe " in code
    assert alone.startswith("no bridge is running, and no bridge has a token; `cccc token set telegram`")


def test_send_prints_the_id_alone_into_a_pipe_and_says_on_a_terminal_what_happens(up: Project) -> None:
    sent = subprocess.run(
        [str(CCCC), "send", "c: foo"], cwd=up.root, env=environment(), capture_output=True, text=True, check=True
    )
    assert "user-message" in trace(up, sent.stdout.rstrip("\n"))
    assert "unknown recipient `c:`" in sent.stderr and "sent to PeerA and PeerB" in sent.stderr
    code, shown = on_a_terminal(up.root, "send", "a: foo")
    mid, _, words = shown.strip().partition("  ")
    assert code == 0 and "user-message" in trace(up, mid)
    assert words == "to PeerA's inbox; follow it with `cccc trace ID`"


@pytest.mark.parametrize("words", [["send"], ["send", "-"]])
def test_a_message_comes_from_a_pipe_byte_for_byte(up: Project, words: list[str]) -> None:
    mid = cccc(up.root, *words, input="a: first line\n\n  zwei\t✓\n").strip()
    fact = json.loads(cccc(up.root, "ledger", "show", "--mid", mid, "--kind", "user-message", "--json"))
    assert (up.blobs / fact["sha"]).read_text() == "first line\n\n  zwei\t✓\n"
    assert fact["route"] == "a"


def test_a_secret_is_not_shown(up: Project) -> None:
    mid = cccc(up.root, "send", "b: password = hunter2").strip()
    assert "hunter2" not in cccc(up.root, "ledger", "show", "--mid", mid, "--json")


def test_status_shows_services_peers_and_queue(up: Project) -> None:
    until(lambda: "idle" in cccc(up.root, "status"), 10, "an idle peer")
    said = cccc(up.root, "status")
    for word in ("ledger", "orchestrator", "delivery", "evidence", "panel", "PeerA", "PeerB", "the queue is empty"):
        assert word in said
    found = status(up)
    assert found["running"] is True and found["troubles"] == []


def test_status_says_when_another_version_runs(up: Project) -> None:
    code = "import sys; from cccc.common import version; version.VERSION = '9.9'; "
    code += "from cccc.scripts.cli import main; sys.argv = ['cccc', 'status']; sys.exit(main())"
    python = CCCC.with_name("python")
    done = subprocess.run([str(python), "-c", code], cwd=up.root, env=environment(), capture_output=True, text=True)
    assert "installed is 9.9; run `cccc restart panel`" in done.stdout


def test_ps_and_ctl_show_the_same_processes(up: Project) -> None:
    rows = [line.split() for line in cccc(up.root, "ps").splitlines()[1:]]
    running = ["ledger", "orchestrator", "delivery", "evidence", "panel"]
    assert [row[0] for row in rows] == [*running, *(each.name for each in BRIDGES), "supervisord"]
    answer = cccc(up.root, "ctl", "status", code=3)  # as supervisorctl says that some are stopped
    for name, state, pid, *_ in rows[: len(running)]:
        assert state == "RUNNING" and f"pid {pid}" in next(
            line for line in answer.splitlines() if line.startswith(name)
        )


def test_ctl_hands_its_words_over(up: Project) -> None:
    assert "restart" in cccc(up.root, "ctl", "help")
    assert cccc(up.root, "ctl", "pid", "panel").strip().isdigit()


def test_logs_of_a_service_show_that_it_is_ready(up: Project) -> None:
    assert "ready at seq" in cccc(up.root, "logs", "evidence", "-n", "500")


def test_logs_f_follows(up: Project) -> None:
    command = [str(CCCC), "logs", "panel", "-n", "0", "-f"]
    with subprocess.Popen(command, cwd=up.root, env=environment(), stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout
        try:
            cccc(up.root, "restart", "panel")
            assert follower.stdout.readline()
        finally:
            follower.terminate()


def test_a_restarted_service_is_ready_with_a_new_process(up: Project) -> None:
    before = {row.name: row.pid for row in supervisor.processes(up)}
    assert cccc(up.root, "restart", "evidence", "panel") == "restarted: evidence, panel\n"
    after = {row.name: row.pid for row in supervisor.processes(up)}
    assert [name for name in after if after[name] != before[name]] == ["evidence", "panel"]
    assert {beat.by: beat.pid for beat in bus.beats(up) if beat.ready} == {n: p for n, p in after.items() if p}


def test_a_restart_without_a_name_restarts_every_service(up: Project) -> None:
    before = {row.name: row.pid for row in supervisor.processes(up) if row.pid}
    assert cccc(up.root, "restart") == f"restarted: {', '.join(before)}\n"
    after = {row.name: row.pid for row in supervisor.processes(up) if row.pid}
    assert after.keys() == before.keys()
    assert not [name for name in after if after[name] == before[name]]


def test_restart_of_an_unknown_service_is_exit_3(up: Project) -> None:
    assert "choose from ledger" in cccc(up.root, "restart", "leger", code=3)


def test_commands_work_from_a_subdirectory(up: Project) -> None:
    below = up.root / "some" / "where"
    below.mkdir(parents=True)
    assert cccc(below, "queue") == "the queue is empty\n"
    assert cccc(below, "up") == "already up\n"


def test_clean_refuses_while_up(up: Project) -> None:
    assert "cccc down" in cccc(up.root, "clean", "--yes", code=1)
    assert up.ledger.exists()


def test_archive_goes_on_in_a_new_segment(up: Project) -> None:
    assert Path(cccc(up.root, "ledger", "archive").strip()).exists()
    mid = cccc(up.root, "send", "b: after the archive").strip()
    assert "user-message" in trace(up, mid)
    assert ": OK" in cccc(up.root, "ledger", "verify")


def test_doctor_names_a_command_that_differs_from_the_one_in_force(up: Project) -> None:
    said = cccc(up.root, "doctor", CLAUDE_I_CMD="sh")
    assert "ok   PeerA: " in said
    assert "warn CLAUDE_I_CMD: sh in this terminal, " in said


def test_a_reader_that_stops_reading_is_no_error(up: Project) -> None:
    command = f"{CCCC} ledger show --json | head -n 1"
    done = subprocess.run(["sh", "-c", command], cwd=up.root, env=environment(), capture_output=True, text=True)
    assert done.stdout.startswith('{"kind"') and done.stderr == ""


def test_skipped_facts_are_red_until_a_person_has_seen_them(up: Project) -> None:
    bus.tell(up, "panel", [f.FactSkipped(id="skip:1", service="panel", fact=1, error="a bug")])
    until(lambda: "skipped fact 1: a bug" in cccc(up.root, "status"), 10, "red")
    cccc(up.root, "status", "--clear")
    until(lambda: "skipped fact 1" not in cccc(up.root, "status"), 10, "green")


@pytest.mark.parametrize("option", [[], ["-r"]])
def test_attach_shows_the_panes(up: Project, option: list[str]) -> None:
    with Terminal(up.root, "attach", *option) as terminal:
        terminal.shows("PeerB")


def test_a_patch_waits_in_the_queue_for_a_rebase_then_lands_and_is_traced(up: Project) -> None:
    rebase = up.root / ".git" / "rebase-merge"
    rebase.mkdir()
    fresh = up.work / "fresh.diff"
    fresh.write_text("--- a/README.md\n+++ b/README.md\n@@ -1 +1,2 @@\n hello\n+world\n")
    fresh.replace(up.peer("PeerB") / "patch.diff")
    until(lambda: "held" in cccc(up.root, "queue"), 20, "a held patch")
    (entry,) = json.loads(cccc(up.root, "queue", "--json"))
    assert entry["from"] == "PeerB"
    assert entry["mid"] in cccc(up.root, "status")
    rebase.rmdir()
    until(lambda: "patch-commit" in trace(up, entry["mid"]), 30, "the commit")
    assert git(up.root, "log", "-1", "--format=%b").count(entry["mid"])
    assert cccc(up.root, "queue") == "the queue is empty\n"


# --- tests that end what they start ---


def test_down_ends_every_process_and_up_goes_on(project: Project) -> None:
    with running(project.root):
        begin = time.monotonic()
        assert cccc(project.root, "down").startswith("down, after")
        assert time.monotonic() - begin < 5
        assert processes_in(project.root) == []
        assert cccc(project.root, "down") == "not running\n"
        cccc(project.root, "up", "--mock")
        until(lambda: status(project)["troubles"] == [], 10, "no troubles")


def test_after_a_killed_supervisord_down_leaves_nothing_and_up_works(project: Project) -> None:
    with running(project.root):
        os.kill(supervisor.call(project, "getPID"), signal.SIGKILL)
        cccc(project.root, "down")
        assert processes_in(project.root) == []
        cccc(project.root, "up", "--mock")
        os.kill(supervisor.call(project, "getPID"), signal.SIGKILL)
        cccc(project.root, "up", "--mock")
        until(lambda: status(project)["troubles"] == [], 10, "no troubles")


def test_on_a_terminal_yes_starts_the_mock_peers(project: Project) -> None:
    cccc(project.root, "init")
    missing = {"CLAUDE_I_CMD": "no-such-cli", "CODEX_I_CMD": "no-such-cli"}
    try:
        code, said = on_a_terminal(project.root, "up", types="y\n", **missing)
        assert code == 0, said
        assert "PeerB: mock peer" in said
    finally:
        cccc(project.root, "down")
    assert processes_in(project.root) == []
