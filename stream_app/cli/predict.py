"""`stream-app predict`: what a model says of one match."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.cli.desk import WORDS, AsJson, ModelId, NoLog, Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stream_app.events import Forecast
    from stream_app.workbench.shelf import Shelved

TIMEOUT_S = 10.0


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
    home: Annotated[
        str | None, typer.Option(help="Home team, where the models know teams.", show_default=False)
    ] = None,
    away: Annotated[str | None, typer.Option(help="Away team.", show_default=False)] = None,
    competition: Annotated[
        str | None, typer.Option(help="Competition in which the two meet.", show_default=False)
    ] = None,
    kickoff: Annotated[
        str | None,
        typer.Option(
            help="Kickoff in ISO 8601 with Z or an offset; default: just after the competition's last event, or with"
            " --live in an hour.",
            show_default=False,
        ),
    ] = None,
    season: Annotated[str | None, typer.Option(help="Season; default: the current one.", show_default=False)] = None,
    neutral: Annotated[bool, typer.Option("--neutral", help="Played on neutral ground.")] = False,
    friendly: Annotated[bool, typer.Option("--friendly", help="Nothing is at stake.")] = False,
    new_teams: Annotated[
        bool, typer.Option("--new-teams", help="Take teams that have never played there, instead of refusing them.")
    ] = False,
    live: Annotated[
        bool,
        typer.Option(
            "--live",
            help="Send the match to the running service, which will wait for its result, and wait for the answer.",
        ),
    ] = False,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for the service.")] = TIMEOUT_S,
    match_id: Annotated[
        str | None, typer.Option(help="Name of the match; default: made of what is known of it.", show_default=False)
    ] = None,
    model_id: ModelId = None,
    version: Version = None,
    no_log: NoLog = False,
    as_json: AsJson = False,
) -> None:
    """Say how a match will end: probabilities of home win, draw and away win.

    From numbers: models that `stream-app train` has made, with no service running. A few are there from the start,
    which know the 30 matches of the shipped sample and no more.

    From teams: the models of a competition, as its workers have saved them last where a Kafka that has it answers, else
    as `stream-app backtest ... --save` left them in the data folder. Any --feature is what else is known, such as odds.
    With --live the running service itself is asked, in which the match then counts as known now and waits for a result.

    The answer is kept in the evaluation log under its own UUID, as every prediction is; with --live by the service.

    Example: stream-app predict 7.5 6.2 8.0 7.5 0.5 --match-id match_001 --model-id random_forest_v1

    Example: stream-app predict --home "Bayern Muenchen" --away "Werder Bremen" --competition bundesliga
    """
    teams = {"--home": home, "--away": away, "--competition": competition}
    if live or any(teams.values()):
        from stream_app.cli.predict_teams import Asked, ask

        ask(
            Asked(
                home=_needed(teams, "--home"),
                away=_needed(teams, "--away"),
                competition=_needed(teams, "--competition"),
                numbers=tuple(numbers or ()),
                features=tuple(feature or ()),
                kickoff=kickoff,
                season=season,
                neutral=neutral,
                friendly=friendly,
                new_teams=new_teams,
                match_id=match_id,
                model_id=model_id,
                timeout_s=timeout if live else None,
                keep=not no_log,
                as_json=as_json,
            )
        )
    else:
        _ask_numbers(numbers or [], feature or [], match_id, model_id, version, keep=not no_log, as_json=as_json)


def _needed(teams: Mapping[str, str | None], option: str) -> str:
    from stream_app.errors import InvalidInput

    value = teams[option]
    if not value:
        raise InvalidInput(f"no {option}: wanted --home, --away and --competition together")
    return value


def _ask_numbers(
    numbers: list[str],
    feature: list[str],
    match_id: str | None,
    model_id: str | None,
    version: int | None,
    *,
    keep: bool,
    as_json: bool,
) -> None:
    from datetime import UTC, datetime

    from stream_app.cli import desk
    from stream_app.errors import InvalidInput
    from stream_app.evaluation_log.own_events import prediction_row
    from stream_app.settings import settings
    from stream_app.workbench import answers
    from stream_app.workbench.shelf import DEFAULT_MODEL

    configured, now = settings(), datetime.now(UTC)
    for text in numbers:
        if text.startswith("--"):
            raise InvalidInput(f"{text}: no such option; `stream-app predict --help` lists them")
    if numbers and feature:
        raise InvalidInput("numbers both by place and by --feature: wanted one of the two")
    ready = desk.shelf_of(configured).get(DEFAULT_MODEL if model_id is None else model_id, version)
    entry = ready.entry
    values = answers.by_name(feature, entry.features) if feature else answers.in_order(numbers, entry.features)
    said = answers.ask(ready, values, configured.league_config(""))
    match_id = match_id or f"manual:{now:%Y%m%dT%H%M%S.%fZ}"
    event_id = kept_in = None
    if keep:
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
