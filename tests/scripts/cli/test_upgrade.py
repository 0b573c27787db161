"""`cccc upgrade` on files of an older version."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from cccc.common.paths import Project
from tests.command import cccc


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
    assert ".cccc/settings/roles.yaml: new" in said and "policies.yaml:2: broken YAML" in said
    assert roles.exists() and policies.read_text() == "gate: [\n"


def test_a_key_that_is_not_used_any_more_is_named_with_what_replaces_it(root: Path) -> None:
    (root / ".cccc/settings/cli_profiles.yaml").write_text("delivery:\n  ack_mode: ack_text\n")
    said = cccc(root, "upgrade", code=1)
    assert "delivery.ack_mode: is not used any more" in said
