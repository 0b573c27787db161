"""What the terminal that typed `cccc up` hands on to panes, hooks and checks, and what of it stays behind.

`LEFT_OUT` is the whole list, each part with its reason. Everything else is handed on as it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from cccc.common.errors import NotFound
from cccc.common.machine import git

# reason → names, as patterns of fnmatch. Settings of a user stay, such as CLAUDE_CODE_USE_BEDROCK and CODEX_HOME.
LEFT_OUT: dict[str, tuple[str, ...]] = {
    "ours, for our own processes": ("CCCC_*", "SUPERVISOR_*"),
    "another multiplexer's: it would be told what is meant for our pane": (
        *("TMUX", "TMUX_PANE", "STY", "ZELLIJ", "ZELLIJ_*"),
    ),
    "the size of another terminal": ("COLUMNS", "LINES"),
    "another repository's: what `git rev-parse --local-env-vars` prints, and what git sets for hooks": (
        *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"),
        *("GIT_CONFIG_KEY_*", "GIT_CONFIG_VALUE_*", "GIT_OBJECT_DIRECTORY", "GIT_DIR", "GIT_WORK_TREE"),
        *("GIT_IMPLICIT_WORK_TREE", "GIT_GRAFT_FILE", "GIT_INDEX_FILE", "GIT_NO_REPLACE_OBJECTS"),
        *("GIT_REPLACE_REF_BASE", "GIT_PREFIX", "GIT_INTERNAL_*", "GIT_SHALLOW_FILE", "GIT_COMMON_DIR"),
        *("GIT_NAMESPACE", "GIT_QUARANTINE_PATH", "GIT_REFLOG_ACTION", "GIT_PUSH_*", "GIT_REF_STORAGE"),
    ),
    "another Claude Code's session: one inside it refuses to start, or takes itself for its child": (
        *("CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT", "CLAUDE_CODE_EXECPATH"),
        *("CLAUDE_CODE_*SESSION*", "CLAUDE_CODE_REMOTE*", "CLAUDE_CODE_CONTAINER_ID", "CLAUDE_CODE_*FILE_DESCRIPTOR"),
        *("CLAUDE_CODE_*SOCKET", "CLAUDE_CODE_AGENT_*", "CLAUDE_CODE_PARENT_*", "CLAUDE_CODE_TEAM_*"),
        *("CLAUDE_PROJECT_DIR", "CLAUDE_ENV_FILE", "CLAUDE_PLUGIN_ROOT", "CLAUDE_SESSION_ID"),
    ),
    "another Codex CLI's session and sandbox": (
        *("CODEX_SANDBOX", "CODEX_SANDBOX_*", "CODEX_THREAD_ID", "CODEX_SESSION_ID", "CODEX_CI"),
        *("CODEX_MANAGED_BY_*", "CODEX_INTERNAL_*"),
    ),
    "the mark of another agent": (
        *("AI_AGENT", "GEMINI_CLI", "CURSOR_AGENT", "CURSOR_TRACE_ID", "OPENCODE", "OPENCODE_PID"),
        *("OPENCODE_SESSION_ID", "AUGMENT_AGENT", "CLINE_ACTIVE", "GOOSE_TERMINAL", "COPILOT_CLI", "ANTIGRAVITY_AGENT"),
    ),
}
_LETS_NOBODY_IN = ("nologin", "false", "true")
_PATTERNS = tuple(pattern for patterns in LEFT_OUT.values() for pattern in patterns)


def of(env: Mapping[str, str], root: Path, own: Path, secrets: Iterable[str] = ()) -> dict[str, str]:
    """Return what of `env` is handed on to the project in `root`: neither LEFT_OUT nor `secrets`.

    Of a virtual environment of another project neither VIRTUAL_ENV stays nor, as after `deactivate`, its programs on
    the PATH; but `own`, the folder of the `cccc` command, stays there.
    """
    hidden = set(secrets)
    kept = {name: value for name, value in env.items() if name not in hidden and not is_left_out(name)}
    if "SHELL" in kept and (Path(kept["SHELL"]).name in _LETS_NOBODY_IN or not os.access(kept["SHELL"], os.X_OK)):
        kept["SHELL"] = "/bin/sh"  # the account of a service; tmux and the CLIs run commands in it
    venv = Path(kept.get("VIRTUAL_ENV") or root)
    if not _is_of_another(venv, root):
        return kept
    for name in ("VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT"):
        kept.pop(name, None)
    if "PATH" in kept and own != venv / "bin":
        entries = kept["PATH"].split(os.pathsep)
        kept["PATH"] = os.pathsep.join(entry for entry in entries if entry.rstrip("/") != str(venv / "bin"))
    return kept


def is_left_out(name: str) -> bool:
    """Return whether a variable of this name stays behind."""
    return any(fnmatchcase(name, pattern) for pattern in _PATTERNS)


def _is_of_another(venv: Path, root: Path) -> bool:
    """Whether an environment lies in the work tree of another repository; what lies in none may be this project's."""
    if not os.access(venv, os.X_OK) or not venv.is_dir():  # gone, or another user's
        return False
    try:
        theirs, ours = git.look(venv), git.look(root)
    except NotFound:
        return False
    return theirs.common != ours.common and theirs.top not in (ours.top, *ours.top.parents)
