"""`stream-app predict`: what a model says of one match."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.cli.desk import WORDS, AsJson, ModelId, NoLog, Version

if TYPE_CHECKING:
    from stream_app.events import Forecast
    from stream_app.workbench.shelf import Shelved


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    # What looks like an option and is none may be a negative number.
    app.command("predict", context_settings={"ignore_unknown_options": True})(predict)


def predict(
    numbers: Annotated[
        list[str] | None,
        typer.Argument(
            help="The numbers of the match, in the order that the model declares (`stream-app info`).",
            metavar="NUMBER...",
            show_default=False,
        ),
    ] = None,
    feature: Annotated[
        list[str] | None,
        typer.Option(help="A number by its name, NAME=NUMBER; as often as needed.", show_default=False),
    ] = None,
    match_id: Annotated[
        str | None, typer.Option(help="Name of the match; default: made of the time.", show_default=False)
    ] = None,
    model_id: ModelId = None,
    version: Version = None,
    no_log: NoLog = False,
    as_json: AsJson = False,
) -> None:
    """Say how a match will end: probabilities of home win, draw and away win.

    Works with no service running. Models learn from `stream-app train`; a few are there from the start, which know the
    30 matches of the shipped sample and no more.

    The answer is kept in the evaluation log under its own UUID, as every prediction is.

    Example: stream-app predict 7.5 6.2 8.0 7.5 0.5 --match-id match_001 --model-id random_forest_v1
    """
    from datetime import UTC, datetime

    from stream_app.cli import desk
    from stream_app.errors import InvalidInput
    from stream_app.evaluation_log.own_events import prediction_row
    from stream_app.settings import settings
    from stream_app.workbench import answers
    from stream_app.workbench.shelf import DEFAULT_MODEL

    configured, now = settings(), datetime.now(UTC)
    for text in numbers or ():
        if text.startswith("--"):
            raise InvalidInput(f"{text}: no such option; `stream-app predict --help` lists them")
    if numbers and feature:
        raise InvalidInput("numbers both by place and by --feature: wanted one of the two")
    ready = desk.shelf_of(configured).get(model_id or DEFAULT_MODEL, version)
    entry = ready.entry
    values = answers.by_name(feature, entry.features) if feature else answers.in_order(numbers or [], entry.features)
    said = answers.ask(ready, values, configured.league_config(""))
    match_id = match_id or f"manual:{now:%Y%m%dT%H%M%S.%fZ}"
    event_id = kept_in = None
    if not no_log:
        row = prediction_row(
            entry.model,
            match_id,
            desk.probabilities(said),
            said.confidence,
            competition=None,
            model_version=entry.version,
            metadata={"features": values, "status": said.status},
            now=now,
        )
        event_id, kept_in = row.event_id, desk.keep([row], configured)
    if as_json:
        desk.print_json({"match_id": match_id, "event_id": event_id, **_plain(said), "features": values})
    else:
        _print(match_id, said, entry)
        if kept_in:
            typer.echo(f"  event {event_id}, kept in {kept_in}")


def _plain(said: Forecast) -> dict[str, object]:
    from stream_app.cli import desk

    return {
        "model": said.model,
        "version": said.version,
        "probabilities": desk.probabilities(said),
        "outcome": said.outcome,
        "confidence": said.confidence,
        "status": said.status,
        "conflict": said.conflict,
    }


def _print(match_id: str, said: Forecast, entry: Shelved) -> None:
    learned = f"{entry.rows:,} rows of {entry.source}"
    named = f"{entry.model}, there from the start" if entry.built_in else f"{entry.model} version {entry.version}"
    typer.echo(f"{match_id}: {WORDS[said.outcome]}, {said.confidence:.1%} ({said.status})")
    shares = (f"{word} {said.probabilities.of(outcome):.1%}" for outcome, word in WORDS.items())
    typer.echo(f"  {', '.join(shares)}")
    for voice in said.members:
        given = voice.probabilities
        typer.echo(f"  {voice.member} ({voice.weight:.0%}): {given.H:.1%}, {given.D:.1%}, {given.A:.1%}")
    typer.echo(f"  {named}, has learned {learned}")
