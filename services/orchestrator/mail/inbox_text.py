"""The text of an inbox file: one outer tag, the MID line, the message, a suffix."""

from __future__ import annotations

import re
from typing import Union

from cccc.common.paths import PEERS
from cccc.common.settings.cli_profiles import InboundSuffix

_OURS = re.compile(r"<(\s*/?\s*(?:FROM_\w+|TO_PEER|TO_USER|SYSTEM_NOTES)\s*)>", re.IGNORECASE)
_SOURCE = {"User": "from_user", "System": "from_system", **dict.fromkeys(PEERS, "from_peer")}


def wrap(author: str, mid: str, text: str, suffix: str = "", note: str = "", ours: bool = False) -> bytes:
    """Return the inbox file of a message from `author` (User, System, PeerA or PeerB).

    Tags inside the text are escaped, unless it is `ours`, so that nobody can speak for somebody else. The
    `note` is a line below the id. The suffix gets a line of its own: glued to the text it would break a closing fence.
    """
    tag = "FROM_USER" if author == "User" else "FROM_SYSTEM" if author == "System" else f"FROM_{author}"
    lines = [f"<{tag}>", f"[MID: {mid}]", *([note] if note else []), (text if ours else escaped(text)).strip("\r\n")]
    if suffix.strip():
        lines += ["", suffix.strip()]
    return "\n".join([*lines, f"</{tag}>", ""]).encode()


def escaped(text: str) -> str:
    """Return the text with our tags in it made harmless."""
    return _OURS.sub(r"&lt;\1&gt;", text)


def suffix_for(author: str, to: str, suffix: Union[InboundSuffix, str], alone: bool = False) -> str:  # noqa: UP007  # read by 3.9
    """Return what the receiver's settings put after a message from `author`. `alone`: the user's to this peer alone.

    A plain string is the old form: PeerA gets it from everybody, PeerB from the user only.
    """
    if isinstance(suffix, str):
        return suffix if to == "PeerA" or author == "User" else ""
    found: str = getattr(suffix, f"{_SOURCE[author]}{'_alone' if alone and author == 'User' else ''}")
    return found
