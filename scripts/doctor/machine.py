"""What does not depend on the project: versions, programs, locale, clock."""

from __future__ import annotations

import locale
import platform
import re
import shlex
import shutil
import subprocess
import sys
from datetime import datetime
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from cccc import conf
from cccc.common.machine import installed
from cccc.common.version import VERSION
from cccc.scripts.doctor import BAD, OK, WARN, Check

_OLDEST_TMUX = (3, 0)


def checks() -> list[Check]:
    """Check this machine."""
    return [
        _cccc(),
        Check("python", OK, f"{platform.python_version()}, {sys.executable}"),
        Check("system", OK, platform.platform()),
        _libraries(),
        _tmux(),
        _program("git", "--version"),
        _locale(),
        _clock(datetime.now().astimezone()),
    ]


def _cccc() -> Check:
    what, mend = installed.conflict()
    return Check("cccc", BAD, what, mend) if what else Check("cccc", OK, f"{VERSION}, {Path(conf.__file__).parents[1]}")


def _libraries() -> Check:
    """Name the version of each library that cccc cannot do without here."""
    names: dict[str, str] = {}  # a name can stand in several lines, one for each Python
    try:
        lines = requires(installed.NAME) or []
    except PackageNotFoundError:
        return Check("libraries", BAD, f"{installed.NAME} is not installed in {sys.prefix}", "scripts/install")
    for line in lines:
        wanted, _, condition = line.partition(";")
        if "extra" not in condition and ("sys_platform" not in condition or _is_meant(condition)):
            names[re.split(r"[<>=!~ ]", wanted)[0]] = wanted.strip()
    found, missing = [], []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        mend = f"{sys.executable} -m pip install {' '.join(shlex.quote(names[name]) for name in missing)}"
        return Check("libraries", BAD, f"not installed: {', '.join(missing)}", mend)
    return Check("libraries", OK, ", ".join(found))


def _is_meant(condition: str) -> bool:
    return ("==" in condition) == (f'"{sys.platform}"' in condition.replace("'", '"'))


def _program(name: str, option: str) -> Check:
    path = shutil.which(name)
    if path is None:
        return Check(name, BAD, "not installed", f"apt install {name}, or brew install {name}")
    done = subprocess.run([path, option], capture_output=True, text=True, check=False)
    return Check(name, OK, f"{done.stdout.strip()}, {path}")


def _tmux() -> Check:
    check = _program("tmux", "-V")
    if check.verdict != OK:
        return check
    number = re.search(r"(\d+)\.(\d+)", check.found)  # "tmux 3.3a", "tmux next-3.5"
    if number and (int(number[1]), int(number[2])) < _OLDEST_TMUX:
        return check._replace(verdict=BAD, mend="install tmux 3.0 or later")
    return check


def _locale() -> Check:
    coding = locale.getpreferredencoding(False)
    if coding.lower().replace("-", "") == "utf8":
        return Check("locale", OK, coding)
    return Check("locale", WARN, f"{coding}: the peers' screens may be garbled", "export LC_ALL=C.UTF-8")


def _clock(now: datetime) -> Check:
    """A clock that is behind what is installed makes every certificate invalid, and the chats unreachable."""
    shown = f"{now.isoformat(' ', 'seconds')} {now.tzname()}"
    installed = Path(conf.__file__).stat().st_mtime
    if now.timestamp() < installed:
        return Check("clock", WARN, f"{shown}, earlier than the installation of cccc", "set the clock: timedatectl")
    return Check("clock", OK, shown)
