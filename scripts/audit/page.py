"""The HTML of the exported page. Whatever comes from a fact or a body goes through `text`."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Callable, NamedTuple

from cccc.common import facts as f
from cccc.common.facts import Fact
from cccc.common.paths import other
from cccc.common.shown.short import line_of
from cccc.common.text.lines import seconds
from cccc.common.text.plural import plural
from cccc.scripts.audit.threads import Patch, Receipt, Request, Thread
from cccc.scripts.audit.verify import Audit

_LONG = 200  # lines; longer bodies are folded, and so is what a handoff repeats

_ROUTES = {"a": "PeerA", "b": "PeerB"}
_GOOD = {"landed", "applied", "green", "pass", "approved", "used", "chosen"}
_BAD = {"rejected", "red", "fail", "broken", "dropped", "revoked", "expired"}
# One line of the fact is enough for the others; these have more to say.
_MORE = ("reason", "stderr", "tail", "error", "question", "summary")
_SHOWN_BY = (f.Patch, f.PatchQueued, f.PatchRetry, f.PatchRevert)  # their bodies are diffs


class Body(NamedTuple):
    """A body as the page shows it, or the `note` that says why it does not."""

    text: str
    size: int
    note: str = ""


def text(value: str) -> str:
    """Return text as HTML. What would not be seen, or turns the direction of writing, is shown by its number."""
    if not value.replace("\n", "").replace("\t", "").isprintable():
        value = "".join(sign if sign.isprintable() or sign in "\n\t" else f"⟨U+{ord(sign):04X}⟩" for sign in value)
    return html.escape(value)


def badge(words: str) -> str:
    """Return a word of outcome in its colour."""
    first = words.partition(" ")[0]
    tone = "good" if first in _GOOD else "bad" if first in _BAD else "open"
    return f'<span class="badge {tone}">{text(words)}</span>'


# --- the top of the page ---


def verdict(audit: Audit, summary: str) -> str:
    """Return what the verification found."""
    tone = "bad" if audit.problems else "good"
    lines = "".join(f"<li>{text(line)}</li>" for line in (*audit.problems, *audit.notes))
    return f'<p class="verdict {tone}">{text(summary)}</p>' + (f"<ul>{lines}</ul>" if lines else "")


def patches(rows: Iterable[tuple[int, Patch]]) -> str:
    """Return the table of patches; each has the number of its thread."""
    cells = []
    for thread, patch in rows:
        fact = patch.fact
        checks = f"lint {badge(patch.lint)} " if patch.lint else ""
        checks += f"tests {badge(patch.test)}" if patch.test else ""
        what = f"<code>{text(patch.commit[:12])}</code>" if patch.commit else text(patch.reason[:200])
        cells.append(
            f"<tr><td>{clock(fact.ts)}<td>{text(fact.author)}<td>{link(thread, fact.mid)}<td>{badge(patch.outcome)}"
            f"<td>{what}<td>{checks}<td>{text(', '.join(patch.requests))}"
        )
    return _table("Patches", ("when", "by", "patch", "outcome", "commit or reason", "checks", "decision"), cells)


def requests(rows: Iterable[tuple[int, Request]]) -> str:
    """Return the table of requests for decision."""
    cells = []
    for thread, request in rows:
        fact = request.fact
        answers = (
            f"{text(answer.decision)} by {text(answer.who)} via {text(answer.via)}, {clock(answer.ts)}"
            for answer in request.answers
        )
        cells.append(
            f"<tr><td>{clock(fact.ts)}<td>{text(fact.author)}<td>{link(thread, fact.rfd_id)}<td>{text(fact.title)}"
            f"<td>{badge(request.outcome)}<td>{'<br>'.join(answers) or 'nobody answered'}"
        )
    return _table("Decisions", ("when", "asked by", "request", "title", "outcome", "answers"), cells)


def _table(title: str, head: tuple[str, ...], rows: list[str]) -> str:
    if not rows:
        return ""
    names = "".join(f"<th>{name}" for name in head)
    return f'<h2>{title}</h2><div class="wide"><table><tr>{names}{"".join(rows)}</table></div>'


def link(thread: int, name: str) -> str:
    return f'<a href="#t{thread}">{text(name)}</a>'


def clock(ts: str) -> str:
    """Return a time for the eye; the whole of it is there when pointed at."""
    return f'<time title="{text(ts)}">{text(ts[:10])} {text(ts[11:23])}</time>'


# --- a thread ---


def head(number: int, thread: Thread) -> str:
    """Return the opening of a thread, up to its first fact."""
    fact, end = thread.first, ""
    if thread.patch:
        title = f"Patch by {thread.patch.fact.author}, {thread.patch.fact.mid}"
        end = badge(thread.patch.outcome)
        end += f" <code>{text(thread.patch.commit[:12])}</code>" if thread.patch.commit else ""
    elif thread.request:
        title, end = f"{thread.request.fact.rfd_id}: {thread.request.fact.title}", badge(thread.request.outcome)
    elif thread.day:
        title = f"The system, {thread.day}"
    elif isinstance(fact, f.UserMessage):
        title = f"User to {_ROUTES.get(fact.route, 'both')}"
    elif isinstance(fact, (f.ToPeer, f.ToUser)):
        title = f"{fact.author} to {'the user' if isinstance(fact, f.ToUser) else other(fact.author)}"
    elif fact:
        title = f"{getattr(fact, 'author', '') or fact.by}: {fact.kind}"
    else:
        title = "Kinds that this version does not know"
    when = clock(fact.ts) if fact and not thread.day else ""
    return f'<article id="t{number}"><h2>{when} {text(title)} {end}</h2><ol>\n'


def row(
    fact: Fact, raw: str, day: str, redact: Callable[[str], str], receipt: Receipt | None, body: Body | None
) -> str:
    """Return one fact. `day` is that of the row before."""
    told = line_of(fact)
    shows_all = body and body.text and not _is_folded(fact, body)
    parts = [
        _cells(fact.seq, fact.ts, day, f.family(type(fact))),
        f"<b>{text(fact.kind)}</b> <i>{text(told.who)}</i> {'' if shows_all else text(told.text)}",
    ]
    if isinstance(fact, (f.Lint, f.Test, f.BaseTest, f.EvidenceValidate)):
        parts.append(badge(fact.verdict))
    parts.append(f"<details class=line><summary>line</summary><pre>{text(redact(raw))}</pre></details>")
    if receipt:
        parts.append(_receipt(fact, receipt))
    for name in _MORE:
        words = str(getattr(fact, name, "") or "")
        if len(words) > len(told.text) or "\n" in words:
            parts.append(f"<pre>{text(redact(words))}</pre>")
    if paths := getattr(fact, "paths", None):
        parts.append(f"<p>{', '.join(f'<code>{text(path)}</code>' for path in paths)}</p>")
    if body:
        parts.append(_body(fact, body))
    return " ".join(parts) + "</div>\n"


def unknown(seq: int, ts: str, raw: str, day: str, redact: Callable[[str], str]) -> str:
    """Return a line of a kind that only a newer version knows."""
    return f"{_cells(seq, ts, day, 'system')}<pre>{text(redact(raw))}</pre></div>\n"


def _cells(seq: int, ts: str, day: str, family: str) -> str:
    """Return the opening of a row; the date stands there where it is another than before."""
    date = "" if ts[:10] == day else f"{text(ts[:10])} "
    when = f'<time title="{text(ts)}">{date}{text(ts[11:23])}</time>'
    return f'<li id="f{seq}" data-family="{family}"><a href="#f{seq}">{seq}</a>{when}<div>'


def _receipt(fact: Fact, receipt: Receipt) -> str:
    began, said = seconds(fact.ts), []
    for name, ts in (("in the inbox", receipt.inbox), ("nudged", receipt.nudged), ("read", receipt.read)):
        after = f"+{seconds(ts) - began:.3f} s" if ts else "not yet"
        said.append(f'<span title="{text(ts)}">{name} {after}</span>')
    return f"<p class=receipt>{' · '.join(said)}</p>"


def _body(fact: Fact, body: Body) -> str:
    sha = str(getattr(fact, "sha", ""))
    note = f" · {text(body.note)}" if body.note else ""
    about = f"{plural(body.size, 'byte')}, SHA-256 <code title={sha}>{text(sha[:12])}</code>{note}"
    if not body.text:
        return f"<p class=receipt>{about}</p>"
    lines = body.text.split("\n")
    shown = "\n".join(map(_diff_line, lines)) if isinstance(fact, _SHOWN_BY) else text(body.text)
    opened = "" if _is_folded(fact, body) else " open"
    return f"<details{opened}><summary>{about}</summary><pre>{shown}</pre></details>"


def _is_folded(fact: Fact, body: Body) -> bool:
    return isinstance(fact, f.Handoff) or body.text.count("\n") > _LONG


def _diff_line(line: str) -> str:
    tag = {"+": "ins", "-": "del"}.get(line[:1])
    if line.startswith(("+++", "---")) or tag is None:
        tag = "b" if line.startswith(("diff ", "+++", "---", "@@")) else None
    return f"<{tag}>{text(line)}</{tag}>" if tag else text(line)
