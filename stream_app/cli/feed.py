"""`stream-app feed`: matches of the past, sent as they happened."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from stream_app.events import Features, Result
    from stream_app.feeds.json_lines import RefusedLine

Speed = Annotated[
    str,
    typer.Option(help="`max`, as fast as the brokers take it, or a number of matches a second (two messages a match)."),
]
Json = Annotated[bool, typer.Option("--json", help="Print what was sent in JSON on one line.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(
        no_args_is_help=True,
        help="Send matches of the past as they happened: features before kickoff, results after the end. Sending them"
        " again is harmless: the worker takes a message that it knows for the same message.",
    )
    group.command("bundesliga")(bundesliga)
    group.command("jsonl")(jsonl)
    app.add_typer(group, name="feed")


def bundesliga(speed: Speed = "max", as_json: Json = False) -> None:
    """Replay the 14,018 matches of the first German division from 1963 to 2009.

    Features are sent as known an hour before kickoff, results as of 105 minutes after it. The matches come with an
    optional package: pip install 'stream-app[local]'.
    """
    from stream_app.feeds.datasets import bundesliga as matches
    from stream_app.feeds.replay import pace
    from stream_app.feeds.schedule import schedule

    matches_a_second = pace(speed)
    played = matches()
    _send(schedule(played), matches=len(played), matches_a_second=matches_a_second, as_json=as_json)


def jsonl(
    files: Annotated[list[Path], typer.Argument(help="Files of JSON Lines.", metavar="FILE...", show_default=False)],
    speed: Speed = "max",
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
        refused += 1
        typer.echo(str(line), err=True)

    with json_lines.events(files, max_bytes=settings().max_message_bytes, refuse=refuse) as events:
        _send(events, matches=None, matches_a_second=matches_a_second, as_json=as_json)
    if refused:
        typer.echo(f"stream-app: {refused} lines were left out", err=True)
        raise typer.Exit(1)


def _send(
    events: Iterable[Features | Result], *, matches: int | None, matches_a_second: float | None, as_json: bool
) -> None:
    import asyncio
    import logging

    import orjson

    from stream_app.cli.feed_progress import FeedProgress
    from stream_app.connections import bootstrap_servers
    from stream_app.feeds.publisher import Publisher
    from stream_app.feeds.replay import replay
    from stream_app.settings import settings

    # While brokers are away it repeats itself several times a second; the bar stands still, and the end says why.
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    bootstrap = bootstrap_servers(settings())

    async def send(progress: FeedProgress) -> None:
        async with Publisher(bootstrap) as publisher:
            await replay(events, publisher, matches_a_second=matches_a_second, on_sent=progress.sent)

    with FeedProgress(matches) as progress:
        asyncio.run(send(progress))
    total = progress.totals()
    if as_json:
        print(orjson.dumps(total).decode())
    else:
        print(
            f"sent {total.features:,} match features and {total.results:,} results in {total.seconds:.1f} s"
            f" ({total.messages_a_second:,.0f} messages/s)"
        )
