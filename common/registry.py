"""Every service: its place in the start order, and what it may say.

supervisord's configuration is rendered from this list; the ledger refuses a fact from whom its kind does not name
(`SAID_BY`). What a service hears follows from its rules (`by_kind.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from cccc.common import facts as f

BRIDGE = "bridge"
CLI = "cli"  # the command line says facts for the person who types


@dataclass(frozen=True)
class Service:
    """One supervised process: `python -m cccc.services.<module>`."""

    name: str
    order: int  # start order; stops in reverse
    module: str = ""  # the name, when empty


# What every project runs.
SERVICES = (
    Service("ledger", 10),
    Service("orchestrator", 20),
    Service("delivery", 30),
    Service("evidence", 40),
    Service("panel", 50),
)
# One process per chat platform; it runs where it is set up.
PLATFORMS = ("telegram", "slack", "discord")
BRIDGES = tuple(Service(f"{BRIDGE}-{platform}", 60, f"bridges.{platform}") for platform in PLATFORMS)
EVERY = (*SERVICES, *BRIDGES)
BY_NAME = {service.name: service for service in EVERY}


def is_bridge(name: str) -> bool:
    """Return whether a service is one that runs only where it is set up."""
    return any(bridge.name == name for bridge in BRIDGES)


def _says(name: str) -> frozenset[str]:
    role = BRIDGE if is_bridge(name) else name
    return frozenset(kind for kind, cls in f.KINDS.items() if role in cls.SAID_BY)


SAYS: dict[str, frozenset[str]] = {name: _says(name) for name in (*BY_NAME, CLI)}
