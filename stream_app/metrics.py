"""Every metric of the service: its name, type, unit and meaning. Each process fills those that it has to do with.

They are Prometheus metrics, served by `stream_app.monitoring` and listed in `docs/operations.md`. Counters begin anew
with each process, as Prometheus expects it. No metric has a label with more than a few dozen values: what is to be
known of a single competition or match is in the topics.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_FAST_S = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1, 2, 5)
_SLOW_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

# Worker
ENTRIES_ORDERED = Counter("stream_app_entries_ordered", "Input messages appended to the match-log.", ["topic"])
ENTRIES_APPLIED = Counter("stream_app_entries_applied", "Entries of the match-log applied to leagues.", ["kind"])
OUTPUTS = Counter("stream_app_outputs", "Messages published by leagues.", ["topic"])
APPLY_SECONDS = Histogram(
    "stream_app_apply_seconds", "Seconds from taking an entry to having handed its outputs over.", buckets=_FAST_S
)
CONFIRM_SECONDS = Histogram(
    "stream_app_confirm_seconds",
    "Seconds that a checkpoint waited for the brokers to confirm what was published before it.",
    buckets=_SLOW_S,
)
CHECKPOINT_SECONDS = Histogram("stream_app_checkpoint_seconds", "Seconds that a checkpoint took.", buckets=_SLOW_S)
SNAPSHOT_BYTES = Counter("stream_app_snapshot_bytes", "Bytes of snapshots written.")
SNAPSHOTS_REFUSED = Counter(
    "stream_app_snapshots_refused",
    "Snapshots that were damaged, foreign, of another version or too old; their leagues are rebuilt from the log.",
)
SINCE_CHECKPOINT = Gauge("stream_app_entries_since_checkpoint", "Applied entries that no checkpoint covers yet.")
CATCH_UP_ENTRIES = Gauge(
    "stream_app_catch_up_entries",
    "Entries that were in the log when the worker took its partitions over and that are not applied yet.",
)
PARTITIONS_OWNED = Gauge("stream_app_partitions_owned", "Partitions of the log that the worker owns and has recovered.")
DEAD_LETTERS = Counter("stream_app_dead_letters", "Messages sent to the dead letters.", ["topic"])

# Gateway
GATEWAY_REQUESTS = Counter("stream_app_gateway_requests", "Requests that the HTTP gateway has answered.", ["status"])
GATEWAY_WAITING = Gauge("stream_app_gateway_waiting", "Messages of the HTTP gateway that wait for the brokers.")

# Notification
NOTICES = Counter(
    "stream_app_notices",
    "Tries to tell a receiver: notices delivered or given up, and messages tried in vain.",
    ["channel", "outcome"],
)

# Evaluation log
LOG_EVENTS = Counter("stream_app_log_events", "Events kept in a store of the evaluation log.", ["store"])
LOG_APPEND_SECONDS = Histogram(
    "stream_app_log_append_seconds", "Seconds to write a batch of events into a store.", ["store"], buckets=_SLOW_S
)
LOG_STORE_UP = Gauge(
    "stream_app_log_store_up", "1 while a store of the evaluation log can be written, else 0.", ["store"]
)
RECONCILIATIONS = Counter("stream_app_reconciliations", "Comparisons of the evaluation log's stores.", ["verdict"])
LOG_DEFECTS = Gauge(
    "stream_app_log_defects",
    "Defects that the last comparison of the evaluation log's stores has found and that were not repaired.",
    ["side", "defect"],
)
RECONCILED_TIMESTAMP = Gauge(
    "stream_app_reconciled_timestamp_seconds", "When the stores were last compared, in seconds since 1970."
)
