"""The exception tree, and the exit code of a command that ends with each.

* CcccError            1
  * UserError          1: a person can mend it: printed as one line, without a traceback
    * SettingsError    1: a settings file is wrong: file, line or key, and what is allowed
    * NotFound         3: no such message, patch, request, service, file
      * NoProject      5: no .cccc here
    * NotRunning       4: the system, or the service asked for, is not up
    * Refused          6: it may not be done, or not by who typed it
  * LedgerError        1: the ledger said no, or did not answer in time
    * LedgerBusy       1: another process owns the ledger
    * LedgerBroken     1: the chain does not hold: a line was changed, lost or put in

0 is done, 2 wrong usage. Everything else that escapes is a bug: traceback to the log, exit, restart, replay.
"""

from __future__ import annotations

from typing import ClassVar


class CcccError(Exception):
    """Base of every error this package raises on purpose."""

    exit_code: ClassVar[int] = 1


class UserError(CcccError):
    """What is wrong, where, and what to do, in one line."""


class SettingsError(UserError):
    """A settings file cannot be used."""


class NotFound(UserError):
    """What was asked for does not exist."""

    exit_code = 3


class NoProject(NotFound):
    """There is no project here."""

    exit_code = 5


class NotRunning(UserError):
    """The system or a part of it is not up."""

    exit_code = 4


class Refused(UserError):
    """It may not be done, or not by who typed it."""

    exit_code = 6


class LedgerError(CcccError):
    """The ledger refused, or did not answer."""


class LedgerBusy(LedgerError):
    """Another process owns the ledger."""


class LedgerBroken(LedgerError):
    """The ledger's chain does not hold."""
