"""A message as the harness's feed sends it."""

from __future__ import annotations

from dataclasses import dataclass

from stream_app.contracts import Input, encode
from stream_app.events import Features, Result
from stream_app.topics import FEATURES, MODEL_COMMANDS, RESULTS

GOOD = "good"
"""What `Sent.made` says of a message that has to be admitted."""

FORGED = "forged"
"""What it says of a command whose artefact has to be refused, and this put on record in the command's place."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as it goes to Kafka.

    `made` says what it was made as: `GOOD`, `FORGED`, or a kind of poison. `partition` is None where the key decides.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    made: str = GOOD
    partition: int | None = None


def message_of(event: Input, made: str = GOOD) -> Sent:
    """`event` as a message that has to be admitted."""
    match event:
        case Features():
            topic = FEATURES
        case Result():
            topic = RESULTS
        case _:
            topic = MODEL_COMMANDS
    return Sent(topic, event.competition.encode(), encode(event), made)
