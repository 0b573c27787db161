"""Which patches may enter the gate: pure rules on paths and size.

Each rule gives a reason that begins with a word for programs and goes on for people, or "".
Patterns mean what they mean in a .gitignore file, seen from the project's folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
from pathspec import GitIgnoreSpec

from cccc.common import facts as f
from cccc.common.settings.policies import Policies
from cccc.common.text.plural import plural
from cccc.services.evidence.reading.change import ABSENT, SUBMODULE, SYMLINK, Change, shown

_NEVER = frozenset({"..", ".git", ".cccc"})
_LONGEST_PATHS = f.LONGEST_FACT // 2  # as JSON
_NAMED = 5
_SHOWN = 60  # characters of a path that is too long
_LONGEST_NAME, _LONGEST_PATH = 255, 4000  # bytes; Linux and macOS take no more
_MOVE = "allow_submodules: true"
_USER = "; the user can allow it in .cccc/settings/policies.yaml, under patch_queue: `{}`"
MOST_PATHS = 50  # of a refused patch that its fact lists


_CODE = re.compile(
    r"(?i)(?:^|/)(?:(?:GNU)?Makefile|Rakefile|Dockerfile|CMakeLists\.txt)$"
    r"|\.(?:[cm]?[jt]sx?|vue|svelte|py[xi]?|go|rs|[chm]|cc|hh|mm|[ch](?:pp|xx)|java|kts?|scala|groovy|cs|fs|vb|swift|rb|php"
    r"|p[lm]|lua|r|jl|exs?|[eh]rl|hs|mli?|clj[cs]?|dart|zig|nim|[bckz]?sh|bash|fish|ps1|bat|cmd"
    r"|sql|cu|f90|s|asm|el|lisp|scm|rkt|cr|d|elm|coffee|tcl|awk|sol|gd|tf|proto|v|sv|vhdl?|pas|ad[bs]|mk|cmake)$"
)


class Counted(msgspec.Struct, frozen=True):
    """How many tests a run executed and skipped."""

    tests: int
    skipped: int


class Need(NamedTuple):
    """A question that people have to answer before a patch may land."""

    why: str  # as in the fact `patch-needs-decision`
    question: str


@dataclass(frozen=True)
class Rules:
    """The settings that decide, and the project's place in its repository ("" or "sub/dir/")."""

    policies: Policies
    prefix: str = ""

    def on_names(self, paths: Iterable[str]) -> str:
        """What is refused before the patch touches anything."""
        unsafe = [path for path in paths if _is_unsafe(path)]
        return f"path-not-allowed: {names(unsafe)} may never be changed by a patch" if unsafe else ""

    def on_lines(self, lines: int) -> str:
        """What is refused for its size alone."""
        most = self.policies.patch_queue.max_diff_lines
        if lines <= most or self.policies.rfd.gates.large_diff_requires_rfd:
            return ""
        return f"too-many-lines:{lines}>{most}; hand in smaller patches (patch_queue.max_diff_lines)"

    def on_paths(self, changes: Iterable[Change]) -> str:
        """What is refused once git has said which paths the patch really changes."""
        changes = list(changes)
        if not changes:
            return "empty: the patch changes nothing on this base"
        paths = [change.path for change in changes]
        if len(msgspec.json.encode(shown(paths))) > _LONGEST_PATHS:
            return f"too-many-paths: {len(paths)} paths are too many for one patch; hand in smaller patches"
        long = [path for path in paths if _is_too_long(path)]
        if long:
            return f"path-too-long: {names([path[:_SHOWN] + '…' for path in long])} is longer than a file's name can be"
        unsafe = [path for path in paths if _is_unsafe(path) or not path.startswith(self.prefix)]
        if unsafe:
            return f"path-not-allowed: {names(unsafe)} may never be changed by a patch"
        submodules = [change.path for change in changes if SUBMODULE in (change.old_mode, change.new_mode)]
        if submodules and not self.policies.patch_queue.allow_submodules:
            return f"path-not-allowed: {names(submodules)} is a submodule, which no patch may move{_USER.format(_MOVE)}"
        outside = self._outside(paths)
        if outside:
            allowed = ", ".join(self.policies.patch_queue.allowed_paths) or "nothing"
            return (
                f"path-not-allowed: {names(outside)} is outside patch_queue.allowed_paths, which allows {allowed}"
                f"{_USER.format(self.allow(changes))}"
            )
        return ""

    def allow(self, changes: Iterable[Change]) -> str:
        """Return the line below `patch_queue` that would let pass what `on_paths` refuses; "" where no setting does."""
        changes = list(changes)
        paths = [change.path for change in changes]
        if any(_is_unsafe(path) or not path.startswith(self.prefix) for path in paths):
            return ""
        moves = any(SUBMODULE in (change.old_mode, change.new_mode) for change in changes)
        if moves and not self.policies.patch_queue.allow_submodules:
            return _MOVE
        new = sorted({_pattern(path[len(self.prefix) :]) for path in self._outside(paths)})
        wanted = [*self.policies.patch_queue.allowed_paths, *new]
        return f"allowed_paths: {json.dumps(wanted, ensure_ascii=False)}" if new else ""

    def _outside(self, paths: list[str]) -> list[str]:
        allowed = set(self._matching(self.policies.patch_queue.allowed_paths, paths))
        return [path for path in paths if path not in allowed]

    def needs(self, lines: int, changes: Iterable[Change]) -> list[Need]:
        """What people have to decide before the patch may land."""
        found = []
        protected = self._matching(self.policies.rfd.gates.protected_paths, [change.path for change in changes])
        if protected:
            found.append(Need("protected", f"{names(protected)} is protected (rfd.gates.protected_paths)"))
        return [*found, *self.needs_for_size(lines)]

    def needs_for_size(self, lines: int) -> list[Need]:
        """What people have to decide for the patch's size alone; what is too large for that is refused before."""
        most = self.policies.patch_queue.max_diff_lines
        large = f"{plural(lines, 'changed line')}, more than {most} (patch_queue.max_diff_lines)"
        return [Need("large", large)] if lines > most else []

    def digest(self) -> str:
        """Return what an approval is bound to: the SHA-256 of the settings that decide what may land."""
        deciding = (self.policies.patch_queue, self.policies.gate, self.policies.rfd)
        return hashlib.sha256(msgspec.json.encode(deciding)).hexdigest()

    def _matching(self, patterns: tuple[str, ...], paths: list[str]) -> list[str]:
        spec = GitIgnoreSpec.from_lines(patterns)
        return [path for path in paths if spec.match_file(path[len(self.prefix) :])]


