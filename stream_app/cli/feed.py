"""`stream-app feed`: matches of the past, or of no world at all, sent as they happened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.cli.feed_work import end, import_files, send, stirred
from stream_app.errors import InvalidInput

if TYPE_CHECKING:
    from stream_app.events import Features, Result
    from stream_app.feeds.aliases import Aliases
    from stream_app.feeds.importing import Imported, Refuse
    from stream_app.feeds.json_lines import RefusedLine

Speed = Annotated[
    str,
    typer.Option(help="`max`, as fast as the brokers take it, or a number of matches a second (two messages a match)."),
]
Json = Annotated[bool, typer.Option("--json", help="Print what was sent in JSON on one line.")]
Paths = Annotated[
    list[Path], typer.Argument(help="CSV files, or folders of them.", metavar="PATH...", show_default=False)
]
Strict = Annotated[
    bool, typer.Option("--strict", help="End at the first bad row, with nothing sent, instead of leaving it out.")
]
AliasFile = Annotated[
    Path | None,
    typer.Option("--aliases", help='TOML file with a table [aliases] of names, such as "Man Utd" = "Man United".'),
]
Out = Annotated[
    Path | None, typer.Option(help="Write the messages into this file, as JSON Lines, instead of sending them.")
]
ChaosText = Annotated[
    str | None,
    typer.Option(
        "--chaos",
        help="Make the trouble of real feeds: `some`, or shares of the messages such as"
        " delays=0.1,duplicates=0.05,disorder=0.1,corrections=0.02,seed=1.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(
        no_args_is_help=True,
        help="Send matches as they happened: features before kickoff, results after the end. Sending them"
        " again is harmless: the worker takes a message that it knows for the same message.",
    )
    group.command("bundesliga")(bundesliga)
    group.command("football-data")(football_data)
    group.command("internationals")(internationals)
    group.command("csv")(mapped_csv)
    group.command("jsonl")(jsonl)
    group.command("virtual")(virtual)
    app.add_typer(group, name="feed")


def bundesliga(speed: Speed = "max", chaos: ChaosText = None, out: Out = None, as_json: Json = False) -> None:
    """Replay the 14,018 matches of the first German division from 1963 to 2009.

    Features are sent as known an hour before kickoff, results as of 105 minutes after it. The matches come with an
    optional package: pip install 'stream-app[local]'.
    """
    from stream_app.feeds.datasets import bundesliga as matches
    from stream_app.feeds.replay import pace
    from stream_app.feeds.schedule import schedule

    matches_a_second = pace(speed)
    played = matches()
    events = stirred(schedule(played), chaos)
    send(events, matches=len(played), matches_a_second=matches_a_second, out=out, as_json=as_json)


def football_data(
    paths: Paths,
    strict: Strict = False,
    aliases: AliasFile = None,
    speed: Speed = "max",
    chaos: ChaosText = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Send files of football-data.co.uk: any divisions and seasons since 1993.

    Odds that were known before a match, and the mean shots of both sides in their last five matches, are its features.
    Rows without goals are matches to come. A row that is no match is reported with file, line, field and reason and
    left out; then the exit code is 1.

    Example: stream-app feed football-data E0.csv seasons/
    """

    def read(refuse: Refuse, names: Aliases) -> list[Imported]:
        from stream_app.feeds import football_data as files

        return files.read(paths, refuse=refuse, aliases=names)

    import_files(read, strict=strict, aliases=aliases, speed=speed, chaos=chaos, out=out, as_json=as_json)


