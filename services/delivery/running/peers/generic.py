"""Any other CLI: its prompt and busy marks come from cli_profiles.yaml, and nothing proves that it took a line."""

from __future__ import annotations

import re

from cccc.common.settings.cli_profiles import Peer
from cccc.services.delivery.panes.screen import Appearance
from cccc.services.delivery.running.peers.kind import Kind


def _appearance(profile: Peer) -> Appearance:
    pasted = profile.input_mode == "paste"
    keys = (*(profile.post_paste_keys if pasted else [profile.send_sequence]), *["Enter"] * profile.nudge_extra_enters)
    return Appearance(
        prompt=re.compile(profile.prompt_regex) if profile.prompt_regex else None,
        busy_anywhere=tuple(re.compile(pattern, re.I) for pattern in profile.busy_regexes),
        bracketed=pasted,
        keys=keys,
        again_after=profile.nudge_enter_delay_ms / 1000,
        twice=profile.idle_quiet_seconds,
    )


GENERIC = Kind("generic", _appearance)
