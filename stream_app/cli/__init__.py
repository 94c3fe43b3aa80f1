"""The command line. Each module of this package is one group of commands and registers itself with `register(app)`.

The modules import little at the top (heavy libraries are imported inside the commands that need them), so that
`--help` answers at once.
"""

from __future__ import annotations

from importlib import import_module

import typer

COMMAND_MODULES: tuple[str, ...] = (
    "demo",
    "worker",
    "supervise",
    "verify",
    "web",
    "topics",
    "feed",
    "gateway",
    "dead_letters",
    "predict",
    "batch",
    "train",
    "info",
    "sample",
    "backtest",
    "dev",
    "sink",
    "notify",
    "models",
    "evidence",
    "db",
    "reconcile",
)
"""Modules of this package in the order in which `--help` lists their commands."""


def build() -> typer.Typer:
    """The whole command line as one typer application."""
    app = typer.Typer(
        name="stream-app",
        help="Football predictions on Kafka: sealed before kickoff, learned from every result.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    for name in COMMAND_MODULES:
        import_module(f"stream_app.cli.{name}").register(app)
    return app
