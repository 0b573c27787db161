"""The wall clock that the product's processes see: the machine's own, until it is made to jump.

A small library is preloaded into everything that `cccc` starts; the machine's clock is not touched. libfaketime would
do the same, but told to leave the monotonic clock alone its 0.9.10 lets every `time.sleep` of Python 3.11 fail.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from pathlib import Path


class Clock:
    """The clock of one scratch project. `variables` is what its processes need to see it; none: the machine's own."""

    def __init__(self, folder: Path) -> None:
        self.variables: dict[str, str] = {}
        self._file = folder / "clock"
        self._library = folder / "clock.so"
        self._offset = 0

    def take_over(self) -> bool:
        """Let what is started from now on see this clock. Returns whether this machine can; it takes a C compiler."""
        if not sys.platform.startswith("linux") or not shutil.which("cc"):
            return False
        source = str(Path(__file__).with_name("clock.c"))
        argv = ["cc", "-shared", "-fPIC", "-O1", "-o", str(self._library), source, "-ldl"]
        if subprocess.run(argv, capture_output=True).returncode:
            return False
        self._file.touch()
        self.jump(0)
        self.variables = {"LD_PRELOAD": str(self._library), "TORTURE_CLOCK": str(self._file)}
        return True

    def jump(self, seconds: int) -> None:
        """Let the clock jump by so many seconds, for all processes at once."""
        self._offset += seconds
        with self._file.open("r+b") as file:  # in place: it is mapped
            file.write(struct.pack("l", self._offset))
