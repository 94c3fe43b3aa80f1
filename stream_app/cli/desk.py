"""What the commands that work without a service have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_app.evaluation_log.row import LogRow
    from stream_app.events import Forecast, Outcome
    from stream_app.settings import Settings
    from stream_app.workbench.leagues import SavedLeagues
    from stream_app.workbench.shelf import Shelf, Shelved

MODELS_FOLDER = "models"
LEAGUES_FOLDER = "leagues"
"""Folders of trained models and of saved leagues in the data folder."""

AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as one JSON object.")]
ModelId = Annotated[
    str | None,
    typer.Option(
        "--model-id", help="Model to ask; default: kalman_softmax_v1. `stream-app info` lists them.", show_default=False
    ),
]
Version = Annotated[int | None, typer.Option(help="Version of the model; default: the newest.", show_default=False)]
NoLog = Annotated[bool, typer.Option("--no-log", help="Keep nothing of it in the evaluation log.")]

WORDS: Mapping[Outcome, str] = {"H": "home win", "D": "draw", "A": "away win"}


def shelf_of(settings: Settings) -> Shelf:
    """The trained models of this machine."""
    from stream_app.workbench.shelf import Shelf

    return Shelf(settings.data_dir / MODELS_FOLDER, settings.snapshot_key.get_secret_value().encode())


def leagues_of(settings: Settings) -> SavedLeagues:
    """The leagues that back-tests have saved on this machine."""
    from stream_app.workbench.leagues import SavedLeagues

    return SavedLeagues(settings.data_dir / LEAGUES_FOLDER, settings.snapshot_key.get_secret_value().encode())


def keep(rows: Sequence[LogRow], settings: Settings) -> str:
    """Keep events in the evaluation log, and say where. Raises InvalidInput when its folder cannot be written."""
    import asyncio

    from stream_app.connections import database_url
    from stream_app.errors import Fatal, InvalidInput
    from stream_app.evaluation_log.csv_files import active
    from stream_app.evaluation_log.logger import AsyncEvaluationLogger
    from stream_app.evaluation_log.sides import Sides

    url = database_url(settings)

    async def write() -> None:
        async with AsyncEvaluationLogger(Sides(settings.data_dir, url, None), settings.expire_after_days) as log:
            await log.keep_all(rows)

    try:
        asyncio.run(write())
    except Fatal as error:
        raise InvalidInput(f"{error}; wanted a folder that can be written (STREAM_APP_DATA_DIR), or --no-log") from None
    return f"{active(settings.data_dir)}{' and the database' if url else ''}"


def probabilities(said: Forecast) -> dict[Outcome, float]:
    """The probabilities of a forecast by outcome."""
    given = said.probabilities
    return {"H": given.H, "D": given.D, "A": given.A}


def print_json(value: Any) -> None:
    """Print `value` as JSON for people and programs alike."""
    import orjson

    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


@contextmanager
def progress(title: str, total: int | None) -> Iterator[Callable[[], None]]:
    """Shows on a terminal how far `total` steps of work are, if that is known; the function counts one."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    with Progress(
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as shown:
        task = shown.add_task(title, total=total)
        yield lambda: shown.advance(task)


def plain(entry: Shelved) -> dict[str, Any]:
    """What the list of models says of a version, as JSON can say it."""
    from dataclasses import asdict

    return asdict(entry) | {"features": list(entry.features), "folds": list(entry.folds), "built_in": entry.built_in}
