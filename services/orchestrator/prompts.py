"""The SYSTEM texts that a session of a peer's CLI is given."""

from __future__ import annotations

from pathlib import Path

from cccc.common.paths import PEERS, folder

_FOLDER = Path(__file__).parents[2] / "conf" / "prompts"


def system() -> dict[str, str]:
    """Return SYSTEM by peer."""
    return {peer: (_FOLDER / f"SYSTEM.{folder(peer)}.md").read_text(encoding="utf-8").strip() for peer in PEERS}
