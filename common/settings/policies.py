"""settings/policies.yaml: what may land, what needs a decision, what is forwarded between the peers."""

from __future__ import annotations

from typing import Literal

import msgspec

from cccc.common.settings.reading import Retired
from cccc.common.settings.value_types import (
    Account,
    Count,
    Inside,
    Minutes,
    Pattern,
    Positive,
    Regex,
    Seconds,
    Section,
    Share,
    Subject,
)


class PatchQueue(Section, frozen=True):
    max_diff_lines: Positive = 150
    allowed_paths: tuple[Pattern, ...] = ("**",)
    allow_submodules: bool = False


class Gate(Section, frozen=True):
    """The checks a patch must pass. LINT_CMD and TEST_CMD win over `lint` and `tests`."""

    lint: str = ""
    tests: str = ""
    timeout_seconds: Seconds = 600
    allow_without_tests: Literal["ask", "true", "false"] = "ask"
    isolation: Literal["auto", "bind", "path"] = "auto"
    link: tuple[Inside, ...] = ()
    setup: str = ""
    reports: tuple[Inside, ...] = ()
    hooks: Literal["run", "off"] = "run"
    commit_subject: Subject = "{subject}"
    wait_minutes: Minutes = 10


class Gates(Section, frozen=True):
    protected_paths: tuple[Pattern, ...] = (
        ".cccc/**",
        "src/api/public/**",
        ".github/**",
        ".gitlab-ci.yml",
        ".husky/**",
        ".pre-commit-config.yaml",
        "LICENSE*",
        "SECURITY.md",
    )
    large_diff_requires_rfd: bool = False


class Trigger(Section, frozen=True):
    both_confidence_below: Share = 0.6
    max_dispute_rounds: Count = 2


RfdKind = Literal["protected", "large", "tests", "base", "request"]


class Approver(Section, frozen=True):
    """One person: by which accounts they are known, and which kinds of request they may decide (none: all)."""

    telegram: Account = ""
    slack: Account = ""
    discord: Account = ""
    local: bool = False  # whoever types in the project's own terminal
    roles: tuple[RfdKind, ...] = ()


class Required(Section, frozen=True):
    """How many people must give the same answer."""

    protected: Positive = 1
    large: Positive = 1
    tests: Positive = 1
    base: Positive = 1
    request: Positive = 1


class Rfd(Section, frozen=True):
    """Requests for decision. Without `approvers` the local user decides."""

    gates: Gates = Gates()
    trigger: Trigger = Trigger()
    expires_minutes: Positive = 1440
    on_expiry: Literal["default", "close"] = "default"
    required: Required = Required()
    approvers: dict[str, Approver] = msgspec.field(default_factory=dict)


_SIGNAL = ("CLAIM:", "COUNTER:", "EVIDENCE:", "TASK", "PATCH", "diff --git")


class HandoffFilter(Section, frozen=True):
    """Which messages of one peer are worth the other's attention."""

    enabled: bool = True
    min_chars: Count = 40
    min_words: Count = 6
    require_keywords_any: tuple[str, ...] = _SIGNAL
    boost_keywords_any: tuple[str, ...] = _SIGNAL
    boost_regexes: tuple[Regex, ...] = ("```", r"(?m)^diff --git ")
    drop_regexes: tuple[Regex, ...] = (r"(?i)^\s*(?:ok|okay|ready|standby|waiting|idle)\b",)
    cooldown_seconds: Seconds = 15
    bypass_cooldown_when_high_signal: bool = True
    dedup_short_seconds: Seconds = 30
    dedup_max_keep: Count = 10
    redundant_window_seconds: Seconds = 120
    redundant_similarity_threshold: Share = 0.9


class Policies(Section, frozen=True):
    """settings/policies.yaml."""

    patch_queue: PatchQueue = PatchQueue()
    gate: Gate = Gate()
    rfd: Rfd = Rfd()
    handoff_filter: HandoffFilter = HandoffFilter()
    notices: bool = True
    autonomy_level: Literal["L0", "L1", "L2", "L3"] = "L1"


# What keeps a key from its start on (readers.py); of the paths that a key begins with the longest counts.
READ_BY: dict[str, tuple[str, ...]] = {
    "": ("orchestrator",),
    "patch_queue": ("orchestrator", "evidence"),  # SYSTEM says it, the gate holds it
    "patch_queue.allow_submodules": ("evidence",),
    "gate": ("evidence",),
    "gate.lint": ("orchestrator", "evidence"),
    "gate.tests": ("orchestrator", "evidence"),
    "rfd": ("orchestrator", "evidence"),  # an approval is bound to all of it
    "notices": ("panel",),
}

_OWN_EYES = "the peers look at the repository themselves, and PROJECT.md tells them what matters"
RETIRED = {
    "gate.base_red": Retired(
        "refuse", "people are asked once which tests are known to fail without the patch, by name"
    ),
    "context.files_limit": Retired("120", _OWN_EYES),
    "context.exclude": Retired("", _OWN_EYES),
}
