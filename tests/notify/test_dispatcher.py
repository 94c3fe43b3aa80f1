"""On a real broker, with real receivers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from stream_app.dead_letters import DeadLetters
from stream_app.monitoring import Readiness
from stream_app.notify.channel import Channel
from stream_app.notify.dispatcher import Dispatcher, Patience
from stream_app.notify.rules import Rules, rules_of
from stream_app.notify.webhook import Webhook
from stream_app.topic_admin import admin_client
from stream_app.topics import DEAD_LETTERS, DECAY_ALERTS, MODEL_EVENTS
from tests.notify.made import (
    KEY,
    PASSWORD,
    USER,
    Mailbox,
    Receiver,
    alert,
    ids,
    model_event,
    signature_holds,
    trusted_by,
)
from tests.support import programs, topics
from tests.support.waiting import until

COMPETITION = b"bundesliga"


@pytest.fixture
async def bootstrap(clean_kafka: str) -> str:
    """A broker with the service's topics and nothing in them."""
    await topics.create_all(clean_kafka, partitions=2)
    return clean_kafka


@asynccontextmanager
async def dispatching(
    bootstrap: str,
    group: str,
    channel: Channel,
    rules: Rules | None = None,
    patience: Patience | None = None,
    now: list[datetime] | None = None,
) -> AsyncIterator[None]:
    """A dispatcher that is told of everything; `now` holds the time of day."""
    stopped = asyncio.Event()
    clock = now or [datetime(2026, 11, 25, 12, 0, tzinfo=UTC)]
    async with DeadLetters(bootstrap) as dead_letters:
        dispatcher = Dispatcher(
            channel,
            rules or Rules(),
            patience or Patience(60.0, 0.05, 0.2),
            dead_letters,
            lambda: clock[0],
            stopped,
            from_beginning=True,
        )
        task = asyncio.create_task(dispatcher.run(bootstrap, group, Readiness()))
        try:
            yield
        finally:
            stopped.set()
            await task


async def committed(bootstrap: str, group: str, channel: str) -> int:
    """How many messages of both topics are dealt with, by what the group has put on record."""
    async with admin_client(bootstrap) as admin:
        places = await admin.list_consumer_group_offsets(f"{group}-notify-{channel}")
    return sum(place.offset for place in places.values())


def said(*values: bytes, topic: str = DECAY_ALERTS) -> list[topics.Message]:
    return [(topic, COMPETITION, value) for value in values]


@pytest.mark.slow
async def test_programs_that_are_killed_and_receivers_that_are_away_lose_nothing(
    bootstrap: str, tmp_path: Path
) -> None:
    alerts, events = [alert(number) for number in range(6)], [model_event(number) for number in range(3)]
    authority, context = trusted_by(tmp_path)
    receiver, box = Receiver(), Mailbox()
    async with receiver.listening(), box.listening(context):
        pass  # Both have a port now, and nobody listens there.
    env = programs.environment(
        kafka=bootstrap,
        app_id="notify-kill",
        notify_webhooks=receiver.url,
        notify_webhook_key=KEY.decode(),
        notify_smtp_host="localhost",
        notify_smtp_port=box.port,
        notify_smtp_ca=authority,
        notify_smtp_user=USER,
        notify_smtp_password=PASSWORD,
        notify_mail_from="us@example.org",
        notify_mail_to="anna@example.org",
    )
    log = tmp_path / "notify.log"
    await topics.produce(bootstrap, said(*alerts[:2]))
    with programs.running("notify", "--from-beginning", cwd=tmp_path, env=env) as child:
        await until(lambda: log.read_text().count("try 1") >= 2, "both receivers were tried in vain")
        child.process.kill()
        child.process.wait()
    await topics.produce(bootstrap, said(*alerts[2:]) + said(*events, topic=MODEL_EVENTS))
    wanted = set(ids(alerts + events))
    async with receiver.listening(), box.listening(context):
        with programs.running("notify", "--from-beginning", cwd=tmp_path, env=env):
            await until(lambda: set(receiver.ids) == wanted, "the web server was told of everything")
            await until(lambda: len(box.mails) >= len(wanted), "the mail server was told of everything")
    assert [one for one in receiver.ids if one in ids(alerts)] == ids(alerts)
    assert all(signature_holds(headers, body) for headers, body in receiver.requests)
    assert {mail["Message-ID"].split("@")[0].strip("<") for mail in box.mails} >= wanted
    assert all(box.encrypted)
    assert "secret" not in log.read_text()
    assert PASSWORD not in log.read_text()


