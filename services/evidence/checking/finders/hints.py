"""What CI files and READMEs say of checks that no finder finds. Never run: for people to decide on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cccc.services.evidence.checking.finders.seen import CI_FILE, Tracked, from_yaml

_KEYS = ("run", "script", "command", "before_script", "bash", "sh")
_README = re.compile(r"^(?:CONTRIBUTING|README|DEVELOPMENT|HACKING)(?:\.(?:md|rst|txt))?$", re.I)
_FENCED = re.compile(r"(?ms)^[ \t]*```(?:sh|bash|shell|console|text|zsh)?[ \t]*\n(.*?)^[ \t]*```")
_COMMAND = re.compile(r"^[\w./-]+(?: [^(){};=]*)?$")
_KINDS = {
    "test": re.compile(r"(?<![\w-])(?:\w+-)?(?:tests?|check|pytest|ctest|phpunit|rspec|jest|vitest|mocha)(?![\w/.])"),
    "lint": re.compile(
        r"(?<![\w-])(?:lint|\w+lint|fmt|format|clippy|ruff|flake8|mypy|pyright|rubocop|vet|prettier)(?![\w/.])"
    ),
}
_NO_CHECK = re.compile(
    r"^(?:#|echo|pip|npm (?:ci|i|install)|apt|sudo|brew|git|cd|export|curl|uses|if|fi|for|done)\b|^$| install |\.$"
)
_MOST = 3


def hints(tracked: Tracked, kinds: list[str]) -> list[str]:
    """Return lines such as "`.github/workflows/ci.yml` runs `tools/verify test`" for kinds that nothing finds."""
    found: dict[str, str] = {}
    for name, line in [*_of_ci(tracked), *_of_readme(tracked), *_of_makefile(tracked)]:
        if _COMMAND.search(line) and not _NO_CHECK.search(line) and any(_KINDS[kind].search(line) for kind in kinds):
            found.setdefault(line, f"{name} says `{line}`")
    return list(found.values())[:_MOST]


def _of_ci(tracked: Tracked) -> Iterator[tuple[str, str]]:
    for name in tracked.matching(CI_FILE):
        if name == "Jenkinsfile":
            yield from ((name, line) for line in re.findall(r"\bsh\s*[(\s]['\"]+(.*?)['\"]", tracked.read(name)))
            continue
        said = from_yaml(tracked.read(name))
        yield from ((name, line.strip()) for text in _texts(said) for line in text.splitlines() if "${{" not in line)


def _texts(said: object, wanted: bool = False) -> Iterator[str]:
    """Return the shell lines of a workflow, whatever surrounds them."""
    if isinstance(said, dict):
        for key, value in said.items():
            yield from _texts(value, key in _KEYS)
    elif isinstance(said, list):
        for value in said:
            yield from _texts(value, wanted)
    elif isinstance(said, str) and wanted:
        yield said


def _of_readme(tracked: Tracked) -> Iterator[tuple[str, str]]:
    for name in tracked.matching(_README):
        for block in _FENCED.findall(tracked.read(name)):
            yield from ((name, line.strip().removeprefix("$ ")) for line in block.splitlines())


def _of_makefile(tracked: Tracked) -> Iterator[tuple[str, str]]:
    if re.search(r"(?m)^lint\s*:", tracked.read("Makefile")):
        yield "Makefile", "make lint"
