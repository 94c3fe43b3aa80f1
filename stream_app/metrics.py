"""Every metric of the service: its name, type, unit and meaning. Each process fills those that it has to do with.

They are Prometheus metrics, served by `stream_app.monitoring` and listed in `docs/operations.md`. Counters begin anew
with each process, as Prometheus expects it. No metric has a label with more than a few dozen values: what is to be
known of a single competition or match is in the topics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

_FAST_S = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1, 2, 5)
_SLOW_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_LONG_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
_BYTES = tuple(4**power * 1024 for power in range(9))

Values = Iterable[tuple[tuple[str, ...], float]]
"""Values of a gauge, each after those of its labels."""


class AskedFor(Collector):
    """A gauge whose values are worked out when somebody reads it, so that it costs nothing in between.

    `sources` are asked in the thread that answers the reader, beside whatever changes what they look at.
    """

    def __init__(self, name: str, meaning: str, labels: tuple[str, ...]) -> None:
        self._described = name, meaning, labels
        self._sources: dict[str, Callable[[], Values]] = {}
        REGISTRY.register(self)

    def ask(self, name: str, source: Callable[[], Values]) -> None:
        """Ask `source` from now on, in place of one that had the same name."""
        self._sources[name] = source

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The gauge as it stands now."""
        name, meaning, labels = self._described
        family = GaugeMetricFamily(name, meaning, labels=labels)
        for source in list(self._sources.values()):
            for of_labels, value in source():
                family.add_metric(of_labels, value)
        yield family


def by_partition(reader: str, places: Mapping[tuple[str, int], int]) -> Values:
    """Values of `LAG` for `reader`, of figures by topic and partition."""
    return [((reader, topic, str(partition)), value) for (topic, partition), value in places.items()]


# Every process that reads topics
LAG = AskedFor(
    "stream_app_lag",
    "Messages of a partition that its reader has not settled yet, as of the last answer of the brokers.",
    ("reader", "topic", "partition"),
)
MESSAGES_READ = Counter(
    "stream_app_messages_read",
    "Messages taken in by a reader of what the workers publish.",
    ["reader", "topic"],
)
DEAD_LETTERS = Counter(
    "stream_app_dead_letters", "Messages sent to the dead letters, by the kind of mistake.", ["topic", "kind"]
)

# Worker
ENTRIES_ORDERED = Counter("stream_app_entries_ordered", "Input messages appended to the match-log.", ["topic"])
ENTRIES_APPLIED = Counter("stream_app_entries_applied", "Entries of the match-log applied to leagues.", ["kind"])
OUTPUTS = Counter("stream_app_outputs", "Messages published by leagues.", ["topic"])
APPLY_SECONDS = Histogram(
    "stream_app_apply_seconds", "Seconds from taking an entry to having handed its outputs over.", buckets=_FAST_S
)
BARRIER_SECONDS = Histogram(
    "stream_app_barrier_seconds", "Seconds that an entry of the log waited for its turn to be applied.", buckets=_FAST_S
)
PREDICTION_SECONDS = Histogram(
    "stream_app_prediction_seconds",
    "Seconds from the timestamp of match features on the brokers until they have confirmed the prediction.",
    buckets=_FAST_S + _LONG_S[6:],
)
CONFIRM_SECONDS = Histogram(
    "stream_app_confirm_seconds",
    "Seconds from the last league of a checkpoint until the brokers had all of it; entries are applied meanwhile.",
    buckets=_SLOW_S,
)
CHECKPOINT_SECONDS = Histogram("stream_app_checkpoint_seconds", "Seconds that a checkpoint took.", buckets=_SLOW_S)
CHECKPOINT_BYTES = Histogram("stream_app_checkpoint_bytes", "Bytes of all snapshots of a checkpoint.", buckets=_BYTES)
SNAPSHOT_BYTES = Histogram("stream_app_snapshot_bytes", "Bytes of a competition's snapshot.", buckets=_BYTES)
RECOVERY_SECONDS = Histogram(
    "stream_app_recovery_seconds",
    "Seconds from the start of a worker, or from losing its partitions, until it has applied all that was in the log of"
    " those that it got.",
    buckets=_LONG_S,
)
ALERTS = Counter(
    "stream_app_alerts",
    "Alerts published about models. What is applied again after a death counts again.",
    ["kind", "severity", "state"],
)
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

# Live view
ALERTS_OPEN = AskedFor(
    "stream_app_alerts_open",
    "Alerts about models that are raised and not resolved, in all competitions.",
    ("kind", "severity"),
)
ROLLING_LOG_LOSS = AskedFor(
    "stream_app_rolling_log_loss",
    "Mean log loss of a model over the last matches of every competition, in nats; each match counts the same.",
    ("model",),
)

# Watch over the evidence
PROPOSALS = Counter("stream_app_proposals", "Promotions proposed by the watch over the evidence.")

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
