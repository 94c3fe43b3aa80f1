"""How long it takes from match features on the brokers to their prediction there."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import partial
from time import time
from typing import Any, Protocol, cast

from stream_app.metrics import PREDICTION_SECONDS


class _Confirmation(Protocol):
    def add_done_callback(self, callback: Any) -> None: ...
    def cancelled(self) -> bool: ...
    def exception(self) -> BaseException | None: ...


class Punctuality:
    """Measures from the timestamp of the features' record to the moment at which the brokers confirm the prediction.

    The timestamp is the feed's, so the clocks of both machines are in it, and in a replay the time for which the
    features waited. What another worker put into the log is not measured here: after a take-over it would only say how
    long nobody was there.
    """

    def __init__(self) -> None:
        self._came: dict[tuple[int, int], float] = {}

    def came(self, partition: int, offset: int, timestamp: float) -> None:
        """Features at `offset` of their topic go into the log; `timestamp` in seconds since 1970."""
        self._came[partition, offset] = timestamp

    def clear(self) -> None:
        """The partitions are taken away."""
        self._came.clear()

    def applied(self, partition: int, offset: int, prediction: Awaitable[object] | None) -> None:
        """The features at `offset` were applied; `prediction` is what the brokers have to confirm, if there is one."""
        timestamp = self._came.pop((partition, offset), None)
        if timestamp is not None and prediction is not None:
            cast(_Confirmation, prediction).add_done_callback(partial(_observe, timestamp))


def _observe(timestamp: float, confirmation: _Confirmation) -> None:
    if not confirmation.cancelled() and confirmation.exception() is None:
        PREDICTION_SECONDS.observe(max(time() - timestamp, 0.0))
