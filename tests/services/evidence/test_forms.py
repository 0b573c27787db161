"""Diffs as models write them: each lands as it was meant, or its author is told what is wrong and what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cccc.common.machine import git
from cccc.common.settings.policies import Policies
from cccc.services.evidence.policy import Rules
from cccc.services.evidence.reading.fits import DoesNotApply, NoDiff
from cccc.services.evidence.tree.gate_tree import GateTree
from cccc.services.orchestrator.mail import diffs
from tests.services.evidence import repos
from tests.services.evidence.forms import FILES, LANDS, REFUSED, Lands, Refused


class Bench:
    def __init__(self, root: Path) -> None:
        self.repo = repos.make(root, FILES)
        self.tree: GateTree = repos.gate_tree(self.repo)

    def applied(self, text: bytes) -> dict[str, bytes]:
        """Return the content of each path that the patch changes."""
        self.tree.reset(self.repo.head)
        changes = self.tree.apply(self.tree.fit(diffs.find(text) or text))
        blobs = {one.path: one.blob for one in changes if one.blob.strip("0")}
        return {path: git.run(self.repo.top, "cat-file", "blob", blob).stdout for path, blob in blobs.items()}

    def refusal(self, text: bytes) -> str:
        self.tree.reset(self.repo.head)
        try:
            fit = self.tree.fit(diffs.find(text) or text)
            unsafe = Rules(Policies()).on_names(fit.paths)
            if unsafe:
                return unsafe
            self.tree.apply(fit)
        except (NoDiff, DoesNotApply) as refused:
            return str(refused)
        return ""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("forms") / "repo")


@pytest.mark.parametrize("form", [pytest.param(form, id=form.name) for form in LANDS])
def test_what_can_be_read_in_one_way_lands_and_is_noted(bench: Bench, form: Lands) -> None:
    assert bench.applied(form.diff)[form.path] == form.content
    assert re.search(form.note, "\n".join(bench.tree.notes))
    assert bool(form.note) == bool(bench.tree.notes)


@pytest.mark.parametrize("form", [pytest.param(form, id=form.name) for form in REFUSED])
def test_what_cannot_is_refused_with_words_that_say_what_to_do(bench: Bench, form: Refused) -> None:
    words = bench.refusal(form.diff)
    assert re.search(form.words, words, re.DOTALL), words
    assert not re.match(r"(?:error|fatal|git)\b", words)
    assert not git.run(bench.tree.path, "diff-index", "--cached", "HEAD", env=bench.tree.env).stdout
