"""`cccc ledger export`: one page that needs nothing else, and that nothing in it can break."""

from __future__ import annotations

import html
import os
import re
import stat
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cccc.common import facts as f
from cccc.common import ledger
from cccc.common.ledger.blobs import Blobs
from cccc.common.paths import Project
from cccc.services.ledger.store import Store
from tests.command import cccc

EVIL = '</pre><script>alert("x")</script>&amp;\x1b[31m\u202egnp.exe\n'
PATCH = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\n"


class Page(HTMLParser):
    """What the tags of the page are, and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def fact(self, seq: int) -> str:
        """Return the text of one fact, its own line included."""
        found = re.search(rf'<li id="f{seq}".*?(?=<li |</ol>)', self.source, re.DOTALL)
        assert found, seq
        return html.unescape(re.sub(r"<[^>]+>", "", found[0]))

    def thread(self, seq: int) -> int:
        """Return the number of the thread that a fact stands in."""
        return self.source[: self.source.index(f'<li id="f{seq}"')].count("<article")


class Teller:
    """Says facts without a service."""

    def __init__(self, project: Project) -> None:
        self.project, self.store, self.blobs = project, Store(project), Blobs(project)

    def body(self, text: str) -> f.Body:
        self.blobs.put(text.encode())
        return f.body(text.encode(), str)

    def say(self, by: str, *facts: f.Fact) -> int:
        """Say facts and return the seq of the last."""
        for fact in facts:
            fact.by, fact.id = by, f"{by}:{self.store.seq}:{id(fact)}"
        self.store.append(facts)
        return self.store.seq

    def export(self, *options: str) -> Page:
        self.store.index_now()
        path = Path(cccc(self.project.root, "ledger", "export", *options).strip())
        return Page((self.project.root / path).read_text(encoding="utf-8"))


@pytest.fixture
def teller(project: Project) -> Iterator[Teller]:
    project.make_run()
    teller = Teller(project)
    yield teller
    teller.store.close()


def test_the_page_is_one_file_that_loads_nothing_and_only_the_user_can_read(teller: Teller) -> None:
    teller.say("cli", f.UserMessage(mid="m-1", via="cli", route="a", **teller.body("hello")))
    page = teller.export()
    assert stat.S_IMODE((teller.project.work / "ledger.html").stat().st_mode) == 0o600
    names = {name for _, attributes in page.tags for name in attributes}
    assert not names & {"src", "srcset", "data", "action", "onclick", "onload", "style"}
    links = [attributes["href"] for tag, attributes in page.tags if "href" in attributes]
    assert links and all(link and link.startswith("#") for link in links)
    assert "default-src 'none'" in page.source and not re.search(r"https?://|url\(|@import", page.source)
    assert not (teller.project.work / ".ledger.html.part").exists()


def test_what_peers_wrote_is_shown_and_does_nothing(teller: Teller) -> None:
    teller.say("cli", f.UserMessage(mid=EVIL, via="cli", route="a", **teller.body(EVIL)))
    teller.say("orchestrator", f.Notice(text=EVIL, about=EVIL))
    page = teller.export()
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert '</pre><script>alert("x")</script>&amp;⟨U+001B⟩[31m⟨U+202E⟩gnp.exe' in page.fact(1)
    assert not {"\x1b", "\u202e"} & set(page.source)


def test_the_facts_of_a_patch_stand_together_with_its_diff_checks_and_commit(teller: Teller) -> None:
    author = "PeerB"
    patch = teller.say("orchestrator", f.Patch(author=author, mid="p-1", **teller.body(PATCH)))
    teller.say("orchestrator", f.Notice(text="something else"))
    queued = f.PatchQueued(author=author, mid="p-1", source="patch.diff", cause=patch, **teller.body(PATCH))
    cause = teller.say("orchestrator", queued)
    tail = "E   assert 1 == 2"
    teller.say(
        "evidence", f.Test(mid="p-1", command="pytest", verdict="red", exit=1, seconds=1, tail=tail, cause=cause)
    )
    reject = f.PatchReject(author=author, mid="p-1", reason="tests failed: 1 failed", cause=cause)
    rejected = teller.say("evidence", reject)
    told = f.Handoff(author="System", to=author, mid="s", inbox_seq=1, cause=rejected, **teller.body("REJECTED p-1"))
    handed = teller.say("orchestrator", told)
    page = teller.export()
    assert {page.thread(seq) for seq in (patch, cause, rejected, handed)} == {page.thread(patch)}
    assert page.thread(2) != page.thread(patch)
    assert "<ins>+new</ins>" in page.source and "<del>-old</del>" in page.source
    assert page.source.count("<ins>+new</ins>") == 1, "the same bytes are shown once"
    assert tail in page.fact(4)
    assert "p-1 rejected tests failed: 1 failed tests red" in page.text


def test_a_handoff_says_when_it_was_in_the_inbox_nudged_and_read(teller: Teller) -> None:
    handoff = f.Handoff(author="User", to="PeerA", mid="m-1", inbox_seq=1, **teller.body("hello"))
    other = f.Handoff(author="User", to="PeerB", mid="m-1", inbox_seq=1, **teller.body("hello"))
    teller.say("orchestrator", handoff, other)
    teller.say("delivery", f.HandoffDelivered(to="PeerA", mid="m-1", inbox_seq=1, path="x"))
    teller.say("delivery", f.Nudge(to="PeerA", token="t", attempt=1, waiting=1))
    teller.say("delivery", f.AckFile(author="PeerA", mid="m-1", inbox_seq=1, file="x", ok=True))
    page = teller.export()
    assert re.search(r"in the inbox \+0\.\d+ s · nudged \+0\.\d+ s · read \+0\.\d+ s", page.fact(1))
    assert "in the inbox" not in page.fact(2)


def test_decisions_are_listed_with_who_when_and_over_which_channel(teller: Teller) -> None:
    rfd = f.Rfd(
        rfd_id="r-1",
        author="PeerB",
        mid="p-1",
        why="protected",
        title="May p-1 land?",
        question="It changes ci.yml.",
        minutes=60,
        expires="2030-01-01T00:00:00Z",
        required=1,
    )
    teller.say("orchestrator", rfd)
    teller.say("cli", f.Decision(rfd_id="r-1", decision="approve", who="alice", via="telegram"))
    settled = f.RfdSettled(rfd_id="r-1", outcome="used", people=["alice"], mid="p-1")
    teller.say("orchestrator", settled)
    page = teller.export()
    assert page.thread(1) == page.thread(2) == page.thread(3)
    answer = r"PeerB r-1 May p-1 land\? used approve by alice via telegram, \d{4}-\d\d-\d\d "
    assert re.search(answer, page.text)


def test_the_verdict_stands_on_top(teller: Teller) -> None:
    teller.say("cli", f.UserMessage(mid="m-1", via="cli", route="a", **teller.body("hello")))
    page = teller.export()
    assert "1 fact, 1 body, 0 commits: OK" in page.text
    end = ledger.hash_of(teller.project.ledger.read_bytes().splitlines()[-1])
    assert f"line 1 {end}" in page.text
    next(teller.project.blobs.iterdir()).unlink()
    page = teller.export()
    assert "1 problem found" in page.text and "is gone, and no fact says that it was forgotten" in page.text
    assert "not there any more" in page.fact(1)


def test_secrets_are_blotted_out_and_a_forgotten_body_says_who_removed_it(teller: Teller) -> None:
    secret = teller.body("the password=hunter22 opens it")
    secret["text"] = "a preview"
    teller.say("cli", f.UserMessage(mid="m-1", via="cli", route="a", **secret))
    gone = teller.body("gone")
    teller.say("cli", f.UserMessage(mid="m-2", via="cli", route="a", **gone))
    teller.say("cli", f.BodyForgotten(sha=gone["sha"], who="alice", why="private"))
    page = teller.export()
    assert "the [REDACTED] opens it" in page.fact(1) and "hunter22" not in page.source
    assert re.search(r"forgotten \S+ by alice: private", page.fact(2))


def test_a_long_body_is_cut_with_a_note(teller: Teller) -> None:
    text = "0123456789abcde\n" * (5 << 10)
    teller.say("cli", f.UserMessage(mid="m-1", via="cli", route="a", **teller.body(text)))
    page = teller.export()
    assert page.fact(1).count("0123456789abcde\n") == (64 << 10) // 16
    assert "only the first 64 KiB are shown" in page.fact(1)


def test_since_leaves_out_what_was_before(teller: Teller) -> None:
    teller.say("cli", f.UserMessage(mid="m-1", via="cli", route="a", **teller.body("early")))
    teller.say("cli", f.UserMessage(mid="m-1", via="cli", route="a", cause=1, **teller.body("late")))
    second = ledger.envelope(teller.project.ledger.read_bytes().splitlines()[1]).ts
    page = teller.export("out.html", "--since", second)
    assert "late" in page.fact(2) and 'id="f1"' not in page.source
    assert "no such" not in page.text and (teller.project.root / "out.html").exists()


def test_an_empty_ledger_is_a_page_too(teller: Teller) -> None:
    assert "0 facts, 0 bodies, 0 commits: OK" in teller.export().text


def test_a_kind_of_a_newer_version_is_shown_as_its_line(teller: Teller) -> None:
    teller.say("cli", f.UserMessage(mid="m-1", via="cli", route="a", **teller.body("hello")))
    previous = ledger.hash_of(teller.project.ledger.read_bytes().splitlines()[0])
    with teller.project.ledger.open("a") as file:
        file.write(f'{{"kind":"from-the-future","seq":2,"ts":"2030-01-01T00:00:00Z","id":"x","prev":"{previous}"}}\n')
    page = teller.export()
    assert "from-the-future" in page.fact(2)
    assert "1 fact of kinds that this version does not know" in page.text


def test_what_is_no_plain_file_is_not_replaced(project: Project, tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for target in (pipe, link):
        assert "is not a regular file" in cccc(project.root, "ledger", "export", str(target), code=2)
    assert pipe.is_fifo() and link.is_symlink()
