"""`stream-app supervise`: keep one of the service's programs running."""

from __future__ import annotations

from typing import Annotated

import typer

from stream_app.cli.starting import AsJsonLines, started


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    # What comes after the command is the command's own.
    settings = {"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False}
    app.command("supervise", context_settings=settings)(supervise)


def supervise(
    command: Annotated[list[str], typer.Argument(help="What to run, such as `worker`.", metavar="COMMAND...")],
    as_json: AsJsonLines = False,
) -> None:
    """Run `stream-app COMMAND...` and start it again whenever it ends.

    A worker ends itself when anything surprises it, because a restart is safe and going on is not. Where nothing else
    restarts it (containers and systemd do), this does: at once at first, more slowly when it ends again and again. It
    says each time how the program ended. Ends with the program when that was called wrongly (exit code 2).
    An option behind the command is the command's own.
    """
    import logging

    from stream_app.logs import configure
    from stream_app.settings import settings
    from stream_app.supervisor import Supervisor, own_command

    configure(started(settings(), as_json, {"started": "supervise", "command": command}))
    say = logging.getLogger(__name__).warning
    raise typer.Exit(Supervisor(own_command(*command), say=lambda text: say("%s", text)).run())
