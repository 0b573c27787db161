"""Linters of Python that a project has configured."""

from __future__ import annotations

import re

from cccc.services.evidence.checking.finders.seen import Found, Tracked

RUFF = "ruff check --no-fix --no-fix-only ."
FORMAT = "git ls-files -z -- '*.py' '*.pyi' | xargs -0 ruff format --check --force-exclude"  # no Markdown
FLAKE8 = "git ls-files -z -- '*.py' | xargs -0 flake8"
_MYPY_IN = re.compile(
    r"^(?:tox\.ini|noxfile\.py|Makefile|justfile|scripts?/[\w.-]+|\.pre-commit-config\.yaml|\.github/workflows/[^/]+\.ya?ml)$"
)


def lint(tracked: Tracked) -> list[Found]:
    """Return the linters of this folder; one that is only installed is no rule."""
    pyproject, setup = tracked.read("pyproject.toml"), tracked.read("setup.cfg")
    hooks = tracked.read(".pre-commit-config.yaml")
    ruff = tracked.first(("ruff.toml", ".ruff.toml")) or (
        "pyproject.toml [tool.ruff]" if "[tool.ruff" in pyproject else ""
    )
    ruff_toml = tracked.read(tracked.first(("ruff.toml", ".ruff.toml")) or "ruff.toml")
    formats = "[tool.ruff.format" in pyproject or re.search(r"(?m)^\[format", ruff_toml) or "id: ruff-format" in hooks
    flake8 = tracked.first((".flake8",)) or _with_section(tracked, "flake8", ("setup.cfg", "tox.ini"))
    mypy = tracked.first(("mypy.ini", ".mypy.ini")) or (
        "pyproject.toml [tool.mypy]" if "[tool.mypy]" in pyproject else ""
    )
    mypy = mypy or ("setup.cfg [mypy]" if re.search(r"(?m)^\[mypy\]", setup) else "")
    paths = _mypy_paths(tracked, pyproject, setup) if mypy else None
    tools = (
        ("ruff", ruff, RUFF),
        ("ruff", ruff if formats else "", FORMAT),
        ("black", "pyproject.toml [tool.black]" if "[tool.black]" in pyproject else "", "black --check ."),
        ("flake8", flake8, FLAKE8),
        ("mypy", mypy if paths is not None else "", f"mypy {paths}".strip()),
    )
    return [
        Found("lint", command, marker, missing="" if tracked.on_path(tool) else tool)
        for tool, marker, command in tools
        if marker
    ]


def _with_section(tracked: Tracked, title: str, names: tuple[str, ...]) -> str:
    found = [name for name in names if re.search(rf"(?m)^\[{title}\]", tracked.read(name))]
    return f"{found[0]} [{title}]" if found else ""


def _mypy_paths(tracked: Tracked, pyproject: str, setup: str) -> str | None:
    """Return what mypy is given: "" where its settings say it, None where nothing here does."""
    settings = "\n".join(
        [pyproject.partition("[tool.mypy]")[2].partition("\n[")[0], setup.partition("[mypy]")[2].partition("\n[")[0]]
    )
    own = tracked.read(tracked.first(("mypy.ini", ".mypy.ini")) or "mypy.ini")
    if re.search(r"(?m)^\s*(?:files|packages?|modules?)\s*=", settings + "\n" + own):
        return ""
    texts = (_with_variables(tracked.read(name)) for name in tracked.matching(_MYPY_IN))
    for words in (found for text in texts for found in re.findall(r"\bmypy((?:[ \t]+[\w./-]+)+)", text)):
        paths = [word for word in words.split() if word == "." or _is_here(tracked, word)]
        if paths:
            return " ".join(paths)
    return None


def _with_variables(text: str) -> str:
    """Return a script with the values of the variables that it sets itself: what `$SOURCES` is."""
    values = dict(re.findall(r"(?m)^\s*(?:export )?(\w+)\s*[:?]?=\s*[\"']?([\w./ -]*)", text))
    return re.sub(r"\$[{(]?(\w+)[})]?", lambda found: values.get(found[1], found[0]), text)


def _is_here(tracked: Tracked, path: str) -> bool:
    folder = path.rstrip("/") + "/"
    return path in tracked.names or any(name.startswith(folder) for name in tracked.files)
