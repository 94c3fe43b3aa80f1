"""Webhooks: notices as JSON, signed as the Standard Webhooks specification (standardwebhooks.com) has it.

`webhook-id` is the id of the alert or event, the same each time that it is sent: a receiver that has seen it answers
with 2xx and does nothing. `webhook-signature` is `v1,` and the Base64 form of the HMAC-SHA256, under the shared key,
of id, timestamp and body with dots between. `webhook-timestamp` is the time of sending, in seconds since 1970.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

import aiohttp
import orjson

from stream_app.errors import InvalidInput, Retryable
from stream_app.notify.channel import Refused, headline, message_id
from stream_app.notify.notice import Notice

_BUSY = frozenset({408, 425, 429})
"""Answers that ask for another try, besides all of 500 and above."""

_NAME_DIGITS = 8


class Webhook:
    """One address that is told by POST. Redirects are not followed: what is told stays where the settings send it."""

    def __init__(self, url: str, key: bytes, timeout_s: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInput("STREAM_APP_NOTIFY_WEBHOOKS: wanted addresses that begin with https:// or http://")
        self._url = url
        self._host = parts.hostname
        self._key = key
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None

    @property
    def name(self) -> str:
        """Made of the address, so that another address is another receiver, and not telling it."""
        return f"webhook-{hashlib.sha256(self._url.encode()).hexdigest()[:_NAME_DIGITS]}"

    async def deliver(self, notices: Sequence[Notice], now: datetime) -> None:
        """See `Channel`."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        body = body_of(notices)
        headers = signed(message_id(notices), int(now.timestamp()), body, self._key)
        try:
            async with self._session.post(self._url, data=body, headers=headers, allow_redirects=False) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # The address may hold a token, so it is not told.
            raise Retryable(f"{self._host} does not answer: {type(error).__name__}") from None
        if status in _BUSY or status >= 500:
            raise Retryable(f"{self._host} answers {status}")
        if not 200 <= status < 300:
            raise Refused(f"{self._host} answers {status}")

    async def close(self) -> None:
        """See `Channel`."""
        if self._session is not None:
            await self._session.close()


def body_of(notices: Sequence[Notice]) -> bytes:
    """The JSON that is posted."""
    told = [
        {
            "id": notice.notice_id,
            "topic": notice.topic,
            "kind": notice.kind,
            "state": notice.state,
            "severity": notice.severity,
            "competition": notice.competition,
            "model": notice.model,
            "title": notice.title,
            "text": notice.text,
            "event": notice.event,
        }
        for notice in notices
    ]
    return orjson.dumps({"id": message_id(notices), "title": headline(notices), "notices": told})


def signed(message: str, timestamp: int, body: bytes, key: bytes) -> dict[str, str]:
    """The headers of a message with this id and body."""
    content = b"%s.%d.%s" % (message.encode(), timestamp, body)
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {
        "content-type": "application/json",
        "idempotency-key": message,
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }
