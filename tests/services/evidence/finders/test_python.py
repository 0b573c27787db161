"""Which runner tests Python, and which linters are configured."""

from __future__ import annotations

import pytest

from cccc.services.evidence.checking.finders.python_lint import FORMAT
from tests.services.evidence.finders.seeing import lines

UNIT = "import unittest\n"
DJANGO = "from django.core.management import execute_from_command_line\n"


@pytest.mark.parametrize(
    ("files", "installed", "command"),
    [
        ({"tests/test_a.py": ""}, ["pytest"], "pytest -q"),
        ({"a_test.py": "", "tox.ini": ""}, ["pytest", "tox"], "pytest -q"),
        ({"pytest.ini": "[pytest]\npython_files = check_*.py\n", "checks/check_a.py": ""}, ["pytest"], "pytest -q"),
        ({"pytest.ini": "", "doc.txt": ""}, ["pytest"], "pytest -q"),
        ({"pyproject.toml": "[tool.pytest.ini_options]\nminversion = '7'\n"}, ["pytest"], "pytest -q"),
        ({"setup.cfg": "[tool:pytest]\n"}, ["pytest"], "pytest -q"),
        ({"tox.ini": "[tox]\n[pytest]\n"}, ["pytest"], "pytest -q"),
        ({"test_a.py": ""}, [], "pytest -q"),
        ({"tests/a.py": ""}, ["pytest"], ""),
        ({"tests/test_a.py": "", "tests/requirements.txt": "", "tests/manage.py": ""}, ["pytest"], "pytest -q"),
        ({"setup.py": "", "test/packages/x/setup.py": "", "test/packages/x/test_x.py": ""}, ["pytest"], ""),
        ({"scripts/test_upload.py": "", "docs/test_x.py": ""}, ["pytest"], ""),
        ({"t/basic.t": "", "t/swamp/test_foo.py": "", "t/swamp/Makefile.PL": ""}, ["pytest", "prove"], "prove -lr t"),
        ({}, ["pytest"], ""),
    ],
)
def test_pytest_runs_where_it_is_configured_or_files_have_its_names(
    files: dict[str, str], installed: list[str], command: str
) -> None:
    assert lines(files, *(installed or ["nothing"]))["test"] == command


@pytest.mark.parametrize(
    ("files", "program", "command"),
    [
        ({"uv.lock": ""}, "uv", "uv run pytest -q"),
        ({"poetry.lock": ""}, "poetry", "poetry run pytest -q"),
        ({"pdm.lock": ""}, "pdm", "pdm run pytest -q"),
        ({"Pipfile": ""}, "pipenv", "pipenv run pytest -q"),
        ({"hatch.toml": ""}, "hatch", "hatch test"),
        ({"pyproject.toml": "[tool.hatch.envs.default]\n"}, "hatch", "hatch test"),
        ({"tox.ini": "[tox]\n"}, "tox", "tox -e py"),
        ({"pyproject.toml": "[tool.tox]\n"}, "tox", "tox -e py"),
        ({"noxfile.py": "import nox\n"}, "nox", "nox"),
        ({"noxfile.py": "@nox.session\ndef tests(session):\n"}, "nox", "nox -s tests"),
    ],
)
def test_where_pytest_is_not_installed_the_projects_own_tool_starts_it(
    files: dict[str, str], program: str, command: str
) -> None:
    assert lines({"tests/test_a.py": "", **files}, program)["test"] == command


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"manage.py": DJANGO, "app/tests.py": UNIT}, "python manage.py test"),
        ({"manage.py": DJANGO, "app/tests/test_a.py": UNIT, "app/tests/__init__.py": ""}, "python manage.py test"),
        ({"manage.py": 'if sys.argv[1:2] == ["test"]: pass\n', "app/tests.py": UNIT}, "python manage.py test"),
        ({"manage.py": DJANGO, "app/test_a.py": "import pytest\n"}, "pytest -q"),
        ({"manage.py": DJANGO, "app/tests.py": UNIT, "requirements.txt": "pytest\n"}, "python manage.py test"),
        ({"manage.py": DJANGO, "app/test_a.py": "", "requirements/dev.txt": "pytest-django\n"}, "pytest -q"),
        ({"manage.py": DJANGO, "app/tests.py": UNIT, "pytest.ini": "[pytest]\n"}, "pytest -q"),
        ({"manage.py": "from flask_script import Manager\n", "test_a.py": ""}, "pytest -q"),
        ({"runtests.py": "", "tests/tests.py": UNIT}, "python runtests.py"),
        ({"manage.py": DJANGO, "app/models.py": ""}, ""),
    ],
)
def test_django_runs_its_own_tests_unless_pytest_is_configured(files: dict[str, str], command: str) -> None:
    assert lines(files)["test"] == command


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"tests/__init__.py": "", "tests/test_a.py": UNIT}, "python3 -m unittest discover"),
        ({"test_a.py": UNIT}, "python3 -m unittest discover"),
        ({"tests/test_a.py": UNIT}, "python3 -m unittest discover -s tests"),
        ({"a_test.py": UNIT}, "python3 -m unittest discover -p '*_test.py'"),
        ({"app/__init__.py": "", "app/tests.py": UNIT}, "python3 -m unittest discover"),
        ({"test_a.py": "import pytest, unittest\n"}, "pytest -q"),
    ],
)
def test_unittest_runs_its_own_where_pytest_is_not_installed(files: dict[str, str], command: str) -> None:
    assert lines(files, "python3")["test"] == command


def test_what_pytest_would_not_collect_is_run_by_unittest() -> None:
    assert lines({"tests.py": UNIT})["test"] == "python -m unittest discover"


def test_nose2_runs_where_it_has_a_configuration() -> None:
    assert lines({"unittest.cfg": "", "test_a.py": UNIT}, "nose2", "pytest")["test"] == "nose2 -v"


RUFF = "ruff check --no-fix --no-fix-only ."


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"pyproject.toml": "[tool.ruff]\nfix = true\n"}, RUFF),
        ({"pyproject.toml": "[tool.ruff.lint]\n"}, RUFF),
        ({".ruff.toml": ""}, RUFF),
        ({"ruff.toml": "[format]\n"}, f"{RUFF} && {FORMAT}"),
        ({"ruff.toml": "", ".pre-commit-config.yaml": "- id: ruff-format\n"}, f"{RUFF} && {FORMAT}"),
        ({"pyproject.toml": "[tool.black]\n"}, "black --check ."),
        ({"setup.cfg": "[flake8]\n"}, "git ls-files -z -- '*.py' | xargs -0 flake8"),
        ({"pyproject.toml": "[tool.mypy]\nfiles = ['a']\n"}, "mypy"),
        ({"mypy.ini": "[mypy]\n", "tox.ini": "commands = mypy src tests\n", "src/a.py": ""}, "mypy src"),
        ({"mypy.ini": "[mypy]\n", "scripts/check": 'export X="a"\n${P}mypy $X\n', "a/b.py": ""}, "mypy a"),
        ({"mypy.ini": "[mypy]\n"}, ""),
        ({"a.py": ""}, ""),
    ],
)
def test_a_linter_counts_only_where_it_is_configured_and_repairs_nothing(files: dict[str, str], command: str) -> None:
    assert lines(files)["lint"] == command


def test_a_linter_that_is_not_installed_does_not_run() -> None:
    assert lines({"ruff.toml": "", ".flake8": ""}, "flake8")["lint"] == "git ls-files -z -- '*.py' | xargs -0 flake8"
