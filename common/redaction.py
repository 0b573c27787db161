"""Secrets out of text that people and chats see: previews, logs, cards, error lines.

Bodies keep their bytes; only what is shown goes through here. The built-in patterns take time in
proportion to the text, whatever it holds. A person's own patterns are theirs to keep cheap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

REDACTED = "[REDACTED]"

# What a person may change, in telegram.yaml `redact_patterns`.
ASSIGNMENTS = (
    r"(?i)api[_-]?key\s*[:=]\s*\S+",
    r"(?i)secret\s*[:=]\s*\S+",
    r"(?i)password\s*[:=]\s*\S+",
)

# The shapes of well-known tokens. Repeats are bounded, or eat everything that could start a match again.
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        # A private key, to its end or, when that is cut off, to the end of the text.
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)",
        r"(?<!\d)\d{8,12}:[A-Za-z0-9_-]{30,64}",  # Telegram, also behind the `bot` of its URLs
        r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}",  # Slack
        r"xapp-[A-Za-z0-9-]{10,}",
        r"https://hooks\.slack\.com/\S+",
        r"https://(?:\w{1,20}\.)?discord(?:app)?\.com/api/webhooks/\S+",
        r"(?<![\w-])[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,64}",  # Discord
        r"gh[pousr]_[A-Za-z0-9]{20,}",  # GitHub
        r"github_pat_\w{20,}",
        r"glpat-[\w-]{20,}",  # GitLab
        r"(?<![A-Za-z0-9])sk-[\w-]{20,}",  # model providers
        r"(?<![A-Z0-9])A(?:KI|SI)A[A-Z0-9]{16}(?![A-Z0-9])",  # AWS
        r"(?i:aws_secret_access_key)\W{1,5}[A-Za-z0-9/+=]{40}",
        r"AIza[\w-]{35}",  # Google
        r"npm_[A-Za-z0-9]{36}",
        r"pypi-[\w-]{50,}",
        r"(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*",  # JWT
        r"(?i:bearer)[ \t]{1,9}[\w.~+/=-]{16,}",
        r"(?<=://)[^\s/:@]{1,100}:[^\s/@]{1,200}@",  # user:password@ in a URL
        # {"password": "..."}, which the assignments above miss because of the closing quote.
        r"""(?i:["'][\w-]{0,40}(?:api[_-]?key|secret|password|token)["'])\s{0,9}[:=]\s{0,9}(?:"[^"\n]{1,500}"|'[^'\n]{1,500}')""",
    )
)


class Redactor:
    """Replaces secrets by `[REDACTED]`: the well-known token shapes and the given patterns.

    Raises re.error for a pattern that does not compile; settings are checked before they come here.
    """

    def __init__(self, patterns: Iterable[str] = ASSIGNMENTS) -> None:
        self._patterns = (*_SHAPES, *(re.compile(pattern) for pattern in patterns))

    def redact(self, text: str) -> str:
        """Return the text without its secrets. Redact before cutting: half a secret has no shape."""
        for pattern in self._patterns:
            text = pattern.sub(_blot, text)
        return text


def _blot(match: re.Match[str]) -> str:
    return REDACTED if match.group() else ""


default = Redactor()
