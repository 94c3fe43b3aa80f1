"""The evaluation log for programs of one's own: a notebook, a batch job, another model.

    with get_logger() as log:
        event_id = log.log_prediction("my_model", "E0-2024-017", {"H": 0.5, "D": 0.3, "A": 0.2}, 0.5)
        ...
        log.log_evaluation(event_id, "H", 1.0)

It writes to the same stores as the sink, and may do so while a sink is at work.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from stream_app.errors import InvalidInput, Retryable
from stream_app.evaluation_log import own_events
from stream_app.evaluation_log.csv_log import CsvLog
from stream_app.evaluation_log.csv_side import CsvSide
from stream_app.evaluation_log.fields import uuid_in
from stream_app.evaluation_log.findings import Window, uuid_bytes
from stream_app.evaluation_log.report import Report
from stream_app.evaluation_log.row import LogRow
from stream_app.evaluation_log.sides import Sides, sides_of
from stream_app.evaluation_log.store import Batch, Store
from stream_app.events import Outcome
from stream_app.settings import load

# What reaches the database and Kafka is imported where it is used: a program that keeps one event in a file would wait
# longer for these libraries than for all the rest.
if TYPE_CHECKING:
    from stream_app.evaluation_log.postgres import PostgresLog

log = logging.getLogger(__name__)

T = TypeVar("T")
Prediction = Outcome | Mapping[Outcome, float]
Extra = Mapping[str, Any] | None


class AsyncEvaluationLogger:
    """Keeps events in the evaluation log. Use it as an asynchronous context manager, or call `close` at the end.

    An event counts as kept once it is in the CSV file. A database that is away gets it from there by
    `reconcile_logs(repair=True)`.

    Parameters
    ----------
    sides
        Where the log is kept.
    expire_after_days
        Days after kickoff at which a prediction counts as overdue.
    """

    def __init__(self, sides: Sides, expire_after_days: float) -> None:
        self._sides = sides
        self._expire_after_days = expire_after_days
        self._csv = CsvLog(sides.folder)
        self._database = _database(sides.database_url) if sides.database_url else None
        self._open: set[str] = set()
        # One event at a time: a database connection has no room for two.
        self._writing = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the stores."""
        await self._csv.close()
        if self._database:
            await self._database.close()
        self._open.clear()

    async def log_prediction(
        self,
        model_id: str,
        match_id: str,
        prediction: Prediction,
        confidence: float,
        *,
        competition: str | None = None,
        model_version: int = 1,
        metadata: Extra = None,
    ) -> str:
        """Keep a prediction; its event id, which `log_evaluation` takes.

        Parameters
        ----------
        prediction
            The favourite outcome, H, D or A, or the probabilities of all three.
        confidence
            How sure the model is of its favourite, from 0 to 1.
        metadata
            Anything more that JSON can say.

        Raises
        ------
        InvalidInput
            An argument is wrong; the text names it.
        """
        return await self.keep(
            own_events.prediction_row(
                model_id,
                match_id,
                prediction,
                confidence,
                competition=competition,
                model_version=model_version,
                metadata=metadata,
                now=_now(),
            )
        )

    async def log_evaluation(
        self, event_id: str, actual_result: Outcome, accuracy: float, *, metadata: Extra = None
    ) -> str:
        """Keep how a prediction fared; the event id of the evaluation.

        Where the prediction had probabilities, its log loss, RPS and Brier score are kept with it.

        Parameters
        ----------
        event_id
            What `log_prediction` returned.
        actual_result
            How the match ended: H, D or A.
        accuracy
            How accurate the caller finds the prediction, from 0 to 1.

        Raises
        ------
        InvalidInput
            An argument is wrong, or no store has such a prediction.
        """
        of = await self._prediction(uuid_in({"event_id": event_id}, "event_id"))
        return await self.keep(own_events.evaluation_row(of, actual_result, accuracy, metadata=metadata, now=_now()))

    async def log_training(
        self,
        model_id: str,
        *,
        competition: str | None = None,
        model_version: int = 1,
        metrics: Mapping[str, float] | None = None,
        metadata: Extra = None,
    ) -> str:
        """Keep that a model was trained, with what was measured; the event id. Raises InvalidInput."""
        return await self.keep(
            own_events.training_row(
                model_id,
                competition=competition,
                model_version=model_version,
                metrics=metrics,
                metadata=metadata,
                now=_now(),
            )
        )

    async def keep(self, row: LogRow) -> str:
        """Keep an event that comes from no topic; its id."""
        await self.keep_all([row])
        return row.event_id

    async def keep_all(self, rows: Sequence[LogRow]) -> None:
        """Keep several such events at once, all or none."""
        async with self._writing:
            await self._append(self._csv, rows)
            try:
                if self._database:
                    await self._append(self._database, rows)
            except Retryable as error:
                what = f"event {rows[0].event_id}" if len(rows) == 1 else f"{len(rows)} events"
                log.warning("%s: in the CSV log alone until the logs are reconciled: %s", what, error)

    async def reconcile_logs(self, *, repair: bool = False) -> Report:
        """Compare the stores and the topics, and put right what differs if `repair`; see `reconcile.reconcile`."""
        from stream_app.evaluation_log.reconcile import reconcile

        return await reconcile(
            self._sides, Window(), expire_after_days=self._expire_after_days, repair=repair, now=_now()
        )

    async def _append(self, store: Store, rows: Sequence[LogRow]) -> None:
        if store.name not in self._open:
            await store.open()
            self._open.add(store.name)
        try:
            await store.append(Batch(rows, {}), _refuse)
        except Retryable:
            self._open.discard(store.name)
            raise

    async def _prediction(self, event_id: str) -> LogRow:
        id_ = uuid_bytes(event_id) or b""

        def in_csv() -> list[LogRow]:
            batches = CsvSide(self._sides.folder).rows(lambda ids: {id_}.intersection(ids))
            return [row for batch in batches for row in batch][-1:]

        rows: list[LogRow] = []
        if self._sides.database_url:
            from stream_app.evaluation_log import postgres_side
            from stream_app.evaluation_log.database import connected

            try:
                async with connected(self._sides.database_url) as connection:
                    rows = await postgres_side.rows(connection, [id_])
            except Retryable as error:
                log.warning("looking for event %s in the CSV log: %s", event_id, error, extra={"event_id": event_id})
        rows = rows or await asyncio.to_thread(in_csv)
        if not rows or rows[0].event_type != "prediction":
            raise InvalidInput(
                f"event_id {event_id!r}: the log has no such prediction; wanted what log_prediction returned"
            )
        return rows[0]


