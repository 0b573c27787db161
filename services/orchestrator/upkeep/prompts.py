"""The SYSTEM texts that a session of a peer's CLI is given: the rules, what is in force here, the user's brief.

The files in conf/prompts hold the rules; `$name` stands for a number or sentence of this project's settings.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import NamedTuple

from cccc import conf
from cccc.common.paths import PEERS, Project, folder, other
from cccc.common.settings import Settings
from cccc.services.orchestrator.mail import inbox_text

_FOLDER = Path(conf.__file__).parent / "prompts"
_LONGEST_BRIEF = 12_000  # characters
_AUTONOMY = {
    "L0": "Stand by: propose, and start nothing before the user has agreed to it.",
    "L1": "Stand by: start nothing that neither the user nor an agreed CLAIM asked for. Propose it instead.",
    "L2": "Start what the user or an agreed CLAIM asked for, and on your own the next small step of PROJECT.md.",
    "L3": "Work through PROJECT.md on your own, step by step; ask the user only for decisions.",
}


class Brief(NamedTuple):
    """What PROJECT.md says, with no tag in it that speaks for somebody else: a patch may have changed it."""

    text: str | None  # None: there is no brief
    wrong: str = ""  # why not, where something has its name


def brief_of(project: Project) -> Brief:
    """Return the brief. Only a file, or what a link to one leads to, is read: a pipe would never end."""
    try:
        descriptor = os.open(project.root / "PROJECT.md", os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return Brief(None, "PROJECT.md is not a file")
            text = inbox_text.escaped(file.read().strip())
    except FileNotFoundError:
        return Brief(None)
    except OSError as error:
        return Brief(None, f"PROJECT.md cannot be read ({error.strerror})")
    if len(text) <= _LONGEST_BRIEF:
        return Brief(text)
    return Brief(f"{text[:_LONGEST_BRIEF]}\n(the rest is in PROJECT.md)")


def system(brief: Brief, settings: Settings, env: Mapping[str, str]) -> dict[str, str]:
    """Return SYSTEM by peer. `env` is the environment of the user's terminal, which may name the checks."""
    return {peer: woven(_template(peer), peer, settings, env, brief) for peer in PEERS}


def woven(template: str, peer: str, settings: Settings, env: Mapping[str, str], brief: Brief) -> str:
    """Return one peer's SYSTEM."""
    policies = settings.policies
    text = Template(template).safe_substitute(
        autonomy=_AUTONOMY[policies.autonomy_level], max_diff_lines=policies.patch_queue.max_diff_lines
    )
    parts = [text, "IN FORCE HERE.\n" + "\n".join(f"- {line}" for line in _in_force(peer, settings, env))]
    if brief.text:
        parts.append(f"PROJECT.md, the user's brief:\n{brief.text}")
    elif brief.wrong:
        parts.append(f"There is no brief: {brief.wrong}.")
    return "\n\n".join(parts)


def _in_force(peer: str, settings: Settings, env: Mapping[str, str]) -> list[str]:
    policies, roles = settings.policies, settings.roles
    leader = "you lead" if folder(peer) == roles.leader else f"{other(peer)} leads"
    at = f", at: {', '.join(roles.rotation.allowed_at)}" if roles.rotation.allowed_at else ""
    lines = [f"Of the two of you {leader}: the leader frames the next step. Only the user changes that{at}."]
    for name in (peer, other(peer)):
        good_at = getattr(roles.specialties, folder(name))
        if good_at:
            lines.append(f"{'You are' if name == peer else f'{name} is'} good at: {', '.join(good_at)}.")
    large = "a person decides" if policies.rfd.gates.large_diff_requires_rfd else "refused"
    lines += [
        f"A patch may touch: {_listed(policies.patch_queue.allowed_paths)}.",
        f"A person decides on: {_listed(policies.rfd.gates.protected_paths)}.",
        f"Over {policies.patch_queue.max_diff_lines} changed lines: {large}.",
    ]
    checks = {
        "Lint": env.get("LINT_CMD") or policies.gate.lint,
        "Tests": env.get("TEST_CMD") or policies.gate.tests,
    }
    return lines + [f"{what} that the gate runs: `{command}`." for what, command in checks.items() if command]


def _listed(patterns: tuple[str, ...]) -> str:
    return ", ".join(patterns) or "nothing"


def _template(peer: str) -> str:
    return (_FOLDER / f"SYSTEM.{folder(peer)}.md").read_text(encoding="utf-8").strip()
