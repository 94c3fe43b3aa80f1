"""The process that tells: one dispatcher for each receiver of the settings."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from stream_app.brokers import Where
from stream_app.dead_letters import DeadLetters
from stream_app.errors import InvalidInput
from stream_app.monitoring import Readiness
from stream_app.notify.channel import Channel
from stream_app.notify.dispatcher import Dispatcher, Patience
from stream_app.notify.mail import Mail, MailServer
from stream_app.notify.notice import TOPICS
from stream_app.notify.rules import rules_of
from stream_app.notify.webhook import Webhook
from stream_app.settings import Settings
from stream_app.topic_admin import require


def channels_of(settings: Settings) -> list[Channel]:
    """The receivers that `settings` name.

    Raises
    ------
    InvalidInput
        There is none, or what is said of one is not enough.
    """
    channels: list[Channel] = []
    if settings.notify_webhooks is not None:
        if settings.notify_webhook_key is None:
            raise InvalidInput("STREAM_APP_NOTIFY_WEBHOOK_KEY is not set: wanted the key that signs webhooks")
        key = settings.notify_webhook_key.get_secret_value().encode()
        urls = [url.strip() for url in settings.notify_webhooks.get_secret_value().split(",")]
        channels += [Webhook(url, key, settings.notify_timeout_s) for url in urls if url]
    if settings.notify_smtp_host is not None:
        receivers = [one.strip() for one in settings.notify_mail_to.split(",") if one.strip()]
        if not receivers or not settings.notify_mail_from:
            raise InvalidInput("STREAM_APP_NOTIFY_MAIL_FROM and STREAM_APP_NOTIFY_MAIL_TO: wanted e-mail addresses")
        password = settings.notify_smtp_password
        server = MailServer(
            host=settings.notify_smtp_host,
            port=settings.notify_smtp_port,
            security=settings.notify_smtp_security,
            user=settings.notify_smtp_user,
            password=None if password is None else password.get_secret_value(),
            authority=settings.notify_smtp_ca,
            timeout_s=settings.notify_timeout_s,
        )
        channels.append(Mail(server, settings.notify_mail_from, receivers))
    if not channels:
        raise InvalidInput("nobody to tell: set STREAM_APP_NOTIFY_WEBHOOKS or STREAM_APP_NOTIFY_SMTP_HOST")
    return channels


async def run(
    bootstrap: Where,
    settings: Settings,
    stopped: asyncio.Event,
    readiness: Readiness,
    *,
    from_beginning: bool = False,
) -> None:
    """Tell the receivers of `settings` what comes until `stopped` is set.

    The process is ready when it reads for every receiver, whether these are there or not.

    Raises
    ------
    InvalidInput
        The settings are wrong, or there are no topics.
    """
    rules = rules_of(
        least=settings.notify_severity,
        kinds=settings.notify_kinds,
        competitions=settings.notify_competitions,
        quiet=settings.notify_quiet,
        quiet_zone=settings.notify_quiet_zone,
        digest_s=settings.notify_digest_s,
    )
    channels = channels_of(settings)
    for channel in channels:
        readiness.wants(channel.name, "not connected to Kafka yet")
    patience = Patience(settings.notify_give_up_s)
    await require(bootstrap, TOPICS)
    async with DeadLetters(bootstrap) as dead_letters, asyncio.TaskGroup() as tasks:
        for channel in channels:
            dispatcher = Dispatcher(
                channel,
                rules,
                patience,
                dead_letters,
                lambda: datetime.now(UTC),
                stopped,
                from_beginning=from_beginning,
            )
            tasks.create_task(dispatcher.run(bootstrap, settings.group, readiness))
