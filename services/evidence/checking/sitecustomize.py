"""What the Python of a check does at its start, before any code of the project: it arranges where modules are found.

Names of the user's tree (editable installs, `.pth` files, finders, links) lead to the gate tree. The project's folder
and `src` are looked at last, so that a module there hides none of the standard library and none that is installed; but
before what is installed when that is a copy of the project itself, which would hide the patch. Copied into the box
together with the file `places`; any Python ≥ 3.6 can read it, and it imports nothing that costs time.
"""

import os
import sys
from importlib import machinery

_INSTALLED = ("site-packages", "dist-packages")


def _arrange(folder: str) -> None:
    user, tree, uri, names, *more = _read(os.path.join(folder, "places")).split("\0")  # noqa: PTH118
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != folder]  # noqa: PTH100
    _go_on()
    if user != tree:
        _exchange(user, tree)
    sites = [entry for entry in sys.path if entry.endswith(_INSTALLED)]
    hides = any(_has_copy(site, uri, names.split(" ")) for site in sites)
    at = sys.path.index(sites[0]) if hides else len(sys.path)
    sys.path[at:at] = [entry for entry in more if entry not in sys.path]


def _read(path: str) -> str:
    with open(path, "rb") as file:  # noqa: PTH123
        return os.fsdecode(file.read())


def _go_on() -> None:
    """Run the sitecustomize that this one stands before, if there is one."""
    spec = machinery.PathFinder.find_spec("sitecustomize")
    if spec and spec.loader:
        from importlib import util

        spec.loader.exec_module(util.module_from_spec(spec))


def _exchange(user: str, tree: str) -> None:
    """Let what leads to the user's tree lead to the gate tree, but for the folders of this Python itself."""
    own = tuple(os.path.join(prefix, "lib") for prefix in (sys.prefix, sys.exec_prefix, sys.base_prefix))  # noqa: PTH118

    def place(path: str) -> str:
        real = os.path.realpath(path) if path.startswith(os.sep) else path
        rest = real[len(user) :]
        is_inside = real == user or real.startswith(user + os.sep)
        return tree + rest if is_inside and not (rest + os.sep).startswith(("/.cccc/", "/.git/")) else path

    known = set()

    def placed(value: object) -> object:
        if isinstance(value, str):
            return place(value)
        if id(value) in known:
            return value
        known.add(id(value))
        if isinstance(value, list):
            value[:] = [placed(item) for item in value]
        elif isinstance(value, dict):
            value.update({key: placed(item) for key, item in list(value.items())})
        return value

    sys.path[:] = [entry if entry.startswith(own) else place(entry) for entry in sys.path]
    for finder in list(sys.meta_path):
        if getattr(finder, "__module__", "").startswith(("importlib", "_frozen_importlib")):
            continue
        for holder in (finder, type(finder), sys.modules.get(getattr(finder, "__module__", ""))):
            for name, value in list(getattr(holder, "__dict__", {}).items()):
                if isinstance(value, (str, list, dict)) and not name.startswith("__"):
                    new = placed(value)
                    if new is not value:
                        setattr(holder, name, new)
    linked: dict[str, str] = {}
    for site in [entry for entry in sys.path if entry.endswith(_INSTALLED) and os.path.isdir(entry)]:  # noqa: PTH112
        for found in os.scandir(site):
            if found.is_symlink() and place(found.path) != found.path:
                linked.setdefault(found.name.partition(".")[0], place(found.path))
    if linked:
        sys.meta_path.insert(0, _Linked(linked))


class _Linked:
    """Finds the modules that lie among the installed ones as links into the user's tree."""

    def __init__(self, places: "dict[str, str]") -> None:
        self._places = places

    def find_spec(self, name: str, path: object = None, target: object = None) -> "machinery.ModuleSpec | None":
        place = self._places.get(name)
        return machinery.PathFinder.find_spec(name, [os.path.dirname(place)]) if place else None  # noqa: PTH120


def _has_copy(site: str, uri: str, names: "list[str]") -> bool:
    """Whether the project is installed here as a copy: under one of its names, or from the user's tree."""
    try:
        found = [name for name in os.listdir(site) if name.endswith(".dist-info")]  # noqa: PTH208
    except OSError:
        return False
    for name in found:
        url = os.path.join(site, name, "direct_url.json")  # noqa: PTH118
        origin = _read(url).replace(" ", "") if os.path.exists(url) else ""  # noqa: PTH110
        is_named = name.partition("-")[0].replace("_", "-").replace(".", "-").lower() in names
        is_from_here = '"' + uri + '"' in origin or '"' + uri + "/" in origin
        if (is_named or is_from_here) and '"editable":true' not in origin:
            return True
    return False


if __name__ == "sitecustomize":
    _arrange(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
