"""The chat bridges: tokens (never shown), libraries, and on demand whether the platforms answer."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version

from cccc.common import settings
from cccc.common.chats import bridges
from cccc.common.errors import NotRunning, SettingsError
from cccc.common.paths import Project
from cccc.common.registry import PLATFORMS
from cccc.scripts.cli import platforms
from cccc.scripts.doctor import BAD, OK, WARN, Check


def checks(project: Project, online: bool) -> list[Check]:
    """Check each platform; `online` asks those with a token whether they know it."""
    try:
        loaded = settings.load(project)
    except SettingsError:
        return []
    found = []
    for platform in PLATFORMS:
        there = bridges.tokens(loaded, platform)
        found.append(_set_up(project, loaded, platform, list(there)))
        section = getattr(loaded, platform)
        if there and section.autoregister == "open":
            danger = f"autoregister: open subscribes up to {section.max_auto_subs} chats of anyone who finds the bot"
            found.append(Check(platform, WARN, danger, "autoregister: off, and `cccc bridge pair` for each chat"))
        if online:
            found += [_answers(loaded, platform, key, token) for key, token in there.items()]
    return found


def _set_up(project: Project, loaded: settings.Settings, platform: str, keys: list[str]) -> Check:
    needs, section = bridges.NEEDS[platform], getattr(loaded, platform)
    if not keys:
        return Check(platform, OK, f"no token; {platform} is off (`cccc token set {platform}` to enable)")
    where = [
        f"{key} ({f'{platform}.yaml' if getattr(section, key) else getattr(section, f'{key}_env')})" for key in keys
    ]
    both = [key for key in keys if getattr(section, key) and os.environ.get(getattr(section, f"{key}_env"))]
    libraries = ", ".join(_library(package) for package in needs.packages)
    starts = "starts with `cccc up`" if section.autostart else "starts with `cccc bridge` or when chosen in `cccc run`"
    found = f"{', '.join(where)}; {libraries}; {starts}{_runs(project, platform)}"
    lacking = bridges.missing(loaded, platform)
    if lacking:
        return Check(platform, WARN, found, lacking.partition(": ")[2])
    exposed = bridges.exposed(project, loaded, platform)
    if exposed:
        return Check(platform, BAD, found, exposed.partition(": ")[2])
    if both:
        mend = f"{platform}.yaml wins; unset the variable, or `cccc token unset {platform}`"
        return Check(platform, WARN, f"{found}; the variable of {', '.join(both)} is set too", mend)
    if needs.optional and not set(needs.optional) <= set(keys):
        return Check(platform, OK, f"{found}; without {', '.join(needs.optional)} it only sends")
    return Check(platform, OK, found)


def _library(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"no {package}"


def _runs(project: Project, platform: str) -> str:
    try:
        report = bridges.report(project, platform)
    except NotRunning:
        return ""
    return f"; last error: {report.error}" if report.error else ""


def _answers(loaded: settings.Settings, platform: str, key: str, token: str) -> Check:
    answer = platforms.ask(loaded, platform, key, token)
    url = getattr(loaded, platform).api_base_url
    if answer.verdict == platforms.GOOD:
        return Check(platform, OK, f"{url} accepts the {key}: {answer.words}")
    if answer.verdict == platforms.REFUSED:
        return Check(platform, BAD, f"{url} rejects the {key}: {answer.words}", f"cccc token set {platform}")
    mend = "check the network, the proxy variables and api_base_url"
    return Check(platform, WARN, f"{url} is unreachable: {answer.words}", mend)
