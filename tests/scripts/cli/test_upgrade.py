"""`cccc upgrade` on files of an older version."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.common import ledger, settings
from cccc.common.ledger import older
from cccc.common.paths import PEERS, Project
from tests.command import cccc, running
from tests.waiting import until


@pytest.fixture
def root(project: Project) -> Path:
    cccc(project.root, "init")
    return project.root


def test_a_fresh_project_has_nothing_to_add(root: Path) -> None:
    said = cccc(root, "upgrade")
    assert said.count("nothing to add") == len(said.splitlines()) == 6


def test_new_keys_are_shown_the_old_file_is_kept_and_a_second_run_adds_nothing(root: Path) -> None:
    file = root / ".cccc/settings/telegram.yaml"
    file.write_text("token: '123:abc'   # mine\nautoregister: open\ninbound_retention_days: 3\n")
    file.chmod(0o644)
    said = cccc(root, "upgrade")
    assert "telegram.yaml: added, each with its default" in said and "  default_route\n" in said
    assert "token: '123:abc'   # mine\nautoregister: open\n" in file.read_text()
    (old,) = file.parent.glob("*.old")
    assert old.read_text().startswith("token: '123:abc'") and "retention" in old.read_text()
    assert {stat.S_IMODE(path.stat().st_mode) for path in (old, file)} == {0o600}
    assert "telegram.yaml: nothing to add" in cccc(root, "upgrade")
    assert len(list(file.parent.glob("*.old"))) == 1
    assert "bad  settings" not in cccc(root, "doctor", code=None)


def test_a_file_that_is_not_there_is_written_and_a_broken_one_is_named_and_left(root: Path) -> None:
    roles, policies = root / ".cccc/settings/roles.yaml", root / ".cccc/settings/policies.yaml"
    roles.unlink()
    policies.write_text("gate: [\n")
    said = cccc(root, "upgrade", code=1)
    assert ".cccc/settings/roles.yaml: new" in said and "broken YAML" in said and "policies.yaml:" in said
    assert roles.exists() and policies.read_text() == "gate: [\n"


def test_a_key_that_is_not_used_any_more_becomes_a_comment_and_what_replaces_it_is_said(root: Path) -> None:
    profiles = root / ".cccc/settings/cli_profiles.yaml"
    profiles.write_text("delivery:\n  ack_mode: ack_text   # mine\n  require_ack: false\n")
    said = cccc(root, "upgrade")
    assert "delivery.ack_mode is now a comment: a message is read when" in said
    assert profiles.read_text().startswith("delivery:\n#   ack_mode: ack_text   # mine\n  require_ack: false\n")
    assert "is now a comment" not in cccc(root, "upgrade")


# What the stock files of 0.2.9 hold that is not so here, by file.
STOCK = {
    "cli_profiles": """\
peerA:
  idle_quiet_seconds: 1.0
  input_mode: type
  compose_newline_key: "C-j"
  type_send_at_end: true
  chunk_lines: 14
  chunk_delay_ms: 160
  inbound_suffix:
    from_user: " ultrathink"
peerB:
  compose_newline_key: "C-j"
  chunk_lines: 12
  chunk_delay_ms: 180
delivery:
  paste_max_wait_seconds: 6
  recheck_interval_seconds: 0.6
  max_flush_batch: 3
  require_ack: false
  ack_mode: file_move
  read_timeout_seconds: 8
  ack_timeout_seconds: 40
  resend_attempts: 2
  ack_require_mid: false
  duplicate_window_seconds: 90    # a guard
  self_check_every_handoffs: 12
  mailbox_pull_enabled: true
  inbox_dirname: "inbox"
  soft_ack_on_mailbox_activity: false
  lazy_preamble:
    enabled: true
startup_wait_seconds: 12
startup_nudge_seconds: 10
delivery_mode:
  peerA: tmux
  peerB: tmux

  # a comment at the end of the block
""",
    "policies": """\
patch_queue:
  max_diff_lines: 150
  allowed_paths:
    - "src/**"
autonomy_level: L1
context:
  files_limit: 120
  exclude:
    - ".venv/**"
    - "node_modules/**"

handoff_filter:
  drop_regexes:
    - '^\\s*(ok|okay|ready)\\b'
