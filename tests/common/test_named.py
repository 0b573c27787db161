"""Patches named by what people know of them: a mid, a hash of any length, a branch, a tag."""

from __future__ import annotations

import pytest

from cccc.common import facts as f
from cccc.common.errors import NotFound
from cccc.common.ledger.named import mid_of
from cccc.common.paths import Project
from cccc.services.ledger.store import Store
from tests.conftest import git


def landed(project: Project, mid: str, commit: str) -> None:
    """Say that a patch landed as a commit."""
    fact = f.PatchCommit(
        id=f"landed-{mid}",
        author="PeerA",
        mid=mid,
        source="patch.diff",
        lines=1,
        paths=["x"],
        branch="refs/heads/main",
        commit=commit,
        tests_ok=True,
        seconds=1,
    )
    store = Store(project)
    fact.by = "evidence"
    store.append([fact])
    store.close()


def commit(project: Project, *mids: str) -> str:
    trailers = "".join(f"Cccc-Mid: {mid}\n" for mid in mids)
    git(project.root, "commit", "-q", "--allow-empty", "-m", f"a patch\n\n{trailers}")
    return git(project.root, "rev-parse", "HEAD").strip()


def refusal(project: Project, name: str) -> str:
    with pytest.raises(NotFound) as refused:
        mid_of(project, name)
    return str(refused.value)


def test_a_landed_patch_goes_by_its_mid_its_hash_its_branch_and_a_tag(project: Project) -> None:
    made = commit(project, "m-1")
    landed(project, "m-1", made)
    git(project.root, "tag", "-a", "-m", "tagged", "v1")
    for name in ("m-1", made, made[:4], made[:7].upper(), "HEAD", "main", "v1", "refs/heads/main", "@"):
        assert mid_of(project, name) == "m-1", name
    commit(project)
    assert mid_of(project, "HEAD~1") == "m-1"


def test_what_is_no_patch_of_the_gate_is_said_with_the_newest_that_is(project: Project) -> None:
    assert "which is not a patch of this ledger; there is none of the gate before it" in refusal(project, "HEAD")
    made = commit(project, "m-1")
    landed(project, "m-1", made)
    commit(project)
    assert f"'a patch', which is not a patch of this ledger; the newest of the gate before it is {made[:7]}" in refusal(
        project, "main"
    )


def test_a_hash_that_fits_several_commits_is_answered_with_them(project: Project) -> None:
    made = [commit(project) for _ in range(80)]
    twins = next(name[:2] for name in made if sum(other[:2] == name[:2] for other in made) > 1)
    landed(project, "m-1", f"abcd{'0' * 36}")
    landed(project, "m-2", f"abcd{'1' * 36}")
    assert "abcd is ambiguous: abcd00000000 (m-1), abcd11111111 (m-2); use more digits" in refusal(project, "abcd")
    assert twins  # git wants four digits, and answers for such a name as for none
    assert "no such mid" in refusal(project, twins)


def test_a_commit_that_git_has_lost_is_found_by_the_ledger(project: Project) -> None:
    landed(project, "m-1", "dead0000" + "0" * 32)
    assert mid_of(project, "dead00") == "m-1" == mid_of(project, "DEAD0000" + "0" * 32)


def test_a_commit_of_several_patches_asks_which(project: Project) -> None:
    made = commit(project, "m-1", "m-2")
    landed(project, "m-1", made)
    landed(project, "m-2", "0" * 40)
    assert "which holds 2 patches; name one: m-1, m-2" in refusal(project, "HEAD")


@pytest.mark.parametrize("name", ["nope", "--all", "-1", "", "a b", "HEAD~99", ":/x", "zz\x1b[31m"])
def test_what_is_no_name_at_all_is_one_plain_line(project: Project, name: str) -> None:
    words = refusal(project, name)
    assert words.startswith("no such mid") and words.isprintable()
