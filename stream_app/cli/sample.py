"""`stream-app sample`: past matches as a table of five numbers and the outcome."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ROWS = 30


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("sample")(sample)


def sample(
    rows: Annotated[int, typer.Option(min=0, help="Matches, evenly spread over 46 seasons; 0 for all 12,825.")] = ROWS,
    out: Annotated[Path | None, typer.Option(help="File to write; default: standard output.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON Lines instead of CSV.")] = False,
) -> None:
    """Write a table to train on: matches of the Bundesliga, five numbers each, and how they ended.

    The numbers are what the results before the match say: form and strength of both teams from 0 to 10 (form: points of
    the last five matches; strength: what Elo expects against an average team), and the home team's share of the last
    five meetings from 0 to 1. The sample that comes with the program was made by this command as it stands.

    Example: stream-app sample --rows 0 --out matches.csv && stream-app train --data matches.csv
    """
    import io

    from stream_app.errors import InvalidInput
    from stream_app.feeds.datasets import bundesliga
    from stream_app.workbench import sample as made

    found = list(made.rows(bundesliga()))
    chosen = made.spread(found, rows) if rows else found
    text = io.StringIO()
    (made.write_json if as_json else made.write)(chosen, text)
    if out is None:
        typer.echo(text.getvalue(), nl=False)
        return
    try:
        out.write_text(text.getvalue(), encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"--out {out}: {error.strerror}; wanted a file that can be written") from None
    typer.echo(f"{len(chosen):,} matches written to {out}", err=True)
