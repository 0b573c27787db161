"""Chat platforms on loopback that are told what to answer: for the tests and `cccc torture`. They need aiohttp."""
