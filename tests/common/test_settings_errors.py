"""Settings: every mistake is one line that names file, line, key, and what is allowed."""

from __future__ import annotations

import errno
import os
import string
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from cccc.common import settings
from cccc.common.errors import SettingsError
from cccc.common.paths import Project
from cccc.common.settings.value_types import _pattern

SHIPPED = Path(__file__).parents[2] / "conf" / "settings"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / ".cccc" / "settings").mkdir(parents=True)
    return Project(tmp_path / ".cccc")


def problem(project: Project, name: str, text: str | bytes) -> str:
    """Return the one line that loading fails with, less the folder."""
    raw = text if isinstance(text, bytes) else text.encode()
    (project.settings / f"{name}.yaml").write_bytes(raw)
    with pytest.raises(SettingsError) as raised:
        settings.load(project)
    line = str(raised.value)
    assert line.splitlines() == [line]
    assert settings.problems(project)[0] == line
    assert line.startswith(".cccc/settings/")
    return line[len(".cccc/settings/") :]


def test_a_wrong_type_names_line_key_value_and_what_is_allowed(project: Project) -> None:
    line = problem(project, "policies", "# mine\npatch_queue:\n  max_diff_lines: many\n")
    assert line == (
        "policies.yaml:3: patch_queue.max_diff_lines: got the text 'many'; allowed: a whole number, 1 or more"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gate: {timeout_seconds: -1}", "got the number '-1'; allowed: a number of seconds"),
        ("gate: {timeout_seconds: .inf}", "allowed: a number of seconds from 0 to a year"),
        ("gate: {timeout_seconds: .nan}", "allowed: a number of seconds from 0 to a year"),
        ("gate: {timeout_seconds: true}", "got the switch 'true'"),
        ("gate: {allow_without_tests: 1}", "got the number '1'; allowed: ask, true, false"),
        ("gate: {hooks: 1}", "got the number '1'; allowed: run, off"),
        ("gate: {tests: true}", "allowed: a text, in quotes when it looks like a number or a switch"),
        ("gate: {tests: }", "gate.tests: got nothing; allowed: a text"),
        ("gate: {tests: [pytest]}", "got a list; allowed: a text"),
        (
            "gate: fast",
            "gate: got the text 'fast'; allowed: the keys lint, tests, timeout_seconds, allow_without_tests",
        ),
        ("gate: !!int abc", "gate: got the number 'abc'; allowed: the keys"),
        ("gate: {timeout_seconds: !!int abc}", "got the number 'abc'"),
        ("gate: {allow_without_tests: !!bool maybe}", "got the switch 'maybe'"),
        ("patch_queue: {max_diff_lines: 1" + "0" * 5000 + "}", "allowed: a whole number, 1 or more"),
        ("patch_queue: {allowed_paths: src/**}", "got the text 'src/**'; allowed: a list, each a path pattern"),
        ("patch_queue: {allowed_paths: [a, 2]}", "patch_queue.allowed_paths[1]: got the number '2'"),
        ("patch_queue: {allowed_paths: ['../x']}", "allowed_paths[0]: the text '../x': leaves the repository"),
        ("patch_queue: {allowed_paths: ['[z-a]']}", "allowed_paths[0]: the text '[z-a]': "),
        ("patch_queue: {allowed_paths: ['']}", "matches no path"),
        ("patch_queue: {allowed_paths: ['a\\']}", "not a path pattern"),
        ("handoff_filter: {drop_regexes: ['a', '(']}", "handoff_filter.drop_regexes[1]: the text '(': not a regular"),
        ("handoff_filter: {redundant_similarity_threshold: 1.5}", "allowed: a number from 0 to 1"),
        ("autonomy_level: L9", "autonomy_level: got the text 'L9'; allowed: L0, L1, L2, L3"),
        ("autonomy_level: [L1]", "autonomy_level: got a list; allowed: L0, L1, L2, L3"),
        ("- a\n- b", "policies.yaml:1: got a list; allowed: `key: value` lines"),
        ("[a]: 1", "policies.yaml:1: got a list as a key; allowed: a plain word"),
    ],
)
def test_a_value_that_is_not_allowed_says_what_is(project: Project, text: str, expected: str) -> None:
    assert expected in problem(project, "policies", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gaet: {}", "policies.yaml:1: gaet: unknown key; did you mean gate?"),
        (
            "\ngate:\n  timeout_second: 3",
            "policies.yaml:3: gate.timeout_second: unknown key; did you mean gate.timeout",
        ),
        ("max_diff_lines: 3", "max_diff_lines: unknown key; did you mean patch_queue.max_diff_lines?"),
        ("gate: {xyz: 1}", "gate.xyz: unknown key; allowed: lint, tests, timeout_seconds, allow_without_tests"),
        ("gate.lint: x", "gate.lint: unknown key; did you mean gate.lint?"),
        ("<<: {gate: {}}", "<<: unknown key"),
        ('"ga\\nte \\e[31m": 1', "ga te ?[31m: unknown key"),
    ],
)
def test_an_unknown_key_is_answered_with_the_nearest_one(project: Project, text: str, expected: str) -> None:
    assert expected in problem(project, "policies", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "delivery:\n  ack_mode: ack_text",
            "cli_profiles.yaml:2: delivery.ack_mode: is not used any more; a message is",
        ),
        (
            "delivery: {require_ack: true}",
            "delivery.require_ack: is not used any more; a message is read when its file",
        ),
        ("delivery: {duplicate_window_seconds: 90}", "see handoff_filter.dedup_*; remove the line"),
        ("peerB: {chunk_lines: 14}", "peerB.chunk_lines: is not used any more; what is typed is always one line"),
        ("startup_wait_seconds: 30", "startup_wait_seconds: is not used any more; the CLI's own signals"),
    ],
)
def test_a_retired_key_is_answered_with_what_replaces_it(project: Project, text: str, expected: str) -> None:
    assert expected in problem(project, "cli_profiles", text)


