"""The folders and empty files of a project, as `cccc init` and `cccc clean` leave them."""

from __future__ import annotations

from cccc.common.paths import PEERS, Project


def create(project: Project) -> None:
    """Create what is missing; what is there stays as it is."""
    project.home.mkdir(exist_ok=True)
    project.make_private()
    for peer in PEERS:
        for folder in (project.inbox(peer), project.processed(peer), project.taken(peer)):
            project.make(folder, mode=0o777)
        for name in ("to_peer.md", "to_user.md", "patch.diff"):
            (project.peer(peer) / name).touch()
    uploads = project.work / "upload"
    for folder in (project.settings, uploads / "inbound", uploads / "outbound"):
        project.make(folder, mode=0o777)
