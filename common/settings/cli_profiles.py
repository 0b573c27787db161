"""settings/cli_profiles.yaml: how the two CLIs are started, typed to, and given their messages."""

from __future__ import annotations

from typing import Literal, Union

import msgspec

from cccc.common.settings.reading import Retired
from cccc.common.settings.value_types import Count, Key, Minutes, Positive, Regex, Seconds, Section, Share

# ruff: noqa: UP007  # msgspec evaluates annotations, and Python 3.9 has no `X | Y`

InputMode = Literal["paste", "type"]

SELF_CHECK = """\
1. Are we still on the goal that the user set, or have we drifted?
2. What is unclear, and is it worth one QUESTION?
3. What did we miss: a case, a test, a risk, a promise?
4. Do our insight blocks say something new, or do they repeat the message?
5. What would somebody who sees this for the first time ask?"""

NUDGE_SUFFIX = (
    "Answer by writing your mailbox files, not on the screen. Inbox empty: take the next agreed step; none: wait."
)


class InboundSuffix(Section, frozen=True):
    """A line put after a message, by where the message comes from."""

    from_user: str = ""
    from_user_alone: str = ""  # to this peer and not to both
    from_peer: str = ""
    from_system: str = ""


class Peer(Section, frozen=True):
    """How one CLI's screen is read and how text is typed into it."""

    kind: Literal["", "claude", "codex", "generic", "mock"] = ""
    prompt_regex: Regex = ""
    busy_regexes: tuple[Regex, ...] = ()
    idle_quiet_seconds: Seconds = 1.5
    input_mode: InputMode = "paste"
    post_paste_keys: tuple[Key, ...] = ("Enter",)
    send_sequence: Key = "Enter"
    inbound_suffix: Union[InboundSuffix, str] = InboundSuffix()
    nudge_suffix: str = NUDGE_SUFFIX
    nudge_extra_enters: Count = 0
    nudge_enter_delay_ms: Count = 250


PEER_A = Peer(
    prompt_regex=r"(?im)^\s*(?:claude|assistant|a:|>)\s*$",
    idle_quiet_seconds=1.0,
    input_mode="type",
    post_paste_keys=("Enter", "Enter"),
    inbound_suffix=InboundSuffix(
        from_user="Think hard. Weigh two or three quick options, ask one decisive question if you need it, "
        "write no patch yet, hand a CLAIM to PeerB.",
        from_user_alone="The user asked you alone: answer in to_user.md. A plain question needs no CLAIM.",
        from_peer="Review from first principles. Stay silent rather than send a bare acknowledgement.",
    ),
)
PEER_B = Peer(
    prompt_regex=r"(?im)^\s*(?:codex|codex chat|>>>|>)\s*$",
    busy_regexes=(r"\b(?:Running|Executing|Building|Compiling)\b", r"\bpytest\b", r"\bnpm test\b", r"\bjest\b"),
    inbound_suffix=InboundSuffix(
        from_user="Wait for PeerA's framing; meanwhile ask one question or try one two-minute experiment.",
        from_user_alone="The user asked you alone: answer in your own to_user.md. A plain question needs no CLAIM.",
        from_peer="No bare acknowledgement: add a new angle, or state PeerA's case at its strongest and COUNTER it.",
    ),
)


class LazyPreamble(Section, frozen=True):
    enabled: bool = True


class Delivery(Section, frozen=True):
    """Inbox, NUDGE lines, self-check, leftovers at start, restarts."""

    processed_retention: Count = 200

    nudge_resend_seconds: Seconds = 90
    nudge_jitter_pct: Share = 0.15
    nudge_debounce_ms: Count = 1500
    nudge_progress_timeout_s: Seconds = 90
    nudge_keepalive: bool = True
    nudge_backoff_base_ms: Count = 90_000
    nudge_backoff_max_ms: Count = 600_000
    nudge_escalate_after: Positive = 8
    human_quiet_seconds: Seconds = 5
    restart_backoff_max_s: Seconds = 300
    resume: bool = True
    blocked_minutes: Minutes = 10

    keepalive_minutes: Minutes = 30

    self_check_every_handoffs: Count = 12
    self_check_text: str = SELF_CHECK
    context_compact_every_self_checks: Count = 5
    lazy_preamble: LazyPreamble = LazyPreamble()

    inbox_startup_policy: Literal["resume", "archive", "discard"] = "resume"
    inbox_startup_prompt: bool = True
    inbox_startup_prompt_timeout_seconds: Seconds = 30
    inbox_startup_prompt_noninteractive_timeout_seconds: Seconds = 0


