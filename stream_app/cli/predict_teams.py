"""`stream-app predict --home A --away B --competition C`: what the models of a competition say of a match."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from stream_app.league import League
    from stream_app.settings import Settings
    from stream_app.workbench.leagues import Pairing

KAFKA_PATIENCE_S = 5.0
"""How long the workers' snapshots are waited for before the saved league is taken."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked on the command line. `timeout_s` is None unless the running service is to answer."""

    home: str
    away: str
    competition: str
    numbers: tuple[str, ...]
    features: tuple[str, ...]
    kickoff: str | None
    season: str | None
    neutral: bool
    friendly: bool
    new_teams: bool
    match_id: str | None
    model_id: str | None
    timeout_s: float | None
    keep: bool
    as_json: bool


def ask(asked: Asked) -> None:
    """Answer, and show the answer. Raises InvalidInput and Retryable with what is wrong."""
    from stream_app.errors import InvalidInput
    from stream_app.settings import settings
    from stream_app.workbench import answers
    from stream_app.workbench.leagues import Pairing

    if asked.numbers:
        raise InvalidInput(
            f"numbers without names ({' '.join(asked.numbers)}) beside teams: wanted --feature NAME=NUMBER, such as"
            " --feature AvgH=1.8"
        )
    configured = settings()
    pairing = Pairing(
        home=asked.home,
        away=asked.away,
        kickoff=_moment(asked.kickoff),
        season=asked.season,
        neutral=asked.neutral,
        importance="friendly" if asked.friendly else "competitive",
        features=answers.by_name(asked.features),
    )
    if asked.timeout_s is None:
        message, event_id = _offline(asked, pairing, configured)
    else:
        message = _live(asked, pairing, configured, asked.timeout_s)
        event_id = message["prediction_id"]
    line = _line(message, asked.model_id)
    if asked.as_json:
        from stream_app.cli import desk

        desk.print_json({"match_id": message["match_id"], "event_id": event_id, "asked": line, "prediction": message})
    else:
        _print(message, line, event_id)


def _offline(asked: Asked, pairing: Pairing, configured: Settings) -> tuple[dict[str, Any], str | None]:
    from datetime import UTC

    import orjson

    from stream_app.cli import desk
    from stream_app.contracts import encode
    from stream_app.evaluation_log.own_events import prediction_row
    from stream_app.workbench.leagues import ask_league

    league, source = _league(asked.competition, configured)
    typer.echo(f"asking the models of {asked.competition} as they are in {source}", err=True)
    said = ask_league(league, pairing, asked.match_id, new_teams=asked.new_teams)
    message: dict[str, Any] = orjson.loads(encode(said))
    if not asked.keep:
        return message, None
    line = _line(message, asked.model_id)
    row = prediction_row(
        line["model"],
        said.match_id,
        line["probabilities"],
        line["confidence"],
        competition=asked.competition,
        model_version=line["version"],
        metadata={"source": source, "home": said.home, "away": said.away, "kickoff": message["kickoff"]},
        now=datetime.now(UTC),
    )
    desk.keep([row], configured)
    return message, row.event_id


def _league(competition: str, configured: Settings) -> tuple[League, str]:
    """The league of a competition, and where it was found: in Kafka, or saved by a back-test."""
    import asyncio

    from stream_app.cli import desk
    from stream_app.connections import bootstrap_servers
    from stream_app.errors import InvalidInput, Retryable

    files = desk.leagues_of(configured)
    try:
        bootstrap = bootstrap_servers(configured)
    except InvalidInput:
        return files.load(competition), str(files.path(competition))
    from stream_app.workbench.live import newest_league

    async def read() -> League:
        async with asyncio.timeout(KAFKA_PATIENCE_S):
            return await newest_league(bootstrap, competition, configured.snapshot_key.get_secret_value().encode())

    try:
        return asyncio.run(read()), f"Kafka at {bootstrap}"
    except (InvalidInput, Retryable, TimeoutError) as error:
        if not files.path(competition).exists():
            if isinstance(error, TimeoutError):
                raise Retryable(f"Kafka at {bootstrap} gives no snapshots within {KAFKA_PATIENCE_S:g} s") from None
            raise
        why = str(error) or f"no answer within {KAFKA_PATIENCE_S:g} s"
        typer.echo(f"Kafka at {bootstrap} is left aside: {why}", err=True)
    return files.load(competition), str(files.path(competition))


def _live(asked: Asked, pairing: Pairing, configured: Settings, timeout_s: float) -> dict[str, Any]:
    import asyncio
    from datetime import UTC

    from stream_app.connections import bootstrap_servers
    from stream_app.workbench.leagues import live_features
    from stream_app.workbench.live import ask_live

    features = live_features(asked.competition, pairing, asked.match_id, datetime.now(UTC))
    return asyncio.run(ask_live(bootstrap_servers(configured), features, timeout_s))


def _moment(text: str | None) -> datetime | None:
    from datetime import UTC

    from stream_app.errors import InvalidInput

    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidInput(f"--kickoff {text!r}: wanted a time such as 2026-11-28T14:30:00Z")
    return moment.astimezone(UTC)


def _line(message: Mapping[str, Any], model_id: str | None) -> dict[str, Any]:
    """What the model that was asked for says, the champion where none was."""
    from stream_app.errors import InvalidInput

    lines: list[dict[str, Any]] = message["models"]
    for line in lines:
        if model_id in (None, line["model"]):
            return line
    known = ", ".join(line["model"] for line in lines)
    raise InvalidInput(f"--model-id {model_id!r}: not at work in {message['competition']!r}; wanted one of {known}")


def _print(message: Mapping[str, Any], line: Mapping[str, Any], event_id: str | None) -> None:
    from stream_app.cli.desk import WORDS

    typer.echo(f"{message['match_id']}: {message['home']} - {message['away']}, {message['kickoff']}")
    given = line["probabilities"]
    shares = ", ".join(f"{word} {given[outcome]:.1%}" for outcome, word in WORDS.items())
    typer.echo(f"  {line['model']} version {line['version']}, {line['alias']} ({line['status']}): {shares}")
    for reason in line.get("why", ()):
        typer.echo(f"    {reason['shift']:+.1%} {WORDS[reason['outcome']]}: {reason['text']}")
    for other in message["models"]:
        if other["model"] != line["model"]:
            said = other["probabilities"]
            typer.echo(f"  {other['model']}: {said['H']:.1%}, {said['D']:.1%}, {said['A']:.1%}")
    goals = message.get("goals")
    if goals:
        typer.echo(f"  goals to expect: {goals['home_goals']:.2f} - {goals['away_goals']:.2f}")
    if event_id:
        typer.echo(f"  event {event_id}")
