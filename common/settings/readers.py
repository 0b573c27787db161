"""Which services read each key when they start, and so when a change of it counts.

`READ_BY` stands beside the keys, in the module of their file; `conf/settings/*.yaml` says the same beside each key, or
beside its section.
"""

from __future__ import annotations

from cccc.common.registry import BRIDGE, BRIDGES, PLATFORMS
from cccc.common.settings import chat, cli_profiles, policies, roles

SESSION = "session"  # not a service: what a session keeps from its `cccc up` on
UP = "up"  # `cccc up` itself, which keeps nothing of it

READ_BY = {
    "cli_profiles": cli_profiles.READ_BY,
    "policies": policies.READ_BY,
    "roles": roles.READ_BY,
    **dict.fromkeys(PLATFORMS, chat.READ_BY),
    "telegram": chat.TELEGRAM_READ_BY,
}
AT_ONCE, AT_RESTART, NEXT_SESSION = "at once", "restart", "next session"


def of(key: str) -> tuple[str, ...]:
    """Return what keeps `<file>.<key>` from its start on: the names of services, SESSION or UP."""
    file, *names = key.split(".")
    paths = (".".join(names[:length]) for length in range(len(names), -1, -1))
    readers = next(READ_BY[file][path] for path in paths if path in READ_BY[file])
    return tuple(name for reader in readers for name in _names(reader, file))


def _names(reader: str, file: str) -> list[str]:
    """Return the services that a reader stands for: `bridges` for each, `bridge` for the file's own."""
    if reader == "bridges":
        return [bridge.name for bridge in BRIDGES]
    return [f"{BRIDGE}-{file}" if reader == BRIDGE else reader]


def when(key: str) -> str:
    """Return when a change of `<file>.<key>` counts: at once, after `cccc restart`, or with the next `cccc up`."""
    readers = of(key)
    if not readers:
        return AT_ONCE
    return NEXT_SESSION if set(readers) & {SESSION, UP} else AT_RESTART
