"""What Slack sends, as the bridge understands it. Pure: names of people are looked up elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from cccc.common.commands import BY_NAME
from cccc.services.bridges.platform import FileRef, Left, Message, Moved, Press, Quoted

_WANTED = ("", "file_share", "thread_broadcast", "me_message")  # subtypes; all others are about messages
_ELSEWHERE = ("tombstone", "hidden_by_limit", "external")  # modes of files that are not on Slack (any more)
_ROUTES = ("a", "b", "both")
_USER = re.compile(r"<@([UW]\w+)(?:\|[^>]*)?>")
_REFERENCE = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")


class Said(NamedTuple):
    """A person's message as Slack has it; `edited` is the time of its last change, when that is the news."""

    chat: str
    raw: Mapping[str, Any]
    edited: str = ""

    @property
    def ts(self) -> str:
        return str(self.raw["ts"])

    @property
    def user(self) -> str:
        return str(self.raw["user"])

    @property
    def thread(self) -> str:
        return str(self.raw.get("thread_ts", ""))

    @property
    def root(self) -> str:
        """The message under which this one stands, or ""."""
        return "" if self.thread == self.ts else self.thread

    @property
    def id(self) -> str:
        """The same in an event, in its repeat, and in the history."""
        return f"slack:{self.chat}:{self.ts}" + (f":{self.edited}" if self.edited else "")


def said(event: Mapping[str, Any], me: str) -> Said | None:
    """Return the message of an event, or None for what no person wrote; `me` is the bot's user id."""
    if event["type"] not in ("message", "app_mention"):
        return None
    if event.get("subtype") != "message_changed":
        return Said(event["channel"], event) if _by_person(event, me) else None
    now, before = event["message"], event.get("previous_message") or {}
    if "edited" not in now or now.get("text") == before.get("text") or not _by_person(now, me):
        return None  # a preview of a link was added, or a reply below
    return Said(event["channel"], now, now["edited"]["ts"])


def in_history(chat: str, raw: Mapping[str, Any], since: str, me: str) -> Said | None:
    """Return a message of the history that is new since a time, or was changed since then."""
    if raw.get("type") != "message" or not _by_person(raw, me):
        return None
    if raw.get("ts", "") > since:
        return Said(chat, raw)
    edited = (raw.get("edited") or {}).get("ts", "")
    return Said(chat, raw, edited) if edited > since else None


def moved_or_left(id_: str, event: Mapping[str, Any], me: str) -> Moved | Left | None:
    """Return what an event says of a chat as a whole."""
    kind = event["type"]
    if kind == "channel_id_changed":
        return Moved(id_, event["old_channel_id"], event["new_channel_id"])
    if kind in ("channel_left", "group_left") or (kind == "member_left_channel" and event["user"] == me):
        return Left(id_, event["channel"], "the app was removed")
    if kind in ("channel_archive", "group_archive", "channel_deleted", "group_deleted"):
        return Left(id_, event["channel"], "the channel was archived or deleted")
    return None


def people(raw: Mapping[str, Any]) -> set[str]:
    """Return the users whose names a message needs."""
    return {raw["user"], *_USER.findall(raw.get("text") or "")}


def message(told: Said, me: str, names: Mapping[str, str], title: str, quoted: Quoted | None) -> Message:
    """Return a person's message; `names` has the users of `people`."""
    text = told.raw.get("text") or ""
    mentioned = f"<@{me}" in text
    return Message(
        id=told.id,
        chat=told.chat,
        message=told.ts,
        user=told.user,
        who=names[told.user],
        text=plain(re.sub(rf"^\s*<@{me}(\|[^>]*)?>[\s,:]*", "", text), names),
        title=title,
        direct=told.chat.startswith("D"),
        mentioned=mentioned,
        thread=told.thread,
        files=files(told.raw),
        quoted=quoted,
        edited=bool(told.edited),
    )


def typed(payload: Mapping[str, Any], who: str, title: str) -> Message:
    """Return a slash command as the line that it would be: `/cccc status`, `/cccc a: hello`, or `/status`."""
    command, rest = payload["command"].lstrip("/").lower(), plain((payload.get("text") or "").strip(), {})
    name, _, _ = rest.lstrip("/").partition(" ")
    if command in BY_NAME or command in _ROUTES:
        rest = f"/{command} {rest}"
    elif name.lower() in BY_NAME or name.lower() in _ROUTES:
        rest = f"/{rest.lstrip('/')}"
    chat = payload["channel_id"]
    return Message(
        id=f"slack:{chat}:{payload['trigger_id']}",
        chat=chat,
        message="",  # nothing to reply to or to mark
        user=payload["user_id"],
        who=who,
        text=rest or "/help",
        title=title,
        direct=chat.startswith("D"),
        mentioned=True,
    )


def press(payload: Mapping[str, Any], who: str) -> Press | None:
    """Return the press of a button of a post, or None for other interactions."""
    container = payload.get("container", {})
    if payload["type"] != "block_actions" or container.get("type") != "message":
        return None
    action, user = payload["actions"][0], payload["user"]["id"]
    chat, ts, thread = container["channel_id"], container["message_ts"], container.get("thread_ts", "")
    return Press(
        id=f"slack:{chat}:{ts}:{user}:{action['action_ts']}",
        chat=chat,
        message=ts,
        user=user,
        who=who,
        value=action["value"],
        token=f"{chat} {user} {thread}",
        thread=thread,
    )


def plain(text: str, names: Mapping[str, str]) -> str:
    """Return Slack's form of a text as people typed it: with names, addresses, and its own `<`, `>` and `&`."""

    def reference(found: re.Match[str]) -> str:
        target, label = found[1], found[2]
        if target.startswith("@"):
            return f"@{names.get(target[1:]) or label or target[1:]}"
        if target.startswith("#"):
            return f"#{label or target[1:]}"
        if target.startswith("!"):
            return label or f"@{target[1:].partition('^')[0]}"
        return target if not label else label if label in target else f"[{label}]({target})"

    text = _REFERENCE.sub(reference, text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def files(raw: Mapping[str, Any]) -> tuple[FileRef, ...]:
    """Return the files of a message that Slack itself holds."""
    return tuple(
        FileRef(file["id"], file.get("name") or file["id"], file.get("size", 0), file.get("mimetype", ""))
        for file in raw.get("files") or ()
        if file.get("mode") not in _ELSEWHERE
    )


def _by_person(raw: Mapping[str, Any], me: str) -> bool:
    return (
        raw.get("user") not in (None, "", me, "USLACKBOT")
        and not raw.get("bot_id")
        and raw.get("subtype", "") in _WANTED
    )
