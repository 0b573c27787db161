"""What Telegram sends, as the bridge understands it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegram import Bot, CallbackQuery, ChatMemberUpdated, Message, Update
from telegram.constants import ChatMemberStatus, ChatType, MessageEntityType

from cccc.services.bridges import platform
from cccc.services.bridges.platform import FileRef, Incoming, Unreadable

WANTED = ["message", "edited_message", "callback_query", "my_chat_member"]
_OUT = (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED)


def read(raw: Mapping[str, Any], bot: Bot) -> Incoming | None:
    """Return what an update holds, or None for what concerns nobody: bots, channels, service messages."""
    id_ = f"tg:{raw['update_id']}"
    try:
        update = Update.de_json(dict(raw), bot)
        return _read(id_, update, bot)
    except Exception as error:  # noqa: BLE001  # whatever the library makes of it: one update must not stop the others
        return Unreadable(id_, f"update {raw['update_id']} ({type(error).__name__})")


def _read(id_: str, update: Update, bot: Bot) -> Incoming | None:
    if update.callback_query:
        return _press(id_, update.callback_query)
    if update.my_chat_member:
        return _left(id_, update.my_chat_member)
    message = update.message or update.edited_message
    if message is None:
        return None
    if message.migrate_to_chat_id:
        return platform.Moved(id_, str(message.chat_id), str(message.migrate_to_chat_id))
    user = message.from_user
    if user is None or user.is_bot or not (message.text or message.caption or _files(message)):
        return None
    return platform.Message(
        id=id_,
        chat=str(message.chat_id),
        message=str(message.message_id),
        user=str(user.id),
        who=user.full_name,
        text=message.text or message.caption or "",
        title=message.chat.title or user.full_name,
        direct=message.chat.type == ChatType.PRIVATE,
        mentioned=_mentions(message, bot),
        thread=_thread(message),
        files=_files(message),
        quoted=_quoted(message),
        album=message.media_group_id or "",
        edited=update.edited_message is not None,
    )


def _press(id_: str, query: CallbackQuery) -> Incoming | None:
    if query.message is None or query.data is None:
        return None
    return platform.Press(
        id=id_,
        chat=str(query.message.chat.id),
        message=str(query.message.message_id),
        user=str(query.from_user.id),
        who=query.from_user.full_name,
        value=query.data,
        token=query.id,
        thread=_thread(query.message) if isinstance(query.message, Message) else "",
    )


def _left(id_: str, change: ChatMemberUpdated) -> Incoming | None:
    if change.new_chat_member.status not in _OUT:
        return None
    return platform.Left(id_, str(change.chat.id), "the bot was removed or blocked")


def _thread(message: Message) -> str:
    return str(message.message_thread_id) if message.is_topic_message and message.message_thread_id else ""


def _mentions(message: Message, bot: Bot) -> bool:
    me = f"@{bot.username}".lower()
    found = {**message.parse_entities(), **message.parse_caption_entities()}
    return any(
        (entity.type == MessageEntityType.MENTION and text.lower() == me)
        or (entity.type == MessageEntityType.TEXT_MENTION and entity.user is not None and entity.user.id == bot.id)
        for entity, text in found.items()
    )


def _quoted(message: Message) -> platform.Quoted | None:
    """Return what a message replies to; the first message of a topic, to which all in it "reply", is not that."""
    to = message.reply_to_message
    if to is None or to.forum_topic_created:
        return None
    return platform.Quoted(str(to.message_id), to.text or to.caption or "", _files(to))


def _files(message: Message) -> tuple[FileRef, ...]:
    if message.photo:
        photo = message.photo[-1]  # the largest
        return (FileRef(photo.file_id, f"photo-{photo.file_unique_id}.jpg", photo.file_size or 0, "image/jpeg"),)
    for file in (message.document, message.video, message.audio, message.voice):
        if file:
            name = getattr(file, "file_name", None) or f"{type(file).__name__.lower()}-{file.file_unique_id}"
            return (FileRef(file.file_id, name, file.file_size or 0, file.mime_type or ""),)
    return ()
