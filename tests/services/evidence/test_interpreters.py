"""Which Python environment is a project's own, and where a check finds its programs."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from cccc.common.machine import git
from cccc.services.evidence.checking import environment, interpreters
from cccc.services.evidence.checking.environment import Own, Seen
from tests.services.evidence import repos


@pytest.fixture
def repo(tmp_path: Path) -> git.Repo:
    return repos.make(tmp_path / "repo", {"a.py": b"", "web/package.json": b"{}"})


def python_in(prefix: Path, kind: str = "pyvenv.cfg") -> Path:
    repos.write(prefix, {"bin/python": b"#!/bin/sh\n", f"{kind}{'/history' if kind == 'conda-meta' else ''}": b""})
    (prefix / "bin" / "python").chmod(0o755)
    return prefix


def found(repo: git.Repo, **env: str) -> tuple[Path, str] | None:
    own = interpreters.find(repo, {"HOME": str(repo.top.parent / "home"), **env})
    return (own.prefix, own.named_by) if own else None


def test_a_project_without_an_environment_has_none(repo: git.Repo) -> None:
    repos.write(repo.top, {"env/settings.yaml": b"", ".venv/pyvenv.cfg": b"", ".python-version": b"3.11\n"})
    assert found(repo) is None


@pytest.mark.parametrize("name", [".venv", "venv", "env"])
def test_a_virtual_environment_in_the_repository_is_the_projects_own(repo: git.Repo, name: str) -> None:
    other = python_in(repo.top.parent / "other")
    assert found(repo, VIRTUAL_ENV=str(other)) == (other, str(other))
    python_in(repo.top / name)
    assert found(repo, VIRTUAL_ENV=str(other)) == (repo.top / name, name)


def test_an_environment_whose_python_is_gone_gives_way_to_one_that_works_only(repo: git.Repo) -> None:
    repos.write(repo.top, {".venv/pyvenv.cfg": b""})
    (repo.top / ".venv" / "bin").mkdir()
    (repo.top / ".venv" / "bin" / "python").symlink_to("/gone/python3.9")
    assert found(repo) == (repo.top / ".venv", ".venv")
    other = python_in(repo.top.parent / "other")
    assert found(repo, VIRTUAL_ENV=str(other)) == (other, str(other))


def test_the_one_that_is_active_is_taken_when_it_lies_in_the_repository(repo: git.Repo) -> None:
    python_in(repo.top / ".venv")
    active = python_in(repo.top / "envs" / "next")
    assert found(repo, VIRTUAL_ENV=str(active)) == (active, "envs/next")


def test_the_projects_folder_comes_before_the_repositorys_root(repo: git.Repo) -> None:
    below = git.look(repo.top / "web")
    python_in(repo.top / ".venv")
    assert found(below) == (repo.top / ".venv", ".venv")
    python_in(repo.top / "web" / ".venv")
    assert found(below) == (repo.top / "web" / ".venv", "web/.venv")


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({".envrc": b"source ./envs/dev/bin/activate\n"}, "repo/envs/dev"),
        ({".envrc": b'export VIRTUAL_ENV="$PWD/envs/dev"\n'}, "repo/envs/dev"),
        ({".envrc": b"layout python\n"}, "repo/.direnv/python-3.11.4"),
        ({"pixi.toml": b""}, "repo/.pixi/envs/default"),
        ({".pdm-python": b"{beside}/kept/x/bin/python"}, "kept/x"),
        ({".venv": b"{beside}/kept/y\n"}, "kept/y"),
        ({".venv": b"work\n"}, "home/.virtualenvs/work"),
        ({".python-version": b"mine\n"}, "home/.pyenv/versions/mine"),
        ({".python-version": b"3.11\n"}, "home/.pyenv/versions/3.11.10"),
        ({"environment.yml": b"name: sci\ndependencies: []\n"}, "home/conda/envs/sci"),
    ],
    ids=["envrc", "variable", "direnv", "pixi", "pdm", "file", "name", "pyenv", "version", "conda"],
)
def test_what_a_tool_names_is_the_projects_own(repo: git.Repo, files: dict[str, bytes], place: str) -> None:
    beside = repo.top.parent
    repos.write(repo.top, {path: text.replace(b"{beside}", str(beside).encode()) for path, text in files.items()})
    repos.write(beside / "home", {".conda/environments.txt": f"{beside}/home/conda/envs/sci\n".encode()})
    python_in(beside / "home" / ".pyenv" / "versions" / "3.11.9")
    wanted = python_in(beside / place)
    own = found(repo)
    assert own and own[0] == wanted


def test_poetrys_environment_is_found_by_the_hash_of_the_folder(repo: git.Repo) -> None:
    digest = base64.urlsafe_b64encode(hashlib.sha256(str(repo.top).encode()).digest()).decode()[:8]
    kept = repo.top.parent / "home" / ".cache" / "pypoetry" / "virtualenvs"
    python_in(kept / "mine-AAAAAAAA-py3.11")
    assert found(repo) is None
    wanted = python_in(kept / f"mine-{digest}-py3.11")
    assert found(repo) == (wanted, f"{wanted}, by poetry")
    there = python_in(repo.top.parent / "there" / f"mine-{digest}-py3.12")
    assert found(repo, POETRY_VIRTUALENVS_PATH=str(there.parent)) == (there, f"{there}, by poetry")


def test_pipenvs_environment_is_found_by_the_project_that_it_names(repo: git.Repo) -> None:
    repos.write(repo.top, {"Pipfile": b""})
    kept = python_in(repo.top.parent / "home" / ".local" / "share" / "virtualenvs" / "repo-1a2b3c4d")
    repos.write(kept, {".project": f"{repo.top}\n".encode()})
    assert found(repo) == (kept, f"{kept}, by pipenv")


# --- the PATH, and what people read of it ---


def test_the_projects_own_programs_come_first_active_or_not(repo: git.Repo) -> None:
    python_in(repo.top / ".venv")
    (repo.top / "node_modules" / ".bin").mkdir(parents=True)
    wanted = f"{repo.top}/.venv/bin:{repo.top}/node_modules/.bin:/usr/bin:/bin"
    assert environment.path(repo, {"PATH": "/usr/bin:/bin"}) == wanted
    assert environment.path(repo, {"PATH": f"/usr/bin:{repo.top}/.venv/bin:/bin"}) == wanted
    assert environment.words(repo, {"PATH": "/usr/bin"}) == ".venv (not activated), node_modules/.bin, PATH"
    assert environment.words(repo, {"PATH": f"{repo.top}/.venv/bin"}) == ".venv, node_modules/.bin, PATH"


def test_programs_of_folders_below_come_after_those_of_the_project(repo: git.Repo) -> None:
    python_in(repo.top / ".venv")
    python_in(repo.top / "svc" / "venv")
    (repo.top / "web" / "node_modules" / ".bin").mkdir(parents=True)
    places = (".venv/bin", "web/node_modules/.bin", "svc/venv/bin")
    wanted = ":".join([*(f"{repo.top}/{place}" for place in places), "/usr/bin"])
    assert environment.path(repo, {"PATH": "/usr/bin"}, ["", "web", "svc", "none"]) == wanted


def test_where_there_is_nothing_of_the_projects_own_the_path_stays(repo: git.Repo) -> None:
    assert environment.path(repo, {"PATH": "/usr/bin:/bin"}) == "/usr/bin:/bin"
    assert environment.words(repo, {"PATH": "/usr/bin"}) == "PATH"


def test_a_check_elsewhere_finds_no_place_of_the_users_tree_in_its_environment(repo: git.Repo, tmp_path: Path) -> None:
    python_in(repo.top / ".venv")
    env = {
        "PATH": f"{repo.top}/tools:/usr/bin",
        "NODE_PATH": f"/opt/x:{repo.top}/lib",
        "DATA": str(repo.top),
        "PYTHONPATH": f"{repo.top}/src",
        "OTHER": f"{repo.top}-other/x",
        "STATE": f"{repo.top}/.cccc/state",
    }
    seen = Seen(repo, tmp_path / "tree", tmp_path / "box", env, environment.find(repo, env), {}).variables()
    own = f"{tmp_path}/tree/.venv/bin:{tmp_path}/box/bin"
    assert seen["PATH"] == f"{own}:{tmp_path}/tree/tools:/usr/bin"
    assert (seen["NODE_PATH"], seen["DATA"]) == (f"/opt/x:{tmp_path}/tree/lib", f"{tmp_path}/tree")
    assert seen["VIRTUAL_ENV"] == f"{tmp_path}/tree/.venv"
    assert seen["PYTHONPATH"] == f"{tmp_path}/box/python:{tmp_path}/tree/src"
    assert (seen["OTHER"], seen["STATE"]) == (env["OTHER"], env["STATE"])
    assert seen["UV_NO_SYNC"] == "1"  # it would sync the user's own environment to the gate tree


def test_a_check_at_the_repositorys_place_keeps_the_environment(repo: git.Repo, tmp_path: Path) -> None:
    env = {"PATH": f"{repo.top}/tools:/usr/bin", "DATA": str(repo.top), "NX_DAEMON": "true"}
    seen = Seen(repo, repo.top, tmp_path / "box", env, environment.find(repo, env), {}).variables()
    assert {name: seen[name] for name in env} == env


def test_what_the_setup_has_made_comes_before_what_the_user_has(repo: git.Repo, tmp_path: Path) -> None:
    made = {".venv": python_in(tmp_path / "made"), "node_modules": tmp_path}
    seen = Seen(repo, repo.top, tmp_path / "box", {"PATH": "/usr/bin"}, Own(None, ()), made).variables()
    own = f"{repo.top}/node_modules/.bin:{repo.top}/.venv/bin"
    assert seen["PATH"] == f"{own}:{tmp_path}/box/bin:/usr/bin"
    assert seen["VIRTUAL_ENV"] == f"{repo.top}/.venv"


def test_no_build_tool_hands_a_check_to_a_server_that_sees_the_users_tree(repo: git.Repo, tmp_path: Path) -> None:
    env = {"PATH": "/usr/bin", "GRADLE_OPTS": "-Xmx1g"}
    seen = Seen(repo, repo.top, tmp_path / "box", env, Own(None, ()), {}).variables()
    assert seen["GRADLE_OPTS"] == "-Xmx1g -Dorg.gradle.daemon=false"
    assert (seen["NX_DAEMON"], seen["PANTS_PANTSD"]) == ("false", "false")


# --- another pytest on the PATH ---


def pytest_runs(repo: git.Repo, box: Path) -> subprocess.CompletedProcess[str]:
    """Run pytest as a check does, with another one on the PATH."""
    repos.write(box.parent / "others", {"pytest": b"#!/bin/sh\necho another\n"})
    (box.parent / "others" / "pytest").chmod(0o755)
    box.mkdir(exist_ok=True)
    env = {"PATH": f"{box.parent}/others:{os.environ['PATH']}"}
    seen = Seen(repo, repo.top, box, env, environment.find(repo, env), {})
    seen.write(repo.top)
    command = ["sh", "-c", "pytest -q x"]
    return subprocess.run(command, env=seen.variables(), cwd=repo.top, capture_output=True, text=True, check=False)


@pytest.fixture
def own(repo: git.Repo) -> Path:
    """Where modules are installed in an environment of the project's own, which is not active."""
    venv.create(repo.top / ".venv", symlinks=True)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return repo.top / ".venv" / "lib" / version / "site-packages"


