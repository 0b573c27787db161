"""How scripts and tools of JavaScript are run as checks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.services.evidence.finders.seeing import lines


def package(scripts: dict[str, str], **more: Any) -> dict[str, str]:
    return {"package.json": json.dumps({"scripts": scripts, **more})}


def needs(*names: str) -> dict[str, str]:
    return {"package.json": json.dumps({"devDependencies": dict.fromkeys(names, "1")})}


NODE_TEST = {"a.test.mjs": 'import test from "node:test"\n'}


@pytest.mark.parametrize(
    ("files", "command"),
    [
        (package({"test": "node --test"}), "npm test"),
        (package({"test": "echo no test specified && exit 1"}), ""),
        ({"package.json": "broken"}, ""),
        ({"package.json": '{"scripts": []}'}, ""),
        ({**package({"test": "x"}), "pnpm-lock.yaml": ""}, "pnpm test"),
        ({**package({"test": "x"}), "yarn.lock": ""}, "yarn test"),
        ({**package({"test": "x"}), "bun.lockb": ""}, "bun run test"),
        ({**package({"test": "x"}, packageManager="yarn@4.1.0"), "package-lock.json": ""}, "yarn test"),
        (package({"test": "jest --watch", "test:ci": "jest"}), "npm run test:ci"),
        (package({"test": "react-scripts test"}), "CI=true npm test"),
        (needs("vitest"), "vitest run"),
        (needs("jest"), "jest"),
        (needs("ava"), "ava"),
        (needs("mocha"), "mocha"),
        (needs("tap"), "tap"),
        ({**package({}), **NODE_TEST}, "node --test"),
        (NODE_TEST, "node --test"),
        ({"a.test.mjs": ""}, ""),
    ],
)
def test_the_script_is_run_else_the_runner_that_is_named(files: dict[str, str], command: str) -> None:
    assert lines(files)["test"] == command


def member(name: str, scripts: dict[str, str]) -> dict[str, str]:
    return {f"packages/{name}/package.json": json.dumps({"name": name, "scripts": scripts})}


MEMBERS = {**member("a", {"test": "node --test", "lint": "eslint ."}), **member("b", {})}


@pytest.mark.parametrize(
    ("root", "extra", "command"),
    [
        ({}, {}, "npm run test --workspaces --if-present"),
        ({"test": "vitest run"}, {}, "npm test"),
        ({"test": "npm test --workspaces"}, {}, "npm test"),
        ({"test": "npm run all", "all": "turbo run test"}, {}, "npm test"),
        ({"test": "node --test packages/"}, {}, "npm test"),
        ({"test": "node --test test/"}, {}, "npm test && npm run test --workspaces --if-present"),
        ({}, {"yarn.lock": "", ".yarnrc.yml": ""}, "yarn workspaces foreach -A run test"),
        ({}, {"yarn.lock": ""}, "npm run test --workspaces --if-present"),
        ({}, {"bun.lock": ""}, "bun run --filter '*' test"),
        ({}, {"pnpm-workspace.yaml": "packages:\n  - 'packages/*'\n"}, "pnpm -r --if-present run test"),
        (
            {},
            {"pnpm-workspace.yaml": "packages:\n  - 'packages/*'\n  - '!packages/a'\n"},
            "(cd packages/a/ && npm test)",
        ),
    ],
)
def test_members_of_a_workspace_are_tested_where_the_roots_script_does_not_reach_them(
    root: dict[str, str], extra: dict[str, str], command: str
) -> None:
    assert lines({**package(root, workspaces=["packages/*"]), **MEMBERS, **extra})["test"] == command


def test_members_are_linted_where_the_root_lints_nothing() -> None:
    command = "npm run lint --workspaces --if-present"
    assert lines({**package({}, workspaces={"packages": ["packages/**"]}), **MEMBERS})["lint"] == command


@pytest.mark.parametrize(
    ("scripts", "command"),
    [
        ({"lint": "eslint ."}, "npm run lint"),
        ({"lint": "eslint . --fix"}, "eslint ."),
        ({"lint": "eslint --fix src && prettier --write ."}, "eslint src && prettier --check ."),
        ({"lint": "biome lint --write ."}, "biome lint ."),
        ({"lint": "biome lint --write .", "lint:check": "biome lint ."}, "npm run lint:check"),
        ({"lint": "eslint --fix $(git ls-files)"}, "npm run lint"),
        ({"lint": "node lint.js"}, "npm run lint"),
        ({"check": "npm run check:a && npm run check:lint", "check:lint": "eslint ."}, "npm run check"),
        ({"check": "tsc", "lint": "eslint ."}, "npm run check && npm run lint"),
        ({"check": "npm run lint && npm test", "lint": "eslint ."}, "npm run lint"),
        ({"lint": "run-p 'lint:*'", "lint:prettier": "prettier . --check"}, "npm run lint"),
        ({"lint": "eslint .", "format:check": "prettier -c ."}, "npm run lint && npm run format:check"),
    ],
)
def test_a_script_lints_without_repair_and_once(scripts: dict[str, str], command: str) -> None:
    assert lines(package(scripts))["lint"] == command


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"eslint.config.js": ""}, "eslint ."),
        ({".eslintrc.json": "", **package({"lint": "eslint src"})}, "npm run lint"),
        (package({}, eslintConfig={}), "eslint ."),
        ({"biome.json": ""}, "biome check ."),
        (package({}, xo={}), "xo"),
        (needs("standard"), "standard"),
        ({".oxlintrc.json": ""}, "oxlint"),
        ({"oxlint.config.ts": ""}, "oxlint"),
        ({".prettierrc": ""}, "prettier --check ."),
        ({".prettierrc": "", **package({"format": "prettier --write src"})}, "prettier --check src"),
        ({".prettierrc": "", **package({"lint": "prettier -c . && eslint ."})}, "npm run lint"),
        ({"ruff.toml": "", "eslint.config.js": ""}, "ruff check --no-fix --no-fix-only . && eslint ."),
    ],
)
def test_a_tool_that_is_configured_lints_without_a_script(files: dict[str, str], command: str) -> None:
    assert lines(files)["lint"] == command


def test_a_linter_that_begins_the_test_script_is_lint() -> None:
    files = package({"test": "xo && ava && tsd"}, devDependencies={"xo": "1", "ava": "1"})
    assert lines(files) == {"lint": "xo", "test": "ava && tsd"}
    assert lines(files, "npm")["test"] == "npm test"
    assert lines(package({"pretest": "x", "test": "xo && ava"}))["test"] == "npm test"


def test_a_linter_of_a_script_that_is_not_installed_does_not_run() -> None:
    assert lines(package({"lint": "eslint ."}), "npm")["lint"] == ""
