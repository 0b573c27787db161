"""Lock files: what package managers write, and what decides which code is installed."""

from __future__ import annotations

from collections.abc import Iterable

_NAMES = frozenset(
    [
        "package-lock.json",
        "npm-shrinkwrap.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "bun.lock",
        "bun.lockb",
        "deno.lock",
        "poetry.lock",
        "uv.lock",
        "pdm.lock",
        "pixi.lock",
        "pylock.toml",
        "pipfile.lock",
        "cargo.lock",
        "go.sum",
        "gemfile.lock",
        "composer.lock",
        "mix.lock",
        "pubspec.lock",
        "flake.lock",
        "packages.lock.json",
        "gradle.lockfile",
        "podfile.lock",
        "package.resolved",
        "conan.lock",
    ]
)


def note(paths: Iterable[str]) -> str:
    """Return a note for people where lock files are among the paths of a patch, else ""."""
    found = [path for path in paths if path.rpartition("/")[2].lower() in _NAMES]
    return f"it changes what is installed: {', '.join(found)}" if found else ""