def fewer_tests(before: Counted | None, now: Counted | None) -> list[Need]:
    """What people have to decide when a run executed fewer tests than the one `before`, or skipped more."""
    if before is None or (before.tests == 0 and before.skipped == 0):
        return []
    if now is None:
        return [Need("tests", f"{plural(before.tests, 'test')} before, now an unknown number")]
    if now.tests < before.tests:
        return [Need("tests", f"{before.tests} -> {now.tests} tests: fewer than before")]
    if now.skipped > before.skipped:
        return [Need("tests", f"{before.skipped} -> {now.skipped} skipped tests: more than before")]
    return []


def of_settings(paths: list[str]) -> Need:
    """What people have to decide before settings change, whatever the settings themselves say of it."""
    return Need("protected", f"{names(paths)}: the settings of this project")


def symlinks(changes: Iterable[Change]) -> list[Change]:
    """The changes whose new content is a link, which `on_links` wants to see."""
    return [change for change in changes if change.new_mode == SYMLINK]


def on_targets(targets: Mapping[str, str]) -> str:
    """Refuse links that no system can make: path of each link → what it says."""
    for path, target in targets.items():
        if not target:
            return f"link-empty: {names([path])} is a link without a target; its content must be the target path"
        if "\0" in target or len(os.fsencode(target)) > _LONGEST_PATH:
            return f"link-too-long: {names([path])} is a link whose target is not a path"
    return ""


def on_links(places: Mapping[str, str]) -> str:
    """Refuse links that lead out of the repository: path of each link → where it leads to."""
    outside = [path for path, place in places.items() if _is_unsafe(place)]
    return f"path-not-allowed: {names(outside)} is a link out of the repository" if outside else ""


def added(changes: Iterable[Change]) -> list[str]:
    """The paths that were not there before."""
    return [change.path for change in changes if change.old_mode == ABSENT]


def is_code(path: str) -> bool:
    """Whether a test could say something of the file."""
    return bool(_CODE.search(path))


def _is_too_long(path: str) -> bool:
    name = os.fsencode(path)
    return len(name) > _LONGEST_PATH or any(len(part) > _LONGEST_NAME for part in name.split(b"/"))


def _pattern(path: str) -> str:
    """Return the pattern that allows the top folder of a path, or the file where it lies in none."""
    folder, slash, _ = path.partition("/")
    name = re.sub(r"([\\*?\[\]!#])", r"\\\1", os.fsencode(folder).decode("utf-8", "backslashreplace"))
    return f"/{name}/**" if slash else f"/{name}"


def _is_unsafe(path: str) -> bool:
    return path.startswith("/") or not _NEVER.isdisjoint(path.lower().split("/"))


def names(paths: list[str]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(shown(paths[:_NAMED])) + more
