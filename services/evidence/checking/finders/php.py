"""PHP: the scripts of composer.json, phpunit, phpstan."""

from __future__ import annotations

import json
import re
from typing import Any

from cccc.services.evidence.checking.finders.seen import Found, Row, Tracked

NAME = "php"
MANIFEST = re.compile(r"^composer\.json$")
_PHPUNIT = ("phpunit.xml", "phpunit.xml.dist", "phpunit.dist.xml")
_PHPSTAN = ("phpstan.neon", "phpstan.neon.dist", "phpstan.dist.neon")

ROWS: tuple[Row, ...] = (
    Row("composer.json scripts.test", tests="`composer test`"),
    Row("phpunit.xml, phpunit.xml.dist", tests="`vendor/bin/phpunit`"),
    Row("composer.json scripts.lint", lint="`composer lint`"),
    Row("phpstan.neon, phpstan.neon.dist", lint="`vendor/bin/phpstan analyse --no-progress`"),
)


def find(tracked: Tracked) -> list[Found]:
    scripts = _scripts(tracked)
    found = []
    phpunit, phpstan = tracked.first(_PHPUNIT), tracked.first(_PHPSTAN)
    for kind, script, marker, command in (
        ("lint", "lint", phpstan, "vendor/bin/phpstan analyse --no-progress"),
        ("test", "test", phpunit, "vendor/bin/phpunit"),
    ):
        if script in scripts:
            missing = "" if tracked.on_path("composer") else "composer"
            found.append(Found(kind, f"composer {script}", f"composer.json scripts.{script}", missing=missing))
        elif marker:
            found.append(Found(kind, command, marker, missing="" if tracked.on_path("php") else "php"))
    return found


def _scripts(tracked: Tracked) -> dict[str, Any]:
    try:
        scripts = json.loads(tracked.read("composer.json") or "{}").get("scripts")
    except (ValueError, AttributeError):
        return {}
    return scripts if isinstance(scripts, dict) else {}


def is_apart(tracked: Tracked, folder: str, kind: str) -> bool:
    return False
