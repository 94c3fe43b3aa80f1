from __future__ import annotations

import pytest

from stream_app.errors import InvalidInput
from stream_app.notify.service import channels_of
from stream_app.settings import load

HOOKS = "https://a.example.org/hook, https://b.example.org/hook"


def test_each_address_and_the_mail_server_is_a_receiver_of_its_own() -> None:
    names = [
        channel.name
        for channel in channels_of(
            load(
                notify_webhooks=HOOKS,
                notify_webhook_key="key",
                notify_smtp_host="mail.example.org",
                notify_mail_from="us@example.org",
                notify_mail_to="anna@example.org",
            )
        )
    ]
    assert len(set(names)) == 3
    assert names[2] == "mail"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "nobody to tell"),
        ({"notify_webhooks": HOOKS}, "STREAM_APP_NOTIFY_WEBHOOK_KEY is not set"),
        ({"notify_smtp_host": "mail.example.org"}, "wanted e-mail addresses"),
        (
            {"notify_smtp_host": "a", "notify_mail_from": "us@example.org", "notify_mail_to": " , "},
            "wanted e-mail addresses",
        ),
    ],
)
def test_what_is_missing_is_named(given: dict[str, str], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        channels_of(load(**given))


def test_secrets_are_not_shown() -> None:
    told = repr(load(notify_webhooks=HOOKS, notify_webhook_key="sesame", notify_smtp_password="open"))
    assert "a.example.org" not in told
    assert "sesame" not in told
    assert "open" not in told.replace("open_", "")
