"""A consumer of predictions and evaluations in Python: `python examples/consumer.py localhost:9092 [--to-end]`.

It needs aiokafka and nothing of this project. It keeps, for each match, the prediction that counts and the evaluation
that counts, and says what it knows: at the end of the topics with --to-end, else every ten seconds.

For brokers that ask who is there: `--user NAME --ca FILE`, with the password in KAFKA_PASSWORD. For topics whose names
have a prefix: `--prefix football.`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.helpers import create_ssl_context

SAY_EVERY_S = 10.0


class Known:
    """What a consumer knows of the matches. Taking a message twice changes nothing."""

    def __init__(self) -> None:
        self.predictions: set[str] = set()
        self.latest: dict[tuple[str, str], dict[str, Any]] = {}
        self.evaluations: dict[str, dict[str, Any]] = {}
        self.superseded: set[str] = set()

    def predicted(self, prediction: dict[str, Any]) -> None:
        """A prediction: of each match the one with the highest revision counts."""
        self.predictions.add(prediction["prediction_id"])
        match = (prediction["competition"], prediction["match_id"])
        known = self.latest.get(match)
        if known is None or prediction["revision"] > known["revision"]:
            self.latest[match] = prediction

    def evaluated(self, evaluation: dict[str, Any]) -> None:
        """An evaluation: one that another one supersedes counts no longer."""
        self.evaluations[evaluation["evaluation_id"]] = evaluation
        if evaluation["supersedes"] is not None:
            self.superseded.add(evaluation["supersedes"])

    def summary(self) -> dict[str, int]:
        """Counts; `right` are matches in which the champion gave the true outcome the highest probability."""
        counting = [it for name, it in self.evaluations.items() if name not in self.superseded]
        champions = [score for it in counting for score in it["models"] if score["alias"] == "champion"]
        return {
            "predictions": len(self.predictions),
            "matches": len(self.latest),
            "evaluations": len(counting),
            "scored": sum(it["outcome"] is not None for it in counting),
            "right": sum(score["hit"] for score in champions),
        }


def access(user: str | None, ca: str | None) -> dict[str, Any]:
    """What the client has to be told about brokers that know their users (SCRAM over TLS)."""
    if user is None:
        return {}
    return {
        "security_protocol": "SASL_SSL",
        "ssl_context": create_ssl_context(cafile=ca),
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": user,
        "sasl_plain_password": os.environ["KAFKA_PASSWORD"],
    }


async def follow(bootstrap: str, group: str, to_end: bool, prefix: str, login: dict[str, Any]) -> None:
    """Read both topics from where the group stopped, from the beginning the first time."""
    known = Known()
    consumer = AIOKafkaConsumer(
        f"{prefix}predictions",
        f"{prefix}evaluations",
        bootstrap_servers=bootstrap,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,  # Committed below, when what was read is kept: nothing is lost when we die.
        **login,
    )
    await consumer.start()
    try:
        ends: dict[TopicPartition, int] = {}
        said = time.monotonic()
        while True:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    take = known.predicted if record.topic == f"{prefix}predictions" else known.evaluated
                    take(json.loads(record.value))
            # This consumer keeps what it knows in memory and so reads everything anew when it starts; one with a
            # database would write there here, and then: await consumer.commit()
            ends = ends or await consumer.end_offsets(list(consumer.assignment()))
            if to_end and ends and [tp for tp in ends if await consumer.position(tp) < ends[tp]] == []:
                print(json.dumps(known.summary(), sort_keys=True))
                return
            if not to_end and time.monotonic() - said >= SAY_EVERY_S:
                said = time.monotonic()
                print(json.dumps(known.summary(), sort_keys=True), flush=True)
    finally:
        await consumer.stop()


def main() -> None:
    """Read the arguments and follow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bootstrap", help="Kafka's bootstrap servers, host:port[,host:port]")
    parser.add_argument("--group", default="example-consumer-python", help="name of the consumer group")
    parser.add_argument("--to-end", action="store_true", help="stop at the end of the topics")
    parser.add_argument("--prefix", default="", help="what the names of the topics begin with")
    parser.add_argument("--user", help="user of the brokers; its password is in KAFKA_PASSWORD")
    parser.add_argument("--ca", help="file of certificates to trust for the brokers")
    given = parser.parse_args()
    asyncio.run(follow(given.bootstrap, given.group, given.to_end, given.prefix, access(given.user, given.ca)))


if __name__ == "__main__":
    main()
