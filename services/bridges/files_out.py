"""Files for people: taken from the outbound folder by one bridge, sent by each, removed when every chat has them.

A file is taken when it has stopped growing: it and its sidecars are renamed into `.sending/<mid>/`, so that one of
the same name can follow, and `file-out` is said. Which bridge takes is whoever holds the lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import stat
import time
from pathlib import Path
from typing import BinaryIO

from cccc.common import facts as f
from cccc.common.facts import Redact
from cccc.common.settings.chat import Files
from cccc.common.text.lines import plain
from cccc.common.worker import Worker
from cccc.services.bridges import sniff
from cccc.services.bridges.state import FileToSend, State

_CAPTION, _ROUTE, _SEND_AS, _META, _SENT = ".caption.txt", ".route", ".sendas", ".meta.json", ".sent.json"
_SIDECARS = (_CAPTION, _ROUTE, _SEND_AS, _META, _SENT)
_LONGEST_NAME = 255 - len(_CAPTION)  # bytes; the file system takes 255
_LARGEST_SIDECAR = 64 << 10
_UNFINISHED = (".part", ".tmp", ".crdownload", "~")
_SETTLED_AFTER = 1.0
_LOOK_EVERY = 0.5
_PREFIX = re.compile(r"\s*(a|b|both)\s*[:：]\s*", re.IGNORECASE)  # noqa: RUF001  # full-width, from Asian keyboards
_ROUTES = {"a": "a", "peera": "a", "b": "b", "peerb": "b", "both": "both", "all": "both", "ab": "both", "a+b": "both"}
_PHOTOS = ("image/jpeg", "image/png", "image/webp")


class FilesOut:
    """The outbound folder of a project."""

    def __init__(self, service: Worker, rules: Files, state: State, redact: Redact) -> None:
        self._service, self._rules, self._state, self._redact = service, rules, state, redact
        self._folder = service.project.root / rules.outbound_dir
        self._sending = self._folder / ".sending"
        self._lock: BinaryIO | None = None
        self._seen: dict[str, tuple[tuple[int, int], float]] = {}  # name -> size and mtime, since when they are so
        self._looked = 0.0
        self._refused: set[str] = set()

    def step(self) -> None:
        """Look, take what has settled, and let go of what every chat has."""
        now = time.monotonic()
        if not self._rules.enabled or now - self._looked < _LOOK_EVERY:
            return
        self._looked = now
        if self._is_led_away():
            return
        if self._lock is None and not self._may_take():
            return
        for mid, file in list(self._state.files.items()):
            if not file.waiting and not self._service.pending(f"{mid}.sent"):
                self._let_go(mid, file)
        if self._state.everywhere:
            self._take_settled(now)

    def close(self) -> None:
        if self._lock:
            self._lock.close()

    def _is_led_away(self) -> bool:
        """Return whether a folder is a link, behind which files lie that nobody meant to send."""
        links = [folder for folder in (self._folder, self._sending) if folder.is_symlink()]
        for link in links:
            self._refuse(link.name, 0, "it is a symlink; make it a folder", f"file-refused:{link.name}:link")
        return bool(links)

    def _refuse(self, name: str, size: int, reason: str, id_: str) -> None:
        """Say once why a file is not sent."""
        if id_ not in self._refused:
            self._refused.add(id_)
            self._service.say(f.FileRefused(name=plain(name), size=size, reason=reason), id_=id_)

    def _may_take(self) -> bool:
        """Become the bridge that takes, when none does; go on with what a dead one had taken."""
        file = (self._service.project.run / "outbound.lock").open("wb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._lock = file
        for folder in sorted(self._sending.glob("*")):
            if folder.name not in self._state.files and folder.is_dir() and not folder.is_symlink():
                self._say_out(folder)
        return True

    def _take_settled(self, now: float) -> None:
        there = self._files()
        for name in sorted(there):
            before, since = self._seen.get(name, (None, now))
            self._seen[name] = (there[name], since if before == there[name] else now)
            if not name.endswith(_SIDECARS) and now - self._seen[name][1] >= _SETTLED_AFTER:
                with contextlib.suppress(FileNotFoundError):  # it went away since it was seen
                    self._take(self._folder / name, there[name])
        self._seen = {name: seen for name, seen in self._seen.items() if name in there}

    def _files(self) -> dict[str, tuple[int, int]]:
        """Return size and time of the plain files that are meant to go out, by name."""
        there = {}
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            if not path.name.startswith(".") and not path.name.endswith(_UNFINISHED):
                with contextlib.suppress(FileNotFoundError):  # it went away since it was listed
                    found = path.lstat()
                    if stat.S_ISREG(found.st_mode):
                        there[path.name] = (found.st_size, found.st_mtime_ns)
        return there

    def _take(self, path: Path, seen: tuple[int, int]) -> None:
        problem = self._problem(path)
        if problem:
            name = os.fsencode(path.name).decode("utf-8", "backslashreplace")
            self._refuse(name, seen[0], problem, f"file-refused:{name}:{seen[1]}:{seen[0]}")
            return
        mid = f"file-{time.time_ns() // 1000}"
        folder = self._sending / mid
        folder.mkdir(mode=0o700, parents=True)
        for sidecar in _SIDECARS:
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + sidecar).rename(folder / f"{path.name}{sidecar}")
        with contextlib.suppress(FileNotFoundError):  # its sidecars go back
            path.rename(folder / path.name)
        self._say_out(folder)

    def _problem(self, path: Path) -> str:
        try:
            return _unfit(path.name) or sniff.refusal(path, self._rules, self._rules.max_mb << 20)
        except FileNotFoundError:
            raise
        except OSError as error:
            return f"it cannot be read: {error.strerror}"

    def _say_out(self, folder: Path) -> None:
        """Say a file that was taken; its fact's id is the folder's name, so that it counts once."""
        names = [path for path in folder.iterdir() if not path.name.endswith(_SIDECARS)]
        if not names:  # taken half, by a bridge that died: the sidecars go back to their file
            for path in folder.iterdir():
                path.rename(self._folder / path.name)
            folder.rmdir()
            return
        path = names[0]
        try:
            with sniff.opened(path) as file:
                content = file.read()
        except OSError as error:
            self._keep(folder)
            self._refuse(path.name, 0, f"it cannot be read: {error.strerror}", f"file-refused:{folder.name}")
            return
        prefix = _PREFIX.match(caption := _text(path, _CAPTION))
        route = _ROUTES.get(_text(path, _ROUTE).lower(), "") or (prefix[1].lower() if prefix else "both")
        kind = sniff.mime(path)
        send_as = _text(path, _SEND_AS).lower() or ("photo" if kind in _PHOTOS else "document")
        fact = f.FileOut(
            mid=folder.name,
            name=path.name,
            path=str(path.relative_to(self._service.project.root)),
            sha=hashlib.sha256(content).hexdigest(),
            size=len(content),
            mime=kind,
            text=self._redact(caption[prefix.end() :] if prefix else caption)[: f.LONGEST_TEXT],
            route=route,
            send_as=send_as if send_as == "photo" else "document",
        )
        self._service.say(fact, id_=folder.name)

    def _let_go(self, mid: str, file: FileToSend) -> None:
        """Note that a file is sent and remove it; one that no chat took is kept."""
        path = self._service.project.root / file.path
        if path.exists() and file.chats:
            self._note(path, mid, file)
            shutil.rmtree(path.parent)
        elif path.exists():
            self._keep(path.parent)
        self._service.say(f.FileSent(mid=mid, name=file.name, chats=file.chats), id_=f"{mid}.sent")

    def _keep(self, folder: Path) -> None:
        kept = self._folder / "not-sent"
        kept.mkdir(exist_ok=True)
        folder.rename(kept / folder.name)

    def _note(self, path: Path, mid: str, file: FileToSend) -> None:
        content = path.read_bytes()
        entry = {
            "name": file.name,
            "path": "",
            "bytes": len(content),
            "mime": sniff.mime(path),
            "sha256": hashlib.sha256(content).hexdigest(),
            "caption": self._redact(_text(path, _CAPTION)),
            "mid": mid,
            "chats": file.chats,
            "sent": True,
            "ts": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        (self._folder / f"{file.name}{_SENT}").write_text(json.dumps(entry, ensure_ascii=False, indent=1) + "\n")
        index = self._service.project.work / "upload" / "outbound-index.jsonl"
        with index.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(entry, ensure_ascii=False) + "\n")


def _unfit(name: str) -> str:
    """Return why a file of this name cannot go out, or ""."""
    raw = os.fsencode(name)
    if len(raw) > _LONGEST_NAME:
        return f"its name has {len(raw)} bytes (limit {_LONGEST_NAME})"
    if raw != name.encode("utf-8", "replace"):
        return "its name is not UTF-8; rename it"
    return "" if name.isprintable() else "its name has invisible characters; rename it"


def _text(path: Path, sidecar: str) -> str:
    """Return what a sidecar says; a link, a pipe or a folder of its name says nothing."""
    beside = path.with_name(path.name + sidecar)
    if beside.is_symlink() or not beside.is_file():
        return ""
    with beside.open("rb") as file:
        return file.read(_LARGEST_SIDECAR).decode("utf-8", "replace").strip()


def forget_old(folder: Path, days: int, now: float) -> None:
    """Remove the notes of files that were sent more than `days` ago; 0 keeps everything."""
    if not days or not folder.is_dir():
        return
    for path in folder.glob(f"*{_SENT}"):
        if now - path.stat().st_mtime > days * 86400:
            path.unlink(missing_ok=True)
