"""Ruby: rspec, rake, Rails; rubocop."""

from __future__ import annotations

import re

from cccc.services.evidence.checking.finders.seen import Found, Row, Tracked

NAME = "ruby"
MANIFEST = re.compile(r"^(?:Gemfile|Rakefile|[^/]+\.gemspec)$")
_SPEC = re.compile(r"^spec/.*_spec\.rb$")
_TEST = re.compile(r"^test/(?:.*/)?(?:[^/]*_test|test_[^/]*)\.rb$")
_GEMS = re.compile(r"^(?:Gemfile|Gemfile\.lock|[^/]+\.gemspec)$")

ROWS: tuple[Row, ...] = (
    Row("`spec/**/*_spec.rb`", tests="`bundle exec rspec`; `rspec` without a Gemfile"),
    Row("bin/rails and test/", tests="`bin/rails test`"),
    Row("Rakefile with a task test or default", tests="`bundle exec rake test`; `rake` for the default"),
    Row(".rubocop.yml", lint="`bundle exec rubocop`"),
)


def find(tracked: Tracked) -> list[Found]:
    has_gemfile = "Gemfile" in tracked.names
    prefix = "bundle exec " if has_gemfile else ""
    gems = "\n".join(map(tracked.read, tracked.matching(_GEMS)))
    found = []
    if ".rubocop.yml" in tracked.names:
        program = "bundle" if has_gemfile and "rubocop" in gems else "rubocop"
        command = f"{prefix if program == 'bundle' else ''}rubocop"
        found.append(Found("lint", command, ".rubocop.yml", missing="" if tracked.on_path(program) else program))
    command, marker = _tests(tracked, prefix)
    if command:
        program = command.split()[0]
        missing = "" if program == "bin/rails" or tracked.on_path(program) else program
        found.append(Found("test", command, marker, missing=missing))
    return found


def _tests(tracked: Tracked, prefix: str) -> tuple[str, str]:
    specs, tests = tracked.matching(_SPEC), tracked.matching(_TEST)
    if specs:
        return f"{prefix}rspec", specs[0]
    if "bin/rails" in tracked.names and tests:
        return "bin/rails test", "bin/rails"
    rake = tracked.read("Rakefile")
    if re.search(r"TestTask|(?m:^\s*task\s+\(?:?[\"']?test\b)", rake):
        return f"{prefix}rake test", "Rakefile"
    if re.search(r"(?m)^\s*task\s+\(?:?[\"']?default\b", rake):
        return f"{prefix}rake", "Rakefile"
    return "", ""


def is_apart(tracked: Tracked, folder: str, kind: str) -> bool:
    return False