@pytest.mark.parametrize("key", ["Escape", "C-c", "c-u", "C-d", "Enter; kill-server", "two words"])
def test_a_key_that_is_none_or_does_harm_is_refused(project: Project, key: str) -> None:
    line = problem(project, "cli_profiles", f"peerA:\n  post_paste_keys: [Enter, '{key}']")
    assert line.startswith("cli_profiles.yaml:2: peerA.post_paste_keys[1]: ")
    assert line.endswith("allowed: the name of a key as tmux has it, such as Enter or C-m")


def test_a_key_of_a_retired_section_is_answered_with_what_replaces_it(project: Project) -> None:
    line = problem(project, "policies", "context:\n  exclude: [a]\n")
    assert line.startswith("policies.yaml:2: context.exclude: is not used any more; the peers look at the repository")


def test_a_key_that_stands_twice_names_both_lines(project: Project) -> None:
    line = problem(project, "policies", "gate:\n  lint: a\n\n  lint: b\n")
    assert line == "policies.yaml:4: gate.lint: is already in line 2; allowed: each key once"


def test_a_key_in_its_old_and_its_new_place_stands_twice(project: Project) -> None:
    line = problem(project, "telegram", "run_clamav: true\nfiles:\n  run_clamav: false\n")
    assert line == "telegram.yaml:3: files.run_clamav: is already in line 1; allowed: each key once"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1, 2\nb: 3\n", "policies.yaml:2: broken YAML: "),
        ("gate:\n\tlint: x\n", "policies.yaml:2: broken YAML: "),
        ("gate: {}\n---\ngate: {}\n", "policies.yaml:2: broken YAML: "),
        ("gate: \x07\n", "broken YAML: "),
        (b"gate: {}\nx: \xff\n", "policies.yaml:2: is not UTF-8; save it as UTF-8"),
        ("a: &x {}\nb: *x\n", "policies.yaml:2: uses a YAML alias (*name); write the value out"),
        ("[" * 100_000, "policies.yaml:1: is nested more than 16 deep"),
        ("{a: " * 1000, "is nested more than 16 deep"),
        ("#" * 300_000, "policies.yaml: has 300000 bytes; allowed: at most 262144"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_in_one_line(project: Project, text: str | bytes, expected: str) -> None:
    assert expected in problem(project, "policies", text)


def test_a_folder_in_the_place_of_a_file_is_a_settings_error(project: Project) -> None:
    (project.settings / "roles.yaml").mkdir()
    assert f"roles.yaml: cannot be read ({os.strerror(errno.EISDIR)})" in settings.problems(project)[0]


def test_a_settings_file_of_an_unknown_name_is_pointed_out(project: Project) -> None:
    (project.settings / "telegram.yml").write_text("autostart: false\n")
    with pytest.raises(SettingsError, match=r"telegram\.yml: unknown settings file; allowed: cli_profiles\.yaml"):
        settings.load(project)


def test_a_backup_beside_a_file_does_no_harm(project: Project) -> None:
    (project.settings / "telegram.yaml.old").write_text("{{{")
    assert settings.problems(project) == []


@pytest.mark.parametrize("value", ["/var/spool", "../out", "~/out", ".", ""])
def test_a_folder_for_files_lies_in_the_project(project: Project, value: str) -> None:
    assert "not a folder inside the project" in problem(project, "slack", f"files: {{inbound_dir: '{value}'}}")


def test_a_token_where_the_name_of_its_variable_belongs_is_not_shown(project: Project) -> None:
    line = problem(project, "telegram", "token_env: 12345678:" + "A" * 35)
    assert "[REDACTED]" in line and "AAAA" not in line


def test_a_token_where_a_key_belongs_is_not_shown(project: Project) -> None:
    line = problem(project, "telegram", '"12345678:' + "A" * 35 + '": mine')
    assert line.startswith("telegram.yaml:1: [REDACTED]: unknown key") and "AAAA" not in line


def test_a_token_of_the_wrong_type_is_not_shown(project: Project) -> None:
    assert problem(project, "telegram", "token: 1234567\n") == (
        "telegram.yaml:1: token: got the number; allowed: a text, in quotes when it looks like a number or a switch"
    )


def test_all_problems_of_all_files_are_collected(project: Project) -> None:
    (project.settings / "policies.yaml").write_text("gaet: 1\ngate: 2\n")
    (project.settings / "roles.yaml").write_text("leader: me\n")
    assert [line.split(": ")[0] for line in settings.problems(project)] == [
        ".cccc/settings/policies.yaml:1",
        ".cccc/settings/policies.yaml:2",
        ".cccc/settings/roles.yaml:1",
    ]


NAMED = sorted(settings.Settings.__struct_fields__)
WORDS = sorted({word for file in SHIPPED.glob("*.yaml") for word in file.read_text("utf-8").split()})
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.dates())
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner), max_leaves=6
)
KEYS = [word[:-1] for word in WORDS if word.endswith(":")]
TEXTS = st.one_of(
    st.binary(max_size=200),
    st.text(alphabet=string.printable, max_size=200).map(str.encode),
    st.lists(st.sampled_from(WORDS), max_size=30).map(lambda words: " ".join(words).encode()),
    st.dictionaries(st.sampled_from(KEYS), VALUES | st.dictionaries(st.sampled_from(KEYS), VALUES)).map(
        lambda tree: yaml.safe_dump(tree).encode()
    ),
)


