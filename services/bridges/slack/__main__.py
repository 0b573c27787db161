"""The Slack bridge."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from cccc.common import facts as f
from cccc.common.errors import SettingsError
from cccc.common.facts import Fact
from cccc.common.settings.chat import Chat
from cccc.common.text.lines import moment
from cccc.common.worker import main
from cccc.services.bridges.bridge import Bridge
from cccc.services.bridges.platform import Platform

_KINDS = {"bot_token": "xoxb-", "app_token": "xapp-"}


class Slack(Bridge):
    """One app in one workspace."""

    name = "bridge-slack"
    via = "slack"

    def section(self) -> Chat:
        return self.settings.slack

    def configured(self) -> Mapping[str, tuple[bool, bool]]:
        section = self.settings.slack
        to_user, peers = section.channels.to_user, section.channels.to_peer_summary
        listed = {chat: (chat in to_user, chat in peers) for chat in (*to_user, *peers)}
        return {**listed, **dict.fromkeys(section.allow_chats, (True, True))}

    def connect(self, tokens: Mapping[str, str]) -> Platform:
        from cccc.services.bridges.slack.chat import Chats  # here: the library may be missing until this is called

        for key, token in tokens.items():
            _check(key, token)
        base = self.settings.slack.api_base_url
        return Chats(tokens["bot_token"], tokens.get("app_token", ""), base, self._let_in, self.origin)

    def fold(self, fact: Fact) -> None:
        if isinstance(fact, f.ChatSubscribed) and fact.via == self.via and fact.chat not in self.state.subscriptions:
            self.state.cursors[fact.chat] = f"{moment(fact.ts).timestamp():.6f}"  # as Slack numbers its messages
        super().fold(fact)

    def _let_in(self) -> Mapping[str, str]:
        """Return the chats that are let in, with the last of their messages that became a fact."""
        return {chat: self.state.cursors.get(chat, "") for chat in list(self.state.subscriptions)}


def _check(key: str, token: str) -> None:
    """Raise SettingsError for a token of the wrong kind: the two are easily swapped, and Slack says so late."""
    if not token.startswith(_KINDS[key]) or len(token.split()) != 1:
        raise SettingsError(f"slack.yaml: {key} must be a token that begins with {_KINDS[key]}; `cccc token set slack`")


if __name__ == "__main__":
    sys.exit(main(Slack))
