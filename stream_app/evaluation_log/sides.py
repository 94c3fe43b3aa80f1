"""Where the evaluation log is kept, and where it comes from."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from stream_app.brokers import Where
from stream_app.connections import bootstrap_servers, database_url
from stream_app.errors import InvalidInput
from stream_app.evaluation_log.findings import StoreName
from stream_app.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sides:
    """Where the log is kept, and where it comes from; None for what there is not.

    Attributes
    ----------
    folder
        The folder of the CSV files.
    database_url
        Address of the database.
    bootstrap
        Kafka's bootstrap servers.
    """

    folder: Path
    database_url: str | None
    bootstrap: Where | None

    @property
    def stores(self) -> tuple[StoreName, ...]:
        """The stores that there are."""
        return ("csv", "postgres") if self.database_url else ("csv",)


def sides_of(settings: Settings) -> Sides:
    """The sides that the settings, or the local stack, name."""
    try:
        bootstrap = bootstrap_servers(settings)
    except InvalidInput as error:
        log.warning("comparing the stores alone: %s", error)
        bootstrap = None
    return Sides(settings.data_dir, database_url(settings), bootstrap)
