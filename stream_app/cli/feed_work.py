"""What the commands of `stream-app feed` have in common: importing, stirring, sending."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from stream_app.errors import InvalidInput

if TYPE_CHECKING:
    from stream_app.events import Features, Result
    from stream_app.feeds.aliases import Aliases
    from stream_app.feeds.importing import Imported, Refuse

NEAR_SHOWN = 20
"""Pairs of names alike that are shown one by one."""


def import_files(
    read: Callable[[Refuse, Aliases], Sequence[Imported]],
    *,
    strict: bool,
    aliases: Path | None,
    speed: str,
    chaos: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Read files, say what is odd about them, and send their matches.

    Bad rows are told and left out, after which the exit code is 1; with `strict` the first one ends it all, before
    anything is sent.

    Raises
    ------
    InvalidInput
        What was given cannot be used, or holds no match.
    Retryable
        The brokers do not take the messages.
    """
    from stream_app.feeds import aliases as names
    from stream_app.feeds.importing import BadRow, fatal, played
    from stream_app.feeds.replay import pace
    from stream_app.feeds.schedule import schedule

    matches_a_second = pace(speed)
    refused = 0

    def leave_out(row: BadRow) -> None:
        nonlocal refused
        refused += 1
        typer.echo(str(row), err=True)

    found = read(fatal if strict else leave_out, names.read(aliases) if aliases else names.Aliases())
    if not found:
        raise InvalidInput("there is no match in what was given; wanted files with one a line")
    near = names.near_duplicates(found)
    for competition, one, other in near[:NEAR_SHOWN]:
        typer.echo(f"{competition}: {one!r} and {other!r} may be one team; if they are, name it in --aliases", err=True)
    if len(near) > NEAR_SHOWN:
        typer.echo(f"{len(near) - NEAR_SHOWN} more pairs of names are alike", err=True)
    events = stirred(schedule(found), chaos)
    send(events, matches=len(played(found)), matches_a_second=matches_a_second, out=out, as_json=as_json)
    end(refused, "rows")


def stirred(events: Iterable[Features | Result], chaos: str | None) -> Iterable[Features | Result]:
    """`events` with as much trouble as `chaos` says. Raises InvalidInput when it says something else."""
    if chaos is None:
        return events
    from stream_app.feeds.chaos import parse, stir

    return stir(events, parse(chaos))


def end(refused: int, what: str) -> None:
    """Say how much was left out, and end with exit code 1 if anything was."""
    if refused:
        typer.echo(f"stream-app: {refused} {what} were left out", err=True)
        raise typer.Exit(1)


def send(
    events: Iterable[Features | Result],
    *,
    matches: int | None,
    matches_a_second: float | None,
    out: Path | None,
    as_json: bool,
    due: Callable[[Features | Result], float] | None = None,
) -> None:
    """Send `events` with a progress bar, or write them into the file `out`, and say how many.

    Parameters
    ----------
    matches
        How many matches there are, None when nobody knows.
    matches_a_second, due
        When they are sent, as `stream_app.feeds.replay` has it.

    Raises
    ------
    InvalidInput
        There are no brokers to send to, or the file cannot be written.
    Retryable
        The brokers do not take the messages.
    """
    import asyncio

    import orjson

    from stream_app.cli.feed_progress import FeedProgress

    with FeedProgress(matches) as progress:
        if out is None:
            asyncio.run(_to_kafka(events, matches_a_second, due, progress.sent))
        else:
            _to_file(events, out, progress.sent)
    total = progress.totals()
    if as_json:
        print(orjson.dumps(total).decode())
    else:
        print(
            f"{'sent' if out is None else 'wrote'} {total.features:,} match features and {total.results:,} results"
            f" in {total.seconds:.1f} s ({total.messages_a_second:,.0f} messages/s)"
        )


_Sent = Callable[["Features | Result"], None]


async def _to_kafka(
    events: Iterable[Features | Result],
    matches_a_second: float | None,
    due: Callable[[Features | Result], float] | None,
    sent: _Sent,
) -> None:

    from stream_app.connections import bootstrap_servers
    from stream_app.feeds.publisher import Publisher
    from stream_app.feeds.replay import replay
    from stream_app.settings import settings

    async with Publisher(bootstrap_servers(settings())) as publisher:
        await replay(events, publisher, matches_a_second=matches_a_second, due=due, on_sent=sent)


def _to_file(events: Iterable[Features | Result], out: Path, sent: _Sent) -> None:
    from stream_app.contracts import encode

    try:
        with out.open("wb") as file:
            for event in events:
                file.write(encode(event) + b"\n")
                sent(event)
    except OSError as error:
        raise InvalidInput(f"--out {out}: {error.strerror}; wanted a file that can be written") from None
