"""Go modules."""

from __future__ import annotations

import re

from cccc.services.evidence.checking.finders.seen import Found, Row, Tracked

NAME = "go"
MANIFEST = re.compile(r"^go\.mod$")
GOFMT = "! git ls-files -z -- '*.go' ':!vendor' ':!*testdata/*' | xargs -0 gofmt -l | grep ."
_GOLANGCI = tuple(f".golangci.{ending}" for ending in ("yml", "yaml", "toml", "json"))

ROWS: tuple[Row, ...] = (
    Row("go.mod", lint="`gofmt -l` of the tracked files, `go vet ./...`", tests="`go test -v ./...`"),
    Row(
        "go.work",
        lint="the same, `go vet ./a/... ./b/...`",
        tests="`go test -v ./a/... ./b/...`, of each module it uses",
    ),
    Row(".golangci.yml", lint="`golangci-lint run --fix=false ./...`"),
)


def find(tracked: Tracked) -> list[Found]:
    marker = tracked.first(("go.work", "go.mod"))
    if not marker:
        return []
    packages = " ".join(_packages(tracked.read(marker))) if marker == "go.work" else "./..."
    commands = [("gofmt", GOFMT, marker), ("go", f"go vet {packages}", marker)]
    golangci = tracked.first(_GOLANGCI)
    if golangci:
        commands.append(("golangci-lint", f"golangci-lint run --fix=false {packages}", golangci))
    found = [
        Found("lint", command, shown, missing="" if tracked.on_path(program) else program)
        for program, command, shown in commands
    ]
    return [*found, Found("test", f"go test -v {packages}", marker, missing="" if tracked.on_path("go") else "go")]


def _packages(work: str) -> list[str]:
    """Return the packages of the modules that a go.work uses."""
    used = re.findall(r"(?m)^use[ \t]+([^\s(]+)", work)
    for block in re.findall(r"(?ms)^use[ \t]*\((.*?)\)", work):
        used += re.findall(r"(?m)^\s*([^\s/][^\s]*)", block)
    return [f"{folder.rstrip('/')}/..." for folder in used] or ["./..."]


def is_apart(tracked: Tracked, folder: str, kind: str) -> bool:
    """A module below another is no part of it; those that go.work uses are found with it."""
    if not any(name.startswith(folder) and name.endswith("_test.go") for name in tracked.files):
        return False  # such as the versions of tools
    used = _packages(tracked.read("go.work")) if "go.work" in tracked.names else []
    return f"./{folder}..." not in used
