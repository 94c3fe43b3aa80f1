"""Settings of the workers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from stream_app.settings.values import Count, Days, Seconds


class WorkerSettings(BaseSettings):
    """How a worker reads, orders, and keeps what it knows."""

    # Worker
    app_id: str = Field(
        "stream-app",
        description="Consumer group of the workers, below the prefix; the groups of all other parts begin with it.",
    )
    worker_id: str | None = Field(
        None, description="Name of this worker in its group, kept over restarts for a fast take-over. Empty: none."
    )
    max_message_bytes: Count = Field(256 * 1024, description="Largest input message that is admitted, in bytes.")
    input_generation: Count = Field(
        1,
        description="Raised by one when the input topics were made anew under a match-log that stayed, so that their"
        " messages are not taken for ones of before (docs/recovery.md).",
    )
    ahead_days: Days = Field(
        1.0,
        description="Days by which the moment that an input message speaks of may lie ahead of its record's timestamp;"
        " beyond it is refused. Kickoffs may lie ahead as far as they like.",
    )
    merge_idle_s: Seconds = Field(
        60.0, description="Seconds for which an input that the brokers do not give is waited for by the other one."
    )
    live_patience_s: Seconds = Field(
        1.0, description="Seconds that a message sent as it happened waits at the most for older ones of another input."
    )
    checkpoint_interval_s: Seconds = Field(2.0, description="Seconds between two checkpoints.")
    checkpoint_entries: Count = Field(
        20_000, description="Applied log entries after which a checkpoint is due at once."
    )
    checkpoint_bytes_per_s: Count = Field(
        20_000_000, description="Bytes of snapshots written a second, on average; above it checkpoints come less often."
    )
    snapshot_piece_bytes: Annotated[int, Field(ge=1_000, le=900_000)] = Field(
        700_000,
        description="Largest record of a snapshot, in bytes; a larger snapshot is cut into pieces of this size.",
    )
    snapshot_key: SecretStr = Field(
        SecretStr("local-development-only"),
        description="Key that signs snapshots (HMAC-SHA256). Set your own in production.",
    )
