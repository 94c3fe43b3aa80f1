"""The stack on real servers: it comes up, goes down, and leaves nothing behind, however its owner ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import psutil
import pytest

from stream_app.connections import local_stack
from stream_app.dev.stack import Running, Stack
from stream_app.errors import InvalidInput
from tests.support import processes, programs, topics
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow(8), pytest.mark.kafka, pytest.mark.postgres]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "stack"
    Stack(tmp_path / "stack").delete()


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A stack that is up, for tests that leave it as it is."""
    stack = Stack(tmp_path_factory.mktemp("at-work") / "stack")
    with stack.up() as running:
        yield running
    stack.delete()


async def works(running: Running) -> None:
    name = topics.fresh_name()
    await topics.create(running.bootstrap, name)
    await topics.produce(running.bootstrap, [(name, b"k", b"v")])
    assert [record.value for record in await topics.read_all(running.bootstrap, name)] == [b"v"]
    connection = await asyncpg.connect(running.database_url)
    try:
        assert await connection.fetchval("show fsync") == "on"
    finally:
        await connection.close()


def processes_of(folder: Path) -> list[psutil.Process]:
    """Living processes of the stack in `folder`: all of them hold its lock open."""
    return processes.holding(folder / "stack.lock")


async def test_two_stacks_work_side_by_side(folder: Path, tmp_path: Path) -> None:
    other = Stack(tmp_path / "other")
    with ExitStack() as stack:
        stack.callback(other.delete)
        with Stack(folder).up() as first, other.up() as second:
            await works(first)
            await works(second)
            assert len({first.bootstrap, second.bootstrap}) == 2
            assert len({first.database_url, second.database_url}) == 2


async def test_what_was_written_is_there_at_the_same_place_after_a_restart(folder: Path) -> None:
    with Stack(folder).up() as before:
        name = topics.fresh_name()
        await topics.create(before.bootstrap, name)
        await topics.produce(before.bootstrap, [(name, b"k", b"kept")])
        connection = await asyncpg.connect(before.database_url)
        await connection.execute("create table kept as select 42 as answer")
        await connection.close()

    with Stack(folder).up() as after:
        assert (after.bootstrap, after.database_url) == (before.bootstrap, before.database_url)
        assert [record.value for record in await topics.read_all(after.bootstrap, name)] == [b"kept"]
        connection = await asyncpg.connect(after.database_url)
        assert await connection.fetchval("select answer from kept") == 42
        await connection.close()


def test_others_find_the_addresses_while_it_is_up_and_only_the_owner_reads_the_password(folder: Path) -> None:
    stack = Stack(folder)
    assert stack.owner() is None

    with stack.up() as running:
        assert local_stack(folder) == {"kafka": running.bootstrap, "database_url": running.database_url}
        assert stack.owner() == os.getpid()
        assert (folder / "stack.json").stat().st_mode & 0o077 == 0

    assert stack.owner() is None
    assert local_stack(folder) is None


def test_the_database_refuses_a_client_without_the_password(at_work: Running) -> None:
    without = at_work.database_url.replace(at_work.database_url.split("@")[0], "postgresql://stream_app:guess")
    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(asyncpg.connect(without))


def test_a_stack_that_is_up_is_not_started_twice(at_work: Running) -> None:
    answer = programs.run("dev", "up", cwd=at_work.folder, env=programs.environment(data_dir=at_work.folder))

    assert answer.returncode == 2
    assert f"run by process {os.getpid()}" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_stack_that_is_up_is_not_deleted(at_work: Running) -> None:
    with pytest.raises(InvalidInput, match="is up already"):
        Stack(at_work.folder).delete()
    assert all(child.returncode() is None for child in at_work.children)


def test_servers_of_the_users_own_are_used_instead(folder: Path) -> None:
    with Stack(folder, kafka="kafka.example:9092", database_url="postgresql://db.example/x").up() as running:
        assert running.children == ()
        assert local_stack(folder) == {"kafka": "kafka.example:9092", "database_url": "postgresql://db.example/x"}


def test_a_killed_owner_leaves_no_process_and_the_next_start_works(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "stream_app", "dev", "up", "--json"],
        env=programs.environment(data_dir=folder),
        stdout=subprocess.PIPE,
    ) as owner:
        assert owner.stdout
        before = json.loads(owner.stdout.readline())
        assert len(processes_of(folder)) >= 3
        owner.kill()
    wait_until(lambda: not processes_of(folder), "no process of the stack is left")
    with Stack(folder).up() as running:
        assert running.bootstrap == before["kafka"]


def test_a_start_right_after_a_kill_waits_until_the_orphans_are_gone(folder: Path) -> None:
    env = programs.environment(data_dir=folder)
    programs.run("dev", "up", "--detach", cwd=folder.parent, env=env)
    owner = Stack(folder).owner()
    assert owner

    os.kill(owner, signal.SIGKILL)

    with Stack(folder).up() as running:
        assert all(child.returncode() is None for child in running.children)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_an_owner_that_is_asked_to_end_stops_both_servers_and_leaves_a_clean_folder(
    folder: Path, number: signal.Signals
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "stream_app", "dev", "up", "--json"],
        env=programs.environment(data_dir=folder),
        stdout=subprocess.PIPE,
    ) as owner:
        assert owner.stdout
        owner.stdout.readline()
        owner.send_signal(number)
        assert owner.wait(30) == 0

    assert processes_of(folder) == []
    assert local_stack(folder) is None
    assert "database system is shut down" in (folder / "postgres" / "postgres.log").read_text()


def test_up_in_the_background_status_and_down(folder: Path) -> None:
    env = programs.environment(data_dir=folder)

    up = programs.run("dev", "up", "--detach", "--json", cwd=folder.parent, env=env)
    status = programs.run("dev", "status", "--json", cwd=folder.parent, env=env)
    down = programs.run("dev", "down", "--json", cwd=folder.parent, env=env)
    after = programs.run("dev", "status", cwd=folder.parent, env=env)

    assert (up.returncode, status.returncode, down.returncode, after.returncode) == (0, 0, 0, 3)
    assert json.loads(up.stdout) == json.loads(status.stdout)
    assert json.loads(down.stdout) == {"folder": str(folder), "stopped": True, "deleted": False}
    assert processes_of(folder) == []


def test_down_with_delete_leaves_no_data(folder: Path) -> None:
    with Stack(folder).up():
        pass

    answer = programs.run("dev", "down", "--delete", cwd=folder.parent, env=programs.environment(data_dir=folder))

    assert "data deleted" in answer.stdout
    assert not (folder / "kafka").exists()
    assert not (folder / "postgres").exists()


def test_a_broker_whose_port_was_taken_meanwhile_moves_to_another(folder: Path) -> None:
    with Stack(folder).up() as before:
        pass
    port = int(before.bootstrap.rpartition(":")[2])

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with Stack(folder).up() as after:
            assert after.bootstrap != before.bootstrap
