"""Faust's worker process, made to start at once and to end at once.

Each item says why it is there and was seen with faust-streaming 0.15.3 and mode-streaming 0.4.1.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from signal import Signals

import faust
from mode.types import ServiceT

from stream_app.agents.faust_edge import die


class EdgeWorker(faust.Worker):
    """A worker process that ends whenever it cannot go on, and says why.

    When a service of Faust cannot be started, or ends with an error later, mode logs it, stops what it can and waits
    for the rest, which never ends: the process would stay, doing nothing. And a worker that was asked to end sleeps for
    two seconds after everything has been stopped. And it sets up logging of its own, and shows a wheel on a terminal.

    A worker that is asked to end while it starts stops parts that others are still starting on: it waits for them for
    ever, or dies of what they lack. Until all have started it has answered nothing, so there it ends at once.

    Amid a rebalance, stopping cancels a part that mode then takes for crashed. In a worker that was asked to end, that
    is its end, and no error: what is in flight is on record or will be read again.
    """

    def __init__(self, app: faust.App, *services: ServiceT) -> None:
        super().__init__(app, *services, quiet=True, override_logging=False)
        self.spinner = None
        self._is_up = self._is_ending = False
        # Warned of at every rebalance of an application without sensors, such as ours.
        logging.getLogger("faust.app.base").addFilter(lambda record: "Missing sensor state" not in str(record.msg))

    async def start(self) -> None:
        try:
            await super().start()
        except Exception as error:  # noqa: BLE001  # the edge: whatever it is, the process must not go on
            die(error)

    async def on_started(self) -> None:
        self._is_up = True
        await super().on_started()

    def _schedule_shutdown(self, signal: Signals) -> None:
        self._is_ending = True
        if not self._is_up:
            self._shutdown_loop()
        super()._schedule_shutdown(signal)

    def _crash(self, reason: BaseException) -> None:
        # mode comes here for a service anywhere below that ends with an error. It means to shut everything down.
        if self._is_ending and isinstance(reason, asyncio.CancelledError):
            self._shutdown_loop()
        die(reason)

    def _shutdown_loop(self) -> None:
        # All services have been stopped; what mode still waits for are its own tasks.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
