"""What a model has learned, as a number of matches and a fingerprint of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import orjson

from stream_app.events import Outcome

NOTHING = bytes(32)
"""The fingerprint before the first match."""


class Knowledge:
    """Matches in the order in which they were learned: how many, and a chain of SHA-256 over them.

    Two models with the same chain have learned the same matches, from the same inputs and in the same order.
    """

    __slots__ = ("chain", "matches")

    def __init__(self, matches: int = 0, chain: bytes = NOTHING) -> None:
        self.matches = matches
        self.chain = chain

    def add(self, seal: bytes) -> None:
        """One more match, by its `seal`."""
        self.matches += 1
        self.chain = sha256(self.chain + seal).digest()

    def copy(self) -> Knowledge:
        """The same, to go on from."""
        return Knowledge(self.matches, self.chain)


def seal_of(x: Mapping[str, float], outcome: Outcome) -> bytes:
    """The SHA-256 of what is learned of a match: the inputs by name in their order, and the outcome."""
    return sha256(orjson.dumps((list(x.items()), outcome))).digest()
