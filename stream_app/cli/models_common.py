"""What the commands of `stream-app models` have in common: their options, the service, and how answers are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from datetime import datetime

    from stream_app.brokers import Brokers
    from stream_app.events import Action, ModelCommand
    from stream_app.registrar.asking import Told
    from stream_app.settings import Settings

EXIT_REFUSED = 1
PATIENCE_S = 30.0

Competition = Annotated[str, typer.Option("--competition", "-c", help="The competition, by its name in the messages.")]
Model = Annotated[str, typer.Option("--model", "-m", help="The model, by its name.")]
OptionalModel = Annotated[str | None, typer.Option("--model", "-m", help="The model, by its name.")]
Version = Annotated[int | None, typer.Option(help="Its version; the one at work when absent.")]
Proposal = Annotated[str | None, typer.Option("--proposal", help="The proposal's id; else the open one of --model.")]
Why = Annotated[str, typer.Option(help="The reason, for those who ask later.")]
Who = Annotated[str | None, typer.Option(help="Who asks; the name of the user of this machine when absent.")]
Patience = Annotated[float, typer.Option("--timeout", help="Seconds to wait for the answer of a worker.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def service() -> tuple[Brokers, Settings]:
    """The brokers of the service, and its settings."""
    from stream_app.connections import bootstrap_servers
    from stream_app.settings import settings

    chosen = settings()
    return bootstrap_servers(chosen), chosen


def command_for(action: Action, competition: str, why: str, who: str | None, **more: Any) -> ModelCommand:
    """A command that is issued now."""
    import getpass
    import uuid
    from datetime import UTC, datetime

    from stream_app.events import ModelCommand

    return ModelCommand(
        command_id=str(uuid.uuid4()),
        competition=competition,
        action=action,
        issued_at=datetime.now(UTC),
        who=who or getpass.getuser(),
        why=why,
        **more,
    )


def ask_for(command: ModelCommand, patience_s: float, as_json: bool) -> None:
    """Send a command for a competition that there is, and tell what became of it."""
    import asyncio

    from stream_app.registrar.asking import ask, send
    from stream_app.registrar.reading import registry_of

    bootstrap, settings = service()

    async def run() -> Told | None:
        await registry_of(bootstrap, command.competition)
        return await ask(bootstrap, settings.partitions, command, patience_s, lambda it: send(bootstrap, it))

    print_answer(asyncio.run(run()), as_json)


def print_answer(told: Told | None, as_json: bool) -> None:
    """Show what has become of a command; a refusal ends the program with 1, and no answer with a Retryable."""
    from stream_app.errors import Retryable

    if told is None:
        raise Retryable(
            "no worker has answered in time. The command is on record, and counts when a worker comes to it:"
            " `stream-app models history` will tell"
        )
    if as_json:
        print_json(told)
    elif told["kind"] == "refused":
        typer.echo(f"Refused: {told['reason']}")
    else:
        about = "the line-up" if told["model"] is None else f"{told['model']} {told['version']}"
        part = "" if told["alias"] is None else f" as {told['alias']}"
        reason = "" if told["reason"] is None else f" ({told['reason']})"
        typer.echo(f"{str(told['kind']).replace('_', ' ').capitalize()}: {about}{part}{reason}")
    if told["kind"] == "refused":
        raise typer.Exit(EXIT_REFUSED)


def moment_of(text: str) -> datetime:
    """The moment that `text` tells, UTC when it names no zone. Raises InvalidInput."""
    from datetime import UTC, datetime

    from stream_app.errors import InvalidInput

    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"time {text!r}: {error}; wanted one such as 2024-03-02T15:00:00Z") from None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def written(moment: datetime) -> str:
    """A moment for people."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def print_json(value: object) -> None:
    """Print `value` as JSON."""
    import orjson

    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
