"""How settings on disk differ from those in force."""

from __future__ import annotations

from cccc.common import settings
from cccc.common.paths import Project
from cccc.common.settings.drift import Drift


def test_a_changed_key_is_named_with_what_takes_it_over(project: Project) -> None:
    drift = Drift(project, settings.load(project))
    assert drift.lines() == []
    (project.settings / "policies.yaml").write_text("patch_queue: {max_diff_lines: 77}\n")
    how = "`cccc restart` takes it over"
    assert drift.lines() == [f"policies.yaml changed and is not in force: patch_queue.max_diff_lines; {how}"]
    (project.settings / "policies.yaml").unlink()
    telegram = project.settings / "telegram.yaml"
    telegram.touch(0o600)
    telegram.write_text("token: '123:abc'\n")
    assert drift.lines() == []  # its bridge reads it when it is started


def test_what_counts_at_once_is_not_named_and_what_counts_at_the_next_session_says_so(project: Project) -> None:
    drift = Drift(project, settings.load(project))
    (project.settings / "cli_profiles.yaml").write_text("console_echo: false\n")
    assert drift.lines() == []
    (project.settings / "cli_profiles.yaml").write_text("commands: {peerA: sh}\n")
    assert drift.lines() == ["cli_profiles.yaml changed: commands.peerA; counts after `cccc down` and `cccc up`"]


def test_a_broken_file_is_named_by_its_line_until_it_is_mended(project: Project) -> None:
    drift = Drift(project, settings.load(project))
    (project.settings / "policies.yaml").write_text("patch_queue:\n  max_diff_lines: many\n")
    (line,) = drift.lines()
    assert line.startswith(".cccc/settings/policies.yaml:2: ") and "what was read before goes on" in line
    (project.settings / "policies.yaml").write_text("patch_queue: {}\n")
    assert drift.lines() == []


def test_a_changed_comment_is_no_change(project: Project) -> None:
    drift = Drift(project, settings.load(project))
    (project.settings / "roles.yaml").write_text("# mine\nleader: peerA\n")
    assert drift.lines() == []
