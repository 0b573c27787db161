"""scripts/constraints.txt: one version of each library for each Python, within what pyproject.toml allows."""

from __future__ import annotations

import re
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.pyproject import pyproject

ROOT = Path(__file__).parents[1]
FILE = ROOT / "scripts" / "constraints.txt"
LINES = [line for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def marks(python: str) -> dict[str, str]:
    return {"python_version": python, "python_full_version": f"{python}.7", "implementation_name": "cpython"}


def pinned(python: str) -> dict[str, Version]:
    """Return the version of each library for a Python."""
    found: dict[str, Version] = {}
    for requirement in map(Requirement, LINES):
        if requirement.marker is None or requirement.marker.evaluate(marks(python)):
            name = canonicalize_name(requirement.name)
            assert name not in found, f"{name} has two versions for Python {python}"
            found[name] = Version(str(requirement.specifier)[2:])
    return found


PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


@pytest.mark.parametrize("python", PYTHONS)
def test_every_library_has_one_version_that_the_project_allows(python: str) -> None:
    """Red after a change of pyproject.toml: run scripts/constrain."""
    project, versions = pyproject()["project"], pinned(python)
    groups = (project["dependencies"], *project["optional-dependencies"].values())
    for wanted in (Requirement(line) for group in groups for line in group):
        ours = canonicalize_name(wanted.name) == project["name"]
        if not ours and (wanted.marker is None or wanted.marker.evaluate(marks(python))):
            assert versions[canonicalize_name(wanted.name)] in wanted.specifier, wanted


def test_the_file_names_no_place_to_fetch_from() -> None:
    assert re.findall(r"(?m)^-|://|@|--hash", FILE.read_text(encoding="utf-8")) == []


def test_an_environment_of_scripts_install_has_these_versions() -> None:
    stamp = Path(sys.prefix) / "installed"
    if not stamp.exists() or "constraints.txt" not in stamp.read_text():
        pytest.skip("this environment was not made from the constraints")
    versions = pinned(f"{sys.version_info.major}.{sys.version_info.minor}")
    found = {str(canonicalize_name(one.metadata["Name"])): Version(one.version) for one in distributions()}
    assert {name: found[name] for name in versions if name in found and found[name] != versions[name]} == {}


def test_the_workflow_runs_the_oldest_and_the_newest_python_for_which_there_are_versions() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    assert workflow["jobs"]["run"]["strategy"]["matrix"]["python"] == [PYTHONS[0], PYTHONS[-1]]
    assert pyproject()["project"]["requires-python"] == f">={PYTHONS[0]}"
