"""Reconciles the log again and again while a sink is at work, and keeps what was found in the log itself."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from stream_app import metrics
from stream_app.errors import InvalidInput, Retryable
from stream_app.evaluation_log.findings import Window
from stream_app.evaluation_log.logger import AsyncEvaluationLogger
from stream_app.evaluation_log.own_events import reconciliation_row
from stream_app.evaluation_log.reconcile import Sides, reconcile
from stream_app.evaluation_log.report import Report

log = logging.getLogger(__name__)


async def reconcile_every(seconds: float, sides: Sides, expire_after_days: float, stopped: asyncio.Event) -> None:
    """Compare `sides` every so many `seconds` until `stopped` is set. Repairs nothing: that is for people to decide.

    A round that finds Kafka or the database away is told and left out.
    """
    async with AsyncEvaluationLogger(sides, expire_after_days) as logger:
        while not await _is_set_within(stopped, seconds):
            now = datetime.now(UTC)
            try:
                report = await reconcile(sides, Window(), expire_after_days=expire_after_days, now=now)
            except (InvalidInput, Retryable) as error:
                log.warning("the log was not reconciled this time: %s", error)
                continue
            await logger.keep(reconciliation_row(report, now))
            _measure(report, now)
            if report.clean:
                log.info("the log is clean: %s", dict(report.events))
            else:
                wrong = "; ".join(f"{group.count} {group.defect} in {group.side}" for group in report.groups)
                log.warning("the log is not clean: %s. See `stream-app reconcile`", wrong)


def _measure(report: Report, now: datetime) -> None:
    metrics.RECONCILIATIONS.labels("clean" if report.clean else "not clean").inc()
    metrics.RECONCILED_TIMESTAMP.set(now.timestamp())
    # What was wrong the last time and no longer is has to go from the gauge too.
    metrics.LOG_DEFECTS.clear()
    for group in report.groups:
        metrics.LOG_DEFECTS.labels(group.side, group.defect).set(group.count - group.repaired)


async def _is_set_within(stopped: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(stopped.wait(), seconds)
    except TimeoutError:
        return False
    return True
