"""The exception tree.

* CcccError
  * UserError        a person can mend it: printed as one line, without a traceback
    * SettingsError  a settings file is wrong: file, line or key, and what is allowed
    * NotFound       no project, no such message, no such service (exit code 3)
    * NotRunning     the system, or the service asked for, is not up (exit code 3)
  * LedgerError      the ledger said no, or did not answer in time
    * LedgerBusy     another process owns the ledger
    * LedgerBroken   the chain does not hold: a line was changed, lost or put in

Everything else that escapes is a bug: traceback to the log, exit, restart, replay.
"""

from __future__ import annotations


class CcccError(Exception):
    """Base of every error this package raises on purpose."""


class UserError(CcccError):
    """What is wrong, where, and what to do, in one line."""


class SettingsError(UserError):
    """A settings file cannot be used."""


class NotFound(UserError):
    """What was asked for does not exist."""


class NotRunning(UserError):
    """The system or a part of it is not up."""


class LedgerError(CcccError):
    """The ledger refused, or did not answer."""


class LedgerBusy(LedgerError):
    """Another process owns the ledger."""


class LedgerBroken(LedgerError):
    """The ledger's chain does not hold."""
