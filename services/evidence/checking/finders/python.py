"""Python: pytest, Django, unittest, nose2, and what starts pytest where it is not on the PATH."""

from __future__ import annotations

import re
from fnmatch import fnmatch

from cccc.services.evidence.checking.finders.python_lint import lint
from cccc.services.evidence.checking.finders.seen import Found, Row, Tracked, section

NAME = "python"
MANIFEST = re.compile(r"^(?:pyproject\.toml|setup\.(?:py|cfg)|requirements\.txt|pytest\.ini|tox\.ini|manage\.py)$")
PYTEST = "pytest -q"
_OF_PERL = re.compile(r"^t/.*\.t$")
_TEST = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.py$")  # pytest's own python_files
_UNITTEST = re.compile(r"(?:^|/)test[^/]*\.py$")  # of unittest's discovery, and Django's
_CONFIGS = (
    ("pytest.ini", "pytest"),
    (".pytest.ini", "pytest"),
    ("pytest.toml", "pytest"),
    (".pytest.toml", "pytest"),
    ("pyproject.toml", "tool.pytest.ini_options"),
    ("pyproject.toml", "tool.pytest"),
    ("tox.ini", "pytest"),
    ("setup.cfg", "tool:pytest"),
)
_STARTERS = (  # what runs pytest in an environment of its own, by the file that shows it
    ("uv", "uv.lock", "uv run pytest -q"),
    ("poetry", "poetry.lock", "poetry run pytest -q"),
    ("pdm", "pdm.lock", "pdm run pytest -q"),
    ("pipenv", "Pipfile", "pipenv run pytest -q"),
    ("hatch", "hatch.toml", "hatch test"),
    ("tox", "tox.ini", "tox -e py"),
    ("nox", "noxfile.py", "nox"),
)
_NAMED = re.compile(
    r"(?:^|/)(?:requirements[^/]*\.(?:txt|in)|requirements/[^/]+\.(?:txt|in)|pyproject\.toml|setup\.(?:py|cfg)|Pipfile|tox\.ini)$"
)
_ASIDE = re.compile(r"^(?:scripts?|tools?|contrib|ci|docs?|examples?|samples?|vendor|third_party|\.[^/]+)/")
_TESTS_OWN = re.compile(r"(?:^|/)(?:tests?|testing)/[^/]+$")  # a manifest of the tests themselves
_READ = 40  # test files, to see what they import

ROWS: tuple[Row, ...] = (
    Row(
        "pytest.ini, `[tool.pytest…]`, tox.ini `[pytest]`, setup.cfg `[tool:pytest]`, with its python_files",
        tests="`pytest -q`",
    ),
    Row("`test_*.py`, `*_test.py`", tests="`pytest -q`"),
    Row("manage.py and tests, pytest not configured", tests="`python manage.py test`"),
    Row("runtests.py, pytest not configured", tests="`python runtests.py`"),
    Row(
        "`test*.py` that import unittest, pytest not installed or not its names", tests="`python -m unittest discover`"
    ),
    Row("unittest.cfg, nose2.cfg", tests="`nose2 -v`"),
    Row("uv.lock, pytest not on the PATH", tests="`uv run pytest -q`"),
    Row("poetry.lock, the same", tests="`poetry run pytest -q`"),
    Row("pdm.lock, the same", tests="`pdm run pytest -q`"),
    Row("Pipfile, the same", tests="`pipenv run pytest -q`"),
    Row("hatch.toml, `[tool.hatch.envs…]`, the same", tests="`hatch test`"),
    Row("tox.ini, `[tool.tox]`, the same", tests="`tox -e py`"),
    Row("noxfile.py, the same", tests="`nox`, or its session called tests or test"),
    Row("ruff.toml, `[tool.ruff]`", lint="`ruff check --no-fix --no-fix-only .`"),
    Row("`[tool.ruff.format]`, or pre-commit's ruff-format", lint="`ruff format --check` of the tracked Python files"),
    Row(".flake8, `[flake8]`", lint="`flake8` of the tracked files"),
    Row("`[tool.black]`", lint="`black --check .`"),
    Row("mypy.ini, `[mypy]`, `[tool.mypy]`", lint="`mypy`, with the paths of its files, or of tox.ini, scripts or CI"),
)


def find(tracked: Tracked) -> list[Found]:
    tests = _tests(tracked)
    return [*lint(tracked), *([tests] if tests else [])]


def config(tracked: Tracked) -> tuple[str, str]:
    """Return where pytest is configured, for people, and what stands there; "" when nowhere."""
    for name, title in _CONFIGS:
        text = section(tracked.read(name), title) if name in tracked.names else ""
        if text or (name.endswith("pytest.ini") and name in tracked.names):
            return (name if "pytest" in name else f"{name} [{title}]"), text
    return "", ""


def values(text: str, key: str) -> list[str]:
    """Return the words of a key of an INI or TOML section, over several lines."""
    found = re.search(rf"(?ms)^\s*{key}\s*=\s*(\[.*?\]|.*?)(?=^\S|\Z)", text + "\n")
    return re.findall(r"[^\s\"',\[\]]+", re.sub(r"#.*", "", found[1])) if found else []