class EvaluationLogger:
    """Keeps events in the evaluation log, for programs that are not asynchronous. Use it as a context manager.

    Every method does and raises what the one of `AsyncEvaluationLogger` by its name does. It may be used from several
    threads, and where a loop is running, such as in a notebook.
    """

    def __init__(self, logger: AsyncEvaluationLogger) -> None:
        self._logger = logger
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="evaluation-log", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the stores."""
        if not self._loop.is_closed():
            self._do(self._logger.close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def log_prediction(
        self,
        model_id: str,
        match_id: str,
        prediction: Prediction,
        confidence: float,
        *,
        competition: str | None = None,
        model_version: int = 1,
        metadata: Extra = None,
    ) -> str:
        """Keep a prediction; its event id, which `log_evaluation` takes."""
        return self._do(
            self._logger.log_prediction(
                model_id,
                match_id,
                prediction,
                confidence,
                competition=competition,
                model_version=model_version,
                metadata=metadata,
            )
        )

    def log_evaluation(self, event_id: str, actual_result: Outcome, accuracy: float, *, metadata: Extra = None) -> str:
        """Keep how a prediction fared; the event id of the evaluation."""
        return self._do(self._logger.log_evaluation(event_id, actual_result, accuracy, metadata=metadata))

    def log_training(
        self,
        model_id: str,
        *,
        competition: str | None = None,
        model_version: int = 1,
        metrics: Mapping[str, float] | None = None,
        metadata: Extra = None,
    ) -> str:
        """Keep that a model was trained, with what was measured; the event id."""
        return self._do(
            self._logger.log_training(
                model_id, competition=competition, model_version=model_version, metrics=metrics, metadata=metadata
            )
        )

    def reconcile_logs(self, *, repair: bool = False) -> Report:
        """Compare the stores and the topics, and put right what differs if `repair`."""
        return self._do(self._logger.reconcile_logs(repair=repair))

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def get_logger(data_dir: Path | None = None, database_url: str | None = None) -> EvaluationLogger:
    """The evaluation log, to be written to by a program that is not asynchronous.

    Parameters
    ----------
    data_dir
        The folder of the CSV files; default: the setting STREAM_APP_DATA_DIR.
    database_url
        The database; default: the setting STREAM_APP_DATABASE_URL, else the local stack's, else none.
    """
    return EvaluationLogger(get_async_logger(data_dir, database_url))


def get_async_logger(data_dir: Path | None = None, database_url: str | None = None) -> AsyncEvaluationLogger:
    """The evaluation log, to be written to by an asynchronous program; see `get_logger`."""
    given = {"data_dir": data_dir, "database_url": database_url}
    chosen = load(**{name: value for name, value in given.items() if value is not None})
    return AsyncEvaluationLogger(sides_of(chosen), chosen.expire_after_days)


def _database(url: str) -> PostgresLog:
    from stream_app.evaluation_log.postgres import PostgresLog

    return PostgresLog(url)


def _now() -> datetime:
    return datetime.now(UTC)


async def _refuse(row: LogRow, reason: str) -> None:
    raise InvalidInput(reason)
