"""Discord, with the people in its channels."""

from __future__ import annotations

import re
import time
from typing import Any

from tests.bridges.stand_ins.discord import shapes
from tests.bridges.stand_ins.discord.api import Api
from tests.bridges.stand_ins.discord.shapes import ALICE, BOB, BOT, CHANNEL, DIRECT, GUILD


class Discord(Api):
    """What people do there, and what they see."""

    def say(self, text: str, channel: int = CHANNEL, user: dict[str, Any] = ALICE, **more: Any) -> int:
        """A person writes; returns the message's id."""
        return self.run(self._say(text, channel, user, more))

    async def _say(self, text: str, channel: int, user: dict[str, Any], more: dict[str, Any]) -> int:
        message = self._message(channel, user, text, **more)
        message["mentions"] = [who for who in (ALICE, BOB, BOT) if re.search(f"<@!?{who['id']}>", text)]
        self.messages[channel].append(message)
        await self._dispatch("MESSAGE_CREATE", self._as_event(message))
        return int(message["id"])

    def change(self, number: int, text: str, channel: int = CHANNEL) -> None:
        """A person edits their message."""
        message = self.find(channel, number)
        message.update(content=text, edited_timestamp=shapes.now())
        self.run(self._dispatch("MESSAGE_UPDATE", self._as_event(message)))

    def attach(self, name: str, content: bytes, channel: int = CHANNEL) -> list[dict[str, Any]]:
        """Return attachments for a message of a person."""
        id_ = str(self.snowflake())
        self.files[id_] = content
        return [self._attachment(id_, name, len(content))]

    def press(self, message: dict[str, Any], label: str, user: dict[str, Any] = ALICE) -> str:
        """A person presses a button of a post; returns the interaction's id."""
        buttons = [button for row in message.get("components", []) for button in row["components"]]
        value = next(button["custom_id"] for button in buttons if button["label"] == label)
        content = {"custom_id": value, "component_type": 2}
        return self.interact(3, content, int(message["channel_id"]), user, message=message)

    def fill(self, form: dict[str, Any], text: str, message: dict[str, Any], user: dict[str, Any] = ALICE) -> str:
        """A person fills in a form that the bot has shown."""
        own = form["components"][0]["components"][0]["custom_id"]
        rows = [{"type": 1, "components": [{"type": 4, "custom_id": own, "value": text}]}]
        content = {"custom_id": form["custom_id"], "components": rows}
        return self.interact(5, content, int(message["channel_id"]), user, message=message)

    def command(self, name: str, text: str = "", channel: int = CHANNEL, user: dict[str, Any] = ALICE) -> str:
        """A person uses an application command."""
        options = [{"type": 3, "name": "text", "value": text}] if text else []
        content = {"id": "1", "name": name, "type": 1, "options": options}
        return self.interact(2, content, channel, user)

    def interact(
        self, kind: int, content: dict[str, Any], channel: int, user: dict[str, Any], message: Any = None
    ) -> str:
        id_ = str(self.snowflake())
        interaction = {
            **{"id": id_, "application_id": BOT["id"], "type": kind, "token": f"interaction-token-{id_}", "version": 1},
            **{"data": content, "channel_id": str(channel), "channel": shapes.channel(channel), "locale": "en-US"},
            **{"entitlements": [], "attachment_size_limit": 10 << 20, "app_permissions": "0", "context": 0},
        }
        if channel == DIRECT:
            interaction["user"] = user
        else:
            interaction.update(guild_id=str(GUILD), guild={"id": str(GUILD)}, member=shapes.member(user))
        if message:
            interaction["message"] = message
        self._interactions[interaction["token"]] = {**interaction, "at": time.monotonic()}
        self.run(self._dispatch("INTERACTION_CREATE", interaction))
        return id_

    def remove_channel(self, channel: int) -> None:
        del self.messages[channel]
        self.run(self._dispatch("CHANNEL_DELETE", {**shapes.channel(channel), "guild_id": str(GUILD)}))

    def posts(self, channel: int = CHANNEL) -> list[dict[str, Any]]:
        return [message for message in list(self.messages.get(channel, ())) if message["author"] == BOT]

    def in_chat(self, channel: int = CHANNEL) -> list[str]:
        """The texts of what the bot posted into a channel, as they stand now."""
        return [str(message["content"]) for message in self.posts(channel)]
