"""Slack as far as a bridge uses it, with Socket Mode, and the people in its channels."""

from tests.bridges.stand_ins.slack.people import Slack
from tests.bridges.stand_ins.slack.shapes import (
    ALICE,
    APP_TOKEN,
    BOB,
    BOT,
    BOT_TOKEN,
    DIRECT,
    OTHER,
    ROBOT,
    TEAM,
    too_fast,
)

__all__ = ["ALICE", "APP_TOKEN", "BOB", "BOT", "BOT_TOKEN", "DIRECT", "OTHER", "ROBOT", "TEAM", "Slack", "too_fast"]
