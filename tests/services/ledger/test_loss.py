"""What the ledger service does when others have changed its file, between two sessions and while it runs."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Callable

import pytest

from cccc.common import bus, ledger
from cccc.common import facts as f
from cccc.common.errors import NotRunning
from cccc.common.ledger import anchor
from cccc.common.ledger.blobs import Blobs
from cccc.common.paths import Project
from tests.command import cccc
from tests.conftest import Start
from tests.waiting import until

SHA = hashlib.sha256(b"x").hexdigest()


def message(number: int) -> f.UserMessage:
    mid = f"m{number}"
    return f.UserMessage(id=mid, mid=mid, via="cli", route="a", sha=SHA, size=1, text="x" * 100)


def tell(project: Project, *numbers: int) -> None:
    Blobs(project).put(b"x")
    bus.tell(project, "cli", [message(number) for number in numbers])


def trouble(project: Project) -> str:
    return next((beat.trouble for beat in bus.beats(project) if beat.by == "ledger"), "")


def stopped(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(10)


def mids(project: Project) -> list[str]:
    return [fact.mid for fact in ledger.read(project) if isinstance(fact, f.UserMessage)]


def cut(project: Project, lines: int) -> None:
    project.ledger.write_bytes(b"".join(project.ledger.read_bytes().splitlines(keepends=True)[:lines]))


def test_a_shorter_ledger_is_a_fact_and_stays_red_until_a_person_accepts_it(project: Project, service: Start) -> None:
    process = service("ledger")
    tell(project, 1, 2, 3, 4)
    stopped(process)
    old = project.ledger.read_bytes().splitlines()[-1]
    cut(project, 2)
    for _ in range(2):
        process = service("ledger")
        assert "lines 3 to 4 are gone" in trouble(project)
        stopped(process)
    differs = [fact for fact in ledger.read(project) if isinstance(fact, f.LedgerDiffers)]
    assert [(fact.old_seq, fact.old_hash) for fact in differs] == [(4, ledger.hash_of(old))]
    (project.settings / "roles.yaml").touch()
    assert "lines 3 to 4 are gone" in cccc(project.root, "ledger", "verify", code=1)
    process = service("ledger")
    cccc(project.root, "ledger", "accept", "--because", "a backup of Monday")
    until(lambda: trouble(project) == "", 10)
    (accepted,) = [fact for fact in ledger.read(project) if isinstance(fact, f.LedgerAccepted)]
    assert (accepted.old_seq, accepted.old_hash, accepted.because) == (4, ledger.hash_of(old), "a backup of Monday")
    stopped(process)
    service("ledger")
    assert trouble(project) == ""
    assert ": OK" in cccc(project.root, "ledger", "verify")
    assert "nothing to accept" in cccc(project.root, "ledger", "accept", "--because", "again", code=1)


def test_what_was_accepted_before_a_crash_needs_no_second_acceptance(project: Project, service: Start) -> None:
    process = service("ledger")
    tell(project, 1, 2)
    stopped(process)
    place = anchor.place(project)
    assert place
    kept = place.read_bytes()
    project.ledger.write_bytes(b"")
    process = service("ledger")
    (project.settings / "roles.yaml").touch()
    cccc(project.root, "ledger", "accept", "--because", "it was a test")
    process.kill()
    process.wait()
    place.write_bytes(kept)  # as if the anchor had not been moved yet
    service("ledger")
    assert trouble(project) == ""


def test_a_changed_line_can_be_accepted_and_a_second_one_is_found(project: Project, service: Start) -> None:
    (project.settings / "roles.yaml").touch()
    process = service("ledger")
    tell(project, 1, 2, 3, 4)
    stopped(process)
    for number in (2, 3):
        text = project.ledger.read_bytes().replace(b'"mid":"m%d"' % number, b'"mid":"x%d"' % number)
        project.ledger.write_bytes(text)
        assert f"line {number + 1}" in cccc(project.root, "ledger", "verify", code=1)
        process = service("ledger")
        assert f"line {number + 1}" in trouble(project)
        stopped(process)
        cccc(project.root, "ledger", "accept", "--because", "somebody's editor")
        assert ": OK" in cccc(project.root, "ledger", "verify")
    service("ledger")
    assert trouble(project) == ""


@pytest.mark.parametrize("how", ["nul bytes in the middle", "a line is missing", "it begins late"])
def test_a_ledger_that_cannot_be_read_goes_on_after_acceptance(project: Project, service: Start, how: str) -> None:
    (project.settings / "roles.yaml").touch()
    process = service("ledger")
    tell(project, 1, 2, 3, 4)
    stopped(process)
    lines = project.ledger.read_bytes().splitlines(keepends=True)
    if how == "nul bytes in the middle":
        lines[2] = b"\0" * len(lines[2])
    elif how == "a line is missing":
        del lines[2]
    else:
        (project.segments / "1.jsonl").write_bytes(lines[0])
        del lines[:2]
    project.ledger.write_bytes(b"".join(lines))
    assert "is damaged" in cccc(project.root, "ledger", "verify", code=1)
    assert "put aside" in cccc(project.root, "ledger", "accept", "--because", "a bad disk")
    (aside,) = project.segments.glob("unreadable-*")
    assert aside.read_bytes() == b"".join(lines)
    service("ledger")
    assert (trouble(project), mids(project)) == ("", ["m1"] if how == "it begins late" else ["m1", "m2"])
    tell(project, 5)
    assert ": OK" in cccc(project.root, "ledger", "verify")


def replace(project: Project) -> None:
    fresh = project.state / "fresh"
    fresh.write_bytes(b"other\n")
    fresh.replace(project.ledger)


def a_folder(project: Project) -> None:
    project.ledger.unlink()
    project.ledger.mkdir()


def a_dangling_link(project: Project) -> None:
    project.ledger.unlink()
    project.ledger.symlink_to(project.state / "nowhere")


PUT_BACK: dict[str, Callable[[Project], object]] = {
    "removed": lambda project: project.ledger.unlink(),
    "replaced": replace,
    "moved away": lambda project: project.ledger.rename(project.state / "away"),
    "replaced by a folder": a_folder,
    "replaced by a dangling link": a_dangling_link,
    "appended to": lambda project: os.write(os.open(project.ledger, os.O_WRONLY | os.O_APPEND), b"echo\nmore"),
}


@pytest.mark.parametrize("way", PUT_BACK)
def test_while_up_the_file_is_put_back_whole(project: Project, service: Start, way: str) -> None:
    process = service("ledger")
    tell(project, 1, 2)
    PUT_BACK[way](project)
    tell(project, 3)
    told = [fact for fact in ledger.read(project) if isinstance(fact, (f.LedgerRestored, f.LedgerRepaired))]
    assert mids(project) == ["m1", "m2", "m3"] and len(told) == 1
    assert told[0].kept == "" or os.path.lexists(project.root / told[0].kept)
    assert ledger.verify(project).broken == ""
    stopped(process)
    service("ledger")
    assert trouble(project) == "" and mids(project) == ["m1", "m2", "m3"]


def test_a_removed_file_is_put_back_when_nothing_is_written(project: Project, service: Start) -> None:
    service("ledger")
    tell(project, 1, 2)
    project.ledger.unlink()
    until(lambda: project.ledger.exists(), 10)
    assert mids(project) == ["m1", "m2"]


def copied_over(project: Project) -> None:
    project.ledger.write_bytes(project.ledger.read_bytes().replace(b'"mid":"m2"', b'"mid":"m9"'))


CUT: dict[str, Callable[[Project], object]] = {
    "emptied": lambda project: os.truncate(project.ledger, 0),
    "last line cut": lambda project: cut(project, 1),
    "cut in a line": lambda project: os.truncate(project.ledger, project.ledger.stat().st_size - 4),
    "last line written over": copied_over,
}


@pytest.mark.corpus(3)
@pytest.mark.parametrize("way", CUT)
@pytest.mark.parametrize("then", ["written", "idle"])
def test_while_up_a_cut_ends_the_service_which_starts_again_red(
    project: Project, service: Start, way: str, then: str
) -> None:
    process = service("ledger")
    tell(project, 1, 2)
    CUT[way](project)
    if then == "written":
        with pytest.raises(NotRunning):
            bus.tell(project, "cli", [message(3)], 1.0)
    assert process.wait(10) == 1
    service("ledger")
    assert "gone" in trouble(project) or "lost" in trouble(project)
    tell(project, 4)
    assert ledger.verify(project).broken == ""
    cccc_verify = cccc(project.root, "ledger", "verify", code=1, CCCC_HOME=str(project.home))
    assert "accept" in cccc_verify


def test_a_line_changed_in_place_while_up_is_red_at_the_next_start(project: Project, service: Start) -> None:
    process = service("ledger")
    tell(project, 1, 2, 3)
    with project.ledger.open("r+b") as file:
        at = file.read().index(b'"mid":"m1"')
        file.seek(at)
        file.write(b'"mid":"m9"')
    tell(project, 4)
    stopped(process)
    service("ledger")
    assert "line 2" in trouble(project)


def test_clean_forgets_what_was_acknowledged(project: Project, service: Start, tmp_path: Path) -> None:
    (project.settings / "roles.yaml").touch()
    process = service("ledger")
    tell(project, 1, 2)
    stopped(process)
    cccc(project.root, "clean", "--yes")
    service("ledger")
    assert trouble(project) == ""
