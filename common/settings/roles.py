"""settings/roles.yaml: who leads and who is good at what."""

from __future__ import annotations

from typing import Literal

from cccc.common.settings.value_types import PeerName, Section


class Specialties(Section, frozen=True):
    peerA: tuple[str, ...] = ()
    peerB: tuple[str, ...] = ()


class Rotation(Section, frozen=True):
    mode: Literal["manual"] = "manual"
    allowed_at: tuple[str, ...] = ()


class Roles(Section, frozen=True):
    """settings/roles.yaml."""

    leader: PeerName = "peerA"
    specialties: Specialties = Specialties()
    rotation: Rotation = Rotation()


# What keeps a key from its start on (readers.py); of the paths that a key begins with the longest counts.
READ_BY: dict[str, tuple[str, ...]] = {"": ("orchestrator",), "leader": ("orchestrator", "panel")}
