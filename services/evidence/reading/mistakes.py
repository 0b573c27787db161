"""The kinds of mistakes that diffs come with, and what their authors are told. Pure.

Each entry is a pattern and words; the first that matches speaks. What git says is added, and never stands alone.
"""

from __future__ import annotations

import base64
import binascii
import re

_SEND = "send what `git diff` prints"

# In what was handed in, where no diff can be read.
_FORMS: tuple[tuple[str, bytes, str], ...] = (
    ("apply-patch-format", rb"^\*\*\* Begin Patch", f"`*** Begin Patch` is not a diff; {_SEND}"),
    ("search-replace", rb"^<{5,} ?(?:SEARCH|ORIGINAL|HEAD)\b", f"search-and-replace blocks are not a diff; {_SEND}"),
    (
        "combined-diff",
        rb"^(?:diff --(?:cc|combined) |@@@+ )",
        "this is the combined diff of a merge (`@@@`), which cannot "
        "be applied; send `git diff` against one parent (HEAD)",
    ),
    (
        "context-diff",
        rb"^\*\*\* [^\n]+\n--- |^\*{15}",
        "this is a context diff; send a unified one (`diff -u`, `git diff`)",
    ),
    (
        "escaped",
        rb"\A[^\n]*(?:diff --git|---|@@ -)[^\n]*\\n[^\n]*\n?\Z|^[ \t]*\"[^\n]*(?:diff --git|--- |@@ -)[^\n]*\\n",
        "the line ends are escaped (`\\n`), as in JSON; write the diff itself, with real line ends",
    ),
    (
        "normal-diff",
        rb"^\d+(?:,\d+)?[acd]\d+(?:,\d+)?\r?\n(?:[<>] |---)",
        "this is a diff without context; send a unified one (`diff -u`, `git diff`)",
    ),
    ("ed-script", rb"^\d+(?:,\d+)?[acdi]\r?\n", "this is an ed script; send a unified diff (`diff -u`, `git diff`)"),
    ("word-diff", rb"\[-[^\n]*-\]|\{\+[^\n]*\+\}", f"this is a word diff (`[-old-]{{+new+}}`); {_SEND}"),
    ("quoted", rb"^> ?(?:diff --git|--- |@@ -)", "every line begins with `>`, as in a mail; send the diff without it"),
    ("headless", rb"^@@ ", "the hunk has no file name: `--- a/path` and `+++ b/path` are missing before its `@@` line"),
    (
        "no-hunks",
        rb"^(?:diff --git |--- [^\n]+\n\+\+\+ )",
        "only headers, no hunks (`@@ -1,3 +1,3 @@` and its lines)",
    ),
    (
        "only-names",
        rb"^Only in |^Binary files |^Files [^\n]+ differ|^diff -\w+ ",
        "it says only that files differ; send `git diff --binary`, with new files added (`git add -N`)",
    ),
    ("only-names", rb"^ [^\n|]+\| +\d+ [-+]*\r?$", f"this is the summary of a diff (`--stat`); {_SEND}"),
    ("status", rb"^(?:[AMDRTU]\t|[ AMDRU?]{2} )\S", f"this is a list of changed files; {_SEND}"),
    ("unmarked", rb"^[-+][^-+\n]", "lines with `+` and `-` alone name neither file nor place; " + _SEND),
)

# In git's own words.
_OF_GIT: tuple[tuple[str, str], ...] = (
    (r"without full index line", "the content of a binary file is missing; `git diff --binary` puts it in"),
    (
        r"corrupt binary patch|binary patch.*corrupt|unrecognized binary",
        "the data of a binary file is cut short or damaged; send `git diff --binary` whole",
    ),
    (
        r"binary patch .*(?:does not match|to create|creates incorrect)|which does not match the current contents",
        "the binary file has changed in the repository; make the diff against the current one",
    ),
    (r"beyond a symbolic link", "the path leads through a symbolic link; change the file at its real path"),
    (r"invalid path", "invalid path: write it from the root of the repository, without `..`"),
    (r"already exists in", "the file already exists; send a change to it, or delete it in the same diff"),
    (
        r"does not exist in index|No such file",
        "the file does not exist; a new file needs `--- /dev/null` and its full text",
    ),
    (
        r"inconsistent|mismatch.*filename|depends on old contents|still has contents|removal patch leaves",
        "the headers contradict each other: `/dev/null`, `new file mode`, `deleted file mode` and the names must agree",
    ),
    (
        r"lacks filename|unable to find filename|cannot find filename",
        "the header lacks the names of the file; "
        "it needs `--- a/path` and `+++ b/path`, from the root of the repository",
    ),
    (
        r"invalid mode|wrong type|has type|expected \d{6}",
        "the file has a different mode; leave the mode lines out, or recreate the diff",
    ),
    (r"without header", "a hunk has no file name: `--- a/path` and `+++ b/path` are missing before its `@@` line"),
    (r"corrupt patch|garbage", "the lines of the diff do not match its headers; " + _SEND),
    (r"does not apply|while searching for", "it does not apply to the current file; make the diff against it"),
)


def unreadable(text: bytes, at: int = 0) -> str:
    """Return why no diff can be read in what was handed in: a word for programs, a colon, and words for its author.

    `at` is the line of the diff that it begins with, where it is a part of one.
    """
    text = text.replace(b"\r\n", b"\n")
    for word, pattern, words in _FORMS:
        if re.search(pattern, text, re.MULTILINE):
            return f"{word}: {words} (line {at})" if at else f"{word}: {words}"
    if _is_base64(text):
        return "encoded: this is base64; write the diff itself"
    return f"no-diff: no diff found; {_SEND}, with paths from the root of the repository"


def of_git(stderr: str) -> str:
    """Return what is wrong, and what git said of it."""
    said = " ".join(line.removeprefix("error: ") for line in stderr.splitlines() if line.strip())
    for pattern, words in _OF_GIT:
        if re.search(pattern, stderr, re.IGNORECASE):
            return f"{words} (git: {said})"
    return f"git cannot read it; {_SEND} (git: {said})"


def absolute(name: str, inside: str) -> str:
    """The path begins with `/`; `inside` is where it lies in the repository, or ""."""
    if name == "/dev/null":
        return "both names of a file are /dev/null; one must be its path, from the root of the repository"
    meant = f": a/{inside} and b/{inside}" if inside else ""
    return f"{name} is an absolute path; write paths from the root of the repository{meant}"


def no_file(name: str, base: str, alike: list[str]) -> str:
    """A diff changes a file that is not there."""
    meant = f"; did you mean {', '.join(alike)}" if alike else ""
    new = ". A new file needs `--- /dev/null` and its full text." if not alike else "?"
    return f"{name} does not exist in {base}{meant}{new}"


def in_submodule(name: str, module: str) -> str:
    """A diff reaches into a submodule."""
    return (
        f"{name} is in {module}, a submodule: its files belong to another repository, and no patch here can change "
        f"them. Commit there; what can be handed in here is the move of {module} to that commit"
    )


def exists(name: str, is_same: bool) -> str:
    """A diff makes a file that is there."""
    if is_same:
        return f"{name}: already applied: the file exists, with this text"
    return f"{name} already exists; send a change to the file, with `--- a/{name}` and its lines as context"


def _is_base64(text: bytes) -> bool:
    packed = b"".join(text.split())
    if len(packed) < 40:
        return False
    try:
        return b"@@" in base64.b64decode(packed, validate=True) or b"diff" in base64.b64decode(packed)
    except binascii.Error:
        return False
