"""`stream-app info`: which models there are, and how they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from stream_app.cli.desk import AsJson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from stream_app.workbench.overview import KnownModel, Overview

EXIT_UNHEALTHY = 1


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("info")(info)


def info(as_json: AsJson = False) -> None:
    """Show the models: versions, aliases, figures, the order of their numbers, and the health of what is beside them.

    Three lists: models on this machine, for `predict` and `batch`; models at work in the competitions of the service,
    where Kafka answers (`stream-app models` has more of these); and the services. Exits with 1 when a model cannot be
    used or a service that is named is away.
    """
    from stream_app.cli import desk
    from stream_app.settings import settings
    from stream_app.workbench.overview import overview

    configured = settings()
    found = overview(configured, desk.shelf_of(configured), desk.leagues_of(configured))
    if as_json:
        desk.print_json(_plain(found))
    else:
        _print(found)
    if not found.healthy:
        raise typer.Exit(EXIT_UNHEALTHY)


def _plain(found: Overview) -> dict[str, Any]:
    from dataclasses import asdict

    from stream_app.cli import desk

    models = [{**desk.plain(known.entry), "newest": known.newest, "trouble": known.trouble} for known in found.models]
    return {
        "healthy": found.healthy,
        "default_model": found.default_model,
        "models": models,
        "saved_leagues": list(found.saved_leagues),
        "competitions": list(found.scoreboards),
        "services": [asdict(service) for service in found.services],
    }


def _print(found: Overview) -> None:
    from rich.console import Console

    console = Console()
    console.print(_models(found.models))
    for features, names in _by_features(found.models).items():
        console.print(f"  {', '.join(names)}: NUMBERs are {', '.join(features)}", highlight=False)
    console.print(
        f"  asked when none is named: {found.default_model}; version 0 has learned the shipped sample", highlight=False
    )
    for known in found.models:
        if known.trouble:
            console.print(f"  {known.entry.model} version {known.entry.version}: {known.trouble}", highlight=False)
    if found.saved_leagues:
        console.print(f"  saved by back-tests, for two teams: {', '.join(found.saved_leagues)}", highlight=False)
    for board in found.scoreboards:
        console.print()
        console.print(_board(board))
    console.print()
    for service in found.services:
        console.print(
            f"{service.name}: {service.state}{f' ({service.where})' if service.where else ''}", highlight=False
        )


def _models(models: Sequence[KnownModel]) -> Table:
    table = _table("models on this machine")
    for name in ("version", "algorithm", "rows", "log loss", "base rate", "right"):
        table.add_column(name, justify="left" if name == "algorithm" else "right", no_wrap=True)
    for known in models:
        entry = known.entry
        table.add_row(
            entry.model,
            str(entry.version),
            entry.algorithm,
            f"{entry.rows:,}",
            f"{entry.figures['log_loss']:.4f}",
            f"{entry.base_rate['log_loss']:.4f}",
            f"{entry.figures['accuracy']:.1%}",
        )
    return table


def _by_features(models: Sequence[KnownModel]) -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = {}
    for known in models:
        if known.newest:
            found.setdefault(known.entry.features, []).append(known.entry.model)
    return found


def _board(board: dict[str, Any]) -> Table:
    table = _table(
        f"{board['competition']}: {board['matches']:,} matches, {board['open_predictions']:,} open predictions"
    )
    for name in ("version", "alias", "health", "scored", "log loss", "last", "right"):
        table.add_column(name, justify="left" if name in ("alias", "health") else "right", no_wrap=True)
    for line in board["models"]:
        total, rolling = line["total"], line["rolling"]
        table.add_row(
            line["model"],
            str(line["version"]),
            line["alias"],
            line["health"],
            f"{total['n']:,}",
            f"{total['log_loss']:.4f}",
            f"{rolling['log_loss']:.4f}",
            f"{total['accuracy']:.1%}",
        )
    return table


def _table(title: str) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("model", no_wrap=True)
    return table
