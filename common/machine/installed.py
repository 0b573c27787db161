"""Under which name this program is installed, and whether another has the import package `cccc` there too."""

from __future__ import annotations

import sys

NAME = "cccc-supervised"
_ANOTHER = "cccc-pair"


def conflict() -> tuple[str, str]:
    """Return what is wrong with this environment and the command that mends it; two empty texts when nothing is."""
    from importlib.metadata import distributions  # 15 ms, for the few commands that need it

    places = [place for place in sys.path if place.endswith("-packages")]
    found = {one.metadata["Name"].lower().replace("_", "-"): one.version for one in distributions(path=places)}
    if NAME not in found or _ANOTHER not in found:
        return "", ""
    what = f"{sys.prefix} has {_ANOTHER} {found[_ANOTHER]} too, another program with the import package `cccc`"
    return what, f"{sys.executable} -m pip uninstall {_ANOTHER} {NAME}, and install {NAME} again"
