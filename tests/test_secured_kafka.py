"""The whole service on a cluster that others use too: TLS, users with passwords, an authorizer, a prefix of our own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from stream_app import topic_admin
from stream_app.acls import entries
from stream_app.brokers import Brokers, NotAllowed
from stream_app.connections import bootstrap_servers
from stream_app.contracts import encode
from stream_app.dev.process import wait_for
from stream_app.errors import Retryable
from stream_app.feeds.publisher import Publisher
from stream_app.feeds.schedule import schedule
from stream_app.gateway.outbox import Message, Outbox
from stream_app.letters.office import Office
from stream_app.log_tools import verify
from stream_app.registrar.reading import registries
from stream_app.settings import load
from stream_app.topic_reader import read_to_end
from stream_app.topics import EVALUATIONS, FEATURES, LOG, RESULTS, TOPICS, Topic
from stream_app.web.groups import Groups
from tests.support import programs
from tests.support.matches import played
from tests.support.secured import SecuredKafka
from tests.support.service import send
from tests.support.waiting import until

pytestmark = pytest.mark.slow(3)

PREFIX = "football."
GROUP = f"{PREFIX}stream-app"
PARTS_OF = {
    "feed": ("feed", "gateway"),
    "worker": ("worker",),
    "reader": ("sink", "web", "notify"),
    "operator": ("operator",),
    "stranger": (),
}
PASSWORDS = {name: f"the-password-of-{name}" for name in PARTS_OF}
MATCHES = played("alpha", 12)


@pytest.fixture(scope="module")
def secured(real_parts: Path) -> Iterator[SecuredKafka]:
    """The broker, on which each user may do what the parts that it runs need."""
    broker = SecuredKafka(real_parts / "secured", PASSWORDS)
    broker.start()
    try:
        needs = [entries(parts, f"User:{name}", prefix=PREFIX, group=GROUP) for name, parts in PARTS_OF.items()]
        wait_for(broker.allow([entry for of_user in needs for entry in of_user]))
        yield broker
    finally:
        broker.stop()


def settings_of(secured: SecuredKafka, user: str, **more: object) -> dict[str, Any]:
    return secured.access(user, topic_prefix=PREFIX, **more)


def as_user(secured: SecuredKafka, user: str, **more: object) -> Brokers:
    return bootstrap_servers(load(**settings_of(secured, user, **more)))


@pytest.mark.timeout(300)  # A broker and three processes start in it, on a machine that may be busy.
async def test_the_whole_service_runs_for_users_who_may_do_no_more_than_their_parts_need(
    secured: SecuredKafka, tmp_path: Path
) -> None:
    def environment(user: str) -> dict[str, str]:
        return programs.environment(**settings_of(secured, user), partitions=2, worker_id="one", web_port=0)

    # Supervised, for on a busy machine a worker may stand still for too long and end.
    parts = (("worker", "supervise", "worker"), ("reader", "sink"), ("reader", "web"))
    made = programs.run("topics", "create", cwd=tmp_path, env=environment("operator"))
    assert made.returncode == 0, made.stderr
    with ExitStack() as stack:
        children = [
            stack.enter_context(programs.running(*part, cwd=tmp_path, env=environment(user))) for user, *part in parts
        ]
        *early, last = schedule(MATCHES)
        async with Publisher(as_user(secured, "feed")) as feed:
            for event in early:
                await feed.send(event)
        async with Outbox(as_user(secured, "feed")) as outbox:
            key, value = last.competition.encode(), encode(last)
            (receipt,) = await outbox.send([Message("one", "a client", RESULTS, key, value)])
            assert receipt.topic == RESULTS

        async def evaluated() -> bool:
            found = [it async for it in read_to_end(as_user(secured, "reader"), [EVALUATIONS])]
            return len(found) == len(MATCHES)

        await until(evaluated, "every match is evaluated", 120)
        logged = tmp_path / ".dev" / "evaluation_log.csv"
        await until(lambda: logged.exists() and logged.read_text().count("\n") > 2 * len(MATCHES), "all is logged", 60)
        assert _example(secured, "reader")["matches"] == len(MATCHES)
        web = next(child for child in children if child.name == "web")
        await until(lambda: "http://" in web.log.read_text(), "the live view is up", 60)
        address = web.log.read_text().rsplit("http://", 1)[1].split()[0]

        def viewed() -> bool:
            with urllib.request.urlopen(f"http://{address.rstrip('/')}/api/v1/competitions", timeout=10) as answer:
                return "alpha" in answer.read().decode()

        await until(viewed, "the live view shows the competition", 60)
        groups = Groups(as_user(secured, "reader"), GROUP, lambda _: None)
        looking = asyncio.create_task(groups.run())
        await until(
            lambda: {GROUP, f"{GROUP}-sink-csv"} <= {group.name for group in groups.seen}, "groups are seen", 60
        )
        looking.cancel()
        (worker_group,) = (group for group in groups.seen if group.name == GROUP)
        assert LOG in worker_group.members[0].partitions
        operator = as_user(secured, "operator")
        proven = await verify(load(**settings_of(secured, "operator"), partitions=2), operator)
        assert [topic.expected for topic in proven.topics[:2]] == [len(MATCHES), len(MATCHES)]
        assert proven.holds
        assert "alpha" in await registries(operator)
        assert await Office(operator, by="somebody", why="a look").cases() == {}
        assert await topic_admin.differences(as_user(secured, "worker"), partitions=2, replication=1) == []

    async with topic_admin.admin_client(secured.where()) as admin:
        there = {name for name in await admin.list_topics() if not name.startswith("__")}
        members = {name for name, _ in await admin.list_consumer_groups()}
    assert there == {PREFIX + topic.name for topic in TOPICS}
    assert all(name.startswith(PREFIX) for name in members)
    logs = {child.name: child.log.read_text() for child in children}
    assert not [name for name, text in logs.items() for secret in PASSWORDS.values() if secret in text]
    lines = [json.loads(line) for line in logs["supervise"].splitlines()]
    assert "ready: partitions [0, 1] of 2" in [line["message"] for line in lines if line["logger"] == "stream_app.app"]


def _example(secured: SecuredKafka, user: str) -> dict[str, int]:
    """What the example for authors of consumers says of the topics, as `user`."""
    login = ("--user", user, "--ca", str(secured.ca_file), "--prefix", PREFIX, "--group", f"{GROUP}-sink-example")
    done = subprocess.run(
        [sys.executable, str(programs.ROOT / "examples" / "consumer.py"), secured.bootstrap, "--to-end", *login],
        env=os.environ | {"KAFKA_PASSWORD": PASSWORDS[user]},
        capture_output=True,
        check=True,
        text=True,
    )
    summary: dict[str, int] = json.loads(done.stdout)
    return summary


async def test_a_user_is_told_what_the_brokers_do_not_allow(secured: SecuredKafka) -> None:
    stranger, worker = as_user(secured, "stranger"), as_user(secured, "worker")
    await topic_admin.create(as_user(secured, "operator"), partitions=2, replication=1)
    with pytest.raises(NotAllowed, match=r"does not allow it to user 'stranger': .*match-features.*topics acls"):
        await topic_admin.require(stranger, [FEATURES])
    # A worker sees the topics of the feeds and reads them, and may not write them.
    with pytest.raises(NotAllowed, match=r"does not allow it to user 'worker'"):
        await send(worker, [next(iter(schedule(MATCHES)))])


@pytest.mark.parametrize(
    ("user", "more", "reason"),
    [
        ("stranger", {}, "does not allow it to user 'stranger'"),
        ("reader", {}, "does not allow it to user 'reader'"),
        ("worker", {"kafka_password": "wrong"}, "does not let user 'worker' in"),
    ],
    ids=["without any right", "with the rights of a reader", "with a wrong password"],
)
def test_a_worker_ends_with_the_reason_when_the_brokers_do_not_have_it(
    user: str, more: dict[str, object], reason: str, secured: SecuredKafka, tmp_path: Path
) -> None:
    env = programs.environment(**settings_of(secured, user) | more, partitions=2)
    done = programs.run("worker", cwd=tmp_path, env=env)
    assert done.returncode == 2, done.stderr
    assert reason in done.stderr
    assert not [secret for secret in PASSWORDS.values() if secret in done.stderr + done.stdout]


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"])
async def test_a_user_is_known_by_each_mechanism(mechanism: str, secured: SecuredKafka) -> None:
    where = as_user(secured, "worker", kafka_sasl_mechanism=mechanism)
    async with topic_admin.admin_client(where) as admin:
        assert (await admin.describe_cluster())["brokers"]


async def test_a_certificate_says_who_we_are(secured: SecuredKafka) -> None:
    known = bootstrap_servers(load(**secured.by_certificate(secured.certificate("worker")), topic_prefix=PREFIX))
    with pytest.raises(NotAllowed, match="does not allow it to us"):
        await topic_admin.create(known, partitions=2, replication=1, topics=[Topic("of-nobody", "none")])
    await topic_admin.require(bootstrap_servers(load(**secured.by_certificate(secured.owner))), [])
    without = bootstrap_servers(load(**secured.by_certificate(secured.owner) | {"kafka_certificate": None}))
    with pytest.raises((NotAllowed, Retryable)):
        await topic_admin.require(without, [FEATURES])


async def test_brokers_that_no_authority_of_ours_vouches_for_are_not_spoken_to(secured: SecuredKafka) -> None:
    with pytest.raises(
        NotAllowed, match=r"do not trust each other: CERTIFICATE_VERIFY_FAILED; see STREAM_APP_KAFKA_CA"
    ):
        await topic_admin.require(as_user(secured, "worker", kafka_ca=None), [FEATURES])