def test_another_pytest_never_tests_a_project_that_has_an_environment(
    repo: git.Repo, own: Path, tmp_path: Path
) -> None:
    done = pytest_runs(repo, tmp_path / "box")
    said = "pytest is not installed in .venv, the project's own environment; install it there\n"
    assert (done.returncode, done.stdout) == (127, said)
    assert not environment.has(environment.find(repo, {}), {"PATH": f"{tmp_path}/others"}, "pytest")


def test_a_pytest_without_a_script_is_run_by_the_projects_own_python(repo: git.Repo, own: Path, tmp_path: Path) -> None:
    body = b"import sys, random\ndef console_main(): print(random.Random.__name__, sys.prefix, sys.argv[1:])\n"
    repos.write(own, {"pytest.py": body})
    repos.write(repo.top, {"random.py": b""})
    done = pytest_runs(repo, tmp_path / "box")
    assert done.stdout == f"Random {repo.top}/.venv ['-q', 'x']\n"
    assert environment.has(environment.find(repo, {}), {"PATH": ""}, "pytest")


def test_another_mypy_is_none_of_a_project_that_has_an_environment(repo: git.Repo, own: Path, tmp_path: Path) -> None:
    others = tmp_path / "others"
    for folder in (others, repo.top / ".venv" / "bin"):
        assert not environment.has(environment.find(repo, {}), {"PATH": str(others)}, "mypy")
        repos.write(folder, {"mypy": b"#!/bin/sh\n"})
        (folder / "mypy").chmod(0o755)
    assert environment.has(environment.find(repo, {}), {"PATH": str(others)}, "mypy")


def test_the_projects_own_pytest_comes_before_another(repo: git.Repo, own: Path, tmp_path: Path) -> None:
    repos.write(repo.top, {".venv/bin/pytest": b"#!/bin/sh\necho own\n"})
    (repo.top / ".venv" / "bin" / "pytest").chmod(0o755)
    assert pytest_runs(repo, tmp_path / "box").stdout == "own\n"


def test_a_project_without_an_environment_is_tested_by_what_is_on_the_path(repo: git.Repo, tmp_path: Path) -> None:
    assert pytest_runs(repo, tmp_path / "box").stdout == "another\n"