""",
    "roles": "leader: peerA\nrotation:\n  mode: manual\n  allowed_at: [phase-change]\n",
    "telegram": "autoregister: open\ninbound_retention_days: 14\nautowrap_from_user: true\nrun_clamav: false\n"
    "redact_patterns:\n  - (?i)secret\\s*[:=]\\s*\\S+\noutbound:\n  reset_on_start: clear\n",
    "slack": "show_peer_messages: true\nchannels:\n  to_user: []\nfiles:\n  enabled: true\n",
    "discord": "bot_token_env: DISCORD_BOT_TOKEN\noutbound:\n  reset_on_start: clear\n",
}
LEDGER = (
    '{"ts": "2025-09-01 10:00:00", "from": "PeerA", "kind": "handoff", "text": "old words"}\n'
    '{"ts": "2025-09-01 10:00:09", "from": "PeerB", "kind": "patch-commit"}\n{"ts": "2025-0'
)


@pytest.fixture
def old(project: Project) -> Project:
    """A project as release 0.2.9 leaves it: its settings, its state, a message that nobody has read."""
    shutil.rmtree(project.home)
    for folder in (project.settings, project.state, *(project.processed(peer) for peer in PEERS)):
        folder.mkdir(parents=True)
    for name, text in STOCK.items():
        (project.settings / f"{name}.yaml").write_text(text)
    project.ledger.write_text(LEDGER)
    texts = {
        "outbox.jsonl": '{"type": "to_user", "id": "x"}\n',
        "status.json": '{"phase": "idle"}',
        "queue.json": '{"peerA": 0, "peerB": 1}',
        "locks.json": '{"inbox_seq_locks": [], "inflight": {}}',
        "session.json": "{}",
        "preamble_sent.json": "{}",
        "nudge.peerA.json": "{}",
        "inbox-seq-peerB.txt": "000007",
        "telegram-subs.json": "[123]",
        "telegram-offset.json": '{"offset": 9}',
        "bridge-telegram.log": "x\n",
    }
    for name, text in texts.items():
        (project.state / name).write_text(text)
    (project.state / "inbox-seq-peerA.lckdir").mkdir()
    project.inbox("PeerB").mkdir()
    for number in (6, 7):
        text = f"<FROM_PeerA>\n[MID: m-{number}]\nmessage {number}\n</FROM_PeerA>\n"
        (project.inbox("PeerB") / f"00000{number}.m-{number}.txt").write_text(text)
    (project.processed("PeerB") / "000005.m-5.txt").write_text("read\n")
    (project.peer("PeerA") / "patch.diff").write_text("--- a/x\n")
    return project


def test_a_project_of_0_2_9_says_to_run_upgrade_and_changes_nothing_before(old: Project) -> None:
    said = cccc(old.root, "up", "--mock", code=1)
    assert "release 0.2.9 left .cccc/state/ledger.jsonl and 12 more; run `cccc upgrade`" in said
    assert old.ledger.read_text() == LEDGER


def test_a_project_of_0_2_9_is_taken_over_whole_and_a_second_run_does_nothing(old: Project) -> None:
    said = cccc(old.root, "upgrade")
    kept = old.state / "ledger-0.2.9.jsonl"
    assert kept.read_text() == LEDGER and not old.ledger.exists()
    assert ".cccc/state/ledger-0.2.9.jsonl: the old ledger; a new one" in said
    assert "PeerB: 2 unread messages, delivered at `cccc up`" in said and "1 read message in processed/" in said
    assert "delivery.duplicate_window_seconds is now a comment" in said and "context.exclude is now a comment" in said
    assert "telegram-subs.json: the subscribed chats" in said and "PeerA: its patch.diff" in said
    aside = {path.name for path in (old.state / "release-0.2.9").iterdir()}
    assert {"outbox.jsonl", "queue.json", "status.json", "locks.json", "session.json", "PeerA-patch.diff"} <= aside
    assert settings.problems(old) == [] and older.files(old) == []
    loaded = settings.load(old)
    assert loaded.policies.patch_queue.allowed_paths == ("src/**",) and loaded.telegram.autoregister == "open"
    second = cccc(old.root, "upgrade")
    assert second.count("nothing to add") == len(second.splitlines()) == 6
    assert "is in .cccc/state/ledger-0.2.9.jsonl" in cccc(old.root, "trace", "m-7", code=3)
    assert "is in .cccc/state/ledger-0.2.9.jsonl" in cccc(old.root, "ledger", "verify")


def test_after_upgrade_it_comes_up_and_unread_messages_are_handed_over_in_order(old: Project) -> None:
    cccc(old.root, "upgrade")
    with running(old.root):

        def handed() -> list[str]:
            facts = ledger.read(old)
            return [fact.mid for fact in facts if isinstance(fact, f.HandoffDelivered) and fact.mid.startswith("old-")]

        until(lambda: len(handed()) == 2, 20, "both messages")
        assert handed() == ["old-000006.m-6", "old-000007.m-7"]
        assert "message 7" in cccc(old.root, "log", "old-000007.m-7")
        until(lambda: not list(old.left_over("PeerB").iterdir()), 10, "nothing left over")


def test_an_upgrade_that_was_cut_short_is_gone_on_with_and_nothing_kept_is_written_over(old: Project) -> None:
    aside = old.state / "release-0.2.9"
    aside.mkdir()
    (old.state / "session.json").rename(aside / "session.json")
    (old.state / "ledger-0.2.9.jsonl").write_text("older still\n")
    cccc(old.root, "upgrade")
    assert (old.state / "ledger-0.2.9.jsonl").read_text() == "older still\n"
    assert (old.state / "ledger-0.2.9.2.jsonl").read_text() == LEDGER


def test_nothing_is_moved_while_a_program_of_0_2_9_runs_here(old: Project) -> None:
    (old.root / "orchestrator_tmux.py").write_text("import time; time.sleep(60)\n")
    program = subprocess.Popen([sys.executable, "orchestrator_tmux.py"], cwd=old.root)
    try:
        assert f"process {program.pid}" in cccc(old.root, "upgrade", code=1)
        assert old.ledger.read_text() == LEDGER
    finally:
        program.kill()
        program.wait()


def test_clean_keeps_the_old_ledger_with_the_ledger(old: Project) -> None:
    cccc(old.root, "upgrade")
    cccc(old.root, "clean", "--keep-ledger", "--yes")
    assert older.kept(old)
