"""Throw-away homes in which both CLIs talk to a model on loopback only, and ask at their start what they shall ask."""

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
{login}
wire_api = "responses"
[analytics]
enabled = false
[notice.model_migrations]
"gpt-5.5" = "gpt-6-sol"
[tui]
screen_reader_detection_done = true
"""
_TRUSTED = """\
[projects.{root}]
trust_level = "trusted"
"""
_HOOKS = '{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "true"}]}]}}'

UNATTENDED = "unattended"  # everything is answered, and the CLI asks nothing
ASKING = "asking"  # it asks before it does anything
NEW = "new"  # nothing is answered yet: it asks whether the folder is trusted, and what else it asks at first
SIGNED_OUT = "signed out"
REVIEWING = "reviewing"  # Codex, with hooks of somebody else that nobody has reviewed
_UNATTENDED = {
    "claude": "--dangerously-skip-permissions",
    "codex": "--dangerously-bypass-approvals-and-sandbox --no-daemon",
}
_ASKING = {
    "claude": "--permission-mode manual",
    "codex": "-a on-request --no-daemon",
}


def prepare(home: Path, root: Path, claude_url: str, codex_url: str, manner: str = UNATTENDED) -> dict[str, str]:
    """Fill `home` for CLIs that work in `root`; return the variables that they need, HOME among them."""
    for folder in (home / ".claude", home / ".codex"):
        folder.mkdir(parents=True)
    at = str(root.resolve())
    known: dict[str, object] = {"hasCompletedOnboarding": True}
    login = 'env_key = "LOOPBACK_KEY"' if manner != SIGNED_OUT else "requires_openai_auth = true"
    config = _CODEX.format(url=codex_url, login=login)
    if manner != NEW:
        known["projects"] = {at: {"hasTrustDialogAccepted": True}}
        config += _TRUSTED.format(root=json.dumps(at))
        (home / ".claude" / "settings.json").write_text('{"skipDangerousModePermissionPrompt": true}')
    if manner == REVIEWING:
        (home / ".codex" / "hooks.json").write_text(_HOOKS)
    (home / ".claude.json").write_text(json.dumps(known))
    (home / ".codex" / "config.toml").write_text(config)
    return {
        "HOME": str(home),
        "CODEX_HOME": str(home / ".codex"),
        "LOOPBACK_KEY": "none",
        "ANTHROPIC_BASE_URL": claude_url,
        "ANTHROPIC_AUTH_TOKEN": "none" if manner != SIGNED_OUT else "",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_MAX_RETRIES": "1",
        "DISABLE_AUTOUPDATER": "1",
        "DISABLE_TELEMETRY": "1",
        "IS_SANDBOX": "1",  # or root may not use the flag below
    }


def command(kind: str, program: Path | str, manner: str = UNATTENDED) -> str:
    """Return the command of a CLI for such a home."""
    return f"{program} {(_ASKING if manner == ASKING else _UNATTENDED)[kind]}"
