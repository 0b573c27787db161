"""The Telegram bridge."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping

from cccc.common.settings.chat import Chat
from cccc.common.worker import main
from cccc.services.bridges.bridge import Bridge
from cccc.services.bridges.platform import Platform

os.environ.setdefault("PTB_TIMEDELTA", "true")  # the library's other way to tell of waits is on its way out


class Telegram(Bridge):
    """One bot."""

    name = "bridge-telegram"
    via = "telegram"

    def section(self) -> Chat:
        return self.settings.telegram

    def configured(self) -> Mapping[str, tuple[bool, bool]]:
        return {str(chat): (True, True) for chat in self.settings.telegram.allow_chats}

    def connect(self, tokens: Mapping[str, str]) -> Platform:
        from cccc.services.bridges.telegram.chat import Chats  # here: the library may be missing until this is called

        logging.getLogger("httpx").setLevel(logging.WARNING)  # at INFO it logs the token with every URL
        return Chats(tokens["token"], self.settings.telegram.api_base_url, self.settings.telegram.poll_seconds)


if __name__ == "__main__":
    sys.exit(main(Telegram))
