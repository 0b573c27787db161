"""Discord's API and gateway as far as a bridge uses them, and the people in its channels."""

from tests.bridges.stand_ins.discord.people import Discord
from tests.bridges.stand_ins.discord.shapes import BOB, BOT, CHANNEL, DIRECT, OTHER, THREAD, TOKEN, too_fast

__all__ = ["BOB", "BOT", "CHANNEL", "DIRECT", "OTHER", "THREAD", "TOKEN", "Discord", "too_fast"]
