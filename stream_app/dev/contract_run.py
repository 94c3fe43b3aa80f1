"""Real messages for the examples of schemas/asyncapi.yaml: a season of the Bundesliga, played through a league.

The models run with short windows and a sensitive alarm, so that one season has an example of nearly everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import orjson

from stream_app.contracts import KIND_OF_TOPIC, Event, Kind, encode, event_time, parse
from stream_app.durability.artefact import refusal_of
from stream_app.durability.checkpoint import Checkpoint
from stream_app.durability.log import NO_SOURCE, Entry
from stream_app.durability.snapshot import SnapshotInfo, freeze, inspect
from stream_app.errors import Fatal, InvalidInput
from stream_app.events import (
    Analytics,
    Configure,
    DecayAlert,
    Evaluation,
    Features,
    LeagueConfig,
    ModelCommand,
    ModelEvent,
    Output,
    Prediction,
    Refusal,
    Registry,
    Result,
    Scoreboard,
    name_id,
)
from stream_app.feeds.chaos import Chaos, stir
from stream_app.feeds.datasets import BUNDESLIGA, bundesliga
from stream_app.feeds.schedule import schedule
from stream_app.league import League
from stream_app.letters.cases import decide
from stream_app.topics import FEATURES, INPUT_MAX_BYTES, MODEL_COMMANDS, RESULTS

MATCHES = 400
COMMAND_AFTER = 300
"""Messages after which a model is told to stop learning for a while."""

CONFIG = LeagueConfig(models=(LeagueConfig().models[0], "base_rate"), cold_matches=5, window=10, alert_rate=100.0)
ODDS = {"odds_home": 2.1, "odds_draw": 3.4, "odds_away": 3.6}
"""What a bookmaker might have offered for the last match, which the data set does not tell."""
_KEY = b"key of the examples"
TROUBLE = Chaos(corrections=0.05)

Example = dict[str, Any]
_NAMES: Mapping[type, str] = {
    Prediction: "prediction",
    Evaluation: "evaluation",
    DecayAlert: "decayAlert",
    ModelEvent: "modelEvent",
    Scoreboard: "scoreboard",
    Analytics: "analytics",
    Registry: "registry",
}


def examples() -> dict[str, list[Example]]:
    """Examples of messages, by the name that the message has in the document; not every message has one.

    Raises
    ------
    InvalidInput
        The optional package with the matches is not installed.
    """
    said: dict[str, Event] = {}
    heard: dict[str, Event] = {}
    league = League(BUNDESLIGA)
    configure = Configure(BUNDESLIGA, CONFIG)
    outputs: list[Output] = list(league.configure(configure))
    for event in _inputs():
        if isinstance(event, Features):
            heard["withoutNumbers" if event.features is None else "withOdds"] = event
            outputs += league.predict(event)
        elif isinstance(event, Result):
            heard[event.status] = event
            outputs += league.learn(event)
        else:
            heard["command"] = event
            outputs += league.command(event)
    for output in (*outputs, *league.tables()):
        # A final evaluation and a raised alert say more than what comes after them.
        name = _NAMES[type(output)]
        says_most = (getattr(output, "status", "final"), getattr(output, "state", "raised")) == ("final", "raised")
        if name not in said or says_most:
            said[name] = output
    found = {name: [_payload(event)] for name, event in said.items()}
    found["matchFeatures"] = [{"name": name, **_payload(heard[name])} for name in ("withOdds", "withoutNumbers")]
    found["matchResult"] = [
        {"name": status, **_payload(heard[status])} for status in ("postponed", "final", "corrected")
    ]
    found["modelCommand"] = [_payload(heard["command"])]
    found["loggedFeatures"] = [_logged(heard["withOdds"], FEATURES)]
    found["loggedResult"] = [_logged(heard["final"], RESULTS)]
    found["loggedCommand"] = [_logged(heard["command"], MODEL_COMMANDS)]
    found["loggedRefusal"] = [_logged(_turned_away(heard["command"]), MODEL_COMMANDS)]
    found["loggedConfiguration"] = [_logged(configure, None)]
    place = len(outputs)
    found["snapshot"] = [{"payload": asdict(inspect(freeze(league, SnapshotInfo(BUNDESLIGA, place), _KEY), _KEY))}]
    found["checkpoint"] = [{"payload": orjson.loads(Checkpoint(place + 1, {BUNDESLIGA: place}).to_json())}]
    found["deadLetter"], found["deadLetterDecision"] = _refused(heard["final"])
    return found


def _inputs() -> Iterator[Features | Result | ModelCommand]:
    for number, event in enumerate(stir(schedule(islice(bundesliga(), MATCHES)), TROUBLE)):
        yield event
        if number == COMMAND_AFTER:
            yield ModelCommand(
                command_id=name_id("example", BUNDESLIGA, number),
                competition=BUNDESLIGA,
                action="freeze",
                issued_at=event_time(event),
                who="anna",
                why="its numbers from upstream are being looked into",
                model=CONFIG.models[1],
            )
    for event in schedule(islice(bundesliga(), MATCHES, MATCHES + 1)):
        if isinstance(event, Features):
            yield replace(event, features=ODDS)
        else:
            called_off = event.kickoff - timedelta(minutes=30)
            yield replace(event, status="postponed", finished_at=called_off, home_goals=None, away_goals=None)


def _turned_away(command: Event) -> Refusal:
    """What the log has instead of a command whose artefact nobody has signed."""
    if isinstance(command, ModelCommand):
        refusal = refusal_of(replace(command, action="handover", version=2, artefact="AAAA"), _KEY)
        if refusal is not None:
            return refusal
    raise Fatal("an artefact that nobody has signed was taken")


def _refused(event: Event) -> tuple[list[Example], list[Example]]:
    """The dead letter that a result of the run would be with a wrong score, and the decision of who mends it."""
    fields = orjson.loads(encode(event)) | {"home_goals": -1}
    value = orjson.dumps(fields)
    try:
        parse(RESULTS, BUNDESLIGA.encode(), value, max_bytes=INPUT_MAX_BYTES)
    except InvalidInput as error:
        reason = str(error)
    else:
        raise Fatal("a result with a negative score was taken")
    letter = name_id("dead-letter", RESULTS, 0, MATCHES)
    headers = {"id": letter, "topic": RESULTS, "partition": "0", "offset": str(MATCHES), "error": reason}
    at = datetime.fromisoformat(fields["finished_at"])
    mended = decide(letter, "replayed", "example", by="anna", why="the feed sent a wrong score", at=at, edited=True)
    return [{"headers": headers, "payload": value.decode()}], [{"payload": orjson.loads(mended.to_bytes())}]


def _payload(event: Event) -> Example:
    return {"payload": orjson.loads(encode(event))}


def _logged(event: Event, topic: str | None) -> Example:
    kind: Kind = "configure" if topic is None else KIND_OF_TOPIC[topic]
    if isinstance(event, Refusal):
        kind = "refusal"
    entry = Entry(kind, BUNDESLIGA, topic or NO_SOURCE, -1 if topic is None else MATCHES, encode(event))
    headers = {name: value.decode() for name, value in entry.headers()}
    return {"headers": headers, **_payload(event)}
