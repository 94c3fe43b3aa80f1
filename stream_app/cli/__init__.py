"""The command line. Each module of this package is one group of commands and registers itself with `register(app)`.

The modules import little at the top (heavy libraries are imported inside the commands that need them), so that
`--help` answers at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Annotated

import typer

PANELS: Mapping[str, tuple[str, ...]] = {
    "See it all at once": ("demo",),
    "Ask, with nothing running": ("predict", "batch", "train", "info", "sample", "backtest"),
    "The parts of the service": ("worker", "sink", "web", "gateway", "feed", "notify", "supervise"),
    "Look after it": ("models", "evidence", "dead_letters", "verify", "reconcile", "topics", "db", "dev"),
}
"""Modules of this package under the headings, and in the order, in which `--help` lists their commands."""

EXIT_CODES = (
    "Exit codes: 0 done; 1 done, and something is wrong with what was looked at; 2 a mistake in the call, in a file or"
    " in a setting; 3 something outside does not answer; 130 interrupted."
)


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(version("stream-app"))
        raise typer.Exit


def build() -> typer.Typer:
    """The whole command line as one typer application."""
    app = typer.Typer(
        name="stream-app",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        callback=_program,
        epilog=EXIT_CODES,
    )
    for panel, names in PANELS.items():
        commands, groups = len(app.registered_commands), len(app.registered_groups)
        for name in names:
            import_module(f"stream_app.cli.{name}").register(app)
        for command in app.registered_commands[commands:]:
            command.rich_help_panel = panel
        for group in app.registered_groups[groups:]:
            group.rich_help_panel = panel
    return app


def _program(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_say_version, help="Say the version and end.")
    ] = False,
) -> None:
    """Football predictions on Kafka: sealed before kickoff, learned from every result."""
