"""A line that is typed into a peer's pane as it is: `a! /model opus`."""

from __future__ import annotations

import re

from cccc.common import facts as f
from cccc.common import settings
from cccc.common.commands.command import Asker, Reply, WrongUsage
from cccc.common.commands.peers import CHOICES
from cccc.common.ledger.blobs import Blobs
from cccc.common.paths import Project
from cccc.common.text.redaction import Redactor

LONGEST = 700  # characters; the CLIs fold a longer paste
_FORM = re.compile(r"\s*([ab])[!！][ \t]?(.*)", re.IGNORECASE | re.DOTALL)  # noqa: RUF001  # full-width, from Asian keyboards


def parse(text: str) -> tuple[str, str] | None:
    """Return the peer's letter and the line, where a text is `a! LINE` or `b! LINE`, else None."""
    found = _FORM.fullmatch(text)
    return (found[1].lower(), found[2].rstrip("\r\n")) if found else None


def wish(project: Project, letter: str, line: str, asker: Asker) -> Reply:
    """Type a line into a pane; what came of it is a `raw-typed`. Raises WrongUsage."""
    if not line.strip():
        raise WrongUsage(f"nothing to type: use `{letter}! LINE`")
    if len(line) > LONGEST or not line.isprintable():
        raise WrongUsage(
            f"only one line of at most {LONGEST} characters can be typed; send a message instead ({letter}:)"
        )
    redact = Redactor(settings.load(project).telegram.redact_patterns).redact
    content = line.encode()
    Blobs(project).put(content)
    (peer,) = CHOICES[letter]
    return Reply(facts=[f.RawInput(peer=peer, who=asker.who, via=asker.via, **f.body(content, redact))])
