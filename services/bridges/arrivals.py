"""What comes in: acknowledged to the platform only after its fact is on disk, one after the other."""

from __future__ import annotations

import contextlib
import re
import shutil
import time
from collections import deque
from collections.abc import Collection, Iterator, Sequence

from cccc.common import facts as f
from cccc.common.chats import pairing
from cccc.common.facts import Fact
from cccc.common.machine.faults import fault
from cccc.services.bridges import files_in, intake
from cccc.services.bridges.ends import Ends
from cccc.services.bridges.files_in import Fetched
from cccc.services.bridges.intake import PassOn, Setting, Verdict
from cccc.services.bridges.platform import Incoming, Message, Undone, Unreadable


class Arrivals:
    """What has come and is not accepted yet."""

    def __init__(self, ends: Ends, configured: Collection[str]) -> None:
        self._ends, self._service, self._configured = ends, ends.service, configured
        self._waiting: deque[Incoming] = deque()
        self._taken = ""  # the id under which the first of them was said
        self._verdict: Verdict | None = None  # of the first of them, while its files are fetched
        self._fetched: list[Fetched] | None = None

    def put(self, came: Incoming) -> None:
        """Take in what came, behind what came before."""
        self._waiting.append(came)

    def step(self) -> None:
        """Say what follows from what has come, as far as it is its turn."""
        while self._waiting and self._take_in(self._waiting[0]):
            self._waiting.popleft()

    def _take_in(self, came: Incoming) -> bool:
        """Bring one thing that came a step further; return whether it is done and accepted."""
        if self._taken != came.id:
            verdict = self._verdict or self._decided(came)
            if verdict.message and verdict.message.files and self._fetched is None:
                if self._verdict is None:
                    self._verdict = verdict
                    self._ends.loop.submit("fetch", self._fetch(came, verdict.message))
                return False
            with self._blaming(came):
                self._say(came, verdict)
            self._taken, self._verdict, self._fetched = came.id, None, None
        if self._service.pending(came.id):
            return False
        fault("bridge.heard")
        self._ends.loop.submit("accept", self._ends.platform.accept(came))
        return True

    def _decided(self, came: Incoming) -> Verdict:
        died_of = self._service.struck(came.id)
        with self._blaming(came):
            return intake.decide(self._ends.state, Unreadable(came.id, died_of) if died_of else came, self._setting())

    @contextlib.contextmanager
    def _blaming(self, came: Incoming) -> Iterator[None]:
        """Note that the bridge dies of what came, as the platform brings it again: after two deaths it is refused."""
        try:
            yield
        except (OSError, Undone):  # the disk or the network
            raise
        except Exception as error:
            self._service.strike(came.id, error)
            raise

    def _setting(self) -> Setting:
        return Setting(
            via=self._ends.via,
            rules=self._ends.rules,
            me=self._ends.platform.me,
            plain_words=self._ends.platform.plain_words,
            configured=self._configured,
            codes=pairing.good(self._service.project, time.time()),
            now=time.time(),
        )

    def _say(self, came: Incoming, verdict: Verdict) -> None:
        facts = list(verdict.facts)
        if verdict.message and isinstance(came, Message):
            facts += self._message(came, verdict.message, self._fetched or [])
        if facts:
            self._service.say(*facts, id_=came.id)
        if verdict.used_code:
            pairing.use_up(self._service.project, verdict.used_code, time.time())

    async def _fetch(self, came: Incoming, passed: PassOn) -> str:
        project, rules = self._service.project, self._ends.rules.files
        folder = project.root / rules.inbound_dir / time.strftime("%Y%m%d", time.gmtime())
        kept = self._service.settings.cli_profiles.mailbox.min_free_mb * 1_000_000
        spare = shutil.disk_usage(project.home).free - kept
        with self._blaming(came):
            self._fetched = await files_in.fetch(self._ends.platform, passed.files, folder, _mid(came), rules, spare)
        return ""

    def _message(self, came: Message, passed: PassOn, fetched: Sequence[Fetched]) -> list[Fact]:
        """Return the message for the peers, unless nothing of it is left, and what its author is told."""
        files_in.note(self._service.project, self._ends.via, came, _mid(came), self._ends.redact(passed.text), fetched)
        told: list[Fact] = [
            intake.told(came, self._ends.via, f"file {file.name} refused: {file.refused}")
            for file in fetched
            if file.refused
        ]
        if not passed.text and not any(file.path for file in fetched):
            return told
        content = files_in.block(self._service.project, passed.text, fetched).encode()
        self._service.blobs.put(content)
        message = f.UserMessage(
            mid=_mid(came),
            via=self._ends.via,
            route=passed.route,
            who=came.who,
            user=came.user,
            chat=came.chat,
            thread=came.thread,
            message=came.message,
            album=came.album,
            edit_of=passed.edit_of,
            **f.body(content, self._ends.redact),
        )
        return [message, *told]


def _mid(came: Incoming) -> str:
    """Return the id by which the peers, the trace and the file names know what came."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", came.id)
