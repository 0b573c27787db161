"""A throw-away home in which both CLIs start without a dialog and talk to a model on loopback only."""

from __future__ import annotations

import json
from pathlib import Path

_CODEX = """\
model = "gpt-5.5"
model_provider = "loopback"
check_for_update_on_startup = false
[model_providers.loopback]
name = "loopback"
base_url = "{url}/v1"
env_key = "LOOPBACK_KEY"
wire_api = "responses"
[projects.{root}]
trust_level = "trusted"
[analytics]
enabled = false
[notice.model_migrations]
"gpt-5.5" = "gpt-6-sol"
[tui]
screen_reader_detection_done = true
"""
_UNATTENDED = {
    "claude": "--dangerously-skip-permissions",
    "codex": "--dangerously-bypass-approvals-and-sandbox --no-daemon",
}
_ASKING = {
    "claude": "--permission-mode manual",
    "codex": "-a on-request --no-daemon",
}


def prepare(home: Path, root: Path, claude_url: str, codex_url: str) -> dict[str, str]:
    """Fill `home` for CLIs that work in `root`; return the variables that they need, HOME among them."""
    for folder in (home / ".claude", home / ".codex"):
        folder.mkdir(parents=True)
    trusted = {"hasCompletedOnboarding": True, "projects": {str(root.resolve()): {"hasTrustDialogAccepted": True}}}
    (home / ".claude.json").write_text(json.dumps(trusted))
    (home / ".claude" / "settings.json").write_text('{"skipDangerousModePermissionPrompt": true}')
    (home / ".codex" / "config.toml").write_text(_CODEX.format(url=codex_url, root=json.dumps(str(root.resolve()))))
    return {
        "HOME": str(home),
        "CODEX_HOME": str(home / ".codex"),
        "LOOPBACK_KEY": "none",
        "ANTHROPIC_BASE_URL": claude_url,
        "ANTHROPIC_AUTH_TOKEN": "none",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_MAX_RETRIES": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_TELEMETRY": "1",
        "IS_SANDBOX": "1",  # or root may not use the flag below
    }


def command(kind: str, program: Path | str, asking: bool = False) -> str:
    """Return the command for unattended work in such a home, or for one that asks before it does anything."""
    return f"{program} {(_ASKING if asking else _UNATTENDED)[kind]}"
