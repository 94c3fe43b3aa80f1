"""`stream-app dev`: Kafka and PostgreSQL on one's own machine."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from stream_app.dev.stack import Stack

EXIT_DOWN = 3
WATCH_S = 0.5
DETACH_TIMEOUT_S = 120.0

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    group = typer.Typer(
        no_args_is_help=True,
        help="""A real Kafka broker and a real PostgreSQL server on this machine, for work by hand.

        They listen on the loopback interface at ports of their own, keep their data in the data folder
        (STREAM_APP_DATA_DIR), and end with the process that started them. The other commands find them by themselves.
        A Kafka or a PostgreSQL that you name in STREAM_APP_KAFKA or STREAM_APP_DATABASE_URL is used instead.""",
    )
    group.command("up")(up)
    group.command("down")(down)
    group.command("status")(status)
    group.command("fetch")(fetch)
    group.command("lock", hidden=True)(lock)
    app.add_typer(group, name="dev")


def up(
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Return when they are up, and leave them running.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Start Kafka and PostgreSQL and keep them until Ctrl-C (or, with --detach, until `stream-app dev down`)."""
    if detach:
        _up_in_background(as_json)
        return
    from stream_app.dev.signals import stopped_by_signals

    stack = _stack()
    with stopped_by_signals():
        try:
            with stack.up() as running:
                _print_addresses(stack, as_json)
                if not as_json:
                    print("Ctrl-C stops both.", flush=True)
                while True:
                    for child in running.children:
                        child.require_running()
                    time.sleep(WATCH_S)
        except KeyboardInterrupt:
            return


def down(
    delete: Annotated[bool, typer.Option("--delete", help="Delete all of their data, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Stop Kafka and PostgreSQL, whoever started them. Their data stays."""
    stack = _stack()
    stopped = stack.down()
    if delete:
        stack.delete()
    if as_json:
        print(json.dumps({"folder": str(stack.folder), "stopped": stopped, "deleted": delete}))
    else:
        print(
            f"{'Stopped' if stopped else 'Nothing was running'} in {stack.folder}{', data deleted' if delete else ''}."
        )


def status(as_json: AsJson = False) -> None:
    """Say whether Kafka and PostgreSQL are up, and where. The exit code is 0 when they are up, 3 when they are not."""
    stack = _stack()
    if stack.addresses() is None:
        print(json.dumps({"folder": str(stack.folder), "up": False}) if as_json else f"Down (in {stack.folder}).")
        raise typer.Exit(EXIT_DOWN)
    _print_addresses(stack, as_json)


def fetch(as_json: AsJson = False) -> None:
    """Fetch and verify Kafka's jars and the chart script, and make Kafka start fast. Does only what is missing."""
    from stream_app.dev import jars, kafka

    folder = jars.cache_folder()
    if not as_json:
        print(f"Kafka's jars and the chart script: fetched once into {folder}, verified by SHA-256", flush=True)
    jars.ensure("kafka")
    jars.unpack_web()
    kafka.train()
    if as_json:
        print(json.dumps({"folder": str(folder), "verified": len(jars.read_lock())}))


def lock(as_json: AsJson = False) -> None:
    """Resolve Kafka's jars and the chart script anew and rewrite their lock."""
    from stream_app.dev import jars

    jars.LOCK_FILE.write_text(jars.lock(), encoding="utf-8")
    if as_json:
        print(json.dumps({"file": str(jars.LOCK_FILE), "locked": len(jars.read_lock())}))


def _stack() -> Stack:
    from stream_app.dev.stack import Stack
    from stream_app.settings import settings

    return Stack.of(settings())


def _print_addresses(stack: Stack, as_json: bool) -> None:
    addresses = stack.addresses()
    if addresses is None:
        return
    if as_json:
        facts = {"folder": str(stack.folder), "up": True, "owner": stack.owner(), **addresses}
        print(json.dumps(facts), flush=True)
    else:
        print(f"Kafka       {addresses['kafka']}\nPostgreSQL  {addresses['database_url']}", flush=True)


def _up_in_background(as_json: bool) -> None:
    import subprocess

    from stream_app.errors import Retryable

    stack = _stack()
    log = stack.folder / "stack.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "stream_app", "dev", "up"]
    with log.open("wb") as output:
        # A session of its own: closing this terminal does not stop it.
        process = subprocess.Popen(  # noqa: S603 - this very program
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    deadline = time.monotonic() + DETACH_TIMEOUT_S
    while stack.owner() != process.pid or stack.addresses() is None:
        if process.poll() is not None:
            raise Retryable(log.read_text(encoding="utf-8").strip().removeprefix("stream-app: "))
        if time.monotonic() > deadline:
            process.terminate()
            raise Retryable(f"the stack did not come up within {DETACH_TIMEOUT_S:.0f} s; see {log}")
        time.sleep(WATCH_S / 10)
    _print_addresses(stack, as_json)
