"""settings/telegram.yaml, slack.yaml and discord.yaml: the three chat platforms."""

from __future__ import annotations

from typing import Literal

from cccc.common.settings.reading import Retired
from cccc.common.settings.value_types import ChatId, Count, Folder, Positive, Regex, Route, Seconds, Section, Variable
from cccc.common.text.redaction import ASSIGNMENTS


class Outbound(Section, frozen=True):
    reset_on_start: Literal["baseline", "clear"] = "baseline"


class Files(Section, frozen=True):
    enabled: bool = True
    max_mb: Positive = 16
    allowed_mime: tuple[str, ...] = ("text/*", "image/png", "image/jpeg", "application/pdf", "application/zip")
    inbound_dir: Folder = ".cccc/work/upload/inbound"
    outbound_dir: Folder = ".cccc/work/upload/outbound"
    inbound_retention_days: Count = 14
    outbound_retention_days: Count = 14
    run_clamav: bool = False


class Routing(Section, frozen=True):
    require_explicit: bool = True
    allow_prefix: bool = True
    require_mention: bool = False


class DirectMessages(Section, frozen=True):
    route_default: Route = "both"


class Hints(Section, frozen=True):
    cooldown_seconds: Seconds = 300


class Chat(Section, frozen=True):
    """What the three platforms have in common."""

    autostart: bool = False
    discover_allowlist: bool = True
    autoregister: Literal["off", "open"] = "off"
    max_auto_subs: Count = 3
    show_peer_messages: bool = True
    receipts: bool = True
    default_route: Route = "both"
    debounce_seconds: Seconds = 30
    max_msg_chars: Positive = 4096
    max_msg_lines: Positive = 32
    peer_debounce_seconds: Seconds = 30
    peer_message_max_chars: Positive = 4096
    peer_message_max_lines: Positive = 32
    to_user_min_interval_s: Seconds = 1.5
    peer_summary_min_interval_s: Seconds = 1.5
    routing: Routing = Routing()
    dm: DirectMessages = DirectMessages()
    hints: Hints = Hints()
    files: Files = Files()
    outbound: Outbound = Outbound()


class Telegram(Chat, frozen=True):
    """settings/telegram.yaml."""

    token: str = ""
    token_env: Variable = "TELEGRAM_BOT_TOKEN"
    autostart: bool = True
    allow_chats: tuple[ChatId, ...] = ()
    poll_seconds: Positive = 20
    api_base_url: str = "https://api.telegram.org"
    redact_patterns: tuple[Regex, ...] = ASSIGNMENTS


class SlackChannels(Section, frozen=True):
    to_user: tuple[str, ...] = ()
    to_peer_summary: tuple[str, ...] = ()


class Slack(Chat, frozen=True):
    """settings/slack.yaml."""

    app_token: str = ""
    app_token_env: Variable = "SLACK_APP_TOKEN"
    bot_token: str = ""
    bot_token_env: Variable = "SLACK_BOT_TOKEN"
    allow_chats: tuple[str, ...] = ()
    channels: SlackChannels = SlackChannels()
    api_base_url: str = "https://slack.com/api/"


class DiscordChannels(Section, frozen=True):
    to_user: tuple[ChatId, ...] = ()
    to_peer_summary: tuple[ChatId, ...] = ()


class Discord(Chat, frozen=True):
    """settings/discord.yaml."""

    bot_token: str = ""
    bot_token_env: Variable = "DISCORD_BOT_TOKEN"
    allow_chats: tuple[ChatId, ...] = ()
    channels: DiscordChannels = DiscordChannels()
    api_base_url: str = "https://discord.com/api/v10"
    gateway_url: str = "wss://gateway.discord.gg/"


# What keeps a key from its start on (readers.py); of the paths that a key begins with the longest counts.
READ_BY: dict[str, tuple[str, ...]] = {"": ("bridge",), "autostart": ("up",)}
TELEGRAM_READ_BY = {**READ_BY, "redact_patterns": ("orchestrator", "bridges")}

# Old files have these keys in either place.
TELEGRAM_MOVED = {
    "inbound_retention_days": "files.inbound_retention_days",
    "outbound_retention_days": "files.outbound_retention_days",
    "autowrap_from_user": "files.autowrap_from_user",
    "run_clamav": "files.run_clamav",
    "files.redact_patterns": "redact_patterns",
}

_WRAPPED = "a person's message always reaches a peer in <FROM_USER>, so that nobody can impersonate another"
RETIRED = {"files.autowrap_from_user": Retired("true", _WRAPPED)}
