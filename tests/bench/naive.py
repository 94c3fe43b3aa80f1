"""A plain Faust application with the service's own models, as one would write it first: `python -m tests.bench.naive`.

An agent for each input topic, one Faust table with a changelog, and in it the league of each competition: its ratings,
the same six models, its open fixtures. Each message takes the league out of the table, publishes what it says and puts
it back, and Faust writes it into the changelog. Nothing orders the inputs, so results overtake their features;
nothing is checked, and what is in the table need not be what was read when the process dies.
"""

from __future__ import annotations

import os

import faust
from faust.types import StreamT
from yarl import URL

from stream_app.contracts import Kind, decode, encode
from stream_app.events import Configure, Features, Result
from stream_app.league import League
from stream_app.settings import Settings, load
from stream_app.topics import EVALUATIONS, FEATURES, PREDICTIONS, RESULTS
from tests.bench.ground import PARTITIONS

NO_EVALUATION = b"{}"
"""Stands for the evaluation of a result that came before its features, so that all that was read can be counted."""


def create_app(settings: Settings) -> faust.App:
    """The application on the brokers of the settings."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    app = faust.App(
        "naive",
        broker=[URL(f"kafka://{settings.kafka}")],
        store="memory://",
        datadir=str(settings.data_dir / "naive"),
        web_enabled=False,
        topic_partitions=PARTITIONS,
        consumer_auto_offset_reset="earliest",
        producer_max_request_size=4 * 1024 * 1024,
        key_serializer="raw",
        value_serializer="raw",
    )

    def raw(name: str) -> faust.TopicT:
        return app.topic(name, key_type=bytes, value_type=bytes, partitions=PARTITIONS)

    leagues = app.Table("leagues", key_type=bytes, partitions=PARTITIONS)
    # A table takes no serializer but by the type of its values, and a league is no Faust record.
    leagues.value_serializer = "pickle"  # type: ignore[attr-defined]  # its interface has it not
    predictions, evaluations = raw(PREDICTIONS), raw(EVALUATIONS)

    def league_of(key: bytes) -> League:
        if key in leagues:
            known: League = leagues[key]
            return known
        name = key.decode()
        league = League(name)
        league.configure(Configure(name, settings.league_config(name)))
        return league

    def event(kind: Kind, value: bytes) -> Features | Result:
        message = decode(kind, value)
        assert isinstance(message, Features | Result)
        return message

    @app.agent(raw(FEATURES), name="predict")
    async def predict(stream: StreamT[bytes]) -> None:
        async for key, value in stream.items():
            league, features = league_of(key), event("features", value)
            assert isinstance(features, Features)
            said = [encode(output) for output in league.predict(features)]
            leagues[key] = league
            await predictions.send(key=key, value=said[0])

    @app.agent(raw(RESULTS), name="learn")
    async def learn(stream: StreamT[bytes]) -> None:
        async for key, value in stream.items():
            league, result = league_of(key), event("result", value)
            assert isinstance(result, Result)
            said = [encode(output) for output in league.learn(result)]
            leagues[key] = league
            await evaluations.send(key=key, value=said[0] if said else NO_EVALUATION)

    return app


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    faust.Worker(create_app(load()), loglevel="WARNING").execute_from_commandline()
