"""supervisord without anything of ours: how soon five Python processes that do nothing are up, and down again."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from cccc.scripts.workbench.benchmarks.latency import timed
from cccc.scripts.workbench.benchmarks.scratch import until

COUNT = 5
WHAT = f"{COUNT} Python processes that only wait"
_CONF = """\
[supervisord]
silent = true
pidfile = {folder}/pid
logfile = {folder}/log

[unix_http_server]
file = {folder}/socket

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl = unix://{folder}/socket

[program:wait]
command = "{python}" -I -c "import signal; open('%(process_num)d', 'w').close(); signal.pause()"
directory = {folder}
process_name = %(process_num)d
numprocs = {count}
"""


def times(folder: Path, count: int) -> tuple[list[float], list[float]]:
    """Return how long so many starts took, each until the last process runs, and the stops."""
    folder.mkdir()
    conf = folder / "conf"
    conf.write_text(_CONF.format(folder=folder, python=sys.executable, count=COUNT))
    ups, downs = [], []
    for _ in range(count):
        ups.append(timed(lambda: _up(folder, conf)))
        time.sleep(1.5)  # supervisord calls a process running after startsecs, 1 s
        downs.append(timed(lambda: _down(folder, conf)))
    return ups, downs


def _up(folder: Path, conf: Path) -> None:
    subprocess.run([sys.executable, "-I", "-m", "supervisor.supervisord", "-c", str(conf)], check=True)
    running = [folder / str(number) for number in range(COUNT)]
    until(lambda: all(path.exists() for path in running), "supervisord's processes")


def _down(folder: Path, conf: Path) -> None:
    ctl = [sys.executable, "-I", "-m", "supervisor.supervisorctl", "-c", str(conf), "shutdown"]
    subprocess.run(ctl, check=True, stdout=subprocess.DEVNULL)
    until(lambda: not (folder / "pid").exists(), "supervisord gone")
    for number in range(COUNT):
        (folder / str(number)).unlink()
