"""Kafka and PostgreSQL together under one data folder: up, down, and who runs them."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from stream_app.connections import STATE_FILE, StackAddresses
from stream_app.dev.kafka import Kafka
from stream_app.dev.postgres import Postgres
from stream_app.dev.process import Child, is_alive
from stream_app.errors import InvalidInput, Retryable
from stream_app.settings import Settings

LOCK_FILE = "stack.lock"
# An owner that was killed this very moment still counts as a process.
OWNER_GRACE_S = 1.0
# Servers whose owner was killed need a moment to be gone.
ORPHANS_GRACE_S = 15.0
# The broker, the database and the rest of an orderly end.
DOWN_GRACE_S = 40.0
POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Running:
    """A stack that is up.

    `children` are the servers that run for it here: none for a Kafka or a PostgreSQL of the user's own.
    """

    folder: Path
    bootstrap: str
    database_url: str
    children: tuple[Child, ...]


class Stack:
    """Kafka and PostgreSQL with their data under `folder`; those that the user has already are used instead.

    One process owns a stack. The lock on the folder is inherited by the servers, so it is free again exactly when its
    owner and both of them are gone, however they ended.
    """

    def __init__(self, folder: Path, *, kafka: str | None = None, database_url: str | None = None) -> None:
        self.folder = folder.resolve()
        self._kafka = kafka
        self._database_url = database_url

    @classmethod
    def of(cls, settings: Settings) -> Stack:
        """The stack that the settings describe."""
        url = settings.database_url
        return cls(settings.data_dir, kafka=settings.kafka, database_url=url.get_secret_value() if url else None)

    @contextmanager
    def up(self) -> Iterator[Running]:
        """Start what is missing, leave its addresses for others to find, and stop it at the end.

        Raises
        ------
        InvalidInput
            The stack is up already, owned by another process.
        Retryable
            A server did not come up; the text has the end of its log.
        """
        with ExitStack() as stack:
            lock = stack.enter_context(self._locked())
            (self.folder / STATE_FILE).unlink(missing_ok=True)
            children: list[Child | None] = []
            bootstrap, url = self._kafka, self._database_url
            if not url:
                server = Postgres(self.folder / "postgres")
                server.start(keep_open=[lock])
                stack.callback(server.stop)
                url = server.url
                children.append(server.child)
            if not bootstrap:
                broker = Kafka(self.folder / "kafka")
                broker.start(keep_open=[lock])
                stack.callback(broker.stop)
                bootstrap = broker.bootstrap
                children.append(broker.child)
            running = Running(self.folder, bootstrap, url, tuple(child for child in children if child))
            self._publish(running)
            stack.callback((self.folder / STATE_FILE).unlink, missing_ok=True)
            yield running

    def owner(self) -> int | None:
        """Process id of the stack's owner, None when the stack is down."""
        if not (self.folder / LOCK_FILE).exists():
            return None
        with (self.folder / LOCK_FILE).open() as file:
            if _try_lock(file.fileno(), fcntl.LOCK_SH):
                return None
            return int(file.read() or 0) or None

    def addresses(self) -> StackAddresses | None:
        """Where the servers are, None while the stack is not (yet) up."""
        file = self.folder / STATE_FILE
        if self.owner() is None or not file.exists():
            return None
        state: StackAddresses = json.loads(file.read_text(encoding="utf-8"))
        return state

    def down(self) -> bool:
        """Have the owner stop the stack and wait until all of it is gone; False if it was down already.

        An owner that does not stop is killed, and its servers die with it.
        """
        owner = self.owner()
        if owner is None:
            return False
        _signal(owner, signal.SIGTERM)
        if not self._gone_within(DOWN_GRACE_S):
            _signal(owner, signal.SIGKILL)
            if not self._gone_within(ORPHANS_GRACE_S):
                raise Retryable(f"process {owner} holds {self.folder / LOCK_FILE} and does not end, even when killed")
        return True

    def delete(self) -> None:
        """Delete all data of the stack, which has to be down. Raises InvalidInput if it is up."""
        if not self.folder.exists():
            return
        with self._locked():
            Postgres(self.folder / "postgres").destroy()
            shutil.rmtree(self.folder / "kafka", ignore_errors=True)
            (self.folder / STATE_FILE).unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / LOCK_FILE).open("a+") as file:
            start = time.monotonic()
            while not _try_lock(file.fileno(), fcntl.LOCK_EX):
                file.seek(0)
                owner = int(file.read() or 0)
                waited = time.monotonic() - start
                if owner and is_alive(owner) and waited > OWNER_GRACE_S:
                    raise InvalidInput(
                        f"the stack in {self.folder} is up already, run by process {owner}: "
                        "stop that one first (stream-app dev down), or take another folder (STREAM_APP_DATA_DIR)"
                    )
                if waited > ORPHANS_GRACE_S:
                    raise Retryable(
                        f"the servers in {self.folder} outlive their owner, process {owner}: end them by hand"
                    )
                time.sleep(POLL_S)
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield file.fileno()

    def _publish(self, running: Running) -> None:
        state: StackAddresses = {"kafka": running.bootstrap, "database_url": running.database_url}
        partial = self.folder / f"{STATE_FILE}.part"
        # The address of the database holds its password.
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(state), encoding="utf-8")
        partial.replace(self.folder / STATE_FILE)

    def _gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.owner() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_S)
        return True


def _try_lock(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        # It has ended since; its servers are on their way.
        return
