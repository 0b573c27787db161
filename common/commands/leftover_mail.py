"""What becomes of the mail that the last session left in the inboxes: chosen at `cccc up`, done by delivery.

The choice lies in a file until delivery has said it as a fact, so that it is neither lost nor done twice.
"""

from __future__ import annotations

import time

from cccc.common.machine import durable
from cccc.common.paths import PEERS, Project


def count(project: Project) -> dict[str, int]:
    """Return how many messages wait in each peer's inbox, without the peers that have none."""
    counts = {peer: len(list(project.inbox(peer).glob("*.txt"))) for peer in PEERS}
    return {peer: number for peer, number in counts.items() if number}


def choose(project: Project, policy: str) -> None:
    """Leave the choice for delivery: resume, archive or discard."""
    project.make_run()
    durable.write(project.run / "inbox-startup", f"{policy} {time.time_ns()}".encode())


def chosen(project: Project) -> tuple[str, str]:
    """Return the choice and its own id; two empty texts when there is none."""
    try:
        policy, id_ = (project.run / "inbox-startup").read_text().split()
    except (OSError, ValueError):
        return "", ""
    return policy, id_


def forget(project: Project) -> None:
    """Remove the choice."""
    (project.run / "inbox-startup").unlink(missing_ok=True)
