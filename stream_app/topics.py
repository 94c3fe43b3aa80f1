"""Every topic of the service: its name, who may write it, how long it is kept and how it is cleaned.

All topics have the same number of partitions and are keyed by competition, so that everything that must be seen
together lies in partitions of the same number and is owned by one worker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DAY_MS = 24 * 60 * 60 * 1000
FOR_EVER = -1

FEATURES = "match-features"
RESULTS = "match-results"
MODEL_COMMANDS = "model-commands"
LOG = "match-log"
PREDICTIONS = "predictions"
EVALUATIONS = "evaluations"
DECAY_ALERTS = "decay-alerts"
MODEL_EVENTS = "model-events"
DEAD_LETTERS = "dead-letters"
DEAD_LETTER_DECISIONS = "dead-letter-decisions"
SCOREBOARD = "scoreboard"
ANALYTICS = "analytics"
REGISTRY = "registry"
SNAPSHOTS = "snapshots"
CHECKPOINTS = "checkpoints"

FEEDS: tuple[str, ...] = (FEATURES, RESULTS)
"""The topics that feeds write."""

INPUTS: tuple[str, ...] = (*FEEDS, MODEL_COMMANDS)
"""The topics that others write, in the order in which messages of the same event time are taken."""


# A worker reads the snapshots from their beginning when it starts, and a browser's server the scoreboards. Kafka cleans
# only what is not in the segment that it writes to, by default one of a gigabyte, and only when half of it is old.
COMPACTED_SEGMENT_BYTES = 16 * 1_048_576
COMPACTED_DIRTY_RATIO = 0.1


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic and its settings.

    `retention_ms` is -1 for ever; a compacted topic keeps the last value of each key whatever its retention says, and
    is cleaned often. `max_message_bytes` is the broker's limit for one record.
    """

    name: str
    meaning: str
    cleanup: Literal["delete", "compact"] = "delete"
    retention_ms: int = FOR_EVER
    max_message_bytes: int = 1_048_576

    def config(self) -> dict[str, str]:
        """The topic-level settings as Kafka names them."""
        settings = {
            "cleanup.policy": self.cleanup,
            "retention.ms": str(self.retention_ms),
            "max.message.bytes": str(self.max_message_bytes),
        }
        if self.cleanup == "compact":
            settings["segment.bytes"] = str(COMPACTED_SEGMENT_BYTES)
            settings["min.cleanable.dirty.ratio"] = str(COMPACTED_DIRTY_RATIO)
        return settings


# Inputs are copied into the match-log, so a month of them is enough to look at what a feed really sent. They accept
# more than the schemas allow: a message that is too large must reach the dead letters, not vanish in a feed's error.
INPUT_RETENTION_MS = 30 * DAY_MS
INPUT_MAX_BYTES = 8 * 1_048_576


def _as_received(name: str, meaning: str) -> Topic:
    return Topic(name, meaning, retention_ms=INPUT_RETENTION_MS, max_message_bytes=INPUT_MAX_BYTES)


TOPICS: tuple[Topic, ...] = (
    _as_received(FEATURES, "what is known of a match before kickoff"),
    _as_received(RESULTS, "how a match ended"),
    _as_received(MODEL_COMMANDS, "what is asked of the models of a competition"),
    Topic(LOG, "every admitted event of a competition in the one order in which it counted"),
    Topic(PREDICTIONS, "all models' forecasts for a revision of a match"),
    Topic(EVALUATIONS, "sealed predictions joined to results, with scores"),
    Topic(DECAY_ALERTS, "a model is not what it was, or has come back"),
    Topic(MODEL_EVENTS, "what has become of models, and of what was asked of them"),
    _as_received(DEAD_LETTERS, "what was refused, with the reason in its headers"),
    # A letter's decisions are younger than the letter, so as long as it is kept they are.
    Topic(DEAD_LETTER_DECISIONS, "what became of dead letters, by whom", retention_ms=INPUT_RETENTION_MS),
    Topic(SCOREBOARD, "rolling and total figures of every model of a competition", cleanup="compact"),
    Topic(ANALYTICS, "streaks, transitions and randomness of a competition's outcomes", cleanup="compact"),
    Topic(REGISTRY, "every model version of a competition, and who is champion", cleanup="compact"),
    Topic(SNAPSHOTS, "internal: the state of each competition", cleanup="compact"),
    Topic(CHECKPOINTS, "internal: the place in the log up to which snapshots are complete", cleanup="compact"),
)


def by_name(name: str) -> Topic:
    """The topic called `name`; KeyError if there is none."""
    return {topic.name: topic for topic in TOPICS}[name]
