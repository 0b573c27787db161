"""The Discord bridge."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping

from cccc.common import facts as f
from cccc.common.facts import Fact
from cccc.common.settings.chat import Chat
from cccc.common.text.lines import moment
from cccc.common.worker import main
from cccc.services.bridges.bridge import Bridge
from cccc.services.bridges.platform import Platform

_EPOCH = 1420070400.0  # Discord numbers what it has by the time since 2015


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
        from cccc.services.bridges.discord.chat import (
            Chats,
            use,
        )  # here: the library may be missing until this is called

        logging.getLogger("discord").setLevel(logging.WARNING)  # below that it logs what people write
        logging.getLogger("discord.client").setLevel(logging.CRITICAL)  # a traceback for every try in an outage
        use(self.settings.discord.api_base_url, self.settings.discord.gateway_url)
        return Chats(tokens["bot_token"], self._places, self.origin)

    def fold(self, fact: Fact) -> None:
        """Keep as cursors the messages' own numbers, which grow with time in all channels and threads alike."""
        chat = getattr(fact, "chat", "") if getattr(fact, "via", "") == self.via else ""
        before = self.state.cursors.get(chat, "0")
        if isinstance(fact, f.ChatSubscribed) and chat and chat not in self.state.subscriptions:
            self.state.cursors[chat] = str(int((moment(fact.ts).timestamp() - _EPOCH) * 1000) << 22)
        super().fold(fact)
        if chat in self.state.cursors:
            self.state.cursors[chat] = str(max(_number(before), _number(self.state.cursors[chat])))

    def _places(self) -> Mapping[str, int]:
        """Return the chats that are let in, with the last of their messages that became a fact."""
        return {chat: int(self.state.cursors[chat]) for chat in list(self.state.subscriptions)}


def _number(message: str) -> int:
    return int(message.rpartition(":")[2])


if __name__ == "__main__":
    sys.exit(main(Discord))
