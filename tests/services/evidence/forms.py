"""The forms that a diff comes in when a model wrote it, and what becomes of each: it lands as it was meant, or words.

The base has `n.txt` (1 to 12), `h.txt`, `c.txt` (CRLF), `both.txt` (both line ends), `t.txt` (tabs), `bare.txt` (no
newline at its end), `m.txt` (a function twice), `pic.bin` and `sub/deep.txt`.
"""

from __future__ import annotations

import base64
import json
from typing import NamedTuple

TWELVE = b"".join(b"%d\n" % number for number in range(1, 13))
BODY = b"def f():\n    a = 1\n    return a\n\n"
FILES = {
    "n.txt": TWELVE,
    "h.txt": b"1\n2\na < b\n4\n",
    "c.txt": b"one\r\ntwo\r\nthree\r\n",
    "both.txt": b"one\r\ntwo\nthree\r\nfour\n",
    "t.txt": b"if x:\n\ty = 1\n\tz = 2\n",
    "bare.txt": b"one\ntwo",
    "m.txt": b"# one\n\n" + BODY + b"# two\n\n" + BODY,
    "q.txt": b"say('hello')\nbye\n",
    "blank.txt": b"one\n\nthree\n\n",
    "pic.bin": bytes(range(256)) * 4,
    "sub/deep.txt": b"deep\n",
}
HEAD = b"diff --git a/n.txt b/n.txt\n--- a/n.txt\n+++ b/n.txt\n"
HUNK = b"@@ -1,4 +1,4 @@\n 1\n-2\n+two\n 3\n 4\n"
GOOD = HEAD + HUNK
TWO = TWELVE.replace(b"2\n", b"two\n", 1)


def of(name: str, hunk: str) -> bytes:
    return f"diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n{hunk}".encode()


class Lands(NamedTuple):
    """A form that can be read in one way: the content of one file after it, and what its author is told of that."""

    name: str
    diff: bytes
    content: bytes
    note: str = ""  # a pattern
    path: str = "n.txt"


class Refused(NamedTuple):
    """A form that cannot, and a pattern that the answer has."""

    name: str
    diff: bytes
    words: str