def _tests(tracked: Tracked) -> Found | None:
    marker, text = config(tracked)
    globs = values(text, "python_files")
    own = _own(tracked)
    mine = [name for name in own if _is_test(name, globs)]
    discovered = [name for name in own if _UNITTEST.search(name) and not _ASIDE.search(name)]
    if not marker and discovered:
        django = _django(tracked, discovered, bool(mine))
        if django:
            return django
    if tracked.first(("unittest.cfg", "nose2.cfg")) and tracked.on_path("nose2"):
        return Found("test", "nose2 -v", tracked.first(("unittest.cfg", "nose2.cfg")))
    if marker or mine:
        return _pytest(tracked, marker or mine[0], bool(marker), mine)
    unittests = [name for name in discovered[:_READ] if "unittest" in tracked.read(name)]
    return Found("test", _unittest(tracked, unittests), unittests[0]) if unittests else None


def _own(tracked: Tracked) -> list[str]:
    """Return the Python files that lie in no project of their own below this one; a folder of tests is none.

    What lies among the tests of Perl is data for them.
    """
    manifests = [name for name in tracked.files if "/" in name and MANIFEST.search(name.rpartition("/")[2])]
    projects = {f"{name.rpartition('/')[0]}/" for name in manifests if not _TESTS_OWN.search(name)}
    if any(_OF_PERL.search(name) for name in tracked.files):
        projects.add("t/")
    files = [name for name in tracked.files if name.endswith(".py")]
    return [
        name for name in files if not any(name[: at + 1] in projects for at, letter in enumerate(name) if letter == "/")
    ]


def _is_test(name: str, globs: list[str]) -> bool:
    base = name.rpartition("/")[2]
    return any(fnmatch(base, glob) for glob in globs) if globs else bool(_TEST.search(name)) and not _ASIDE.search(name)


def _django(tracked: Tracked, tests: list[str], pytest_finds_some: bool) -> Found | None:
    python = _python(tracked)
    manage = tracked.read("manage.py")
    if ("django" in manage or "test" in manage) and not (pytest_finds_some and _speaks_pytest(tracked, tests)):
        return Found("test", f"{python} manage.py test", "manage.py")
    if "runtests.py" in tracked.names:
        return Found("test", f"{python} runtests.py", "runtests.py")
    return None


def _speaks_pytest(tracked: Tracked, tests: list[str]) -> bool:
    """Whether the tests, or what the project needs, name pytest."""
    needed = [name for name in tracked.files if _NAMED.search(name) and name.count("/") < 2]
    return any("pytest" in tracked.read(name) for name in [*needed, *tests[:_READ]])


def _pytest(tracked: Tracked, marker: str, is_configured: bool, tests: list[str]) -> Found:
    if tracked.on_path("pytest"):
        return Found("test", PYTEST, marker)
    starter = _starter(tracked)
    if starter:
        return starter
    plain = [name for name in tests[:_READ] if "unittest" in tracked.read(name)]
    if plain and not is_configured and not _speaks_pytest(tracked, tests):
        return Found("test", _unittest(tracked, tests), marker)
    return Found("test", PYTEST, marker, missing="pytest")  # tests that nothing ran are no pass


def _starter(tracked: Tracked) -> Found | None:
    pyproject = tracked.read("pyproject.toml")
    tables = {"hatch": "[tool.hatch.envs", "tox": "[tool.tox"}
    for program, file, command in _STARTERS:
        shown = file if file in tracked.names else "pyproject.toml" if tables.get(program, "\0") in pyproject else ""
        if not shown or not tracked.on_path(program):
            continue
        session = re.search(r"(?m)^def (tests?)\(", tracked.read(file)) if program == "nox" else None
        return Found("test", f"nox -s {session[1]}" if session else command, shown)
    return None


def _unittest(tracked: Tracked, tests: list[str]) -> str:
    """Return how unittest finds these: from here where their folders are packages, else from a first folder."""
    name = next((name for name in tests if not _is_in_packages(tracked, name)), "")
    where = f" -s {name.partition('/')[0]}" if name else ""
    glob = "" if any(map(_UNITTEST.search, tests)) else " -p '*_test.py'"
    return f"{_python(tracked)} -m unittest discover{where}{glob}"


def _is_in_packages(tracked: Tracked, name: str) -> bool:
    folders = [name[:at] for at, letter in enumerate(name) if letter == "/"]
    return all(f"{folder}/__init__.py" in tracked.names for folder in folders)


def _python(tracked: Tracked) -> str:
    return "python" if tracked.on_path("python") or not tracked.on_path("python3") else "python3"


def is_apart(tracked: Tracked, folder: str, kind: str) -> bool:
    """pytest reaches what lies below it, but for what its testpaths leave out."""
    paths = [path.strip("./") + "/" for path in values(config(tracked)[1], "testpaths")]
    return (
        kind == "test" and bool(paths) and not any(folder.startswith(path) or path.startswith(folder) for path in paths)
    )
