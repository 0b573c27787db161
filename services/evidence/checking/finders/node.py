"""JavaScript and TypeScript: the scripts of package.json, else the tools it names. Linters run without repair."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from typing import Any

from cccc.services.evidence.checking.finders import workspaces
from cccc.services.evidence.checking.finders.seen import Found, Row, Tracked

NAME = "node"
MANIFEST = re.compile(r"^package\.json$")
_LINT_SCRIPTS = ("lint:check", "check:lint", "lint", "lint:ci")
_FORMAT_SCRIPTS = (
    "format:check",
    "check:format",
    "format-check",
    "prettier:check",
    "check:prettier",
    "fmt:check",
    "format:ci",
)
_RUNNERS = {"vitest": "vitest run", "jest": "jest", "ava": "ava", "mocha": "mocha", "tap": "tap"}
_LINTERS = ("eslint", "biome", "xo", "prettier", "standard", "oxlint", "oxfmt", "stylelint", "tslint", "tsc", "vue-tsc")
_WATCHES = re.compile(r"--watch\b|--watchAll\b|\breact-scripts test\b")
_REPAIRS = re.compile(r" (?:--fix(?:-type[= ]\S+)?|--write|--apply(?:-unsafe)?|--unsafe|-w)(?= |$)")
_PLAIN = re.compile(rf"^(?:{'|'.join(_LINTERS)})(?: [^;&|$`<>\\\"]*)?$")
_IN_ALL = re.compile(
    r" (?:--workspaces?|-ws?|-r|--recursive|--filter)\b|\bworkspaces?\b|\b(?:turbo|nx|lerna|rush|wireit|moon)\b"
)
_LOOKS_BELOW = re.compile(r"\b(?:vitest|jest)\b|\bbun test\b|\bnode --test(?:\s*$|\s+(?:&|-))", re.M)
_CALLS = re.compile(
    r"\b(?:npm|pnpm|yarn|bun)(?: run)? ([\w:.-]+)|\b(?:run-[ps]|npm-run-all2?|concurrently)\b([^&|;\n]*)"
)
_ESLINT_FILE = re.compile(r"^(?:eslint\.config\.[cm]?[jt]s|\.eslintrc(?:\.\w+)?)$")
_PRETTIER_FILE = re.compile(r"^(?:\.prettierrc(?:\.\w+)?|prettier\.config\.[cm]?[jt]s)$")
_TEST_FILE = re.compile(r"(?:^|[./_-])tests?\.[cm]?[jt]s$|(?:^|/)tests?/.*\.[cm]?js$|(?:^|/)test-[^/]*\.[cm]?js$")
_NODE_TEST = re.compile(r"""["']node:test["']""")
_READ = 40  # test files, to see which runner they import

ROWS: tuple[Row, ...] = (
    Row("package.json scripts.test", tests="`npm test`; `pnpm`, `yarn`, `bun run` by packageManager or the lock file"),
    Row("the same, it watches", tests="`npm run test:ci`, test:run or test:unit; react-scripts with `CI=true`"),
    Row("the same, `xo && ava`", lint="`xo`", tests="`ava`"),
    Row(
        "workspaces, pnpm-workspace.yaml",
        tests="the root's script; `npm run test --workspaces --if-present` where that does not reach the members",
    ),
    Row("vitest, jest, ava, mocha, tap in package.json", tests="`vitest run`, `jest`, `ava`, `mocha`, `tap`"),
    Row("a test file that names node:test", tests="`node --test`"),
    Row("package.json scripts.lint:check, lint", lint="`npm run lint`; without `--fix`, `--write`, `--apply`"),
    Row("package.json scripts.check, without tests in it", lint="`npm run check`"),
    Row("package.json scripts.format:check", lint="`npm run format:check`"),
    Row("eslint.config.js, .eslintrc", lint="`eslint .`"),
    Row("biome.json", lint="`biome check .`"),
    Row(".oxlintrc.json, oxlint.config.ts", lint="`oxlint`"),
    Row("xo, standard in package.json", lint="`xo`, `standard`"),
    Row(".prettierrc, prettier.config.js", lint="`prettier --check .`"),
)


def package(tracked: Tracked) -> dict[str, Any]:
    """Return package.json, {} when there is none that can be read."""
    try:
        found = json.loads(tracked.read("package.json") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def scripts(package: dict[str, Any]) -> dict[str, str]:
    found = package.get("scripts")
    return (
        {name: text.strip() for name, text in found.items() if isinstance(text, str)} if isinstance(found, dict) else {}
    )


def needs(package: dict[str, Any]) -> set[str]:
    """Return the packages that it depends on."""
    found: set[str] = set()
    for key in ("dependencies", "devDependencies"):
        named = package.get(key)
        found |= set(named) if isinstance(named, dict) else set()
    return found


def packager(tracked: Tracked, package: dict[str, Any]) -> str:
    """Return the program that the project's people use: npm, pnpm, yarn or bun."""
    named = re.match(r"(npm|pnpm|yarn|bun)@", str(package.get("packageManager", "")))
    locks = {
        "pnpm-lock.yaml": "pnpm",
        "pnpm-workspace.yaml": "pnpm",
        "yarn.lock": "yarn",
        "bun.lock": "bun",
        "bun.lockb": "bun",
        "package-lock.json": "npm",
    }
    return named[1] if named else locks.get(tracked.first(locks), "npm")


def run(tool: str, script: str) -> str:
    """Return the command that runs a script."""
    return f"{tool} test" if script == "test" and tool != "bun" else f"{tool} run {script}"


def install(tracked: Tracked, tool: str) -> str:
    """Return the command that installs the packages as the lock file says."""
    clean = {"npm": "npm ci", "pnpm": "pnpm install --frozen-lockfile", "yarn": "yarn install --immutable"}
    if tool == "npm" and "package-lock.json" not in tracked.names:
        return "npm install"
    if tool == "yarn" and not tracked.first((".yarnrc.yml",)):
        return "yarn install --frozen-lockfile"
    return clean.get(tool, "bun install --frozen-lockfile")


def find(tracked: Tracked) -> list[Found]:
    said = package(tracked)
    with_program = packager(tracked, said)
    lint, tests = _lint(tracked, said, with_program), _tests(tracked, said, with_program)
    first, rest = (
        _linter_first(scripts(said)) if not lint and any("scripts.test" in one.marker for one in tests) else ("", "")
    )
    if first and tracked.on_path(first.split()[0]):
        lint = [Found("lint", first, "package.json scripts.test")]
        tests = [Found("test", rest, one.marker) if one.marker == "package.json scripts.test" else one for one in tests]
    return [*lint, *tests]


# --- tests ---


def _tests(tracked: Tracked, said: dict[str, Any], with_program: str) -> list[Found]:
    script = _test_script(scripts(said))
    members = workspaces.members(tracked, said)
    found = []
    if script:
        prefix = "CI=true " if "react-scripts" in scripts(said)[script] else ""
        missing = "" if tracked.on_path(with_program) else with_program
        found.append(
            Found("test", prefix + run(with_program, script), f"package.json scripts.{script}", missing=missing)
        )
    else:
        found += _tool_tests(tracked, said, with_program)
    if members and not _reaches(scripts(said), script, members):
        found += workspaces.each(tracked, members, "test", with_program)
    return found


def _test_script(scripts: dict[str, str]) -> str:
    test = scripts.get("test", "")
    if "no test specified" in test:
        return ""
    if test and not _WATCHES.search(test):
        return "test"
    once = [
        name for name in ("test:ci", "test:run", "test:unit") if name in scripts and not _WATCHES.search(scripts[name])
    ]
    return once[0] if once else "test" if test else ""


def _tool_tests(tracked: Tracked, said: dict[str, Any], with_program: str) -> list[Found]:
    """Return how the tests are run where no script says it."""
    named = needs(said)
    for name, command in _RUNNERS.items():
        if name in named:
            return [Found("test", _from_bin(tracked, command), f"package.json {name}", missing="")]
    files = tracked.matching(_TEST_FILE)[:_READ]
    mine = [name for name in files if _NODE_TEST.search(tracked.read(name))]
    if mine and not workspaces.is_project(tracked, mine[0]):
        return [Found("test", "node --test", mine[0], missing="" if tracked.on_path("node") else "node")]
    return []


def _from_bin(tracked: Tracked, command: str) -> str:
    """Return a command of node_modules/.bin; of a folder's own, whose bin is not on the PATH, by npx."""
    return command if tracked.on_path(command.split()[0]) else f"npx --no-install {command}"


def _expanded(scripts: dict[str, str], name: str, depth: int = 4) -> str:
    """Return the text of a script with those that it calls."""
    text = scripts.get(name, "")
    globs = [glob for one, several in _CALLS.findall(text) for glob in [one, *re.findall(r"[\w:*.-]+", several)]]
    called = [one for one in scripts if one != name and any(fnmatch(one, glob) for glob in globs)] if depth else []
    return "\n".join([text, *(_expanded(scripts, one, depth - 1) for one in called)])


def _reaches(scripts: dict[str, str], script: str, folders: list[str]) -> bool:
    """Whether a script reaches the folders: by a switch for workspaces, a runner that looks below, or by name."""
    text = _expanded(scripts, script) if script else ""
    if _IN_ALL.search(text) or _LOOKS_BELOW.search(text):
        return True
    return any(re.search(rf"(?<![\w-]){re.escape(folder.split('/')[0])}(?![\w-])", text) for folder in folders)


# --- lint ---


def _lint(tracked: Tracked, said: dict[str, Any], with_program: str) -> list[Found]:
    named = scripts(said)
    found: list[Found] = []
    texts = ""
    for names in (("check",), _LINT_SCRIPTS, _FORMAT_SCRIPTS):
        script = next((name for name in names if name in named), "")
        if not script or named[script] in texts or (script == "check" and _runs_tests(named)):
            continue
        found.append(_script(tracked, named, script, with_program))
        texts += _expanded(named, script) + "\n"
    found += [one for one in _configured(tracked, said, named) if not re.search(rf"\b{one.ecosystem}\b", texts)]
    members = workspaces.members(tracked, said)
    if members and not found:
        found += workspaces.each(tracked, members, "lint", with_program)
    return found


def _runs_tests(scripts: dict[str, str]) -> bool:
    return bool(re.search(r"\btests?\b", _expanded(scripts, "check")))


def _script(tracked: Tracked, scripts: dict[str, str], name: str, with_program: str) -> Found:
    """Return how a script is run as a check; one that repairs by the tool itself, where its text is plain."""
    parts = [part.strip() for part in scripts[name].split("&&")]
    program = parts[0].split()[0] if parts[0] else ""
    missing = program if program in _LINTERS and not tracked.on_path(program) else ""
    marker = f"package.json scripts.{name}"
    if any(_REPAIRS.search(part) for part in parts) and all(map(_PLAIN.match, parts)):
        return Found("lint", " && ".join(map(_without_repair, parts)), marker, missing=missing)
    return Found("lint", run(with_program, name), marker, missing=missing)


def _without_repair(command: str) -> str:
    plain = _REPAIRS.sub("", command)
    is_prettier = plain.split()[0] == "prettier" and not re.search(r" (?:--check|-c|--list-different|-l)\b", plain)
    return plain.replace("prettier", "prettier --check", 1) if is_prettier else plain


def _configured(tracked: Tracked, said: dict[str, Any], scripts: dict[str, str]) -> list[Found]:
    """Return the linters that have a configuration; `ecosystem` is the tool's name."""
    eslint = next((name for name in tracked.files if _ESLINT_FILE.match(name)), "")
    prettier = next((name for name in tracked.files if _PRETTIER_FILE.match(name)), "")
    tools = (
        ("eslint", eslint or ("package.json eslintConfig" if "eslintConfig" in said else ""), "eslint ."),
        ("biome", tracked.first(("biome.json", "biome.jsonc")), "biome check ."),
        ("oxlint", tracked.first((".oxlintrc.json", "oxlint.config.ts")), "oxlint"),
        ("xo", "package.json xo" if "xo" in said or "xo" in needs(said) else "", "xo"),
        ("standard", "package.json standard" if "standard" in said or "standard" in needs(said) else "", "standard"),
        ("prettier", prettier or ("package.json prettier" if "prettier" in said else ""), _prettier(scripts)),
    )
    test = scripts.get("test", "")
    return [
        Found("lint", command, marker, missing="" if tracked.on_path(tool) else tool, ecosystem=tool)
        for tool, marker, command in tools
        if marker and not re.search(rf"\b{tool}\b", test)
    ]


def _prettier(scripts: dict[str, str]) -> str:
    """Return how the project formats, as a check."""
    plain = [
        text
        for text in scripts.values()
        if _PLAIN.match(text) and text.startswith("prettier ") and _REPAIRS.search(text)
    ]
    return _without_repair(plain[0]) if plain else "prettier --check ."


def _linter_first(scripts: dict[str, str]) -> tuple[str, str]:
    """Split `xo && ava`: what lints, and what tests."""
    if "pretest" in scripts or "posttest" in scripts:
        return "", ""
    first, _, rest = scripts.get("test", "").partition(" && ")
    first_lints = (
        bool(_PLAIN.match(first)) and first.split()[0] not in ("tsc", "vue-tsc") and not _REPAIRS.search(first)
    )
    return (first, rest.strip()) if first_lints and rest.strip() else ("", "")


def is_apart(tracked: Tracked, folder: str, kind: str) -> bool:
    """A package that is no member is reached by a script that names it, or by a runner that looks below."""
    said = package(tracked)
    if kind == "lint" or folder in workspaces.members(tracked, said):
        return False
    return not _reaches(scripts(said), _test_script(scripts(said)), [folder])