LANDS = [
    Lands("as git prints it", GOOD, TWO),
    Lands("a fence and words around it", b"Here it is:\n\n```diff\n" + GOOD + b"```\n\nIt makes 2 a word.\n", TWO),
    Lands("words around it", b"Here it is:\n\n" + GOOD + b"\nIt makes 2 a word.\n", TWO),
    Lands("a list behind it", GOOD + b"\n- it makes 2 a word\n- and nothing else\n", TWO),
    Lands("no `diff --git`", GOOD[GOOD.index(b"---") :], TWO),
    Lands("no prefixes", b"--- n.txt\n+++ n.txt\n" + HUNK, TWO),
    Lands("times behind the names", b"--- a/n.txt\t2026-01-01\n+++ b/n.txt\t2026-01-02\n" + HUNK, TWO),
    Lands("svn", b"Index: n.txt\n" + b"=" * 67 + b"\n--- n.txt\t(revision 1)\n+++ n.txt\t(working copy)\n" + HUNK, TWO),
    Lands("no numbers", HEAD + HUNK.replace(b"-1,4 +1,4", b"..."), TWO, "has no line number"),
    Lands("a bare @@", HEAD + HUNK.replace(b"@@ -1,4 +1,4 @@", b"@@"), TWO, "has no line number"),
    Lands("too small counts", HEAD + HUNK.replace(b"4", b"2", 2), TWO, "says 2 old and 2 new"),
    Lands(
        "too large counts",
        HEAD + HUNK.replace(b"-1,4", b"-1,7") + b"@@ -9,3 +9,3 @@\n 9\n-10\n+ten\n 11\n",
        TWO.replace(b"10", b"ten"),
        "says 7 old and 4 new",
    ),
    Lands("a wrong line", HEAD + HUNK.replace(b"-1,4 +1,4", b"-7,4 +7,4"), TWO, "line 1, -6 from"),
    Lands("a wrong new line", HEAD + HUNK.replace(b"+1,4", b"+9,4"), TWO),
    Lands("no context behind the change", HEAD + b"@@ -4,2 +4,2 @@\n 4\n-5\n+five\n", TWELVE.replace(b"5", b"five")),
    Lands("no context before the change", HEAD + b"@@ -5,2 +5,2 @@\n-5\n+five\n 6\n", TWELVE.replace(b"5", b"five")),
    Lands(
        "hunks in the wrong order", HEAD + b"@@ -9,3 +9,3 @@\n 9\n-10\n+ten\n 11\n" + HUNK, TWO.replace(b"10", b"ten")
    ),
    Lands(
        "words between hunks",
        GOOD + b"\nand further down:\n\n@@ -9,3 +9,3 @@\n 9\n-10\n+ten\n 11\n",
        TWO.replace(b"10", b"ten"),
    ),
    Lands(
        "`diff -u` of a file with both line ends",
        b"--- both.txt\t2026-01-01\n+++ both.txt\t2026-01-02\n@@ -1,4 +1,4 @@\n one\r\n-two\n+zwei\n three\r\n four\n",
        b"one\r\nzwei\nthree\r\nfour\n",
        "",
        "both.txt",
    ),
    Lands(
        "`diff -u` of a file that the repository has in LF and the work tree in CRLF",
        b"--- n.txt\t2026-01-01\n+++ n.txt\t2026-01-02\n" + HUNK.replace(b"\n", b"\r\n").replace(b"@@\r", b"@@"),
        TWO,
        "CRLF",
    ),
    Lands("the whole diff in CRLF", GOOD.replace(b"\n", b"\r\n"), TWO, "CRLF"),
    Lands(
        "LF for a file in CRLF",
        of("c.txt", "@@ -1,3 +1,3 @@\n one\n-two\n+zwei\n three\n"),
        b"one\r\nzwei\r\nthree\r\n",
        "CRLF",
        "c.txt",
    ),
    Lands(
        "all CRLF for a file in CRLF",
        of("c.txt", "@@ -1,3 +1,3 @@\n one\n-two\n+zwei\n three\n").replace(b"\n", b"\r\n"),
        b"one\r\nzwei\r\nthree\r\n",
        "",
        "c.txt",
    ),
    Lands(
        "HTML entities",
        of("h.txt", "@@ -1,4 +1,4 @@\n 1\n-2\n+2 &amp; more\n a &lt; b\n 4\n"),
        b"1\n2 & more\na < b\n4\n",
        "HTML",
        "h.txt",
    ),
    Lands(
        "entities that are meant",
        of("h.txt", "@@ -1,4 +1,4 @@\n 1\n-2\n+2 &amp; more\n a < b\n 4\n"),
        b"1\n2 &amp; more\na < b\n4\n",
        "",
        "h.txt",
    ),
    Lands(
        "terminal colours",
        b"\x1b[1mdiff --git a/n.txt b/n.txt\x1b[m\n\x1b[1m--- a/n.txt\x1b[m\n\x1b[1m+++ b/n.txt\x1b[m\n"
        b"\x1b[36m@@ -1,4 +1,4 @@\x1b[m\n 1\n\x1b[31m-2\x1b[m\n\x1b[32m+\x1b[m\x1b[32mtwo\x1b[m\n 3\n 4\n",
        TWO,
        "colours",
    ),
    Lands(
        "non-breaking spaces",
        of("m.txt", "@@ -1,4 +1,4 @@\n # one\n \n-def f():\n+def g():\n\xa0\xa0\xa0\xa0\xa0a = 1\n"),
        FILES["m.txt"].replace(b"def f", b"def g", 1),
        "non-breaking",
        "m.txt",
    ),
    Lands(
        "non-breaking spaces in the text",
        of("m.txt", "@@ -1,4 +1,4 @@\n # one\n \n-def f():\n+def g():\n \xa0\xa0\xa0\xa0a = 1\n"),
        FILES["m.txt"].replace(b"def f", b"def g", 1),
        "non-breaking",
        "m.txt",
    ),
    Lands(
        "trimmed blank context",
        of("blank.txt", "@@ -1,4 +1,4 @@\n one\n\n-three\n+drei\n\n"),
        b"one\n\ndrei\n\n",
        "",
        "blank.txt",
    ),
    Lands(
        "blank context cut off",
        of("blank.txt", "@@ -1,4 +1,4 @@\n one\n\n-three\n+drei"),
        b"one\n\ndrei\n\n",
        "",
        "blank.txt",
    ),
    Lands("context without its space", HEAD + HUNK.replace(b"\n ", b"\n"), TWO, "leading space"),
    Lands("no final newline", GOOD.rstrip(b"\n"), TWO),
    Lands(
        "the mark of no newline forgotten",
        of("bare.txt", "@@ -1,2 +1,2 @@\n-one\n+eins\n two\n"),
        b"eins\ntwo",
        "",
        "bare.txt",
    ),
    Lands(
        "lines behind a last line without newline",
        of("bare.txt", "@@ -1,2 +1,3 @@\n one\n two\n+three\n"),
        b"one\ntwo\nthree\n",
        "",
        "bare.txt",
    ),
    Lands(
        "indented as a whole", b"".join(b"    " + line for line in GOOD.splitlines(keepends=True)), TWO, "indentation"
    ),
    Lands("a new file without /dev/null", of("new.txt", "@@ -0,0 +1,2 @@\n+a\n+b\n"), b"a\nb\n", "", "new.txt"),
    Lands(
        "a new file, counts wrong",
        b"--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1,9 @@\n+a\n+b\n" + GOOD,
        b"a\nb\n",
        "says 0 old and 9 new",
        "new.txt",
    ),
    Lands(
        "two diffs of one file, made for the base",
        GOOD + HEAD + b"@@ -9,3 +9,3 @@\n 9\n-10\n+ten\n 11\n",
        TWO.replace(b"10", b"ten"),
    ),
    Lands(
        "two diffs of one file, the second for the first's result",
        GOOD + HEAD + b"@@ -1,3 +1,3 @@\n 1\n-two\n+zwei\n 3\n",
        TWO.replace(b"two", b"zwei"),
    ),
    Lands("a hash that nobody knows", GOOD.replace(b"--- a", b"index 1234567..89abcde 100644\n--- a"), TWO),
]

