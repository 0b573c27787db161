"""One settings file: YAML over a struct's defaults, key by key, with every problem named by line and key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar, Union, get_args, get_origin

import msgspec
import yaml

from cccc.common.settings.tree import NULL, Broken, line, tree
from cccc.common.settings.value_types import Section, is_secret
from cccc.common.settings.values import Wrong, value, what
from cccc.common.text import redaction

S = TypeVar("S", bound=Section)


class Retired(NamedTuple):
    """A key of old files that does nothing any more."""

    meant: str  # the value that asks for what happens anyway; it may stay
    instead: str


_NAME = re.compile(r"[\w.-]{1,64}")


@dataclass
class Reading(Generic[S]):
    """What one file says. Where there are problems, `value` is the defaults."""

    value: S
    lines: dict[str, int] = field(default_factory=dict)  # the keys that are in the file
    problems: list[str] = field(default_factory=list)


def read(path: Path, shown: str, default: S, moved: Mapping[str, str], retired: Mapping[str, Retired]) -> Reading[S]:
    """Read a file over the defaults. `shown` names it in problems; `moved` maps a key's old place to its place."""
    try:
        root = tree(path)
    except Broken as broken:
        where = f"{shown}:{broken.line}" if broken.line else shown
        return Reading(default, problems=[one_line(f"{where}: {broken}")])
    return _Walk(shown, default, moved, retired).over(root)


def one_line(text: str) -> str:
    """Return the text with everything replaced that could break the line or the terminal."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))


class Schema:
    """A file's keys by their dotted paths. One key can be in both: a mapping, or (in old files) a text."""

    def __init__(self, section: type[Section]) -> None:
        self.values: dict[str, Any] = {}  # path -> annotated type
        self.sections: dict[str, None] = {}  # a set with an order
        self._add(section, "")

    def _add(self, section: type[Section], prefix: str) -> None:
        for known in msgspec.structs.fields(section):
            path = prefix + known.name
            for kind in get_args(known.type) if get_origin(known.type) is Union else (known.type,):
                if isinstance(kind, type) and issubclass(kind, Section):
                    self.sections[path] = None
                    self._add(kind, f"{path}.")
                else:
                    self.values[path] = kind

    def inside(self, section: str) -> list[str]:
        """Return the paths right below a section; "" is the top of the file."""
        return [path for path in (*self.values, *self.sections) if path.rpartition(".")[0] == section]

    def like(self, path: str) -> str:
        """Return what the writer of an unknown key most likely meant, else what is allowed there."""
        from difflib import get_close_matches  # here, because every start of a service would pay for it

        above, _, key = path.rpartition(".")
        everything = [*self.values, *self.sections]
        near = get_close_matches(path, self.inside(above), n=1, cutoff=0.75)
        near = near or [known for known in everything if known.rpartition(".")[2] == key]
        near = near or get_close_matches(path, everything, n=1, cutoff=0.8)
        if near:
            return f"did you mean {near[0]}?"
        return f"allowed: {', '.join(known.rpartition('.')[2] for known in self.inside(above))}"


class _Walk(Generic[S]):
    def __init__(
        self, shown: str, default: S, moved: Mapping[str, str], retired: Mapping[str, Retired], place: str = ""
    ) -> None:
        self.shown = shown
        self.place = place  # of what is read inside the file: "rfd.approvers.alice."
        self.schema = Schema(type(default))
        self.moved = moved
        self.retired = retired
        self.reading = Reading(default)
        self.found: dict[str, object] = {}

    def over(self, root: yaml.Node | None) -> Reading[S]:
        if isinstance(root, yaml.MappingNode):
            self.mapping(root, "")
        elif root is not None and root.tag != NULL:
            self.problem(root, "", f"got {what(root)}; allowed: `key: value` lines")
        if not self.reading.problems:
            self.reading.value = _over(self.reading.value, self.found)
        return self.reading

    def mapping(self, node: yaml.MappingNode, prefix: str) -> None:
        lines = self.reading.lines
        for key, below in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.problem(key, prefix.rstrip("."), f"got {what(key)} as a key; allowed: a plain word")
                continue
            path = self.moved.get(prefix + key.value, prefix + key.value)
            if path in lines:
                self.problem(key, path, f"is already in line {lines[path]}; allowed: each key once")
                continue
            lines[path] = line(key)
            self.key(key, below, path)

    def key(self, key: yaml.ScalarNode, node: yaml.Node, path: str) -> None:
        section = path in self.schema.sections and "." not in key.value
        if section and isinstance(node, yaml.MappingNode):
            self.mapping(node, f"{path}.")
        elif section and node.tag == NULL:
            pass  # `gate:` with all its keys commented out
        elif get_origin(self.schema.values.get(path)) is dict:
            self.found[path] = self.named(node, get_args(self.schema.values[path])[1], path)
        elif path in self.schema.values and "." not in key.value:
            try:
                self.found[path] = value(node, self.schema.values[path], is_secret(path.rpartition(".")[2]))
            except Wrong as wrong:
                self.problem(wrong.node, path + wrong.item, str(wrong))
        elif section:
            names = ", ".join(known.rpartition(".")[2] for known in self.schema.inside(path))
            self.problem(key, path, f"got {what(node)}; allowed: the keys {names}")
        elif path in self.retired:
            meant, instead = self.retired[path]
            if not isinstance(node, yaml.ScalarNode) or node.value != meant:
                self.problem(key, path, f"is not used any more; {instead}; remove the line, or run `cccc upgrade`")
        elif isinstance(node, yaml.MappingNode) and any(old.startswith(f"{path}.") for old in self.retired):
            self.mapping(node, f"{path}.")
        else:
            self.problem(key, path, f"unknown key; {self.schema.like(path)}")

    def named(self, node: yaml.Node, section: type[Section], path: str) -> dict[str, Section]:
        """Read a mapping whose keys are names that the user gives."""
        if not isinstance(node, yaml.MappingNode):
            if node.tag != NULL:
                self.problem(node, path, f"got {what(node)}; allowed: names with keys of their own")
            return {}
        result: dict[str, Section] = {}
        for key, below in node.value:
            if not isinstance(key, yaml.ScalarNode) or not _NAME.fullmatch(key.value) or key.value in result:
                self.problem(key, path, f"got {what(key)} as a name; allowed: each name once, letters, digits, -, _, .")
                continue
            walk = _Walk(self.shown, section(), {}, {}, f"{path}.{key.value}.")
            read = walk.over(below)
            result[key.value] = read.value
            self.reading.problems += read.problems
        return result

    def problem(self, node: yaml.Node, path: str, text: str) -> None:
        where, path = f"{self.shown}:{line(node)}", redaction.default.redact(self.place + path).rstrip(".")
        self.reading.problems.append(one_line(f"{where}: {path}: {text}" if path else f"{where}: {text}"))


def _over(section: S, found: Mapping[str, object], prefix: str = "") -> S:
    """Return the section with the found values in place of its own."""
    changes: dict[str, object] = {}
    for name in section.__struct_fields__:
        mine, path = getattr(section, name), prefix + name
        if path in found:
            changes[name] = found[path]
        elif isinstance(mine, Section):
            changes[name] = _over(mine, found, f"{path}.")
    return msgspec.structs.replace(section, **changes)
