"""One YAML node to one checked value, or to the words for what is wrong with it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
import yaml

from cccc.common.settings.tree import NULL
from cccc.common.text import redaction

_SHOWN = 40
_constructor: Any = yaml.constructor.SafeConstructor()
# YAML's own types that settings have; everything else, such as a date, counts as the text it was written as.
_NAMES = {
    "tag:yaml.org,2002:int": "the number",
    "tag:yaml.org,2002:float": "the number",
    "tag:yaml.org,2002:bool": "the switch",
}


class Wrong(Exception):
    """A value that its key does not take: `<what is wrong>; <what is allowed>`."""

    def __init__(self, node: yaml.Node, text: str, item: str = "") -> None:
        super().__init__(text)
        self.node = node
        self.item = item  # "[2]" when it is the third of a list


def value(node: yaml.Node, kind: Any, secret: bool) -> object:
    """Return the node's value as the annotated type `kind`. Raises Wrong."""
    if get_origin(kind) is tuple:
        return _list(node, kind, secret)
    if get_origin(kind) is Literal:
        # The text as written: YAML takes a bare `off` for false.
        if isinstance(node, yaml.ScalarNode) and node.tag != NULL and node.value in get_args(kind):
            return node.value
        raise Wrong(node, f"got {what(node, secret)}; allowed: {_allowed(kind)}")
    extra = (get_args(kind)[1].extra or {}) if get_origin(kind) is Annotated else {}
    try:
        written = "written" in extra and isinstance(node, yaml.ScalarNode) and node.tag != NULL
        plain = node.value if written else _plain(node)
        result: object = msgspec.convert(plain, kind, strict="quoted" not in extra)
    except (msgspec.ValidationError, ValueError):
        raise Wrong(node, f"got {what(node, secret)}; allowed: {_allowed(kind)}") from None
    wrong = extra["check"](result) if "check" in extra else ""
    if wrong:
        raise Wrong(node, f"{what(node, secret)}: {wrong}; allowed: {_allowed(kind)}")
    return result


def what(node: yaml.Node, secret: bool = False) -> str:
    """Name a node for people, without its text when it is a secret."""
    if isinstance(node, yaml.MappingNode):
        return "keys of its own"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    if node.tag == NULL:
        return "nothing"
    name = _NAMES.get(node.tag, "the text")
    if secret:
        return name
    text = redaction.default.redact(node.value)
    return f"{name} {text[:_SHOWN] + '...' if len(text) > _SHOWN else text!r}"


def _list(node: yaml.Node, kind: Any, secret: bool) -> tuple[object, ...]:
    if not isinstance(node, yaml.SequenceNode):
        raise Wrong(node, f"got {what(node, secret)}; allowed: {_allowed(kind)}")
    result = []
    for number, each in enumerate(node.value):
        try:
            result.append(value(each, get_args(kind)[0], secret))
        except Wrong as wrong:
            raise Wrong(wrong.node, str(wrong), f"[{number}]") from None
    return tuple(result)


def _plain(node: yaml.Node) -> object:
    """Return a scalar's Python value. Raises ValueError for another node, or a text that its tag does not fit."""
    if not isinstance(node, yaml.ScalarNode):
        raise ValueError("not a scalar")
    if node.tag == NULL:
        return None
    try:
        return _constructor.construct_object(node) if node.tag in _NAMES else node.value
    except KeyError:  # `!!bool maybe`
        raise ValueError(node.value) from None


def _allowed(kind: Any) -> str:
    """Say what a kind takes."""
    if get_origin(kind) is tuple:
        return f"a list, each {_allowed(get_args(kind)[0])}"
    if get_origin(kind) is Literal:
        return ", ".join(choice or '""' for choice in get_args(kind))
    if get_origin(kind) is Annotated:
        return str(get_args(kind)[1].description)
    return "true or false" if kind is bool else "a text, in quotes when it looks like a number or a switch"
