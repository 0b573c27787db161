"""The two CLIs: found, version, login, hooks, and what they will ask. Credentials are never opened."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePath

from cccc.common import settings, terminal
from cccc.common.errors import SettingsError
from cccc.common.machine import supervisor
from cccc.common.paths import Project, folder
from cccc.scripts.cli import first_run, peer_commands
from cccc.scripts.doctor import BAD, OK, WARN, Check
from cccc.services.delivery.running import peers as kinds

# What shows a login without being opened: variables, and files in the CLI's own folder.
_LOGINS = {
    "claude": (("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"), ".claude/.credentials.json"),
    "codex": (("OPENAI_API_KEY", "CODEX_API_KEY"), ".codex/auth.json"),
}


def checks(project: Project) -> list[Check]:
    """Check both commands in the environment that the panes have, or would get from this terminal."""
    try:
        loaded = settings.load(project)
        environment = terminal.environment(project) if supervisor.is_up(project) else dict(os.environ)
    except SettingsError:
        return []
    found = []
    for each in peer_commands.commands(loaded, environment):
        if each.found:
            chosen = getattr(loaded.cli_profiles, folder(each.peer)).kind
            found += [_version(each, chosen, environment), *_questions(project, each, chosen, environment)]
        else:
            what = f"{each.text or 'no command'} ({each.source}): {each.program or 'it'} is not on the PATH"
            mend = f"install it, set {peer_commands.VARIABLES[each.peer]}, or try `cccc up --mock`"
            found.append(Check(each.peer, BAD, what, mend))
    return found + _variables(environment)


def _version(each: peer_commands.Command, chosen: str, environment: Mapping[str, str]) -> Check:
    kind = kinds.of(each.text, chosen)
    found = f"{each.text} ({each.source})"
    if not kind.certified:
        return Check(each.peer, OK, found)
    program = next((word for word in each.text.split() if PurePath(word).name == kind.name), each.program)
    number = peer_commands.version(program)
    found += f", {number or 'version unknown'}, {_login(kind.name, environment)}"
    if number in kind.certified:
        return Check(each.peer, OK, found)
    what = f"{found}; cccc was certified with {kind.certified[-1]}"
    return Check(each.peer, WARN, what, f"`cccc certify {kind.name}` tests it")


def _login(name: str, environment: Mapping[str, str]) -> str:
    """Say what shows a login, by variables and by files that exist; on macOS one can be in the keychain."""
    variables, file = _LOGINS[name]
    variable = next((each for each in variables if environment.get(each)), "")
    if variable:
        return f"login by {variable}"
    place = Path(environment.get("HOME", "/")) / file
    if name == "codex" and environment.get("CODEX_HOME"):
        place = Path(environment["CODEX_HOME"]) / place.name
    return f"login in {place}" if place.exists() else "not logged in"


def _questions(
    project: Project, each: peer_commands.Command, chosen: str, environment: Mapping[str, str]
) -> list[Check]:
    found = []
    for question in first_run.questions(each.text, chosen, project.root, environment):
        by_hand = f"start `{each.program}` here once and answer its prompts; until then its nudges are held"
        mend = "cccc setup-cli" if question.change else question.mend or by_hand
        found.append(Check(each.peer, WARN, question.text, mend))
    return found


def _variables(environment: Mapping[str, str]) -> list[Check]:
    found = []
    for variable in peer_commands.VARIABLES.values():
        here, there = (env.get(variable, "not set") for env in (os.environ, environment))
        if here != there:
            found.append(Check(variable, WARN, f"{here} in this terminal, {there} in use", "cccc up --refresh-env"))
    return found
