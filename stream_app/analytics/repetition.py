"""Does a sequence repeat itself? What follows the last outcomes is compared with what followed them before."""

from __future__ import annotations

from stream_app.analytics.observed import Hits, Triple

LETTERS = b"HDA"

REMEMBERED = 1_024
"""Outcomes that are remembered at least, and so the longest period or distance of a repeated block that is found."""

SHORTEST = 8
"""Equal outcomes in a row that make a place worth following. By chance eight are found about once in 3,000 places."""

LONGER = (16, 32)
"""Lengths from which a repetition counts as one of another kind, with hits and misses of its own."""

PRIOR = 2.0
"""A copy is soon told from chance: few outcomes as expected are assumed beforehand."""


class Repetition:
    """Follows the latest earlier place at which the last outcomes stood as they stand now, as long as it foretells.

    The idea is that of the match model in compressors of the PAQ family (Mahoney, M. (2005), 'Adaptive weighing of
    context models for lossless data compression', Florida Tech Technical Report CS-2005-16).
    """

    def __init__(self) -> None:
        self.past = b""
        self.place: int | None = None
        """Where in `past` the outcome stands that is expected next."""
        self.length = 0
        self.kinds = [Hits(PRIOR) for _ in range(len(LONGER) + 1)]

    def factor(self, probabilities: Triple, place: int) -> float:
        """What a bet on the repetition pays when the outcome at `place` comes; 1 when there is none to follow."""
        if self.place is None:
            return 1.0
        foretold = LETTERS.index(self.past[self.place])
        return self._kind().factor(probabilities[foretold], foretold == place)

    def learn(self, probabilities: Triple | None, place: int) -> None:
        """Move on by the outcome at `place`; without `probabilities` it is neither hit nor miss."""
        hit = False
        if self.place is not None:
            foretold = LETTERS.index(self.past[self.place])
            hit = foretold == place
            if probabilities is not None:
                self._kind().add(probabilities[foretold], hit)
        self.past += LETTERS[place : place + 1]
        if hit and self.place is not None:
            self.place, self.length = self.place + 1, self.length + 1
        else:
            self._search()
        if len(self.past) >= 2 * REMEMBERED:
            self._trim()

    def excess(self) -> float:
        """By how many standard deviations more outcomes were foretold by repetition than by chance."""
        together = Hits(PRIOR)
        for kind in self.kinds:
            together.n += kind.n
            together.seen += kind.seen
            together.expected += kind.expected
            together.variance += kind.variance
        return together.excess()

    @property
    def n(self) -> int:
        """Outcomes that a repetition had foretold, rightly or not."""
        return sum(kind.n for kind in self.kinds)

    def _kind(self) -> Hits:
        return self.kinds[sum(self.length >= length for length in LONGER)]

    def _search(self) -> None:
        end = len(self.past)
        start = self.past.rfind(self.past[-SHORTEST:], 0, end - 1) if end > SHORTEST else -1
        self.place, self.length = (None, 0) if start < 0 else (start + SHORTEST, SHORTEST)

    def _trim(self) -> None:
        gone = len(self.past) - REMEMBERED
        self.past = self.past[gone:]
        if self.place is not None and self.place >= gone:
            self.place -= gone
        else:
            self.place, self.length = None, 0
