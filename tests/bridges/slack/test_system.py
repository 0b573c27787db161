"""The Slack bridge under supervisord, with the whole system."""

from __future__ import annotations

import json

from cccc.common.chats import bridges
from cccc.common.paths import Project
from tests.bridges.conftest import PATCH
from tests.bridges.slack.conftest import QUICK
from tests.bridges.stand_ins.slack import ALICE, APP_TOKEN, BOT_TOKEN, TEAM, Slack
from tests.command import cccc, running
from tests.conftest import git
from tests.waiting import until


def test_a_line_of_slack_reaches_both_peers_and_a_press_there_lands_a_patch_although_slack_dies(
    slack: Slack, project: Project
) -> None:
    tokens = {"bot_token": BOT_TOKEN, "app_token": APP_TOKEN}
    settings = {**tokens, "allow_chats": [TEAM], "api_base_url": slack.url, **QUICK}
    policies = {"rfd": {"approvers": {"alice": {"slack": ALICE}}}}
    (project.settings / "slack.yaml").touch(mode=0o600)
    (project.settings / "slack.yaml").write_text(json.dumps(settings))
    (project.settings / "policies.yaml").write_text(json.dumps(policies))
    with running(project.root, TEST_CMD="echo 3 passed in 0.1s", LINT_CMD=""):
        assert "slack: started" in cccc(project.root, "bridge", "slack", "start")
        until(lambda: bridges.report(project, "slack").connected)
        ts = slack.say("both: hello")
        until(lambda: slack.reactions.get((TEAM, ts)) == ["eyes", "ok_hand"], 20)
        fresh = project.home / "fresh"
        fresh.write_text(PATCH)
        slack.kill()
        fresh.replace(project.peer("PeerA") / "patch.diff")
        until(lambda: not bridges.report(project, "slack").connected, 15)
        slack.start()
        (card,) = until(lambda: [post for post in slack.posts() if post.get("blocks")], 40)
        assert "src/api/public/call.py" in card["text"]
        until(lambda: slack.sockets and bridges.report(project, "slack").connected, 40)
        slack.press(card, "Approve")
        until(lambda: git(project.root, "log", "--oneline").count("\n") == 2, 30)
        until(lambda: not card["blocks"] and "approved by alice, used for commit" in card["text"], 20)
        until(lambda: any(text.startswith("[Gate] landed") for text in slack.in_chat()), 15)
        assert "connected" in cccc(project.root, "bridge", "slack", "status")
