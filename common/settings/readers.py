"""Which services read each key when they start, and so when a change of it counts.

`conf/settings/*.yaml` says the same beside each key, or beside its section.
"""

from __future__ import annotations

from cccc.common.registry import BRIDGES

SESSION = "session"  # not a service: what a session keeps from its `cccc up` on
_UP = "up"  # `cccc up` itself, which keeps nothing of it

_DELIVERY, _EVIDENCE, _ORCHESTRATOR, _PANEL = ("delivery",), ("evidence",), ("orchestrator",), ("panel",)
_ALL_BRIDGES = tuple(bridge.name for bridge in BRIDGES)

# The longest path that a key begins with counts.
_READ_BY: dict[str, tuple[str, ...]] = {
    "cli_profiles": _DELIVERY,
    "cli_profiles.commands": (SESSION,),  # the CLIs go on while delivery restarts
    "cli_profiles.tmux": (SESSION,),
    "cli_profiles.mailbox": _ORCHESTRATOR,
    "cli_profiles.mailbox.min_free_mb": (*_ORCHESTRATOR, *_ALL_BRIDGES),
    "cli_profiles.delivery.keepalive_minutes": _ORCHESTRATOR,
    "cli_profiles.delivery.self_check_every_handoffs": _ORCHESTRATOR,
    "cli_profiles.delivery.self_check_text": _ORCHESTRATOR,
    "cli_profiles.delivery.context_compact_every_self_checks": _ORCHESTRATOR,
    "cli_profiles.delivery.lazy_preamble": _ORCHESTRATOR,
    "cli_profiles.delivery.inbox_startup_policy": (_UP,),
    "cli_profiles.delivery.inbox_startup_prompt": (_UP,),
    "cli_profiles.delivery.inbox_startup_prompt_timeout_seconds": (_UP,),
    "cli_profiles.delivery.inbox_startup_prompt_noninteractive_timeout_seconds": (_UP,),
    "cli_profiles.peerA.inbound_suffix": _ORCHESTRATOR,
    "cli_profiles.peerB.inbound_suffix": _ORCHESTRATOR,
    "cli_profiles.console_echo": (),
    "policies": _ORCHESTRATOR,
    "policies.patch_queue": (*_ORCHESTRATOR, *_EVIDENCE),  # SYSTEM says it, the gate holds it
    "policies.patch_queue.allow_submodules": _EVIDENCE,
    "policies.gate": _EVIDENCE,
    "policies.gate.lint": (*_ORCHESTRATOR, *_EVIDENCE),
    "policies.gate.tests": (*_ORCHESTRATOR, *_EVIDENCE),
    "policies.rfd": (*_ORCHESTRATOR, *_EVIDENCE),  # an approval is bound to all of it
    "policies.notices": _PANEL,
    "roles": _ORCHESTRATOR,
    "roles.leader": (*_ORCHESTRATOR, *_PANEL),
    "telegram.redact_patterns": (*_ORCHESTRATOR, *_ALL_BRIDGES),
    **{bridge.removeprefix("bridge-"): (bridge,) for bridge in _ALL_BRIDGES},
    **{f"{bridge.removeprefix('bridge-')}.autostart": (_UP,) for bridge in _ALL_BRIDGES},
}

AT_ONCE, AT_RESTART, NEXT_SESSION = "at once", "restart", "next session"


def of(key: str) -> tuple[str, ...]:
    """Return the services that keep what `<file>.<key>` says from their start on; SESSION is among them."""
    names = key.split(".")
    paths = (".".join(names[:length]) for length in range(len(names), 0, -1))
    return next(_READ_BY[path] for path in paths if path in _READ_BY)


def when(key: str) -> str:
    """Return when a change of `<file>.<key>` counts: at once, after `cccc restart`, or with the next `cccc up`."""
    readers = of(key)
    if not readers:
        return AT_ONCE
    return NEXT_SESSION if set(readers) & {SESSION, _UP} else AT_RESTART
