"""`stream-app db`: the tables of the evaluation log in PostgreSQL."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Answer as one line of JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    commands = typer.Typer(
        name="db", help="The tables of the evaluation log in PostgreSQL or Supabase.", no_args_is_help=True
    )
    commands.command("migrate")(migrate)
    commands.command("status")(status)
    app.add_typer(commands)


def migrate(as_json: Json = False) -> None:
    """Make the tables, or bring them up to date.

    The address is STREAM_APP_DATABASE_URL, or that of the local stack. What was applied once is never applied again,
    and two processes never do it at the same time; the sink does the same at its start.
    """
    import asyncio
    import json

    from stream_app.evaluation_log.database import bring_up_to_date

    names = [migration.name for migration in asyncio.run(bring_up_to_date(_url()))]
    if as_json:
        typer.echo(json.dumps({"applied": names}))
    else:
        typer.echo("\n".join(f"applied {name}" for name in names) or "The database is up to date.")


def status(as_json: Json = False) -> None:
    """Tell which migrations the database has and which it lacks; ends with 1 when it lacks any."""
    import asyncio
    import json

    from stream_app.evaluation_log.database import missing_migrations

    names = [migration.name for migration in asyncio.run(missing_migrations(_url()))]
    if as_json:
        typer.echo(json.dumps({"lacking": names}))
    else:
        typer.echo("\n".join(f"lacking {name}" for name in names) or "The database is up to date.")
    if names:
        raise typer.Exit(1)


def _url() -> str:
    from stream_app.connections import database_url
    from stream_app.errors import InvalidInput
    from stream_app.settings import settings

    url = database_url(settings())
    if url is None:
        raise InvalidInput(
            "no database: set STREAM_APP_DATABASE_URL=postgresql://user:password@host:port/name, "
            "or start the local stack with `stream-app dev up`"
        )
    return url
