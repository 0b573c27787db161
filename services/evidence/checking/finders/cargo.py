"""Cargo: packages and workspaces. rustfmt and clippy where they are configured, or where a workflow runs them."""

from __future__ import annotations

import re

from cccc.services.evidence.checking.finders.seen import Found, Row, Tracked, section

NAME = "cargo"
MANIFEST = re.compile(r"^Cargo\.toml$")
TEST = "cargo test --no-fail-fast"
_RUSTFMT = ("rustfmt.toml", ".rustfmt.toml")
_CLIPPY = ("clippy.toml", ".clippy.toml")
_AS_IN_CI = re.compile(
    r"^\s*(?:- )?(?:run: )?cargo clippy((?: --?[\w-]+(?:[= ](?!-)[\w,:-]+)?)*(?: --(?: -[DWAF] ?[\w:-]+)+)?)[ \t]*$",
    re.M,
)

ROWS: tuple[Row, ...] = (
    Row("Cargo.toml", tests=f"`{TEST}`"),
    Row("Cargo.toml `[workspace]`", tests=f"`{TEST} --workspace`"),
    Row("rustfmt.toml, or a workflow that runs `cargo fmt`", lint="`cargo fmt --all -- --check`"),
    Row(
        "clippy.toml, `[lints.clippy]`, or a workflow that runs `cargo clippy`",
        lint="`cargo clippy --workspace --all-targets`; with the workflow's flags",
    ),
)


def find(tracked: Tracked) -> list[Found]:
    manifest = tracked.read("Cargo.toml")
    if "Cargo.toml" not in tracked.names:
        return []
    found = []
    ci = tracked.ci
    marker = tracked.first(_RUSTFMT) or ("`cargo fmt` in CI" if "cargo fmt" in ci else "")
    if marker:
        found.append(_lint(tracked, "cargo-fmt", "cargo fmt --all -- --check", marker))
    marker = tracked.first(_CLIPPY) or (
        "Cargo.toml lints.clippy" if re.search(r"(?m)^\[(?:workspace\.)?lints\.clippy", manifest) else ""
    )
    said = _AS_IN_CI.search(ci)
    if marker or "cargo clippy" in ci:
        flags = said[1] if said and "--fix" not in said[1] else " --workspace --all-targets"
        found.append(_lint(tracked, "cargo-clippy", f"cargo clippy{flags}", marker or "`cargo clippy` in CI"))
    is_workspace = bool(re.search(r"(?m)^\[workspace\]", manifest))
    command = f"{TEST} --workspace" if is_workspace else TEST
    return [*found, Found("test", command, "Cargo.toml", missing="" if tracked.on_path("cargo") else "cargo")]


def _lint(tracked: Tracked, program: str, command: str, marker: str) -> Found:
    return Found("lint", command, marker, missing="" if tracked.on_path(program) else program)


def is_apart(tracked: Tracked, folder: str, kind: str) -> bool:
    """A package below one that is no workspace is tested by nobody else."""
    return not section(tracked.read("Cargo.toml"), "workspace")
