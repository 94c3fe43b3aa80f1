"""How many messages a client may send: a bucket of tokens for each, filled at a constant rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimit:
    """At most `burst` messages at once, and `per_second` in the long run, of each client."""

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def wait(self, client: str, messages: int) -> float:
        """Take `messages` from the bucket of `client`: 0.0, or the seconds after which so many may be taken.

        Then nothing was taken. More than a burst never fits: the caller looks at that first.
        """
        now = self._clock()
        bucket = self._buckets.setdefault(client, _Bucket(float(self._burst), now))
        bucket.tokens = min(bucket.tokens + (now - bucket.at) * self._per_second, float(self._burst))
        bucket.at = now
        if bucket.tokens >= messages:
            bucket.tokens -= messages
            return 0.0
        return (messages - bucket.tokens) / self._per_second
