"""Slack, with the people in its channels."""

from __future__ import annotations

from typing import Any

from tests.bridges.stand_ins.slack.shapes import ALICE, BOT, NAMES, TEAM
from tests.bridges.stand_ins.slack.web import Web


class Slack(Web):
    """What people do there, and what they see."""

    def say(self, text: str, chat: str = TEAM, user: str = ALICE, thread: str = "", **more: Any) -> str:
        """A person writes; returns the message's ts."""
        return self.run(self._say({"user": user, "text": text, **more}, chat, thread))

    def edit(self, ts: str, text: str, chat: str = TEAM) -> None:
        self.run(self._change(ts, {"text": text, "edited": {"user": ALICE, "ts": self._ts()}}, chat))

    def unfurl(self, ts: str, chat: str = TEAM) -> None:
        """Slack adds the preview of a link: a change that nobody made."""
        self.run(self._change(ts, {"attachments": [{"title": "a page"}]}, chat))

    def give(self, name: str, content: bytes, text: str = "", mime: str = "text/plain", chat: str = TEAM) -> str:
        """A person sends a file; returns its id."""
        file = self._file(name, content, mime)
        self.say(text, chat, subtype="file_share", files=[file])
        return str(file["id"])

    def press(self, post: dict[str, Any], label: str, user: str = ALICE) -> None:
        """A person presses a button of a post."""
        elements = [element for block in post["blocks"] if block["type"] == "actions" for element in block["elements"]]
        button = next(element for element in elements if element["text"]["text"] == label)
        payload = {
            "type": "block_actions",
            "user": {"id": user, "username": NAMES[user].lower()},
            "container": {"type": "message", "message_ts": post["ts"], "channel_id": post["channel"]},
            "channel": {"id": post["channel"]},
            "actions": [{**button, "action_ts": self._ts()}],
        }
        self.run(self._send("interactive", payload))

    def slash(self, text: str, chat: str = TEAM, user: str = ALICE, command: str = "/cccc") -> None:
        payload = {
            "command": command,
            "text": text,
            "channel_id": chat,
            "user_id": user,
            "trigger_id": f"{next(self._numbers)}.1.x",
        }
        self.run(self._send("slash_commands", payload))

    def event(self, event: dict[str, Any]) -> None:
        self.run(self._event(event))

    def in_chat(self, chat: str = TEAM) -> list[str]:
        """The texts of what the bot posted into a channel, as they stand now."""
        return [post["text"] for post in self.posts(chat)]

    def posts(self, chat: str = TEAM) -> list[dict[str, Any]]:
        return [raw for raw in list(self.messages[chat]) if raw["user"] == BOT]