REFUSED = [
    Refused("words only", b"I changed the second line to a word.\n", "no diff found.*git diff"),
    Refused("nothing but blank lines", b"\n\n  \n", "no diff found"),
    Refused(
        "counts too large at the end",
        HEAD + HUNK.replace(b"-1,4 +1,4", b"-1,9 +1,9"),
        r"ends early.*says 9 old.*@@ -1,4 \+1,4 @@",
    ),
    Refused(
        "LF for a file in CRLF, and another text",
        of("c.txt", "@@ -1,3 +1,3 @@\n one\n-zwo\n+zwei\n three\n"),
        r"says `zwo\\r`, and line 2 of the file is `two\\r`",
    ),
    Refused(
        "both line ends for a file in CRLF",
        of("c.txt", "@@ -1,3 +1,3 @@\n one\r\n-two\n+zwei\n three\r\n"),
        r"line 2 of the file is `two\\r`; the line ends differ \(CRLF and LF\)",
    ),
    Refused(
        "LF for a file with both line ends",
        of("both.txt", "@@ -1,4 +1,4 @@\n one\n-two\n+zwei\n three\n four\n"),
        r"line 1 of the file is `one\\r`; the line ends differ \(CRLF and LF\)",
    ),
    Refused("cut short", GOOD[: GOOD.index(b" 4\n")], "ends early.*cut short"),
    Refused("cut inside a line", GOOD[:-9], "ends early|does not fit"),
    Refused("lines left out between hunks", GOOD + b"...\n@@ -9,3 +9,3 @@\n 9\n-10\n+ten\n 11\n", "left out"),
    Refused("lines left out in a hunk", HEAD + HUNK.replace(b" 3\n", b"...\n"), "left out"),
    Refused("lines left out in a comment", HEAD + HUNK.replace(b" 3\n", b"# ... existing code ...\n"), "left out"),
    Refused("lines left out as context", HEAD + HUNK.replace(b" 3\n", b" ...\n"), "left out"),
    Refused("the rest left out", GOOD + b"\n... (rest unchanged)\n", "left out"),
    Refused(
        "other context",
        HEAD + HUNK.replace(b" 3\n", b" three\n"),
        r"says `three`, and line 3 of the file is `3`[^$]*3 \| 3",
    ),
    Refused(
        "other removed line", HEAD + HUNK.replace(b"-2\n", b"-zwei\n"), "says `zwei`, and line 2 of the file is `2`"
    ),
    Refused(
        "white space alone",
        of("t.txt", "@@ -1,3 +1,3 @@\n if x:\n-    y = 1\n+    y = 3\n     z = 2\n"),
        "white space only.*tab",
    ),
    Refused(
        "typographic quotes", of("q.txt", "@@ -1,2 +1,2 @@\n say(\u2018hello\u2019)\n-bye\n+ciao\n"), "typographic"
    ),
    Refused(
        "line numbers", of("n.txt", "@@ -1,4 +1,4 @@\n  1 | 1\n- 2 | 2\n+ 2 | two\n  3 | 3\n  4 | 4\n"), "line numbers"
    ),
    Refused("behind the end of the file", HEAD + b"@@ -40,2 +40,2 @@\n forty\n-more\n+less\n", "does not fit"),
    Refused(
        "several places",
        of("m.txt", "@@ -20,3 +20,3 @@\n def f():\n-    a = 1\n+    a = 2\n     return a\n"),
        "2 places: lines 3, 9",
    ),
    Refused(
        "several places, no line",
        of("m.txt", "@@ @@\n def f():\n-    a = 1\n+    a = 2\n     return a\n"),
        "2 places: lines 3, 9",
    ),
    Refused("no context", HEAD + b"@@ -2 +2 @@\n-2\n+two\n", "no context.*-U3"),
    Refused("no context, only added", HEAD + b"@@ -20,0 +21 @@\n+x\n", "no context"),
    Refused("applied already", HEAD + b"@@ -1,4 +1,4 @@\n 1\n-zwei\n+2\n 3\n 4\n", "already applied: line 1"),
    Refused(
        "a new file that is there, the same",
        b"--- /dev/null\n+++ b/sub/deep.txt\n@@ -0,0 +1 @@\n+deep\n",
        "already applied",
    ),
    Refused("a new file that is there", b"--- /dev/null\n+++ b/n.txt\n@@ -0,0 +1 @@\n+x\n", "already exists"),
    Refused(
        "a file that is not there",
        of("gone.txt", "@@ -1,2 +1,2 @@\n a\n-b\n+c\n"),
        r"gone\.txt does not exist.*/dev/null",
    ),
    Refused(
        "doubled prefixes", b"--- a/a/n.txt\n+++ b/a/n.txt\n" + HUNK, r"a/n\.txt does not exist.*did you mean n\.txt"
    ),
    Refused(
        "a wrong folder",
        b"--- a/src/n.txt\n+++ b/src/n.txt\n" + HUNK,
        r"src/n\.txt does not exist.*did you mean n\.txt",
    ),
    Refused(
        "an absolute path",
        b"--- /srv/project/n.txt\n+++ /srv/project/n.txt\n" + HUNK,
        "absolute path.*root of the repository",
    ),
    Refused("a path that leaves", b"--- a/../n.txt\n+++ b/../n.txt\n" + HUNK, "may never be changed"),
    Refused("no names", HUNK, "has no file name.*--- a/path"),
    Refused("no names, and words", b"In n.txt:\n\n" + HUNK, "has no file name"),
    Refused("headers only", HEAD, "only headers"),
    Refused(
        "headers only, behind a whole diff",
        GOOD + b"diff --git a/h.txt b/h.txt\nindex 1234567..89abcde 100644\n",
        "only headers",
    ),
    Refused(
        "a deletion that leaves lines", b"--- a/n.txt\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-1\n-2\n", "deletes the file"
    ),
    Refused("a deletion that adds lines", b"--- a/n.txt\n+++ /dev/null\n" + HUNK, "deletes the file"),
    Refused("a new file with context", b"--- /dev/null\n+++ b/new.txt\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n", "new or empty"),
    Refused("nothing on both sides", b"--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", "names"),
    Refused(
        "a merge's combined diff",
        b"diff --cc n.txt\nindex 1,2..3\n--- a/n.txt\n+++ b/n.txt\n@@@ -1,2 -1,2 +1,2 @@@\n  1\n--2\n++two\n",
        "combined",
    ),
    Refused(
        "a context diff",
        b"*** n.txt\n--- n.txt\n***************\n*** 1,3 ****\n  1\n! 2\n  3\n--- 1,3 ----\n  1\n! two\n  3\n",
        "context diff",
    ),
    Refused("a diff without context", b"2c2\n< 2\n---\n> two\n", "without context"),
    Refused("an ed script", b"2c\ntwo\n.\nw\nq\n", "ed script"),
    Refused("a word diff", of("n.txt", "@@ -1,4 +1,4 @@\n1\n[-2-]{+two+}\n3\n4\n"), "word diff"),
    Refused("escaped line ends", GOOD.replace(b"\n", b"\\n"), "escaped"),
    Refused("JSON", json.dumps({"patch": GOOD.decode()}).encode(), "escaped"),
    Refused("base64", base64.encodebytes(GOOD), "base64"),
    Refused("quoted as a mail", b"".join(b"> " + line for line in GOOD.splitlines(keepends=True)), "begins with `>`"),
    Refused(
        "apply_patch", b"*** Begin Patch\n*** Update File: n.txt\n@@\n 1\n-2\n+two\n*** End Patch\n", "Begin Patch"
    ),
    Refused("search and replace", b"n.txt\n<<<<<<< SEARCH\n2\n=======\ntwo\n>>>>>>> REPLACE\n", "search-and-replace"),
    Refused("a summary", b" n.txt | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n", "summary"),
    Refused("a list of changed files", b" M n.txt\n?? new.txt\n", "list of changed files"),
    Refused("diff -r", b"Only in src: new.txt\n", "send `git diff --binary`"),
    Refused(
        "files that differ",
        b"diff -r old/pic.bin new/pic.bin\nBinary files old/pic.bin and new/pic.bin differ\n",
        "--binary",
    ),
    Refused(
        "a binary file without its content",
        b"diff --git a/pic.bin b/pic.bin\nindex 1234567..89abcde 100644\nBinary files a/pic.bin and b/pic.bin differ\n",
        "--binary",
    ),
    Refused(
        "a binary patch cut short",
        b"diff --git a/pic.bin b/pic.bin\nindex "
        + b"1" * 40
        + b".."
        + b"2" * 40
        + b" 100644\nGIT binary patch\ndelta 12\nTcmZ\n",
        "cut short or damaged",
    ),
    Refused("marks alone", b"n.txt:\n-2\n+two\n", "neither file"),
    Refused(
        "a rename of what is not there",
        b"diff --git a/gone b/there\nsimilarity index 100%\nrename from gone\nrename to there\n",
        "gone does not exist",
    ),
    Refused(
        "a mode of what is not there",
        b"diff --git a/gone b/gone\nold mode 100644\nnew mode 100755\n",
        "gone does not exist",
    ),
    Refused(
        "a deletion of what is not there",
        b"--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n",
        "gone does not exist.*already be applied",
    ),
    Refused("a mode that is none", b"diff --git a/n.txt b/n.txt\nold mode 100644\nnew mode rwxr-xr-x\n", "mode"),
    Refused(
        "hunks over the same lines", HEAD + HUNK + b"@@ -1,3 +1,3 @@\n 1\n-2\n+zwei\n 3\n", "two hunks change line 2"
    ),
]
