"""Names of people and channels, and the messages above threads: asked for once, and done without when Slack is ill."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from slack_sdk.web.async_client import AsyncWebClient

from cccc.services.bridges.platform import Quoted, Undone
from cccc.services.bridges.slack import events
from cccc.services.bridges.slack.events import Said
from cccc.services.bridges.slack.web import done

_ROOTS_KEPT = 200


class Person(NamedTuple):
    """A user as Slack shows them."""

    name: str
    bot: bool = False


class Directory:
    """What has been asked for since the bridge was started."""

    def __init__(self, web: AsyncWebClient) -> None:
        self._web = web
        self._people: dict[str, Person] = {}
        self._titles: dict[str, str] = {}
        self._roots: dict[str, Quoted] = {}

    async def person(self, user: str) -> Person:
        if user not in self._people:
            try:
                found = (await done(self._web.users_info(user=user)))["user"]
            except Undone:
                return Person(user)
            profile = found.get("profile", {})
            name = profile.get("display_name") or found.get("real_name") or found.get("name") or user
            self._people[user] = Person(name, bool(found.get("is_bot")))
        return self._people[user]

    async def names(self, users: Iterable[str]) -> Mapping[str, str]:
        return {user: (await self.person(user)).name for user in users}

    async def title(self, chat: str) -> str:
        if chat not in self._titles:
            try:
                found = (await done(self._web.conversations_info(channel=chat)))["channel"]
            except Undone:
                return ""
            self._titles[chat] = found.get("name") or ""
        return self._titles[chat]

    async def root(self, told: Said) -> Quoted | None:
        """Return the message to which one below it replies."""
        if not told.root:
            return None
        key = f"{told.chat}/{told.root}"
        if key not in self._roots:
            try:
                found = await done(self._web.conversations_replies(channel=told.chat, ts=told.root, limit=1))
            except Undone:
                return Quoted(told.root)
            raw = found["messages"][0]
            names = await self.names(events.people({"user": told.user, **raw}))
            self._roots[key] = Quoted(told.root, events.plain(raw.get("text") or "", names), events.files(raw))
            if len(self._roots) > _ROOTS_KEPT:
                del self._roots[next(iter(self._roots))]
        return self._roots[key]
