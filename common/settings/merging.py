"""New settings keys into an old file: whole lines with their comments, put where the shipped file has them.

No line of the old file changes. A key that is missing has its default, and so does the added one: the
file says more, and means the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from typing import NamedTuple

import yaml

from cccc.common.settings.tree import NULL, parse


class _Addition(NamedTuple):
    line: int  # of the old file, in front of which it goes
    path: str
    text: str


def merge(old: str, shipped: str, moved: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the old text with the keys that only the shipped one has, and their dotted paths.

    `moved` maps a key's old place to its place. What is written in braces is left as it is. Raises tree.Broken.
    """
    mine, theirs = parse(old), parse(shipped)
    assert isinstance(theirs, yaml.MappingNode)
    if isinstance(mine, yaml.MappingNode) and mine.flow_style:
        return old, []
    merger = _Merger(old, shipped, {moved.get(path, path) for path in _paths(mine, "")})
    lines = [line if line.endswith("\n") else f"{line}\n" for line in StringIO(old)]
    merger.section(mine, theirs, "", 0, len(lines))
    # Where several end in the same line, what is inside of the others comes first.
    additions = sorted(merger.additions, key=lambda addition: (addition.line, -addition.path.count(".")))
    for addition in reversed(additions):
        lines.insert(addition.line, addition.text)
    return "".join(lines), [addition.path for addition in additions]


class _Merger:
    def __init__(self, old: str, shipped: str, known: set[str]) -> None:
        self._old = old
        self._shipped = shipped
        self._lines = list(StringIO(shipped))
        self._known = known
        self.additions: list[_Addition] = []

    def section(self, mine: yaml.Node | None, theirs: yaml.MappingNode, prefix: str, indent: int, end: int) -> None:
        """Note what one section lacks. `end`: the line behind it; `indent`: that of its keys when it has none."""
        entries = {key.value: (key, value) for key, value in mine.value} if isinstance(mine, yaml.MappingNode) else {}
        for first, _ in entries.values():
            indent = first.start_mark.column
            break
        behind = [last_line(key, value, self._old) + 1 for key, value in entries.values()]
        at, above = max(behind, default=end), -1
        for key, value in theirs.value:
            path = prefix + key.value
            if key.value in entries:
                at = last_line(*entries[key.value], self._old) + 1
                self._below(entries[key.value], value, path, indent, at)
            elif path not in self._known:
                block = self._block(key, value, path, above)
                self.additions.append(_Addition(at, path, _indented(block, indent - key.start_mark.column)))
            above = last_line(key, value, self._shipped)

    def _below(self, mine: tuple[yaml.Node, yaml.Node], theirs: yaml.Node, path: str, indent: int, end: int) -> None:
        section = mine[1]
        empty = section.tag == NULL and isinstance(section, yaml.ScalarNode) and not section.value
        block = isinstance(section, yaml.MappingNode) and not section.flow_style
        if isinstance(theirs, yaml.MappingNode) and not theirs.flow_style and (empty or block):
            self.section(section if block else None, theirs, f"{path}.", indent + 2, end)

    def _block(self, key: yaml.Node, value: yaml.Node, path: str, above: int) -> list[str]:
        """Return the lines of a shipped key, without what the old file has in another place."""
        left_out: set[int] = set()
        last = key.start_mark.line
        for below, its in value.value if isinstance(value, yaml.MappingNode) and not value.flow_style else ():
            first, last = self._first_line(below, last), last_line(below, its, self._shipped)
            if f"{path}.{below.value}" in self._known:
                left_out |= set(range(first, last + 1))
        lines = range(self._first_line(key, above), last_line(key, value, self._shipped) + 1)
        return [self._lines[number] for number in lines if number not in left_out]

    def _first_line(self, key: yaml.Node, above: int) -> int:
        """Return where a shipped key begins: with its comment, and with the blank line in front of that."""
        line = int(key.start_mark.line)
        while line - 1 > above and self._lines[line - 1].lstrip().startswith("#"):
            line -= 1
        return line - 1 if line - 1 > above and not self._lines[line - 1].strip() else line


def _paths(node: yaml.Node | None, prefix: str) -> list[str]:
    if not isinstance(node, yaml.MappingNode):
        return []
    found = []
    for key, value in node.value:
        found += [prefix + str(key.value), *_paths(value, f"{prefix}{key.value}.")]
    return found


def last_line(key: yaml.Node, value: yaml.Node, text: str) -> int:
    """Return the line in which a value ends; the mark of a block stands behind the comments that follow it."""
    if isinstance(value, yaml.MappingNode) and value.value and not value.flow_style:
        last_key, last_value = value.value[-1]
        return last_line(last_key, last_value, text)
    if isinstance(value, yaml.SequenceNode) and value.value and not value.flow_style:
        return last_line(key, value.value[-1], text)
    end = max(key.end_mark.index, value.end_mark.index)
    return text[:end].rstrip().count("\n")


def _indented(block: list[str], by: int) -> str:
    cut = max(0, -by)
    lines = [line[min(cut, len(line) - len(line.lstrip(" "))) :] for line in block]
    return "".join(" " * max(0, by) + line if line.strip() else line for line in lines)