async def test_what_nobody_can_use_goes_to_the_dead_letters_and_holds_nobody_up(bootstrap: str) -> None:
    receiver = Receiver(answers=[410])
    await topics.produce(bootstrap, said(b"{", alert(1), alert(2)))
    async with receiver.listening(), dispatching(bootstrap, "notify-dead", Webhook(receiver.url, KEY, 5.0)):
        await until(lambda: receiver.ids == ids([alert(2)]), "the third message is told")
    letters = await topics.read_all(bootstrap, DEAD_LETTERS)
    assert [letter.value for letter in letters] == [b"{", alert(1)]
    reasons = [dict(letter.headers)["error"].decode() for letter in letters]
    assert reasons[0].startswith("no message of decay-alerts")
    assert reasons[1].endswith("127.0.0.1 answers 410")
    assert "secret" not in reasons[1]


async def test_a_message_is_given_up_after_its_time_and_a_stop_gives_nothing_up(bootstrap: str) -> None:
    receiver = Receiver()
    async with receiver.listening():
        pass
    await topics.produce(bootstrap, said(alert(1)))
    group = "notify-patience"
    async with dispatching(bootstrap, group, Webhook(receiver.url, KEY, 5.0)):
        await asyncio.sleep(0.5)
    assert await committed(bootstrap, group, Webhook(receiver.url, KEY, 5.0).name) == 0
    assert await topics.read_all(bootstrap, DEAD_LETTERS) == []
    hasty = Patience(0.2, 0.05, 0.1)
    async with dispatching(bootstrap, group, Webhook(receiver.url, KEY, 5.0), patience=hasty):

        async def given_up() -> bool:
            return len(await topics.read_all(bootstrap, DEAD_LETTERS)) == 1

        await until(given_up, "the message is a dead letter")
    (letter,) = await topics.read_all(bootstrap, DEAD_LETTERS)
    assert b"given up after" in dict(letter.headers)["error"]


async def test_in_quiet_hours_only_what_is_critical_is_told_and_the_rest_in_the_morning(bootstrap: str) -> None:
    now = [datetime(2026, 11, 25, 23, 0, tzinfo=UTC)]
    rules = rules_of(least="info", kinds="decay", competitions="", quiet="22:00-07:00", quiet_zone="UTC", digest_s=0.0)
    receiver, group = Receiver(), "notify-quiet"
    critical = alert(3, severity="critical")
    await topics.produce(bootstrap, said(alert(1), alert(2, kind="drift"), critical, alert(4)))
    async with receiver.listening():
        channel = Webhook(receiver.url, KEY, 5.0).name
        async with dispatching(bootstrap, group, Webhook(receiver.url, KEY, 5.0), rules, now=now):
            await until(lambda: receiver.ids == ids([critical]), "the critical one is told at once")
        # What waits is not put on record as told: a restart in the night forgets nothing.
        assert await committed(bootstrap, group, channel) == 0
        async with dispatching(bootstrap, group, Webhook(receiver.url, KEY, 5.0), rules, now=now):
            await until(lambda: len(receiver.ids) == 2, "after a restart the critical one is told again")
            now[0] += timedelta(hours=8)
            await until(lambda: len(receiver.ids) == 4, "the others are told in the morning")

            async def recorded() -> bool:
                return await committed(bootstrap, group, channel) == 4

            await until(recorded, "all are on record as told")
    assert receiver.ids == ids([critical, critical, alert(1), alert(4)])
    assert len(orjson.loads(receiver.requests[-1][1])["notices"]) == 2