class Mailbox(Section, frozen=True):
    """How what peers hand in is taken."""

    settle_ms: Count = 15
    max_bytes: Positive = 1_048_576
    min_free_mb: Count = 100


class Commands(Section, frozen=True):
    peerA: str = "claude"
    peerB: str = "codex"


class Tmux(Section, frozen=True):
    alternate_screen_off: bool = True


class DeliveryMode(Section, frozen=True):
    peerA: Literal["tmux"] = "tmux"
    peerB: Literal["tmux"] = "tmux"


class InputModes(Section, frozen=True):
    """Overrides of the peers' own `input_mode`; "" leaves it."""

    peerA: Literal["", "paste", "type"] = ""
    peerB: Literal["", "paste", "type"] = ""


class CliProfiles(Section, frozen=True):
    """settings/cli_profiles.yaml."""

    def of(self, peer: str) -> Peer:
        """Return the section of `peerA` or `peerB`, with what stands above it in its place."""
        profile: Peer = getattr(self, peer)
        mode = getattr(self.input_mode, peer)
        return msgspec.structs.replace(profile, input_mode=mode) if mode else profile

    commands: Commands = Commands()
    mailbox: Mailbox = Mailbox()
    delivery: Delivery = Delivery()
    peerA: Peer = PEER_A
    peerB: Peer = PEER_B
    input_mode: InputModes = InputModes()
    delivery_mode: DeliveryMode = DeliveryMode()
    tmux: Tmux = Tmux()
    console_echo: bool = True


# What keeps a key from its start on (readers.py); of the paths that a key begins with the longest counts.
READ_BY: dict[str, tuple[str, ...]] = {
    "": ("delivery",),
    "commands": ("session",),  # the CLIs go on while delivery restarts
    "tmux": ("session",),
    "mailbox": ("orchestrator",),
    "mailbox.min_free_mb": ("orchestrator", "bridges"),
    "delivery.keepalive_minutes": ("orchestrator",),
    "delivery.self_check_every_handoffs": ("orchestrator",),
    "delivery.self_check_text": ("orchestrator",),
    "delivery.context_compact_every_self_checks": ("orchestrator",),
    "delivery.lazy_preamble": ("orchestrator",),
    "delivery.inbox_startup_policy": ("up",),
    "delivery.inbox_startup_prompt": ("up",),
    "delivery.inbox_startup_prompt_timeout_seconds": ("up",),
    "delivery.inbox_startup_prompt_noninteractive_timeout_seconds": ("up",),
    "peerA.inbound_suffix": ("orchestrator",),
    "peerB.inbound_suffix": ("orchestrator",),
    "console_echo": (),
}

_ONE_LINE = "what is typed is always one line; longer text waits in inbox/"
_RECEIPTS = "a message is read when its file is moved to processed/, and `cccc trace MID` shows each step of its way"
_PACE = "the keys delivery.nudge_* say when a peer is told of its mail again"
_PULLED = "mail always waits in inbox/, and the pane gets NUDGE lines"
_EVENTS = "the CLI's own signals say when it is ready, and its mail is announced then"
RETIRED = {
    "startup_wait_seconds": Retired("12", _EVENTS),
    "startup_nudge_seconds": Retired("10", _EVENTS),
    "delivery.mailbox_pull_enabled": Retired("true", _PULLED),
    "delivery.inbox_dirname": Retired("inbox", _PULLED),
    "delivery.ack_mode": Retired("file_move", _RECEIPTS),
    "delivery.require_ack": Retired("false", _RECEIPTS),
    "delivery.ack_require_mid": Retired("false", _RECEIPTS),
    "delivery.soft_ack_on_mailbox_activity": Retired("true", _RECEIPTS),
    "delivery.duplicate_window_seconds": Retired("0", "the same text again is a message; see handoff_filter.dedup_*"),
    "delivery.ack_timeout_seconds": Retired("40", _PACE),
    "delivery.resend_attempts": Retired("2", _PACE),
    "delivery.paste_max_wait_seconds": Retired("6", _PACE),
    "delivery.recheck_interval_seconds": Retired("0.6", _PACE),
    "delivery.max_flush_batch": Retired("3", _PACE),
    "delivery.read_timeout_seconds": Retired("8", _PACE),
    **{
        f"{peer}.{name}": Retired(meant, _ONE_LINE)
        for peer, lines, pause in (("peerA", "14", "160"), ("peerB", "12", "180"))
        for name, meant in (
            ("compose_newline_key", "C-j"),
            ("line_send_key", ""),
            ("type_send_at_end", "true"),
            ("chunk_lines", lines),
            ("chunk_delay_ms", pause),
        )
    },
}
