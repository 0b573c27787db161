"""Named points at which a service can be made to die, for the tests that crash it.

Armed by `CCCC_FAULTS=<folder>`: a point whose file `<folder>/<name>` exists removes the
file and kills its own process. Not armed, `fault` is a function that does nothing.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path


def _die_if_armed(name: str) -> None:
    try:
        (Path(os.environ["CCCC_FAULTS"]) / name).unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def _nothing(name: str) -> None:
    return


fault = _die_if_armed if "CCCC_FAULTS" in os.environ else _nothing
