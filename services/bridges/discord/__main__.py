"""The Discord bridge."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping

from cccc.common.settings.chat import Chat
from cccc.common.worker import main
from cccc.services.bridges.bridge import Bridge
from cccc.services.bridges.platform import Platform


class Discord(Bridge):
    """One bot."""

    name = "bridge-discord"
    via = "discord"

    def section(self) -> Chat:
        return self.settings.discord

    def configured(self) -> Mapping[str, tuple[bool, bool]]:
        rules = self.settings.discord
        to_user = {*rules.allow_chats, *rules.channels.to_user}
        peers = {*rules.allow_chats, *rules.channels.to_peer_summary}
        return {str(chat): (chat in to_user, chat in peers) for chat in sorted(to_user | peers)}

    def connect(self, tokens: Mapping[str, str]) -> Platform:
        from cccc.services.bridges.discord import chat  # here: the library may be missing until this is called

        logging.getLogger("discord").setLevel(logging.WARNING)  # below that it logs what people write
        logging.getLogger("discord.client").setLevel(logging.CRITICAL)  # a traceback for every try in an outage
        chat.use(self.settings.discord.api_base_url, self.settings.discord.gateway_url)
        return chat.Chats(tokens["bot_token"], self._places)

    def _places(self) -> dict[str, tuple[str, float]]:
        """Return, for each chat that is let in, its last message that is a fact, and since when it is let in."""
        subscriptions, cursors = dict(self.state.subscriptions), dict(self.state.cursors)  # asked in another thread
        return {chat: (cursors.get(chat, ""), its.since) for chat, its in subscriptions.items()}


if __name__ == "__main__":
    sys.exit(main(Discord))
