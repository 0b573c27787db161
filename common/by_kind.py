"""Rules by the kind of fact: named functions, each for the kinds that the annotation of its `fact` names.

What a service hears follows from its rules, so that no rule can be for a kind that never reaches it.
"""

from __future__ import annotations

from typing import Any, Callable, Generic, TypeVar

from cccc.common import facts as f
from cccc.common.facts import Fact

R = TypeVar("R")
Rule = TypeVar("Rule", bound=Callable[..., Any])
_BY_NAME = {f"f.{cls.__name__}": cls for cls in f.KINDS.values()}


class ByKind(Generic[R]):
    """At most one rule for each kind. `nothing` is what comes of a kind without one."""

    def __init__(self, nothing: R) -> None:
        self._nothing = nothing
        self._rules: dict[type[Fact], Callable[..., R]] = {}

    def rule(self, function: Rule) -> Rule:
        """Take a rule in. Its `fact` is annotated with kinds: `f.Pause | f.Resume`. Raises TypeError for others."""
        for name in function.__annotations__["fact"].split("|"):
            kind = _BY_NAME.get(name.strip())
            if kind is None or kind in self._rules:
                raise TypeError(f"{function.__name__}: {name.strip()} is no kind of fact, or has a rule")
            self._rules[kind] = function
        return function

    @property
    def kinds(self) -> frozenset[type[Fact]]:
        """The kinds that have a rule."""
        return frozenset(self._rules)

    def __call__(self, state: Any, fact: Fact, *more: Any) -> R:
        """Return what the rule of the fact's kind returns."""
        rule = self._rules.get(type(fact))
        return rule(state, fact, *more) if rule else self._nothing
