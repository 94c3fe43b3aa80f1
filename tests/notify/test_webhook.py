from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import orjson
import pytest

from stream_app.errors import InvalidInput, Retryable
from stream_app.events import name_id
from stream_app.notify.channel import Refused
from stream_app.notify.webhook import Webhook, signed
from tests.notify.made import KEY, Receiver, notice, signature_holds

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    async with receiver.listening():
        yield receiver


@pytest.fixture
async def webhook(receiver: Receiver) -> AsyncIterator[Webhook]:
    webhook = Webhook(receiver.url, KEY, timeout_s=5.0)
    yield webhook
    await webhook.close()


def test_a_message_is_signed_as_the_specification_has_it() -> None:
    # What `printf msg_1.1700000000.{} | openssl dgst -sha256 -hmac key -binary | base64` says.
    assert signed("msg_1", 1_700_000_000, b"{}", b"key")["webhook-signature"] == (
        "v1,XaXLFEFQ69Q4+demDWPEv5ydXczDW2mM5crCUEFcFBA="
    )


async def test_a_notice_comes_with_its_id_its_time_and_a_signature(receiver: Receiver, webhook: Webhook) -> None:
    told = notice()
    await webhook.deliver([told], NOW)
    ((headers, body),) = receiver.requests
    assert headers["webhook-id"] == headers["idempotency-key"] == told.notice_id
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert signature_holds(headers, body)
    assert not signature_holds(headers, body + b" ")
    assert not signature_holds(headers, body, b"another key")
    sent = orjson.loads(body)
    assert (sent["id"], sent["title"]) == (told.notice_id, told.title)
    assert sent["notices"][0]["event"] == told.event
    assert sent["notices"][0]["severity"] == "warning"


async def test_several_notices_are_one_message_whose_id_is_made_of_theirs(receiver: Receiver, webhook: Webhook) -> None:
    told = [notice(1), notice(2, severity="critical")]
    await webhook.deliver(told, NOW)
    ((headers, body),) = receiver.requests
    assert headers["webhook-id"] == name_id("digest", told[0].notice_id, told[1].notice_id)
    assert orjson.loads(body)["title"] == "2 notices, 1 of them critical"
    assert receiver.ids == [one.notice_id for one in told]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
async def test_a_receiver_that_is_busy_can_be_tried_again(receiver: Receiver, webhook: Webhook, status: int) -> None:
    receiver.answers = [status]
    with pytest.raises(Retryable, match=f"127.0.0.1 answers {status}"):
        await webhook.deliver([notice()], NOW)


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 410])
async def test_one_that_does_not_want_it_or_sends_it_elsewhere_is_not_asked_again(
    receiver: Receiver, webhook: Webhook, status: int
) -> None:
    receiver.answers = [status]
    with pytest.raises(Refused, match=f"127.0.0.1 answers {status}"):
        await webhook.deliver([notice()], NOW)
    assert receiver.requests == []


async def test_one_that_is_away_is_told_of_without_the_address() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        webhook = Webhook(f"http://127.0.0.1:{taken.getsockname()[1]}/hook?token=secret", KEY, timeout_s=1.0)
        with pytest.raises(Retryable) as away:
            await webhook.deliver([notice()], NOW)
    assert "secret" not in str(away.value)
    assert "127.0.0.1 does not answer" in str(away.value)
    await webhook.close()


async def test_one_that_says_nothing_is_hung_up_on() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        webhook = Webhook(f"http://127.0.0.1:{silent.getsockname()[1]}/", KEY, timeout_s=0.2)
        with pytest.raises(Retryable, match="does not answer: TimeoutError"):
            await webhook.deliver([notice()], NOW)
        await webhook.close()


@pytest.mark.parametrize("url", ["ftp://a/b", "example.org/hook", "file:///etc/passwd", "https:///hook"])
def test_an_address_that_is_none_is_refused_without_telling_it(url: str) -> None:
    with pytest.raises(InvalidInput, match="wanted addresses that begin with https") as refused:
        Webhook(url, KEY, timeout_s=1.0)
    assert url not in str(refused.value)


def test_two_addresses_have_two_names_that_do_not_tell_them() -> None:
    names = {Webhook(f"https://example.org/{token}", KEY, timeout_s=1.0).name for token in ("secret-a", "secret-b")}
    assert len(names) == 2
    assert all(name.startswith("webhook-") and "secret" not in name for name in names)
