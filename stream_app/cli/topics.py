"""`stream-app topics`: the service's topics on the broker."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from stream_app.topic_admin import Difference

Answer = TypeVar("Answer")
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON on one line.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(
        no_args_is_help=True,
        help="The service's topics on the broker: make them, check them, say who may use them."
        " The broker need not make topics by itself;"
        " one that does would give them settings of its own.",
    )
    group.command("create")(create)
    group.command("check")(check)
    group.command("acls")(acls)
    app.add_typer(group, name="topics")


def create(as_json: Json = False) -> None:
    """Make the topics that are missing, then check all of them.

    Partitions and replicas are those of the settings STREAM_APP_PARTITIONS and STREAM_APP_REPLICATION. The number of
    partitions cannot be changed later without moving competitions between partitions, so choose it once. Topics that
    are there are never changed. Exits with 1 when one of them is not as it should be.
    """
    from stream_app import topic_admin

    created = _on_broker(topic_admin.create)
    if not as_json:
        for name in created:
            print(f"made {name}")
    _report(_on_broker(topic_admin.differences), created=created, as_json=as_json)


def check(as_json: Json = False) -> None:
    """Hold every topic against what it should be: partitions, replicas, cleanup, retention, record size.

    Exits with 0 when everything is right, with 1 when something differs or is missing, with 3 when the broker does not
    answer.
    """
    from stream_app import topic_admin

    _report(_on_broker(topic_admin.differences), created=None, as_json=as_json)


def acls(
    parts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PART...",
            help="feed, gateway, worker, sink, web, desk (a live view with sign-in), notify, watch-evidence, operator;"
            " all of them when absent.",
        ),
    ] = None,
    principal: Annotated[
        str | None,
        typer.Option(help="Who runs these parts, User:NAME; when absent, a user with the name of each part."),
    ] = None,
    as_commands: Annotated[
        bool, typer.Option("--commands", help="Print the commands of Kafka's kafka-acls.sh that make them.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print what the parts of the service must be allowed on brokers with an authorizer, and nothing to spare.

    Nothing is asked or changed. Names are those that the settings STREAM_APP_TOPIC_PREFIX and STREAM_APP_APP_ID give.
    """
    from stream_app import acls as table
    from stream_app.settings import settings

    chosen = settings()
    wanted = table.entries(parts or list(table.PARTS), principal, prefix=chosen.topic_prefix, group=chosen.group)
    if as_json:
        import orjson

        print(orjson.dumps(wanted).decode())
    elif as_commands:
        for command in table.commands(wanted, chosen.kafka or "HOST:PORT"):
            print(command)
    else:
        for entry in wanted:
            begins = "* " if entry.pattern == "prefixed" else "  "
            print(f"{entry.principal:<22} {entry.operation:<16} {entry.resource:<6} {entry.name}{begins}".rstrip())


def _on_broker(operation: Callable[..., Coroutine[Any, Any, Answer]]) -> Answer:
    """Run one operation of `stream_app.topic_admin` with the broker and the numbers of the settings."""
    import asyncio

    from stream_app.connections import bootstrap_servers
    from stream_app.settings import settings

    chosen = settings()
    return asyncio.run(
        operation(bootstrap_servers(chosen), partitions=chosen.partitions, replication=chosen.replication)
    )


def _report(differences: list[Difference], *, created: list[str] | None, as_json: bool) -> None:
    from stream_app.topics import TOPICS

    if as_json:
        import orjson

        answer: dict[str, object] = {} if created is None else {"created": created}
        print(orjson.dumps(answer | {"topics": len(TOPICS), "differences": differences}).decode())
    else:
        for difference in differences:
            print(difference)
        if not differences:
            print(f"all {len(TOPICS)} topics are as they should be")
    if differences:
        raise typer.Exit(1)