@limits(max_examples=60, deadline=None)
@given(name=st.sampled_from(NAMED), raw=TEXTS)
def test_no_file_raises_anything_but_a_one_line_settings_error(name: str, raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder) / ".cccc")
        project.settings.mkdir(parents=True)
        (project.settings / f"{name}.yaml").write_bytes(raw)
        try:
            settings.load(project)
        except SettingsError as error:
            assert str(error).splitlines() == [str(error)]


@pytest.mark.filterwarnings("ignore:Possible")  # of the regular expression that pathspec makes of `[[]`
@limits(max_examples=300)
@given(st.text(alphabet="ab*/!?[].\\# -", max_size=8))
def test_every_path_pattern_that_is_accepted_can_match(text: str) -> None:
    if not _pattern(text):
        assert GitIgnoreSpec.from_lines([text]).patterns[0].include is not None


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ("[alice]", "rfd.approvers: got a list; allowed: names with keys of their own"),
        ("{alice: 5}", "rfd.approvers.alice: got the number '5'; allowed: `key: value` lines"),
        ("{alice: {telegramm: 5}}", "rfd.approvers.alice.telegramm: unknown key; did you mean telegram?"),
        ("{alice: {telegram: 1087968824}}", "rfd.approvers.alice.telegram: the number '1087968824': belongs to no"),
        ("{alice: {telegram: [1]}}", "rfd.approvers.alice.telegram: got a list; allowed: the platform's id"),
        ("{alice: {telegram: }}", "rfd.approvers.alice.telegram: got nothing"),
        ("{alice: {roles: [boss]}}", "rfd.approvers.alice.roles[0]: got the text 'boss'; allowed: protected, large"),
        ("{alice: {}, alice: {}}", "rfd.approvers: got the text 'alice' as a name; allowed: each name once"),
        ("{'a b': {}}", "rfd.approvers: got the text 'a b' as a name"),
    ],
)
def test_a_wrong_approver_is_named_by_line_and_place(project: Project, people: str, expected: str) -> None:
    line = problem(project, "policies", f"rfd:\n  approvers: {people}\n")
    assert line.startswith(f"policies.yaml:2: {expected}")
