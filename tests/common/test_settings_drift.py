"""How settings on disk differ from those in force."""

from __future__ import annotations

import pytest

from cccc.common import settings
from cccc.common.paths import Project
from cccc.common.settings import drift, readers
from cccc.common.settings.drift import Drift
from cccc.common.shown.short import one_line

RUNNING = ("orchestrator", "delivery", "evidence", "panel")
NOW = "changed and is not applied yet"


@pytest.fixture
def up(project: Project) -> Project:
    """A project in which each service has started with the settings as they are."""
    for name in (*RUNNING, "bridge-telegram", readers.SESSION):
        drift.note(project, name, settings.load(project))
    return project


def write(project: Project, file: str, text: str) -> None:
    path = project.settings / f"{file}.yaml"
    path.touch(0o600)
    path.write_text(text)


def test_a_changed_key_is_named_with_what_takes_it_over(up: Project) -> None:
    found = Drift(up)
    assert found.lines(RUNNING) == []
    write(up, "policies", "gate: {timeout_seconds: 77}\n")
    line = f"policies.yaml {NOW}: gate.timeout_seconds; run `cccc restart evidence`"
    assert found.lines(RUNNING) == [line]
    write(up, "policies", "gate: {}\n")
    assert found.lines(RUNNING) == []


def test_a_service_that_was_restarted_alone_has_read_it(up: Project) -> None:
    found = Drift(up)
    write(up, "policies", "patch_queue: {max_diff_lines: 77}\n")
    line = f"policies.yaml {NOW}: patch_queue.max_diff_lines; run `cccc restart orchestrator evidence`"
    assert found.lines(RUNNING) == [line]
    drift.note(up, "evidence", settings.load(up))
    assert found.lines(RUNNING) == [line.replace("orchestrator evidence", "orchestrator")]
    drift.note(up, "panel", settings.load(up))  # it reads neither, and its own restart makes nothing forgotten
    assert Drift(up).lines(RUNNING) == [line.replace("orchestrator evidence", "orchestrator")]
    drift.note(up, "orchestrator", settings.load(up))
    assert found.lines(RUNNING) == []


def test_a_chats_settings_are_named_while_its_bridge_runs(up: Project) -> None:
    found = Drift(up)
    write(up, "telegram", "token: '123:abc'\ndebounce_seconds: 7\n")
    assert found.lines(RUNNING) == []
    keys = "debounce_seconds, token"
    (line,) = found.lines((*RUNNING, "bridge-telegram"))
    head, _, tail = line.partition(": ")
    assert (head, sorted(tail.partition(";")[0].split(", "))) == (f"telegram.yaml {NOW}", keys.split(", "))
    assert tail.endswith("; run `cccc bridge telegram restart`") and "123" not in line
    drift.note(up, "bridge-telegram", settings.load(up))
    assert found.lines((*RUNNING, "bridge-telegram")) == []


def test_what_more_than_the_bridge_reads_of_a_chats_settings_is_named_without_it(up: Project) -> None:
    write(up, "telegram", "redact_patterns: []\n")
    line = f"telegram.yaml {NOW}: redact_patterns; run `cccc restart orchestrator`"
    assert Drift(up).lines(RUNNING) == [line]


def test_what_counts_at_once_or_at_the_start_alone_is_not_named(up: Project) -> None:
    write(up, "cli_profiles", "console_echo: false\ndelivery: {inbox_startup_policy: archive}\n")
    write(up, "telegram", "autostart: false\n")
    assert Drift(up).lines((*RUNNING, "bridge-telegram")) == []


def test_what_a_session_keeps_says_so_until_the_next_one(up: Project) -> None:
    found = Drift(up)
    write(up, "cli_profiles", "commands: {peerA: sh}\n")
    line = "cli_profiles.yaml changed: commands.peerA; applies after `cccc down` and `cccc up`"
    assert found.lines(RUNNING) == [line]
    drift.note(up, "delivery", settings.load(up))
    assert found.lines(RUNNING) == [line]
    drift.note(up, readers.SESSION, settings.load(up))
    assert found.lines(RUNNING) == []


def test_of_a_service_nothing_is_said_when_it_is_not_known_what_it_read(up: Project) -> None:
    (up.snapshots / "evidence.settings.json").write_bytes(b"\0\0")
    write(up, "policies", "gate: {timeout_seconds: 77}\n")
    assert Drift(up).lines(RUNNING) == []


def test_no_value_is_kept_in_what_a_service_started_with(up: Project) -> None:
    write(up, "telegram", "token: '123:abcdef'\n")
    drift.note(up, "bridge-telegram", settings.load(up))
    kept = up.snapshots / "bridge-telegram.settings.json"
    assert b"abcdef" not in kept.read_bytes() and kept.stat().st_mode & 0o077 == 0


def test_a_broken_file_is_named_by_its_line_until_it_is_mended(up: Project) -> None:
    found = Drift(up)
    write(up, "policies", "patch_queue:\n  max_diff_lines: many\n")
    (line,) = found.lines(RUNNING)
    assert line.startswith(".cccc/settings/policies.yaml:2: ") and "the old values stay in use" in line
    write(up, "policies", "patch_queue: {}\n")
    assert found.lines(RUNNING) == []


def test_a_changed_comment_is_no_change(up: Project) -> None:
    write(up, "roles", "# mine\nleader: peerA\n")
    assert Drift(up).lines(RUNNING) == []


def test_of_many_keys_some_are_named_so_that_what_to_do_stays_in_the_line(up: Project) -> None:
    write(up, "policies", "gate: {timeout_seconds: 7, setup: x, hooks: off}\nrfd: {expires_minutes: 3}\n")
    keys = "rfd.expires_minutes, gate.timeout_seconds and 2 more"
    line = f"policies.yaml {NOW}: {keys}; run `cccc restart orchestrator evidence`"
    assert Drift(up).lines(RUNNING) == [line] and one_line(line) == line
