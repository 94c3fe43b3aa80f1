"""Settings of what is outside the process: Kafka, its topics, the database, the data folder."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from stream_app.settings.values import Addresses, Count, Seconds


class OutsideSettings(BaseSettings):
    """Where Kafka and the database are, and how the topics are laid out."""

    # Where the outside world is
    kafka: Addresses | None = Field(
        None, description="Kafka's bootstrap servers, host:port[,host:port]. Empty: the local stack."
    )
    database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL (or Supabase) address, postgresql://user:password@host:port/name."
        " Empty: the local stack.",
    )
    reconcile_interval_s: Seconds | None = Field(
        None, description="Seconds between two comparisons of the evaluation log's stores by the sink. Not set: none."
    )
    data_dir: Path = Field(Path(".dev"), description="Folder of the local stack and of the CSV evaluation log.")

    # Topics
    partitions: Count = Field(4, description="Partitions of every topic. Fixed once the topics exist.")
    replication: Count = Field(1, description="Replicas of every topic's partitions.")
