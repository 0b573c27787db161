"""Files that people send: fetched into `inbound/<day>/<MID>__<name>`, looked at, and noted in the index."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cccc.common.paths import Project
from cccc.common.settings.chat import Files
from cccc.common.text.lines import plain
from cccc.services.bridges import sniff
from cccc.services.bridges.platform import FileRef, Gone, Message, Platform, Refused, Undone

_TRIES = 4
_BACK_OFF = 1.0
_FETCH_WITHIN = 180.0
_INDEX_LOOKED_AT = 200  # last lines, for one that is there already


class Fetched(NamedTuple):
    """A file that people sent: where it lies, or why it was not taken."""

    name: str
    path: Path | None = None
    mime: str = ""
    size: int = 0
    sha: str = ""
    refused: str = ""


async def fetch(
    platform: Platform, files: Sequence[FileRef], folder: Path, mid: str, rules: Files, spare: int
) -> list[Fetched]:
    """Fetch files into a folder and look at them; what is refused is not kept. `spare`: what the disk can take."""
    fetched: list[Fetched] = []
    for n, file in enumerate(files, 1):
        room = spare - sum(each.size for each in fetched)
        fetched.append(await _one(platform, file, folder, f"{mid}.{n}" if n > 1 else mid, rules, room))
    return fetched


async def _one(platform: Platform, file: FileRef, folder: Path, mid: str, rules: Files, room: int) -> Fetched:
    most = min(rules.max_mb << 20, platform.limits.download)
    if not rules.enabled:
        return Fetched(file.name, refused="files are off (files.enabled)")
    if file.size > most:
        return Fetched(file.name, refused=f"it has {file.size} bytes (limit {most})")
    if file.size > room:
        return Fetched(file.name, refused="the disk is nearly full; send it again later")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = sniff.safe_name(file.name)
    part, path = folder / f".{mid}__{name}", folder / f"{mid}__{name}"
    problem = await _download(platform, file, part)
    problem = problem or await asyncio.get_running_loop().run_in_executor(None, sniff.refusal, part, rules, most)
    if problem:
        part.unlink(missing_ok=True)
        return Fetched(file.name, refused=problem)
    content = part.read_bytes()
    part.replace(path)
    return Fetched(file.name, path, sniff.mime(path), len(content), hashlib.sha256(content).hexdigest())


async def _download(platform: Platform, file: FileRef, to: Path) -> str:
    """Return why a file cannot be had, or ""; what may only take longer is tried some times."""
    problem = ""
    for attempt in range(_TRIES):
        try:
            await asyncio.wait_for(platform.fetch(file, to), _FETCH_WITHIN)
            return ""
        except (Refused, Gone) as error:
            return str(error)
        except (Undone, asyncio.TimeoutError) as error:
            problem = f"it could not be fetched ({error}); send it again"
            await asyncio.sleep(_BACK_OFF * 2**attempt)
    return problem


def block(project: Project, text: str, fetched: Sequence[Fetched]) -> str:
    """Return the message as the peers get it: the text, then each file with what is known of it."""
    lines = [text] if text else []
    for file in fetched:
        if file.path is None:
            lines.append(f"File refused: {plain(file.name)}: {file.refused}")
        else:
            where = file.path.relative_to(project.root)
            lines.append(f"File: {where}\nSHA256: {file.sha}  Size: {file.size} bytes  MIME: {file.mime}")
    return "\n\n".join(lines)


def note(project: Project, via: str, came: Message, mid: str, caption: str, fetched: Sequence[Fetched]) -> None:
    """Write what is known of the files beside them and into the index, once."""
    index = project.work / "upload" / "inbound-index.jsonl"
    project.make(index.parent)
    known = index.read_bytes().splitlines()[-_INDEX_LOOKED_AT:] if index.exists() else []
    for file in fetched:
        if file.path is None:
            continue
        entry = {
            "name": file.name,
            "path": str(file.path.relative_to(project.root)),
            "bytes": file.size,
            "mime": file.mime,
            "sha256": file.sha,
            "caption": caption,
            "platform": via,
            "chat": came.chat,
            "who": came.who,
            "mid": mid,
            "ts": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        file.path.with_name(f"{file.path.name}.meta.json").write_text(
            json.dumps(entry, ensure_ascii=False, indent=1) + "\n"
        )
        where = json.dumps(entry["path"], ensure_ascii=False).encode()
        if not any(where in line for line in known):  # a line may be torn, and people may edit the file
            with index.open("ab") as lines:
                lines.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")


def forget_old(folder: Path, days: int, now: float) -> None:
    """Remove the day folders (YYYYMMDD) that are older than `days`; 0 keeps everything."""
    if not days or not folder.is_dir():
        return
    oldest = time.strftime("%Y%m%d", time.gmtime(now - days * 86400))
    for each in folder.iterdir():
        if len(each.name) == 8 and each.name.isdigit() and each.name < oldest and not each.is_symlink():
            shutil.rmtree(each, ignore_errors=True)
