"""The time zone of this process."""

from __future__ import annotations

import os
import time
from datetime import datetime


def settle() -> str:
    """Leave TZ out where it is further from UTC than Python's dates can be; return what it was, else ""."""
    try:
        datetime.now().astimezone()
    except (ValueError, OverflowError):
        wrong = os.environ.pop("TZ", "")
        time.tzset()
        return wrong
    return ""
