"""Any other CLI: its prompt and busy marks come from cli_profiles.yaml, and nothing proves that it took a line."""

from __future__ import annotations

import re

from cccc.common.settings.cli_profiles import Peer
from cccc.services.delivery.peers.kind import Kind
from cccc.services.delivery.screen import Rules


def _rules(profile: Peer) -> Rules:
    return Rules(
        prompt=re.compile(profile.prompt_regex) if profile.prompt_regex else None,
        busy_anywhere=tuple(re.compile(pattern, re.I) for pattern in profile.busy_regexes),
        twice=profile.idle_quiet_seconds,
    )


GENERIC = Kind("generic", _rules)
