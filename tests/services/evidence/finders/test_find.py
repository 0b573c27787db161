"""Monorepos, what wraps other runners, what is missing, and what is only said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.services.evidence.checking import finders
from tests.services.evidence.finders.seeing import lines, tracked

WEB = {"web/package.json": '{"scripts": {"test": "node --test", "lint": "eslint ."}}'}
SVC = {"svc/pyproject.toml": "[project]\n[tool.ruff]\n", "svc/tests/test_a.py": ""}


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"GNUmakefile": "test:\n\ttrue\n"}, "make test"),
        ({"makefile": "check: all\n\ttrue\n"}, "make check"),
        ({"Makefile": "all:\n\nclean test:: all\n\ttrue\n"}, "make test"),
        ({"Makefile": "tests:\n"}, "make tests"),
        ({"Makefile": "test := x\ntesting:\n"}, ""),
        ({"Makefile": "include rules.mk\n", "rules.mk": "check:\n"}, "make check"),
        ({"Makefile": ".DEFAULT:\n\tcd src && $(MAKE) $@\n", "src/Makefile": "test: all\n"}, "make test"),
        ({"justfile": "test *args: build\n  x\n"}, "just test"),
        ({"justfile": "test := 'x:y'\n"}, ""),
        ({"justfile": "test filter='': build\n  x\n"}, "just test"),
        ({"Taskfile.yml": "version: 3\ntasks:\n  test: x\n"}, "task test"),
        ({"Taskfile.yml": "tasks: [\n"}, ""),
        ({"MODULE.bazel": ""}, "bazel test //..."),
        ({"scripts/test": ""}, "./scripts/test"),
        ({"Makefile": "test:\n", "test_a.py": ""}, "pytest -q"),
        ({"Makefile": "test:\n", "go.mod": ""}, "go test -v ./..."),
    ],
)
def test_what_wraps_a_runner_is_run_where_no_runner_was_found(files: dict[str, str], command: str) -> None:
    assert lines(files)["test"] == command


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({**WEB, **SVC}, "(cd svc/ && pytest -q) && (cd web/ && npm test)"),
        ({"api/requirements.txt": "", "api/test_a.py": "", "docs/requirements.txt": ""}, "(cd api/ && pytest -q)"),
        ({**WEB, "go.mod": ""}, "go test -v ./... && (cd web/ && npm test)"),
        ({**WEB, "Makefile": "test:\n"}, "make test"),
        ({"a b/Makefile": "test:\n"}, "(cd 'a b/' && make test)"),
        ({**WEB, "package.json": '{"scripts": {"test": "mocha"}}'}, "npm test && (cd web/ && npm test)"),
        ({**WEB, "package.json": '{"scripts": {"test": "mocha && cd web && npm t"}}'}, "npm test"),
        ({**WEB, "package.json": '{"scripts": {"test": "jest"}}'}, "npm test"),
        ({**WEB, "package.json": '{"devDependencies": {"husky": "1"}}'}, "(cd web/ && npm test)"),
        ({"examples/x/package.json": WEB["web/package.json"], "tests/data/go.mod": ""}, ""),
        ({**SVC, "pytest.ini": "[pytest]\n"}, "pytest -q"),
        ({**SVC, "tests/test_b.py": ""}, "pytest -q"),
        ({**SVC, "pytest.ini": "[pytest]\ntestpaths = tests\n"}, "pytest -q && (cd svc/ && pytest -q)"),
        ({"backend/manage.py": "django", "backend/app/tests.py": ""}, "(cd backend/ && python manage.py test)"),
        ({"apps/a/b/pom.xml": "", "apps/a/b/sub/pom.xml": ""}, "(cd apps/a/b/ && mvn -B test)"),
        ({"test_a.py": "", "package.json": '{"scripts": {"test": "x"}}'}, "pytest -q && npm test"),
    ],
)
def test_folders_below_are_tested_where_nothing_above_reaches_them(files: dict[str, str], command: str) -> None:
    assert lines(files)["test"] == command


def test_a_folder_below_is_linted_where_the_root_lints_nothing_of_its_kind() -> None:
    assert lines({**WEB, **SVC, "ruff.toml": ""})["lint"] == (
        "ruff check --no-fix --no-fix-only . && (cd web/ && npm run lint)"
    )


def test_pre_commit_lints_where_nothing_else_does() -> None:
    hooks = {".pre-commit-config.yaml": "repos: []\n"}
    assert lines(hooks)["lint"] == "pre-commit run --all-files"
    assert lines({**hooks, "ruff.toml": ""}, "pre-commit")["lint"] == "pre-commit run --all-files"
    assert lines({**hooks, "ruff.toml": ""})["lint"] == "ruff check --no-fix --no-fix-only ."


def test_a_linter_with_two_commands_is_named_once_where_it_is_missing() -> None:
    found = finders.find(tracked({"ruff.toml": "[format]\n", "a.py": ""}, "nothing"))
    assert [one.missing for one in found] == ["ruff", "ruff"]
    assert finders.missing(found) == ["ruff is configured (ruff.toml) and not installed: it does not lint"]


def test_a_linter_that_is_missing_is_named_and_tests_without_their_runner_run_all_the_same() -> None:
    found = finders.find(tracked({"svc/ruff.toml": "", "svc/pytest.ini": ""}))
    assert finders.missing(found) == ["ruff is configured (svc/ruff.toml) and not installed: it does not lint"]
    assert finders.line(found, "lint") == ""
    assert finders.line(found, "test") == "(cd svc/ && pytest -q)"
    assert [one.missing for one in found] == ["ruff", "pytest"]


def test_what_ci_and_readmes_say_is_a_hint_where_nothing_is_found() -> None:
    run = "run: |\n          apt install x\n          tools/verify test\n"
    ci = {".github/workflows/ci.yml": f"jobs:\n  a:\n    steps:\n      - {run}"}
    readme = {"CONTRIBUTING.md": "# Tests\n\n```sh\n$ ./run-all tests\n```\n\nWe test a lot.\n"}
    (first, second) = finders.hints(tracked({**ci, **readme}))
    assert first == ".github/workflows/ci.yml says `tools/verify test`"
    assert second == "CONTRIBUTING.md says `./run-all tests`"
    assert not finders.hints(tracked({**ci, "go.mod": ""}))
    assert not finders.hints(tracked({".gitlab-ci.yml": "a: [\n", "Jenkinsfile": "sh 'deploy'"}))
    assert not finders.hints(tracked({".gitlab-ci.yml": "since: 2024-99-99\n"}))


@pytest.mark.parametrize(
    ("files", "output", "line"),
    [
        ({"package.json": "{}", "package-lock.json": ""}, "sh: 1: vitest: not found", "npm ci"),
        ({"package.json": "{}", "pnpm-lock.yaml": ""}, "node_modules is missing", "pnpm install --frozen-lockfile"),
        (
            {"package.json": '{"scripts": {"build": "tsc"}}', "pnpm-lock.yaml": ""},
            'Error: Failed to resolve entry for package "zod". The package may have incorrect main/module/exports',
            "pnpm run build",
        ),
        (
            {"configure.ac": ""},
            "make: *** No rule to make target 'check'.  Stop.",
            "autoreconf -fi && ./configure && make",
        ),
        ({"configure.ac": "", "configure": ""}, "config.h: No such file or directory", "./configure && make"),
        ({"composer.json": "{}"}, "sh: 1: vendor/bin/phpunit: not found", "composer install"),
        ({"package.json": "{}"}, "AssertionError: 1 == 2", ""),
        ({}, "No rule to make target", ""),
    ],
)
def test_a_failure_asks_for_a_setup_line(files: dict[str, str], output: str, line: str) -> None:
    assert finders.proposals(tracked(files), output) == (f"gate.setup: {line}" if line else "")


NAMES = ["pyproject.toml", "setup.cfg", "tox.ini", "pytest.ini", "mypy.ini", "manage.py", "test_a.py", "package.json"]
NAMES += [
    "web/package.json",
    "pnpm-workspace.yaml",
    "Cargo.toml",
    "go.work",
    "go.mod",
    "CMakeLists.txt",
    "configure.ac",
]
NAMES += ["Makefile", "Makefile.am", "justfile", "Taskfile.yml", "composer.json", "Rakefile", "Gemfile", "README.md"]
NAMES += [".github/workflows/a.yml", ".gitlab-ci.yml", "Jenkinsfile", ".pre-commit-config.yaml", "noxfile.py", "a.sln"]
TEXTS = [
    "[]",
    "{",
    "null",
    "1",
    '{"scripts": [1]}',
    '{"scripts": {"test": 1, "lint": ""}}',
    '{"workspaces": [1, "!", "**"]}',
]
TEXTS += [
    '{"scripts": {"test": "npm test", "check": "npm run check"}}',
    "a: &a [*a]",
    "tasks: [",
    "use (",
    "[tool.pytest",
]
TEXTS += [
    '{"scripts": {"lint": "&& --fix", "test": " && x"}}',
    "[pytest]\npython_files =",
    "cargo clippy --",
    "test:\n",
]


@given(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(TEXTS) | st.text(max_size=60), max_size=8), st.text())
def test_no_content_of_a_file_stops_the_search(files: dict[str, str], output: str) -> None:
    for installed in (("*",), ("nothing",)):
        seen = tracked(files, *installed)
        found = finders.find(seen)
        assert {one.kind for one in found} <= {"lint", "test"}
        assert all(isinstance(line, str) for line in [*finders.missing(found), *finders.hints(seen)])
        assert isinstance(finders.proposals(seen, output), str)


def test_a_large_monorepo_is_searched_in_a_moment() -> None:
    """Ten thousand files in three hundred packages, each with a manifest: a service asks in the middle of its work."""
    files = {f"packages/p{number % 300}/src/f{number}.js": "" for number in range(10_000)}
    files |= {f"packages/p{number}/package.json": '{"scripts": {"test": "x"}}' for number in range(300)}
    files["package.json"] = '{"workspaces": ["packages/*"]}'
    assert lines(files)["test"] == "npm run test --workspaces --if-present"
