"""Secrets out of text that people and chats see: previews, logs, cards, error lines.

Bodies keep their bytes; only what is shown goes through here. The built-in patterns take time in
proportion to the text, whatever it holds. A person's own patterns are theirs to keep cheap.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable

REDACTED = "[REDACTED]"

# What a person may change, in telegram.yaml `redact_patterns`.
ASSIGNMENTS = (
    r"(?i)api[_-]?key\s*[:=]\s*\S+",
    r"(?i)secret\s*[:=]\s*\S+",
    r"(?i)password\s*[:=]\s*\S+",
)

# Where `sk-` may begin: not within a word, but right behind an escaped line break or a colour of a terminal. The place
# is looked at behind the letters, because a search for letters is fast.
_SK = r"sk-(?:(?<![A-Za-z0-9]sk-)|(?<=\\[nrt]sk-)|(?<=[\[;]\dmsk-)|(?<=[\[;]\d\dmsk-))"
_KEY = "[A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?"

# The shapes of well-known tokens. Repeats are bounded, or eat everything that could start a match again.
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        # A private key, to its end or, when that is cut off, to the end of the text.
        rf"-----BEGIN {_KEY}-----(?s:.*?)(?:-----END {_KEY}-----|\Z)",
        r"(?<!\d)\d{8,12}:[A-Za-z0-9_-]{30,}",  # Telegram, also behind the `bot` of its URLs
        r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}",  # Slack
        r"xapp-[A-Za-z0-9-]{10,}",
        r"https://hooks\.slack\.com/\S+",
        r"https://(?:\w{1,20}\.)?discord(?:app)?\.com/api/webhooks/\S+",
        r"[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}",  # Discord
        r"gh[pousr]_[A-Za-z0-9]{20,}",  # GitHub
        r"github_pat_\w{20,}",
        r"glpat-[\w-]{20,}",  # GitLab
        _SK + r"[\w-]{20,}",  # model providers
        r"A(?:KI|SI)A(?<![A-Z0-9].{4})[A-Z0-9]{16}(?![A-Z0-9])",  # AWS
        r"(?i:aws_secret_access_key)\W{1,5}[A-Za-z0-9/+=]{40}",
        r"AIza[\w-]{35,}",  # Google
        r"npm_[A-Za-z0-9]{36,}",
        r"pypi-[\w-]{50,}",
        r"(?<![\w-])[\w-]{11,}\.eyJ[\w-]{8,}\.[\w-]*",  # JWT; its first part is known by the second
        r"""(?i:authorization)\\?["']?\s{0,9}[:=]\s{0,9}\\?["']?(?i:bearer|basic|token)\s{1,9}[^\s"'\\,;]+""",
        r"(?i:bearer)[ \t]{1,9}[\w.~+/=-]{16,}",
        r"(?<=://)(?:[^\s/:@]{1,100}:[^\s/@]{1,200}@)+",  # user:password@ in a URL
        # {"password": "..."}, which the assignments above miss because of the closing quote; to the end when cut off.
        r"""(?i:["'][\w-]{0,40}(?:api[_-]?key|secret|password|token)["'])\s{0,9}[:=]\s{0,9}(?:"[^"\n]+"?|'[^'\n]+'?)""",
    )
)
_MOST_PASSES = 3  # a secret that is glued to another is seen once that one is gone
# What a token can be made of: the end of a text that was cut is given up from there.
_OF_TOKENS = string.ascii_letters + string.digits + "_-.~+/=:@"


class Redactor:
    """Replaces secrets by `[REDACTED]`: the well-known token shapes and the given patterns.

    Raises re.error for a pattern that does not compile; settings are checked before they come here.
    """

    def __init__(self, patterns: Iterable[str] = ASSIGNMENTS) -> None:
        self._patterns = (*_SHAPES, *(re.compile(pattern) for pattern in patterns))

    def redact(self, text: str) -> str:
        """Return the text without its secrets. Redact before cutting: half a secret has no shape."""
        for _ in range(_MOST_PASSES):
            before = text
            for pattern in self._patterns:
                text = pattern.sub(_blot, text)
            if text == before:
                break
        return text


def without_part(text: str) -> str:
    """Return a text that was cut without its last word, which could be the first half of a secret."""
    return text.rstrip(_OF_TOKENS)


def _blot(match: re.Match[str]) -> str:
    return REDACTED if match.group() else ""


default = Redactor()
