"""Settings: defaults, the shipped files, what is accepted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cccc.common import settings
from cccc.common.paths import Project
from cccc.common.settings.policies import Approver
from cccc.common.settings.reading import Schema

SHIPPED = Path(__file__).parents[2] / "conf" / "settings"
NAMES = settings.Settings.__struct_fields__


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / ".cccc" / "settings").mkdir(parents=True)
    return Project(tmp_path / ".cccc")


def write(project: Project, name: str, text: str) -> None:
    (project.settings / f"{name}.yaml").write_text(text, encoding="utf-8")


def paths_in(mapping: dict[str, Any], prefix: str = "") -> set[str]:
    found = set()
    for key, value in mapping.items():
        found |= {prefix + key} | (paths_in(value, f"{prefix}{key}.") if isinstance(value, dict) else set())
    return found


def test_without_any_file_every_setting_has_its_default(project: Project) -> None:
    assert settings.load(project) == settings.Settings()


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_file_says_exactly_the_defaults(project: Project, name: str) -> None:
    write(project, name, (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8"))
    assert settings.problems(project) == []
    assert getattr(settings.load(project), name) == getattr(settings.Settings(), name)


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_file_names_every_key_but_the_tokens(name: str) -> None:
    schema = Schema(type(getattr(settings.Settings(), name)))
    said = paths_in(yaml.safe_load((SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")))
    lacking = {path for path in {*schema.values, *schema.sections} - said if not path.endswith("token")}
    assert lacking == set(), f"lacking in conf/settings/{name}.yaml"


def test_a_key_that_is_missing_in_a_section_keeps_its_default(project: Project) -> None:
    write(project, "policies", "patch_queue:\n  max_diff_lines: 40\n")
    queue = settings.load(project).policies.patch_queue
    assert queue.max_diff_lines == 40
    assert queue.allowed_paths == settings.Settings().policies.patch_queue.allowed_paths


def test_the_peers_keep_their_own_defaults(project: Project) -> None:
    write(project, "cli_profiles", "peerA: {nudge_extra_enters: 3}\npeerB: {nudge_extra_enters: 3}\n")
    profiles = settings.load(project).cli_profiles
    assert (profiles.peerA.input_mode, profiles.peerB.input_mode) == ("type", "paste")


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "gate:\n", "\ufeffgate: {}\n"])
def test_an_empty_file_or_section_is_all_defaults(project: Project, text: str) -> None:
    write(project, "policies", text)
    assert settings.load(project) == settings.Settings()


@pytest.mark.parametrize("written", ["off", '"off"', "'off'"])
def test_off_needs_no_quotes(project: Project, written: str) -> None:
    write(project, "telegram", f"autoregister: {written}\n")
    assert settings.load(project).telegram.autoregister == "off"


def test_the_values_that_the_original_shipped_are_accepted(project: Project) -> None:
    write(project, "telegram", "autoregister: open\noutbound: {reset_on_start: clear}\n")
    write(project, "slack", "outbound: {reset_on_start: clear}\n")
    write(project, "discord", "outbound: {reset_on_start: clear}\n")
    telegram = settings.load(project).telegram
    assert (telegram.autoregister, telegram.outbound.reset_on_start) == ("open", "clear")


def test_a_retired_key_that_asks_for_what_happens_anyway_may_stay(project: Project) -> None:
    write(project, "cli_profiles", "startup_wait_seconds: 12\ndelivery: {ack_mode: file_move, require_ack: false}\n")
    write(project, "policies", "context:\n  files_limit: 120\n")
    write(project, "telegram", "autowrap_from_user: true\n")
    assert settings.load(project) == settings.Settings()


@pytest.mark.parametrize("place", ["run_clamav: true\n", "files: {run_clamav: true}\n"])
def test_the_keys_of_files_may_stand_at_the_top_of_telegram_yaml(project: Project, place: str) -> None:
    write(project, "telegram", place)
    assert settings.load(project).telegram.files.run_clamav is True


def test_an_inbound_suffix_may_be_a_plain_text(project: Project) -> None:
    write(project, "cli_profiles", "peerA: {inbound_suffix: think}\n")
    assert settings.load(project).cli_profiles.peerA.inbound_suffix == "think"


def test_ids_of_chats_may_be_quoted(project: Project) -> None:
    write(project, "telegram", "allow_chats: [-1001234567890, '42']\n")
    assert settings.load(project).telegram.allow_chats == (-1001234567890, 42)


def test_a_whole_number_will_do_where_a_fraction_can_stand(project: Project) -> None:
    write(project, "cli_profiles", "delivery: {nudge_resend_seconds: 5}\n")
    assert settings.load(project).cli_profiles.delivery.nudge_resend_seconds == 5.0


def test_people_are_listed_by_names_of_their_own(project: Project) -> None:
    text = (
        "rfd: {approvers: {alice: {telegram: 0123, slack: U1, local: true}, b.o-b: {discord: '9', roles: [tests]}}}\n"
    )
    write(project, "policies", text)
    people = settings.load(project).policies.rfd.approvers
    assert people["alice"] == Approver(telegram="0123", slack="U1", local=True)
    assert people["b.o-b"] == Approver(discord="9", roles=("tests",))
    write(project, "policies", "rfd: {approvers: }\n")
    assert settings.load(project).policies.rfd.approvers == {}


def test_tokens_are_not_in_what_is_printed(project: Project) -> None:
    write(project, "slack", "app_token: abcdef-one\nbot_token: abcdef-two\n")
    loaded = settings.load(project)
    assert loaded.slack.bot_token == "abcdef-two"
    assert "abcdef" not in repr(loaded)


def test_reading_settings_imports_nothing_heavy() -> None:
    heavy = "{'asyncio', 'zmq', 'rich', 'click', 'pathspec', 'difflib'}"
    code = (
        "import sys, msgspec, yaml; before = set(sys.modules); "
        f"import cccc.common.settings; print(sorted(({heavy} & set(sys.modules)) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