def internationals(
    paths: Paths,
    strict: Strict = False,
    aliases: AliasFile = None,
    speed: Speed = "max",
    chaos: ChaosText = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Send the CSV file of international results: date, home_team, away_team, home_score, ... tournament, neutral.

    Rows without a score are matches to come. A row that is no match is reported with file, line, field and reason and
    left out; then the exit code is 1.

    Example: stream-app feed internationals results.csv
    """

    def read(refuse: Refuse, names: Aliases) -> list[Imported]:
        from stream_app.feeds import internationals as files

        return files.read(paths, refuse=refuse, aliases=names)

    import_files(read, strict=strict, aliases=aliases, speed=speed, chaos=chaos, out=out, as_json=as_json)


def mapped_csv(
    paths: Paths,
    mapping: Annotated[Path, typer.Option(help="TOML file that says which column holds what.", show_default=False)],
    strict: Strict = False,
    aliases: AliasFile = None,
    speed: Speed = "max",
    chaos: ChaosText = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Send matches of any other CSV file, read as a mapping says.

    The smallest mapping: competition = "NAME" and, under [columns], date, home, away, home_goals and away_goals with
    the names of their columns. docs/feeds.md has all of it. A row that is no match is reported with file, line, field
    and reason and left out; then the exit code is 1.

    Example: stream-app feed csv --mapping eliteserien.toml 2024.csv
    """

    def read(refuse: Refuse, names: Aliases) -> list[Imported]:
        from stream_app.feeds import mapped

        return mapped.read(paths, mapped.read_mapping(mapping), refuse=refuse, aliases=names)

    import_files(read, strict=strict, aliases=aliases, speed=speed, chaos=chaos, out=out, as_json=as_json)


def jsonl(
    files: Annotated[list[Path], typer.Argument(help="Files of JSON Lines.", metavar="FILE...", show_default=False)],
    strict: Annotated[bool, typer.Option("--strict", help="End at the first bad line; those before it are sent.")] = (
        False
    ),
    speed: Speed = "max",
    chaos: ChaosText = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Send the messages in FILE..., one on each line, just as schemas/ describes match features and match results.

    Both kinds may be in one file: a line with `as_of` is match features, one with `finished_at` a match result. The
    lines of a file are sent in their order; several files are merged by event time. A line that is no such message is
    reported with file, number and reason and left out; then the exit code is 1.
    """
    from stream_app.feeds import json_lines
    from stream_app.feeds.replay import pace
    from stream_app.settings import settings

    matches_a_second = pace(speed)
    refused = 0

    def refuse(line: RefusedLine) -> None:
        nonlocal refused
        if strict:
            raise InvalidInput(str(line))
        refused += 1
        typer.echo(str(line), err=True)

    with json_lines.events(files, max_bytes=settings().max_message_bytes, refuse=refuse) as events:
        send(stirred(events, chaos), matches=None, matches_a_second=matches_a_second, out=out, as_json=as_json)
    end(refused, "lines")


def virtual(
    leagues: Annotated[int, typer.Option(help="Competitions.")] = 4,
    teams: Annotated[int, typer.Option(help="Teams in each; an even number.")] = 16,
    rounds: Annotated[int, typer.Option(help="Rounds that each plays.")] = 300,
    every: Annotated[float, typer.Option(help="Minutes between two rounds, in the time that the messages tell.")] = 5.0,
    drift: Annotated[
        float, typer.Option(help="Share of a team's strength that changes with each round, 0 to 1.")
    ] = 0.0,
    defect: Annotated[
        str, typer.Option(help="How the generator of goals fails: none, repeats, cycle or bias.")
    ] = "none",
    defect_rate: Annotated[
        float, typer.Option(help="How badly: share of numbers that are repeated or biased; a cycle has 1/rate numbers.")
    ] = 0.1,
    defect_from: Annotated[int, typer.Option(help="Round in which that sets in.")] = 0,
    lateness: Annotated[float, typer.Option(help="Mean minutes by which messages come too late.")] = 0.0,
    odds: Annotated[bool, typer.Option("--odds/--no-odds", help="Whether a bookmaker who knows everything tells.")] = (
        True
    ),
    seed: Annotated[int, typer.Option(help="The same seed gives the same matches.")] = 1,
    live: Annotated[
        bool, typer.Option("--live", help="The first round begins now, and each message is sent when it is time.")
    ] = False,
    speed: Speed = "max",
    chaos: ChaosText = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Send simulated competitions, as virtual football runs: a round every few minutes, many leagues.

    For demos, load and studies: team strengths can drift, the generator of goals can fail from a round on, messages
    can come late.

    Example: stream-app feed virtual --leagues 20 --defect repeats --defect-from 150 --speed 100
    """
    from datetime import UTC, datetime, timedelta
    from typing import cast

    from stream_app.contracts import event_time
    from stream_app.feeds.replay import pace
    from stream_app.feeds.virtual import KNOWN_BEFORE, START, Defect, Knobs, matches

    matches_a_second = pace(speed)
    begin = datetime.now(UTC).replace(microsecond=0)
    knobs = Knobs(
        leagues=leagues,
        teams=teams,
        rounds=rounds,
        every=timedelta(minutes=every),
        drift=drift,
        defect=cast(Defect, defect),
        defect_rate=defect_rate,
        defect_from=defect_from,
        lateness=timedelta(minutes=lateness),
        odds=odds,
        seed=seed,
        start=begin + KNOWN_BEFORE * timedelta(minutes=every) if live else START,
    )

    def due(event: Features | Result) -> float:
        return (event_time(event) - begin).total_seconds()

    send(
        stirred(matches(knobs), chaos),
        matches=knobs.matches,
        matches_a_second=matches_a_second,
        out=out,
        as_json=as_json,
        due=due if live else None,
    )
