"""The table of docs/gate.md is made of the finders' rows, and each row is what a finder does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cccc.services.evidence.checking import finders
from tests.services.evidence.finders.seeing import lines

DOCS = Path(__file__).parents[4] / "docs" / "gate.md"
CI = ".github/workflows/a.yml"
UNIT = {"test_a.py": "import unittest\n"}
MEMBER = {"p/a/package.json": '{"scripts": {"test": "mocha"}}'}
EXAMPLES: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {  # files and what is installed, by how a row begins
    "pytest.ini": ({"pytest.ini": "[pytest]\n"}, ()),
    "`test_*.py`": ({"test_a.py": ""}, ()),
    "manage.py": ({"manage.py": "django", "a/tests.py": ""}, ()),
    "runtests.py": ({"runtests.py": "", **UNIT}, ()),
    "`test*.py`": (UNIT, ("python",)),
    "unittest.cfg": ({"unittest.cfg": "", **UNIT}, ()),
    "uv.lock": ({"uv.lock": "", **UNIT}, ("uv",)),
    "poetry.lock": ({"poetry.lock": "", **UNIT}, ("poetry",)),
    "pdm.lock": ({"pdm.lock": "", **UNIT}, ("pdm",)),
    "Pipfile": ({"Pipfile": "", **UNIT}, ("pipenv",)),
    "hatch.toml": ({"hatch.toml": "", **UNIT}, ("hatch",)),
    "tox.ini": ({"tox.ini": "[tox]", **UNIT}, ("tox",)),
    "noxfile.py": ({"noxfile.py": "", **UNIT}, ("nox",)),
    "ruff.toml": ({"ruff.toml": ""}, ()),
    "`[tool.ruff.format]`": ({"pyproject.toml": "[tool.ruff.format]"}, ()),
    ".flake8": ({".flake8": ""}, ()),
    "`[tool.black]`": ({"pyproject.toml": "[tool.black]"}, ()),
    "mypy.ini": ({"mypy.ini": "[mypy]\nfiles = a\n"}, ()),
    "package.json scripts.test": ({"package.json": '{"scripts": {"test": "x"}}'}, ()),
    "the same, it watches": ({"package.json": '{"scripts": {"test": "jest --watch", "test:ci": "jest"}}'}, ()),
    "the same, `xo && ava`": ({"package.json": '{"scripts": {"test": "xo && ava"}}'}, ()),
    "workspaces": ({"package.json": '{"workspaces": ["p/*"]}', **MEMBER}, ()),
    "vitest": ({"package.json": '{"devDependencies": {"vitest": "1"}}'}, ()),
    "a test file": ({"a.test.js": 'require("node:test")'}, ()),
    "package.json scripts.lint:check": ({"package.json": '{"scripts": {"lint": "x"}}'}, ()),
    "package.json scripts.check": ({"package.json": '{"scripts": {"check": "x"}}'}, ()),
    "package.json scripts.format:check": ({"package.json": '{"scripts": {"format:check": "x"}}'}, ()),
    "eslint.config.js": ({"eslint.config.js": ""}, ()),
    "biome.json": ({"biome.json": ""}, ()),
    ".oxlintrc.json, oxlint.config.ts": ({".oxlintrc.json": ""}, ()),
    "xo, standard": ({"package.json": '{"xo": {}}'}, ()),
    ".prettierrc": ({".prettierrc": ""}, ()),
    "Cargo.toml `[workspace]`": ({"Cargo.toml": "[workspace]\n"}, ()),
    "Cargo.toml": ({"Cargo.toml": "[package]\n"}, ()),
    "rustfmt.toml": ({"Cargo.toml": "", CI: "cargo fmt"}, ()),
    "clippy.toml": ({"Cargo.toml": "", "clippy.toml": ""}, ()),
    "go.mod": ({"go.mod": ""}, ()),
    "go.work": ({"go.work": "use (\n./a\n./b\n)\n"}, ()),
    ".golangci.yml": ({"go.mod": "", ".golangci.yml": ""}, ()),
    "CMakeLists.txt": ({"CMakeLists.txt": "enable_testing()"}, ()),
    "meson.build": ({"meson.build": "test('a', b)"}, ()),
    "configure.ac": ({"configure.ac": "", "Makefile.am": "TESTS = a"}, ()),
    "`spec/": ({"Gemfile": "", "spec/a_spec.rb": ""}, ()),
    "bin/rails": ({"bin/rails": "", "test/a_test.rb": ""}, ()),
    "Rakefile": ({"Gemfile": "", "Rakefile": "Rake::TestTask.new"}, ()),
    ".rubocop.yml": ({"Gemfile": "rubocop", ".rubocop.yml": ""}, ()),
    "composer.json scripts.test": ({"composer.json": '{"scripts": {"test": "x"}}'}, ()),
    "phpunit.xml": ({"phpunit.xml": ""}, ()),
    "composer.json scripts.lint": ({"composer.json": '{"scripts": {"lint": "x"}}'}, ()),
    "phpstan.neon": ({"phpstan.neon": ""}, ()),
    "the next, multiplatform": ({"build.gradle": "multiplatform", "gradlew": ""}, ()),
    "build.gradle": ({"build.gradle": "", "gradlew": ""}, ()),
    "settings.gradle(": ({"build.gradle": ""}, ()),
    "pom.xml with": ({"pom.xml": "", "mvnw": ""}, ()),
    "pom.xml": ({"pom.xml": ""}, ()),
    "`*.sln`": ({"a.sln": "a.csproj"}, ()),
    "`*.csproj`": ({"a.csproj": ""}, ()),
    "build.sbt": ({"build.sbt": ""}, ()),
    "mix.exs": ({"mix.exs": ""}, ()),
    ".formatter.exs": ({".formatter.exs": ""}, ()),
    ".credo.exs": ({".credo.exs": ""}, ()),
    "`t/*.t` or test.pl": ({"t/a.t": "", "Makefile.PL": ""}, ()),
    "`t/*.t`": ({"t/a.t": ""}, ()),
    "GNUmakefile": ({"GNUmakefile": "test:"}, ()),
    "justfile": ({"justfile": "test:"}, ()),
    "Taskfile.yml": ({"Taskfile.yml": "tasks: {test: x}"}, ()),
    "MODULE.bazel": ({"MODULE.bazel": ""}, ()),
    "scripts/test": ({"scripts/test": ""}, ()),
    ".pre-commit-config.yaml": ({".pre-commit-config.yaml": ""}, ()),
}
ROWS = [row for module in finders.ECOSYSTEMS for row in module.ROWS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.marker)
def test_a_row_says_what_runs(row: finders.Row) -> None:
    begin = next((begin for begin in EXAMPLES if row.marker.startswith(begin)), "")
    assert begin, f"lacking in EXAMPLES: {row.marker}"
    files, installed = EXAMPLES[begin]
    found = lines(files, *installed)
    for kind, column in (("lint", row.lint), ("test", row.tests)):
        assert not column or any(command in found[kind] for command in re.findall(r"`([^`]+)`", column)), found


def test_the_documented_table_is_the_one_of_the_finders() -> None:
    told, table = DOCS.read_text(encoding="utf-8"), finders.table()
    lacking = [row for row in table.splitlines() if row not in told]
    assert not lacking, "docs/gate.md lacks\n" + "\n".join(lacking)
    assert table in told
