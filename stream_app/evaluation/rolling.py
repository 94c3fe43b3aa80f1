"""Mean scores over everything and over the last matches, at a constant cost a match.

A running sum of floats drifts: what was added and taken away again leaves a rest, and another order gives other bits.
So scores are summed as integers in units of 2^-52, which is exact: a figure depends on the matches that are in it
and on nothing else, and a correction leaves no trace of what it replaced.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from stream_app.evaluation.promise import confidence, expected_log_loss
from stream_app.events import NOTHING_EXPECTED, Expected, Figures, Probabilities, Score

QUANTUM_BITS = 52
"""Scores are cut off after this many binary digits: an error of at most 2^-52 a match, and of that in a mean."""

PROMISE_BITS = 24
"""What was expected of the scores is shown only, and cut off after this many: integers of up to 31 bits take the least
room in a snapshot."""

NO_FIGURES = Figures(n=0, accuracy=0.0, log_loss=0.0, rps=0.0, brier=0.0)
_UNITS = 2.0**QUANTUM_BITS
_ROW = struct.Struct("<?3q2i")

LAYOUT = (_ROW.format,)
"""How marks are written: part of the state's layout."""
_PROMISE_UNITS = 2.0**PROMISE_BITS


class Marks(NamedTuple):
    """The scores of one forecast in units of 2^-52, and what it made one expect of two of them, in units of 2^-24."""

    hit: int
    log_loss: int
    rps: int
    brier: int
    confidence: int
    expected_log_loss: int


def marks_of(score: Score) -> Marks:
    """The scores of `score` as integers."""
    return Marks(
        int(score.hit),
        int(score.log_loss * _UNITS),
        int(score.rps * _UNITS),
        int(score.brier * _UNITS),
        *_promised(score.probabilities),
    )


@lru_cache(maxsize=16_384)
def _promised(probabilities: Probabilities) -> tuple[int, int]:
    """What to expect of hit and log loss. Scoreboards ask for that of every match that waits, again and again."""
    expected = confidence(probabilities), expected_log_loss(probabilities)
    return int(expected[0] * _PROMISE_UNITS), int(expected[1] * _PROMISE_UNITS)


class _Rows:
    """The marks of some matches, the oldest first, in 33 bytes each."""

    __slots__ = ("_rows", "matches")

    def __init__(self) -> None:
        self.matches: list[str] = []
        self._rows = bytearray()

    def __len__(self) -> int:
        return len(self.matches)

    def add(self, match_id: str, marks: Marks) -> None:
        self.matches.append(match_id)
        self._rows += _ROW.pack(*marks)

    def put(self, place: int, marks: Marks) -> None:
        _ROW.pack_into(self._rows, _ROW.size * place, *marks)

    def take(self, place: int) -> Marks:
        """The marks at `place`, which are not there any more."""
        start = _ROW.size * place
        marks = Marks(*_ROW.unpack_from(self._rows, start))
        del self.matches[place], self._rows[start : start + _ROW.size]
        return marks


class Tally:
    """The exact sums of the scores of any number of matches."""

    __slots__ = ("brier", "confidence", "expected_log_loss", "hits", "log_loss", "n", "rps")

    def __init__(self) -> None:
        self.n = 0
        self.hits = 0
        self.log_loss = 0
        self.rps = 0
        self.brier = 0
        self.confidence = 0
        self.expected_log_loss = 0

    def add(self, marks: Marks, times: int = 1) -> None:
        """Count `marks` in, or out again with `times` = -1."""
        self.n += times
        self.hits += times * marks.hit
        self.log_loss += times * marks.log_loss
        self.rps += times * marks.rps
        self.brier += times * marks.brier
        self.confidence += times * marks.confidence
        self.expected_log_loss += times * marks.expected_log_loss

    def without(self, part: Tally) -> Tally:
        """The sums of the matches that are not in `part`."""
        rest = Tally()
        rest.n = self.n - part.n
        rest.hits = self.hits - part.hits
        rest.log_loss = self.log_loss - part.log_loss
        rest.rps = self.rps - part.rps
        rest.brier = self.brier - part.brier
        rest.confidence = self.confidence - part.confidence
        rest.expected_log_loss = self.expected_log_loss - part.expected_log_loss
        return rest

    def figures(self) -> Figures:
        """The means; all 0 when there is no match."""
        if self.n == 0:
            return NO_FIGURES
        units = self.n << QUANTUM_BITS
        return Figures(self.n, self.hits / self.n, self.log_loss / units, self.rps / units, self.brier / units)

    def expect(self, probabilities: Probabilities) -> None:
        """Count a match that has no result yet: nothing but what its probabilities promise means anything then."""
        self.n += 1
        expected_hit, expected_loss = _promised(probabilities)
        self.confidence += expected_hit
        self.expected_log_loss += expected_loss

    def expected(self) -> Expected:
        """What the probabilities of these matches said of the mean scores."""
        if self.n == 0:
            return NOTHING_EXPECTED
        units = self.n << PROMISE_BITS
        return Expected(self.n, self.confidence / units, self.expected_log_loss / units)

    def mean_log_loss(self) -> float:
        """The mean log loss, in nats; there has to be a match."""
        return self.log_loss / (self.n << QUANTUM_BITS)


class Standing:
    """How one model has fared: over all its matches, and over the last `window` of them.

    Matches stand in the order in which they were first scored. A match that is taken out leaves the window one short
    until the next one comes: the match that had left the window before does not return.
    """

    __slots__ = ("_recent", "rolling", "total", "window")

    def __init__(self, window: int) -> None:
        self.window = window
        self.total = Tally()
        self.rolling = Tally()
        self._recent = _Rows()

    def change(self, match_id: str, old: Marks | None, new: Marks | None) -> None:
        """Count a match with `new` instead of `old`; None stands for not at all."""
        if old is not None:
            self.total.add(old, -1)
        if new is not None:
            self.total.add(new)
        if old is None:
            if new is not None:
                self.rolling.add(new)
                self._recent.add(match_id, new)
                self._trim()
            return
        if match_id not in self._recent.matches:
            return
        place = self._recent.matches.index(match_id)
        self.rolling.add(old, -1)
        if new is None:
            self._recent.take(place)
        else:
            self.rolling.add(new)
            self._recent.put(place, new)

    def resize(self, window: int) -> None:
        """Change the length of the window; a longer one fills with the matches to come."""
        self.window = window
        self._trim()

    def is_full(self) -> bool:
        """Whether the window holds as many matches as it can."""
        return self.rolling.n >= self.window

    def before_window(self) -> Tally:
        """The sums of all matches that are not in the window any more."""
        return self.total.without(self.rolling)

    def _trim(self) -> None:
        while len(self._recent) > self.window:
            self.rolling.add(self._recent.take(0), -1)


class Recent:
    """Means of several numbers that forget at the pace of a window, at a constant size.

    A number that is `k` matches old has the weight `(1 - w)^k`, with `w = 2 / (window + 1)`, which gives the mean the
    variance of one over the window; until there are so many numbers it is the plain mean.
    """

    __slots__ = ("means", "n")

    def __init__(self, count: int) -> None:
        self.n = 0
        self.means = [0.0] * count

    def add(self, values: Sequence[float], window: int) -> None:
        """Take the next values, one of each number."""
        self.n += 1
        weight = max(1.0 / self.n, 2.0 / (window + 1))
        self.means = [mean + weight * (value - mean) for mean, value in zip(self.means, values, strict=True)]
