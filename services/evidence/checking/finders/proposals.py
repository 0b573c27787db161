"""The gate.setup line that a failure asks for: what git does not track, and the project's own tools make."""

from __future__ import annotations

import re

from cccc.services.evidence.checking.finders import node
from cccc.services.evidence.checking.finders.seen import Tracked

_NO_PACKAGES = re.compile(
    r"node_modules is missing|sh: (?:\d+: )?(?:vitest|jest|mocha|ava|eslint|tsc|xo|tap|turbo): (?:command )?not found",
    re.I,
)
_NOT_BUILT = re.compile(
    r"Failed to resolve entry for package|ERR_PACKAGE_PATH_NOT_EXPORTED|Could not resolve \"@?[\w/-]+\""
    r"|Cannot find (?:module|package) '[^']*(?:/(?:dist|build|lib|out)/?[^']*)'|ENOENT[^\n]*/(?:dist|build|out)/"
)
_NO_MAKEFILE = re.compile(
    r"No rule to make target|No targets specified and no makefile found|config\.h: No such file|/?configure: not found"
)
_NO_VENDOR = re.compile(
    r"vendor/(?:autoload\.php|bin/\w+)[^\n]*(?:not found|No such file)|Failed opening required[^\n]*vendor/autoload"
)


def proposals(tracked: Tracked, output: str) -> str:
    """Return the settings line, such as "gate.setup: pnpm run build"; "" where nothing of the kind would help."""
    package = node.package(tracked)
    tool = node.packager(tracked, package)
    build = "build" in node.scripts(package)
    command = ""
    if "package.json" in tracked.names and _NO_PACKAGES.search(output):
        command = node.install(tracked, tool)
    elif build and _NOT_BUILT.search(output):
        command = node.run(tool, "build")
    elif tracked.first(("configure.ac", "configure.in")) and _NO_MAKEFILE.search(output):
        command = "./configure && make" if "configure" in tracked.names else "autoreconf -fi && ./configure && make"
    elif "composer.json" in tracked.names and _NO_VENDOR.search(output):
        command = "composer install"
    return f"gate.setup: {command}" if command else ""
