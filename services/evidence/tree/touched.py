"""Whether anything in a tree was changed after a moment, by the change times that the kernel keeps.

No ordinary user can set a change time: content, mode, owner, links and name move it, and in a folder
every entry that comes or goes. So one moment says of a whole tree whether it is as it was. A large
tree is looked through by a process of its own, beside what else has to be done.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_FEW = 4000  # files that are looked at before another Python has started


def touched(top: str, mark: int) -> bool:
    """Whether `top` or anything below it was changed after `mark` (ns), or cannot be looked at."""
    folders = [top]
    try:
        if os.lstat(top).st_ctime_ns > mark:
            return True
        for folder in folders:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.stat(follow_symlinks=False).st_ctime_ns > mark:
                        return True
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
    except OSError:
        return True
    return False


class Look:
    """A look through the tree `top` of about `files` files, begun now."""

    def __init__(self, top: Path, mark: int, files: int) -> None:
        self._top, self._mark = top, mark
        argv = [sys.executable, "-I", "-S", __file__, str(top), str(mark)]
        self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL) if files > _FEW else None

    def finds(self) -> bool:
        """Whether something was changed, once that is known."""
        return bool(self._process.wait()) if self._process else touched(str(self._top), self._mark)


if __name__ == "__main__":
    sys.exit(touched(sys.argv[1], int(sys.argv[2])))
