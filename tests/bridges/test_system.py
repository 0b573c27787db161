"""A bridge in the whole system: tokens, start and stop, and a line of a chat that becomes a commit."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.common import ledger, settings
from cccc.common.chats import bridges
from cccc.common.paths import Project
from cccc.scripts.stand_ins.telegram import GROUP, TOKEN, Telegram
from tests.bridges.conftest import QUICK
from tests.command import Terminal, cccc, running
from tests.conftest import git
from tests.waiting import until

PATCH = """\
diff --git a/src/api/public/call.py b/src/api/public/call.py
new file mode 100644
--- /dev/null
+++ b/src/api/public/call.py
@@ -0,0 +1 @@
+x = 1
"""


def settle(project: Project, telegram: Telegram, **more: object) -> None:
    """Write the settings of the Telegram bridge."""
    project.settings.mkdir(parents=True, exist_ok=True)
    settings = {"api_base_url": telegram.url, "allow_chats": [GROUP], **QUICK, **more}
    (project.settings / "telegram.yaml").touch(mode=0o600)
    (project.settings / "telegram.yaml").write_text(
        "".join(f"{key}: {json.dumps(settings[key])}\n" for key in settings)
    )


def connected(project: Project) -> bool:
    return bridges.report_path(project, "telegram").exists() and bridges.report(project, "telegram").connected


def test_a_line_of_a_chat_reaches_both_peers_and_their_answers_come_back(project: Project, telegram: Telegram) -> None:
    settle(project, telegram)
    with running(project.root, TELEGRAM_BOT_TOKEN=TOKEN):
        until(lambda: connected(project))
        number = telegram.say("both: say hello")
        until(lambda: telegram.reactions.get((GROUP, number), [])[:1] == ["👀"])
        until(lambda: sum(text.startswith("[Peer") for text in telegram.in_chat()) >= 2, 30)
        telegram.say("/status")
        until(lambda: any("bridge-telegram  ready" in text for text in telegram.in_chat()), 15)


def test_a_press_in_the_chat_lands_a_protected_patch_and_settles_the_card(project: Project, telegram: Telegram) -> None:
    settle(project, telegram)
    policies = {"rfd": {"approvers": {"alice": {"telegram": "42"}}}}
    (project.settings / "policies.yaml").write_text(json.dumps(policies))
    with running(project.root, TELEGRAM_BOT_TOKEN=TOKEN, TEST_CMD="echo 3 passed in 0.1s", LINT_CMD=""):
        until(lambda: connected(project))
        fresh = project.home / "fresh"
        fresh.write_text(PATCH)
        fresh.replace(project.peer("PeerA") / "patch.diff")
        (card,) = until(lambda: [post for post in telegram.posts if post.get("reply_markup")], 30)
        assert "src/api/public/call.py" in card["text"]
        telegram.press(card, "Approve")
        until(lambda: git(project.root, "log", "--oneline").count("\n") == 2, 30)
        until(lambda: not card["reply_markup"] and "approved by alice, used for commit" in card["text"], 15)
        until(lambda: any(text.startswith("[Gate] landed") for text in telegram.in_chat()), 15)
        assert [answer["text"].partition(": ")[2] for answer in telegram.answers] == ["approved by alice"]


def test_the_commands_start_stop_and_show_a_bridge(project: Project, telegram: Telegram) -> None:
    settle(project, telegram, autostart=False, token=TOKEN)
    with running(project.root):
        assert "bridge-telegram  STOPPED" in cccc(project.root, "ps")
        code, alone = cccc(project.root, "bridge", "pair").splitlines()[-2:]
        assert "/subscribe " in code and alone == "no bridge is running; `cccc bridge start` starts telegram"
        assert "! " not in cccc(project.root, "status")
        assert "telegram: does not run" in cccc(project.root, "bridge", "telegram", "stop")
        assert "telegram: started" in cccc(project.root, "bridge", "start")
        assert "telegram: already running" in cccc(project.root, "bridge", "start", "telegram")
        until(lambda: connected(project))
        until(lambda: "RUNNING" in cccc(project.root, "bridge", "telegram", "status"), what="a second of life")
        assert "poll answered" in cccc(project.root, "bridge", "telegram", "status")
        telegram.token = "revoked"
        until(lambda: not connected(project), 15)
        assert "rejects the token" in cccc(project.root, "bridge", "status")
        assert "bridge-telegram: Telegram rejects the token" in cccc(project.root, "status")
        telegram.token = TOKEN
        assert "telegram: started" in cccc(project.root, "bridge", "telegram", "restart")
        until(lambda: connected(project))
        assert "ready at seq" in cccc(project.root, "bridge", "logs", "-n", "200")
        assert "no bridge" not in cccc(project.root, "bridge", "pair")
        code = cccc(project.root, "bridge", "pair").split()[-1]
        telegram.say(f"/subscribe {code}", chat=42)
        until(lambda: any(fact.how == "code" for fact in ledger.read(project) if isinstance(fact, f.ChatSubscribed)))
        assert "telegram: stopped" in cccc(project.root, "bridge", "telegram", "stop")
        assert "bridge-telegram" not in cccc(project.root, "status").partition("last facts")[0]


def test_what_is_missing_is_said_with_the_command_that_mends_it(project: Project, telegram: Telegram) -> None:
    assert "`cccc token set telegram`" in cccc(project.root, "bridge", "start", code=1)
    assert "slack: no bot_token; `cccc token set slack`" in cccc(project.root, "bridge", "slack", "start", code=1)
    settle(project, telegram, token=TOKEN)
    assert "`cccc up`" in cccc(project.root, "bridge", "telegram", "start", code=4)
    assert "it is cccc bridge" in cccc(project.root, "bridge", "start", "stop", code=2)


def test_a_library_that_is_missing_is_named_with_the_command_of_this_installation(
    monkeypatch: pytest.MonkeyPatch, project: Project
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    loaded = settings.load(project)
    assert "-m pip install 'cccc-supervised[slack]'" in bridges.missing(loaded, "slack", {})
    monkeypatch.setattr(sys, "prefix", "/home/me/.local/pipx/venvs/cccc-supervised")
    assert "`pipx inject cccc-supervised slack_sdk aiohttp`" in bridges.missing(loaded, "slack", {})


def test_a_token_is_read_from_the_standard_input_and_kept_for_the_user_alone(
    project: Project, telegram: Telegram
) -> None:
    cccc(project.root, "init")
    file = project.settings / "telegram.yaml"
    file.write_text(file.read_text().replace("https://api.telegram.org", telegram.url))
    said = cccc(project.root, "token", "set", input=f"{TOKEN}\n")
    assert "@pair_bot" in said and TOKEN not in said
    assert file.stat().st_mode & 0o777 == 0o600
    assert "# The Telegram bridge" in file.read_text() and f'token: "{TOKEN}"' in file.read_text()
    shown = cccc(project.root, "token", "show")
    assert "1234…n-00" in shown and TOKEN not in shown
    assert "removed token" in cccc(project.root, "token", "unset")
    assert TOKEN not in file.read_text()


def test_a_token_that_the_platform_refuses_or_that_has_no_form_is_not_stored(
    project: Project, telegram: Telegram
) -> None:
    settle(project, telegram)
    telegram.token = "another"
    assert "telegram rejects this token: Unauthorized" in cccc(project.root, "token", "set", input=TOKEN, code=1)
    assert "not a telegram token" in cccc(project.root, "token", "set", input="xoxb-1", code=2)
    assert "nothing was changed" in cccc(project.root, "token", "set", input="", code=2)
    assert "token:" not in (project.settings / "telegram.yaml").read_text()


def test_a_token_is_asked_for_without_being_shown(project: Project, telegram: Telegram) -> None:
    settle(project, telegram)
    with Terminal(project.root, "token", "set") as terminal:
        terminal.shows("telegram token")
        terminal.hides()
        terminal.types(f"{TOKEN}\n")
        assert terminal.ends() == 0
    assert TOKEN not in terminal.said
    assert TOKEN in (project.settings / "telegram.yaml").read_text()


def test_both_tokens_of_slack_find_their_places(project: Project) -> None:
    project.settings.mkdir(parents=True, exist_ok=True)
    (project.settings / "slack.yaml").write_text('api_base_url: "http://127.0.0.1:9/"\n')
    cccc(project.root, "token", "set", "slack", input="xapp-1-abc\nxoxb-2-def\n")
    text = (project.settings / "slack.yaml").read_text()
    assert 'bot_token: "xoxb-2-def"' in text and 'app_token: "xapp-1-abc"' in text


def test_a_project_is_not_left_with_a_bridge_when_it_goes_down(project: Project, telegram: Telegram) -> None:
    settle(project, telegram)
    with running(project.root, TELEGRAM_BOT_TOKEN=TOKEN):
        until(lambda: connected(project))
    assert not connected(project)
    assert git(project.root, "status", "--porcelain") == ""
    assert Path(project.run).exists()
