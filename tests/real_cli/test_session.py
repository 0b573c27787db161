"""One session of both real CLIs, from the user's line to the commit and back, with every receipt."""

from __future__ import annotations

import re

from cccc.common import facts
from cccc.scripts.model_server import Call, Rule, Say
from cccc.scripts.model_server.script import Step
from tests.command import cccc
from tests.conftest import git
from tests.real_cli.conftest import Pair

# A NUDGE names the inbox: read the lowest file, do what it asks for, move it.
NUDGE = r"\[NUDGE\] inbox=(\S+)"
PATCH = """\
--- a/README.md
+++ b/README.md
@@ -1 +1,2 @@
 hello
+and good day
"""
TO_PEER = """\
CLAIM: add a line to README.md.

```insight
to: PeerB
kind: note
msg: the file has no test
refs: README.md
next: build it
```
"""


def read(inbox: str) -> str:
    return f"cd {inbox} && cat $(ls | sort -n | head -n 1)"


def move(inbox: str) -> str:
    return f"cd {inbox} && mv $(ls | sort -n | head -n 1) ../processed/"


def claude(found: re.Match[str], seen: str) -> list[Step]:
    """Ask the colleague for what the user wants; tell the user what landed."""
    inbox = found[1]
    write = {"file_path": f"{inbox}/../to_peer.md", "content": TO_PEER}
    if "PATCH LANDED" in seen:
        write = {"file_path": f"{inbox}/../to_user.md", "content": "It landed.\n"}
    return [
        Call("Bash", {"command": read(inbox), "description": "read the mail"}),
        Call("Write", write),
        Call("Bash", {"command": move(inbox), "description": "it is dealt with"}),
        Say("Done."),
    ]


def codex(found: re.Match[str], seen: str) -> list[Step]:
    """Hand in a patch for a claim; the news that it landed needs no answer."""
    inbox = found[1]
    patch = Call("exec_command", {"cmd": f"cat > {inbox}/../patch.diff <<'END'\n{PATCH}END"})
    return [
        Call("exec_command", {"cmd": read(inbox)}),
        *([patch] if "CLAIM" in seen else []),
        Call("exec_command", {"cmd": move(inbox)}),
        Say("Done."),
    ]


def test_a_line_of_the_user_becomes_a_commit_by_both_clis_with_every_receipt(pair: Pair) -> None:
    pair.claude.rules = [Rule(NUDGE, claude)]
    pair.codex.rules = [Rule(NUDGE, codex)]
    pair.up()
    mid = pair.send("a: say good day in the README")
    commit = pair.await_(facts.PatchCommit, limit=60)[0]
    assert pair.await_(facts.ToUser, limit=60)[0].text == "It landed.\n"
    pair.await_(facts.AckFile, 4)
    pair.await_(facts.TurnEnd, 4)

    root = pair.project.root
    assert git(root, "rev-parse", "HEAD").strip() == commit.commit
    assert (root / "README.md").read_text() == "hello\nand good day\n"
    asked = pair.heard(facts.ToPeer)[0]
    receipts = (facts.HandoffDelivered, facts.HandoffAccepted, facts.AckFile)
    for mid_, peer in ((mid, "PeerA"), (asked.mid, "PeerB")):
        proof = [fact for kind in receipts for fact in pair.heard(kind) if fact.mid == mid_]  # type: ignore[attr-defined]
        assert [fact.kind for fact in proof] == ["handoff-delivered", "handoff-accepted", "ack-file"], pair.story()
        assert {getattr(fact, "author", getattr(fact, "to", "")) for fact in proof} == {peer}
    typed = {nudge.token for nudge in pair.heard(facts.Nudge)}
    assert typed == {nudge.token for nudge in pair.heard(facts.NudgeAccepted)}
    assert pair.heard(facts.NudgeLost) == []
    assert {end.outcome for end in pair.heard(facts.TurnEnd)} == {"done"}
    assert {session.peer for session in pair.heard(facts.PeerSession)} == {"PeerA", "PeerB"}
    print(cccc(root, "trace", mid))
    print(cccc(root, "trace", asked.mid))
