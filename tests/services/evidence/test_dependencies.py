"""What is said of a patch that changes dependencies, where nothing installs them anew."""

from __future__ import annotations

import pytest

from cccc.services.evidence.checking import dependencies
from cccc.services.evidence.reading.change import ABSENT, Change

NEW = "; tested with the installed versions; set gate.setup: "


def said(before: dict[str, str], after: dict[str, str], tracked: tuple[str, ...] = ()) -> list[str]:
    """Return the notes on a patch that turns the files `before` into those `after`."""
    blobs = {f"{path}{end}": text for end, files in (("@", before), ("!", after)) for path, text in files.items()}

    def change(path: str) -> Change:
        old = f"{path}@" if path in before else ""
        new = f"{path}!" if path in after else ""
        return Change(path, "100644" if old else ABSENT, "100644" if new else ABSENT, old, new)

    changes = [change(path) for path in dict.fromkeys([*before, *after])]
    return dependencies.notes(changes, [*tracked, *after], lambda blob: blobs[blob].encode())


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("package-lock.json", "npm ci"),
        ("web/pnpm-lock.yaml", "(cd web && pnpm install --frozen-lockfile)"),
        ("uv.lock", "uv sync --frozen"),
        ("requirements-dev.txt", "python3 -m venv .venv && .venv/bin/pip install -r requirements-dev.txt"),
        ("requirements/test.txt", "python3 -m venv .venv && .venv/bin/pip install -r requirements/test.txt"),
        ("environment.yml", "conda env create -p .venv -f environment.yml"),
        ("Gemfile.lock", "BUNDLE_PATH=vendor/bundle bundle install"),
    ],
)
def test_a_change_of_a_lock_file_is_said_with_the_line_that_installs_it(path: str, line: str) -> None:
    assert said({path: "1"}, {path: "2"}) == [f"{path} changed{NEW}{line}"]


def test_a_manifest_is_installed_as_the_lock_beside_or_above_it_says() -> None:
    before, after = {"packages/a/package.json": "{}"}, {"packages/a/package.json": '{"dependencies": {"x": "1"}}'}
    assert said(before, after) == [f"packages/a/package.json changed{NEW}(cd packages/a && npm install)"]
    assert said(before, after, ("yarn.lock",)) == [
        f"packages/a/package.json changed{NEW}yarn install --frozen-lockfile"
    ]


def test_files_that_one_line_installs_are_said_once() -> None:
    files = {"package.json": '{"dependencies": {}}', "package-lock.json": "1"}
    new = {"package.json": '{"dependencies": {"x": "1"}}', "package-lock.json": "2"}
    assert said(files, new) == [f"package.json and package-lock.json changed{NEW}npm ci"]


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("package.json", '{"scripts": {"test": "a"}}', '{"scripts": {"test": "b"}, "dependencies": {}}'),
        ("pyproject.toml", "[tool.ruff]\nfix = true\n", "[tool.ruff]\nfix = false\n"),
        ("pyproject.toml", '[project]\ndependencies = ["a"]\n', '[project]\nversion = "2"\ndependencies = [ "a" ]\n'),
        ("setup.py", "setup(version='1')\n", "setup(version='2')\n"),
        ("composer.json", '{"name": "a"}', '{"name": "b"}'),
        ("Cargo.lock", "1", "2"),
        ("src/a.py", "1", "2"),
    ],
)
def test_a_change_that_asks_for_nothing_else_is_not_said(path: str, before: str, after: str) -> None:
    assert said({path: before}, {path: after}) == []


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("pyproject.toml", '[project]\ndependencies = ["a"]\n', '[project]\ndependencies = [\n  "a",\n  "b",\n]\n'),
        ("pyproject.toml", "[dependency-groups]\ndev = []\n", '[dependency-groups]\ndev = ["pytest"]\n'),
        ("pyproject.toml", "", '[tool.poetry.group.dev.dependencies]\npytest = "^8"\n'),
        ("setup.cfg", "[options]\ninstall_requires =\n  a\n", "[options]\ninstall_requires =\n  a\n  b\n"),
        ("setup.py", "setup(\n    install_requires=['a'],\n)\n", "setup(\n    install_requires=['a', 'b'],\n)\n"),
        ("composer.json", '{"require": {}}', '{"require": {"a": "1"}}'),
        ("package.json", "no JSON", "no JSON yet"),
    ],
)
def test_a_change_of_what_a_manifest_asks_for_is_said(path: str, before: str, after: str) -> None:
    assert len(said({path: before}, {path: after})) == 1


def test_a_lock_file_that_goes_away_is_not_said() -> None:
    assert said({"package-lock.json": "1"}, {}) == []
    assert len(said({}, {"package-lock.json": "1"})) == 1


def test_a_submodule_that_moves_is_said_where_the_user_has_another_commit() -> None:
    moved = Change("vendor/lib", "160000", "160000", "a" * 40, "b" * 40)
    assert dependencies.of_submodules([moved], {"vendor/lib": "a" * 40}) == [
        "vendor/lib moves to bbbbbbbbb; tested with aaaaaaaaa, which is checked out"
    ]
    assert dependencies.of_submodules([moved], {"vendor/lib": "b" * 40}) == []
