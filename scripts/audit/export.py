"""The whole ledger as one HTML page that needs nothing else: no network, no script, no other file.

Two passes: the first sorts the facts into threads, the second writes them thread by thread.
"""

from __future__ import annotations

import base64
import hashlib
import os
from contextlib import closing
from datetime import datetime, timezone
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Callable, TextIO

from cccc.common import facts as f
from cccc.common import ledger, settings
from cccc.common.facts import Fact
from cccc.common.paths import Project
from cccc.common.text.redaction import Redactor
from cccc.common.version import VERSION
from cccc.scripts.audit import page
from cccc.scripts.audit.book import bodies_of
from cccc.scripts.audit.page import Body
from cccc.scripts.audit.threads import Thread, Threads
from cccc.scripts.audit.verify import Audit

LONGEST_BODY = 64 << 10  # bytes shown
_OVERLAP = 4 << 10  # read beyond that, so that no secret is cut in half and shown
_TIMELINE = "<!-- timeline -->"


def export(project: Project, to: Path, after: int, audit: Audit, summary: str) -> int:
    """Write the facts after seq `after` to a file that the user alone can read; return how many."""
    redact = Redactor(settings.load(project).telegram.redact_patterns).redact
    threads, forgotten = _sort(project, after)
    part = to.with_name(f".{to.name}.part")
    with open(part, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
        top, bottom = _template(_top(project, threads, audit, summary)).split(_TIMELINE)
        out.write(top)
        writer = _Writer(project, out, threads, forgotten, redact)
        for number, thread in enumerate(threads.all):
            writer.thread(number, thread)
        out.write(bottom)
    part.replace(to)
    return sum(len(thread.places) // 3 for thread in threads.all)


def _sort(project: Project, after: int) -> tuple[Threads, dict[str, f.BodyForgotten]]:
    threads, forgotten = Threads(), {}
    with closing(ledger.Reader(project, after)) as reader:
        for line in reader.read():
            told, fact = ledger.envelope(line.raw), ledger.decode(line.raw)
            names = [name for name in (told.rfd_id, told.mid) if name]
            threads.add(line, told.ts, told.cause or 0, names, fact)
            if isinstance(fact, f.BodyForgotten):
                forgotten[fact.sha] = fact
    return threads, forgotten


def _top(project: Project, threads: Threads, audit: Audit, summary: str) -> dict[str, str]:
    """Return what stands above the timeline."""
    last = ledger.line_at(project, audit.lines) if audit.lines else None
    patches = ((threads.thread_of(patch.fact.seq), patch) for patch in threads.patches.values())
    requests = ((threads.thread_of(request.fact.seq), request) for request in threads.requests.values())
    return {
        "project": page.text(project.name),
        "folder": page.text(str(project.root)),
        "written": page.clock(datetime.now(timezone.utc).isoformat()),
        "version": page.text(VERSION),
        "first": page.clock(threads.first_ts),
        "last": page.clock(threads.last_ts),
        "facts": str(sum(len(thread.places) // 3 for thread in threads.all)),
        "end": f"{audit.lines} <code>{ledger.hash_of(last) if last else ''}</code>",
        "verdict": page.verdict(audit, summary),
        "patches": page.patches(patches),
        "requests": page.requests(requests),
        "toggles": "".join(
            f'<label><input type=checkbox checked value="{family}">{family}</label>' for family in f.FAMILIES
        ),
    }


def _template(values: dict[str, str]) -> str:
    source = (files("cccc.conf") / "export.html").read_text(encoding="utf-8")
    script = source.split("<script>")[1].split("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return Template(source).substitute(values, script=f"sha256-{digest}")


class _Writer:
    """Writes threads into the page."""

    def __init__(
        self,
        project: Project,
        out: TextIO,
        threads: Threads,
        forgotten: dict[str, f.BodyForgotten],
        redact: Callable[[str], str],
    ) -> None:
        self._project, self._out, self._threads = project, out, threads
        self._forgotten, self._redact = forgotten, redact

    def thread(self, number: int, thread: Thread) -> None:
        self._out.write(page.head(number, thread))
        shown: dict[str, int] = {}  # bodies of this thread, by the seq of the fact they stand at
        day = thread.first.ts[:10] if thread.first else ""
        for place in thread.rows():
            raw = ledger.line_of(self._project, place)
            if raw is None:
                continue
            fact, ts, line = ledger.decode(raw), ledger.envelope(raw).ts, raw.decode(errors="replace")
            if fact is None:
                self._out.write(page.unknown(place.seq, ts, line, day, self._redact))
            else:
                receipt = self._threads.receipts.get((fact.mid, fact.to)) if isinstance(fact, f.Handoff) else None
                self._out.write(page.row(fact, line, day, self._redact, receipt, self._body(fact, shown)))
            day = ts[:10]
        self._out.write("</ol></article>\n")

    def _body(self, fact: Fact, shown: dict[str, int]) -> Body | None:
        named = bodies_of(fact)
        if len(named) != 1 or not hasattr(fact, "size"):
            return None
        sha, size = named[0], int(fact.size)
        if sha in shown:
            return Body("", size, f"the bytes are shown at fact {shown[sha]}")
        shown[sha] = fact.seq
        try:
            with (self._project.blobs / sha).open("rb") as file:
                content = file.read(LONGEST_BODY + _OVERLAP)
        except FileNotFoundError:
            return Body("", size, self._why_gone(sha))
        text = self._redact(content.decode("utf-8", "replace"))
        if len(content) <= LONGEST_BODY:
            return Body(text, size)
        return Body(text[:LONGEST_BODY], size, f"only the first {LONGEST_BODY >> 10} KiB are shown")

    def _why_gone(self, sha: str) -> str:
        fact = self._forgotten.get(sha)
        if fact is None:
            return "not there any more"
        return f"forgotten {fact.ts[:16]} by {fact.who}" + (f": {fact.why}" if fact.why else "")
