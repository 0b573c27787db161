"""A repository whose history is awkward on purpose: what real ones hold, in as few commits as asked for."""

from __future__ import annotations

import itertools
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from cccc.common.machine import git

Step = Callable[[Path, random.Random, int], None]
_NAMES = (
    *("plain.py", "with space.txt", " leading and trailing ", "caf\u00e9.txt", "\u65e5\u672c\u8a9e.md", 'quo"ted.txt'),
    *("tab\there", "back\\slash", "new\nline", "-dash", "dev/null", "a/b/c", "b/x", "[glob]*?.c", "#hash", "~tilde"),
    os.fsdecode(b"latin-\xe9\xff.txt"),
)


def make(root: Path, commits: int) -> None:
    """Make a repository at `root` with so many commits, the same ones each time."""
    root.mkdir(parents=True)
    git.run(root, "init", "-q", "-b", "main")
    for key, value in (("user.name", "Bench"), ("user.email", "bench@example.org"), ("core.autocrlf", "false")):
        git.run(root, "config", key, value)
    chance = random.Random(7)
    for number, name in enumerate(_NAMES):
        _write(root, name, _text(chance, 30 + number))
    _commit(root, 0)
    for number, step in zip(range(1, commits), itertools.cycle(_STEPS)):
        step(root, chance, number)
        _commit(root, number)


def _commit(root: Path, number: int) -> None:
    git.run(root, "add", "-A", "-f")
    git.run(root, "commit", "-q", "--allow-empty", "-m", f"commit {number}\n\n```diff\n-x\n+y\n```\n")


def _write(root: Path, name: str, content: bytes) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _text(chance: random.Random, lines: int, end: bytes = b"\n") -> bytes:
    words = (
        b"alpha",
        b"",
        b"--- a/x",
        b"+++ b/x",
        b"@@ -1 +1 @@",
        b"\\ No newline at end of file",
        b"```diff",
        b"  x  ",
        b"-",
    )
    return b"".join(
        chance.choice(words) + b" %d" % chance.randrange(99) * chance.randrange(2) + end for _ in range(lines)
    )


def _files(root: Path) -> list[Path]:
    found = (root / name for name in os.fsdecode(git.run(root, "ls-files", "-z").stdout).split("\0")[:-1])
    return [path for path in found if path.is_file() and not path.is_symlink()]


def _some(root: Path, chance: random.Random) -> Path:
    return chance.choice(_files(root))


def _edit(root: Path, chance: random.Random, number: int) -> None:
    for _ in range(1 + number % 3):
        path = _some(root, chance)
        lines = path.read_bytes().splitlines(keepends=True)
        for _ in range(3):
            place = chance.randrange(len(lines) + 1)
            lines[place : place + chance.randrange(3)] = [_text(chance, chance.randrange(4))]
        path.write_bytes(b"".join(lines))


def _no_newline(root: Path, chance: random.Random, number: int) -> None:
    path = _some(root, chance)
    content = path.read_bytes()
    path.write_bytes(content[:-1] if content.endswith(b"\n") else content + b"\n")


def _rename(root: Path, chance: random.Random, number: int) -> None:
    path = _some(root, chance)
    target = root / f"moved {number}" / path.name
    target.parent.mkdir()
    path.rename(target)
    target.write_bytes(target.read_bytes() + b"one more\n")


def _swap(root: Path, chance: random.Random, number: int) -> None:
    one, other = chance.sample(_files(root), 2)
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)


def _copy(root: Path, chance: random.Random, number: int) -> None:
    path = _some(root, chance)
    _write(root, f"copies/{number}/{path.name}", path.read_bytes() + b"copied\n")
    path.write_bytes(path.read_bytes() + b"original\n")


def _mode(root: Path, chance: random.Random, number: int) -> None:
    for path in {_some(root, chance) for _ in range(3)}:
        path.chmod(0o755 if not path.stat().st_mode & 0o100 else 0o644)
    if number % 2:
        path.write_bytes(path.read_bytes() + b"mode and more\n")


def _binary(root: Path, chance: random.Random, number: int) -> None:
    _write(root, f"binary/{number % 3}.bin", bytes(chance.randrange(256) for _ in range(5000)))


def _link(root: Path, chance: random.Random, number: int) -> None:
    path = root / f"link {number % 4}"
    target = f"missing-{number}" if number % 2 else "binary"
    if path.is_symlink():
        path.unlink()
    path.symlink_to(target)


def _kind(root: Path, chance: random.Random, number: int) -> None:
    """A file becomes a link, a link a file, a file a folder, a folder a file."""
    path = root / "turns"
    stage = number // len(_STEPS) % 3
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.is_symlink() or path.exists():
        path.unlink()
    if stage == 0:
        path.symlink_to("binary")
    elif stage == 1:
        _write(root, "turns/inside/file", b"folder\n")
    else:
        path.write_bytes(b"file\n")


def _line_ends(root: Path, chance: random.Random, number: int) -> None:
    path = _write(root, f"crlf/{number % 2}.txt", _text(chance, 20, b"\r\n"))
    if number % 3 == 0:
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n", 7))


def _new(root: Path, chance: random.Random, number: int) -> None:
    _write(root, f"new/{number}/empty", b"")
    _write(root, f"new/{number}/{chance.choice(_NAMES)}", _text(chance, 12))
    _write(root, f"new/{number}/latin.txt", b"caf\xe9 \xff\xfe\n" * 3)
    _write(root, f"new/{number}/nul", b"a\0b")


def _delete(root: Path, chance: random.Random, number: int) -> None:
    for path in {_some(root, chance) for _ in range(2)}:
        path.unlink()


def _big(root: Path, chance: random.Random, number: int) -> None:
    _write(root, "big/text", _text(chance, 40_000))
    _write(root, "big/bin", random.Random(number).randbytes(1_500_000))
    _write(root, "big/line", b"x" * 200_000 + b"%d" % number)


def _many(root: Path, chance: random.Random, number: int) -> None:
    for place in range(300):
        _write(root, f"many/{place % 20}/{place}.txt", b"%d %d\n" % (number, place))


def _attributes(root: Path, chance: random.Random, number: int) -> None:
    _write(root, ".gitattributes", b"*.txt text\n" if number % 2 else b"new/** -text\n*.id ident\n")
    _write(root, "v.id", b"$Id$\n%d\n" % number)


def _ignored(root: Path, chance: random.Random, number: int) -> None:
    _write(root, ".gitignore", b"*.ignored\nbuild/\n")
    _write(root, f"build/{number}.ignored", b"kept on purpose\n")


def _merge(root: Path, chance: random.Random, number: int) -> None:
    git.run(root, "checkout", "-q", "-b", f"side{number}")
    _write(root, f"side/{number}", b"side\n")
    _commit(root, number)
    git.run(root, "checkout", "-q", "main")
    git.run(root, "merge", "-q", "--no-ff", "-m", "merge", f"side{number}")
    _write(root, "after-merge", b"%d\n" % number)


def _steps() -> Iterator[Step]:
    """Edits between everything else."""
    others: tuple[Step, ...] = (
        *(_rename, _copy, _mode, _binary, _link, _kind, _line_ends, _no_newline, _new, _swap, _delete, _big, _many),
        *(_attributes, _ignored, _merge),
    )
    for step in others:
        yield step
        yield _edit


_STEPS = tuple(_steps())
