"""Refuses a tool that would break the contract, and says what to do instead.

Run by hook.sh before a tool is used, as a file of its own with `python -I -S`: nothing of ours is
imported, so that it starts quickly. The event is on stdin; no output lets the tool go on. It
keeps a model from mistakes, not an attacker from harm: a script that the model wrote is not read.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from typing import Any

_GIT = {"commit", "push", "reset", "checkout", "switch", "restore", "stash", "rebase", "merge", "am"}
_WITH_VALUE = {"-C", "-c", "--git-dir", "--work-tree", "--namespace"}
_CCCC = {
    "rfd": {"check", "show", "list"},
    "clean": set(),
    "down": set(),
    "stop": set(),
    "token": set(),
    "bridge": {"status", "logs"},
}  # and what is left to peers
_CHANGES = {"rm", "mv", "cp", "tee", "touch", "truncate", "ln", "chmod", "dd", "install", "rsync", "sed"}
_IN_FRONT = {"sudo", "env", "exec", "command", "nohup", "time", "then", "do", "else", "!"}
_SHELLS = {"sh", "bash", "dash", "zsh"}
_OURS = re.compile(r"\.cccc/+(?:state|settings)\b")
_HERE = re.compile(r"<<-?[ \t]*(['\"]?)(\w+)\1([^\n]*)\n(?:.*?\n)??[ \t]*\2(?=\s|$)", re.DOTALL)
_PATCHED = re.compile(r"^\*\*\* (?:Add File|Update File|Delete File|Move to): (.*)$", re.MULTILINE)
_SIGNS = ";&|()<>\n"

_PATCH = (
    "cccc: `git {0}` is refused, because only a patch that passed the gate changes the repository. Write a unified diff"
    " to your patch.diff: it is checked and lands as a commit. Try things out in a copy below .cccc/work/."
)
_USER = "cccc: `cccc {0}` is the user's. Ask in to_user.md, or with `intent: rfd` in to_peer.md."
_STATE = (
    "cccc: .cccc/state and .cccc/settings are not yours to write. Hand in a change of settings as a patch: the user"
    " decides on it. Your mailbox and .cccc/work/ are yours."
)


def refusal(tool: str, given: Mapping[str, Any]) -> str:
    """Return why a tool may not be used like this and what to do instead, or ""."""
    if tool == "Bash":
        return next((why for words in _commands(str(given.get("command", ""))) for why in [_of(words)] if why), "")
    if tool == "apply_patch":
        paths = _PATCHED.findall(str(given.get("command", "")))
    else:
        paths = [str(given.get("file_path") or given.get("notebook_path") or "")]
    return _STATE if any(_OURS.search(path) for path in paths) else ""


def _commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each simple command; a redirection is the word `>` and its target."""
    words: list[str] = []
    lexer = shlex.shlex(_HERE.sub(r"\3\n", text), posix=True, punctuation_chars=_SIGNS)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    try:
        for word in lexer:
            if not set(word) <= set(_SIGNS):
                words.append(word)
            elif ">" in word:
                words.append(">")
            elif set(word) - {"<"}:
                yield words
                words = []
    except ValueError:  # an open quote: the shell will not run it either
        return
    yield words


def _of(words: list[str]) -> str:
    targets = [target for sign, target in zip(words, words[1:]) if sign == ">"]
    while words and (words[0] in _IN_FRONT or re.match(r"\w+=|-|>", words[0])):
        words = words[1:]
    program, rest = (words[0].rpartition("/")[2], words[1:]) if words else ("", [])
    if any(_OURS.search(path) for path in targets) or (program in _CHANGES and any(map(_OURS.search, rest))):
        return _STATE
    if program in _SHELLS and "-c" in rest[:-1]:
        return refusal("Bash", {"command": rest[rest.index("-c") + 1]})
    if program == "git":
        while rest and rest[0].startswith("-"):
            rest = rest[2:] if rest[0] in _WITH_VALUE else rest[1:]
        return _PATCH.format(rest[0]) if rest and rest[0] in _GIT else ""
    if program == "cccc" and rest and rest[0] in _CCCC and not set(rest[1:2]) & _CCCC[rest[0]]:
        return _USER.format(rest[0])
    return ""


def main() -> None:
    """Answer the event on stdin."""
    told = json.load(sys.stdin)
    why = refusal(str(told.get("tool_name", "")), told.get("tool_input") or {})
    if why:
        answer = {"hookEventName": "PreToolUse", "permissionDecision": "deny", "permissionDecisionReason": why}
        print(json.dumps({"hookSpecificOutput": answer}))


if __name__ == "__main__":
    main()
