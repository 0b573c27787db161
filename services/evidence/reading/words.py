"""The words that come with a patch: the header of its mails, else a `Commit:` line directly before the diff. Pure."""

from __future__ import annotations

import email.parser
import email.policy
import re
from typing import NamedTuple

_MAILS = re.compile(r"(?m)^(?=From [0-9a-f]{40} Mon Sep 17 00:00:00 2001\r?$)")
_DIFF = re.compile(r"(?m)^(?:diff --git |--- \S|Index: )")
_HEADERS = re.compile(r"(?i)\s*(?:from|date|subject|message-id): ")
_CUT = re.compile(r"(?m)^---\s*$")  # above git's summary of a mail
_TAGS = re.compile(r"^(?:\s*(?:re:|\[[^\]]*\bpatch\b[^\]]*\]))+\s*", re.IGNORECASE)
_LINE = re.compile(r"(?i)(?:commit|subject):[ \t]*(\S.*)")


class Words(NamedTuple):
    """What a patch says of itself, as its author wrote it."""

    subject: str
    body: str


def of(patch: bytes) -> Words | None:
    """Return the words of a patch, None when it has none. Of several mails the first counts, the others are a list."""
    text = patch.decode("utf-8", "replace").replace("\r\n", "\n")
    found = [_of_mail(mail) for mail in _MAILS.split(text) if _DIFF.search(mail)]
    told = [words for words in found if words]
    if not told:
        return None
    first, *rest = told
    others = "\n".join(f"- {words.subject}" for words in rest)
    return Words(first.subject, "\n\n".join(part for part in (first.body, others) if part))


def _of_mail(mail: str) -> Words | None:
    diff = _DIFF.search(mail)
    before = mail[: diff.start() if diff else None]
    if before.startswith("From ") and "\n" in before:
        before = before.partition("\n")[2]
    elif not _HEADERS.match(before):
        return _of_line(before)
    head, _, rest = before.lstrip().partition("\n\n")
    subject = email.parser.HeaderParser(policy=email.policy.default).parsestr(f"{head}\n\n")["Subject"]
    subject = _TAGS.sub("", str(subject or "").strip())
    return Words(subject, _CUT.split(rest)[0].strip()) if subject else _of_line(before)


def _of_line(before: str) -> Words | None:
    found = _LINE.fullmatch(before.rstrip().rpartition("\n")[2].strip())
    return Words(found[1], "") if found else None
