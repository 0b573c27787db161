"""The Discord bridge under supervisord, with the whole system."""

from __future__ import annotations

import json

from cccc.common.chats import bridges
from cccc.common.paths import Project
from tests.bridges.conftest import PATCH
from tests.bridges.discord import QUICK
from tests.bridges.stand_ins.discord import CHANNEL, TOKEN, Discord
from tests.command import cccc, running
from tests.conftest import git
from tests.waiting import until


def test_a_press_in_discord_lands_a_protected_patch_although_the_server_dies(
    project: Project, discord: Discord
) -> None:
    addresses = {"api_base_url": discord.url, "gateway_url": discord.gateway}
    settings = {"bot_token": TOKEN, "allow_chats": [CHANNEL], **addresses, **QUICK}
    policies = {"rfd": {"approvers": {"alice": {"discord": "42"}}}}
    (project.settings / "discord.yaml").touch(mode=0o600)
    (project.settings / "discord.yaml").write_text(json.dumps(settings))
    (project.settings / "policies.yaml").write_text(json.dumps(policies))
    with running(project.root, TEST_CMD="echo 3 passed in 0.1s", LINT_CMD=""):
        assert "discord: started" in cccc(project.root, "bridge", "discord", "start")
        until(lambda: bridges.report(project, "discord").connected)
        assert "heartbeat answered" in cccc(project.root, "bridge", "discord", "status")
        fresh = project.home / "fresh"
        fresh.write_text(PATCH)
        discord.kill()
        fresh.replace(project.peer("PeerA") / "patch.diff")
        until(lambda: not bridges.report(project, "discord").connected)
        discord.start()
        (card,) = until(lambda: [post for post in discord.posts() if post["components"]], 40)
        assert "src/api/public/call.py" in card["content"]
        until(lambda: bridges.report(project, "discord").connected, 40)
        discord.press(card, "Approve")
        until(lambda: git(project.root, "log", "--oneline").count("\n") == 2, 30)
        until(lambda: not card["components"] and "approved by alice, used for commit" in card["content"], 15)
        until(lambda: any(text.startswith("[Gate] landed") for text in discord.in_chat()), 15)
