"""What Discord sends, as the bridge understands it.

A message in a thread has the thread's id before its own, `THREAD:MESSAGE`: whoever wants to mark or change it
later knows the channel around it, but Discord wants the thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import discord

from cccc.services.bridges import platform
from cccc.services.bridges.platform import FileRef, Press, Quoted

_WRITTEN = (discord.MessageType.default, discord.MessageType.reply)
ASK = ":ask"  # how the value of the button ends that wants words with it


def place(channel: object) -> tuple[str, str]:
    """Return the chat and the thread that a channel is."""
    id_ = str(getattr(channel, "id", ""))
    if isinstance(channel, discord.Thread):
        return str(channel.parent_id), id_
    return id_, ""


def named(thread: str, message: int | str) -> str:
    """Return the id by which the bridge knows a message."""
    return f"{thread}:{message}" if thread else str(message)


def channel_and_message(chat: str, message: str) -> tuple[int, int]:
    """Return Discord's ids of a message's channel (or thread) and of the message itself."""
    thread, _, own = message.rpartition(":")
    return int(thread or chat), int(own)


def message_of(message: discord.Message, me: discord.ClientUser, edited: bool = False) -> platform.Message | None:
    """Return what a person wrote, or None for what concerns nobody: bots, webhooks, service messages."""
    if message.author.bot or message.webhook_id or message.type not in _WRITTEN:
        return None
    text, mentioned = _text(message, me)
    files = _files(message)
    if not (text or files or message.reference):
        return None
    chat, thread = place(message.channel)
    version = f":{message.edited_at.timestamp():.3f}" if edited and message.edited_at else ""
    return platform.Message(
        id=f"dc:{message.id}{version}",
        chat=chat,
        message=named(thread, message.id),
        user=str(message.author.id),
        who=message.author.display_name,
        text=text,
        title=getattr(message.channel, "name", "") or message.author.display_name,
        direct=isinstance(message.channel, discord.DMChannel),
        mentioned=mentioned,
        thread=thread,
        files=files,
        quoted=_quoted(message, thread),
        edited=edited,
    )


def _text(message: discord.Message, me: discord.ClientUser) -> tuple[str, bool]:
    """Return the text without the mention of the bot, other mentions as names, and whether the bot was mentioned."""
    roles = [role for role in message.role_mentions if role.tags and role.tags.bot_id == me.id]
    mine = "|".join([f"<@!?{me.id}>", *(f"<@&{role.id}>" for role in roles)])
    text, count = re.subn(f"(?:{mine})[ ,:]*", "", message.content)
    for user in message.mentions:
        text = re.sub(f"<@!?{user.id}>", f"@{user.display_name}".replace("\\", r"\\"), text)
    for channel in message.channel_mentions:
        text = text.replace(f"<#{channel.id}>", f"#{channel.name}")
    return text.strip(), bool(count)


def _quoted(message: discord.Message, thread: str) -> Quoted | None:
    to = message.reference.resolved if message.reference else None
    if not isinstance(to, discord.Message):
        return None
    return Quoted(named(thread, to.id), to.content, _files(to))


def _files(message: discord.Message) -> tuple[FileRef, ...]:
    """A file's id says where its message is: the address itself is good for a day only."""
    return tuple(
        FileRef(f"{message.channel.id}:{message.id}:{file.id}", file.filename, file.size, file.content_type or "")
        for file in message.attachments
    )


def value_of(interaction: discord.Interaction) -> str:
    """Return the value of the pressed button, or of the button that opened the form."""
    content: Mapping[str, Any] = interaction.data or {}
    return str(content.get("custom_id", ""))


def press_of(interaction: discord.Interaction) -> Press | None:
    """Return the press of a button of a post, with the words that were asked for."""
    if interaction.message is None or interaction.channel is None:
        return None
    content: Mapping[str, Any] = interaction.data or {}
    chat, thread = place(interaction.channel)
    return Press(
        id=f"dc:{interaction.id}",
        chat=chat,
        message=named(thread, interaction.message.id),
        user=str(interaction.user.id),
        who=interaction.user.display_name,
        value=value_of(interaction),
        token=str(interaction.id),
        thread=thread,
        text=" ".join(_inputs(content)).strip(),
    )


def _inputs(content: object) -> Iterator[str]:
    """Yield what was typed into a form, wherever it stands in it."""
    if isinstance(content, Mapping):
        if isinstance(content.get("value"), str) and "custom_id" in content:
            yield content["value"]
        for inner in (content.get("components"), content.get("component")):
            yield from _inputs(inner)
    elif isinstance(content, list):
        for inner in content:
            yield from _inputs(inner)


def command_of(interaction: discord.Interaction, echo: int) -> platform.Message | None:
    """Return an application command as the line it stands for; `echo` is the message that shows it."""
    if interaction.channel is None:
        return None
    chat, thread = place(interaction.channel)
    return platform.Message(
        id=f"dc:{interaction.id}",
        chat=chat,
        message=named(thread, echo),
        user=str(interaction.user.id),
        who=interaction.user.display_name,
        text=line_of(interaction),
        title=getattr(interaction.channel, "name", "") or interaction.user.display_name,
        direct=isinstance(interaction.channel, discord.DMChannel),
        mentioned=True,
        thread=thread,
    )


def line_of(interaction: discord.Interaction) -> str:
    """Return an application command as people type it."""
    content: Mapping[str, Any] = interaction.data or {}
    typed = [str(option.get("value", "")) for option in content.get("options", [])]
    return " ".join([f"/{content.get('name', '')}", *typed]).strip()
