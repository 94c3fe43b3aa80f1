"""E-mail: notices as plain text, by SMTP."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Literal

import aiosmtplib

from stream_app.errors import InvalidInput, Retryable
from stream_app.notify.channel import Refused, headline, message_id
from stream_app.notify.notice import Notice

Security = Literal["starttls", "tls", "none"]

_FIRST_PERMANENT = 500
_DOMAIN = "stream-app.invalid"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in.

    `security` is `starttls` (the connection turns to TLS before anything is said), `tls` (from its beginning on), or
    `none`. `authority` is a file of certificates to trust besides the system's.
    """

    host: str
    port: int
    security: Security
    user: str | None
    password: str | None
    authority: Path | None
    timeout_s: float


class Mail:
    """One sender and those who are told.

    Raises
    ------
    InvalidInput
        A password would go over the wire in the clear, or the file of certificates cannot be read.
    """

    name = "mail"

    def __init__(self, server: MailServer, sender: str, receivers: Sequence[str]) -> None:
        if server.security == "none" and server.user:
            raise InvalidInput(
                "STREAM_APP_NOTIFY_SMTP_SECURITY='none': wanted starttls or tls, because there is a login"
            )
        self._server = server
        self._sender = sender
        self._receivers = receivers
        self._tls = ssl.create_default_context()
        if server.authority is not None:
            try:
                self._tls.load_verify_locations(server.authority)
            except OSError as error:
                raise InvalidInput(
                    f"STREAM_APP_NOTIFY_SMTP_CA='{server.authority}': wanted a file of certificates: {error}"
                ) from None

    async def deliver(self, notices: Sequence[Notice], now: datetime) -> None:
        """See `Channel`. A login that fails is tried again: it is the settings that are wrong, not the message."""
        server = self._server
        try:
            await aiosmtplib.send(
                mail_of(notices, self._sender, self._receivers, now),
                recipients=self._receivers,
                hostname=server.host,
                port=server.port,
                username=server.user,
                password=server.password,
                use_tls=server.security == "tls",
                start_tls=server.security == "starttls",
                tls_context=None if server.security == "none" else self._tls,
                timeout=server.timeout_s,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [refused.code for refused in error.recipients]
            self._judge(min(codes, default=_FIRST_PERMANENT), f"receivers refused with {codes}", error)
        except aiosmtplib.SMTPAuthenticationError as error:
            raise Retryable(f"{server.host} does not take the login: {error.code}") from None
        except aiosmtplib.SMTPResponseException as error:
            self._judge(error.code, f"answers {error.code} {error.message}", error)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Retryable(f"{server.host} does not answer: {type(error).__name__}: {error}") from None

    async def close(self) -> None:
        """See `Channel`: each message has a connection of its own."""

    def _judge(self, code: int, what: str, error: Exception) -> None:
        kind = Refused if code >= _FIRST_PERMANENT else Retryable
        raise kind(f"{self._server.host} {what}") from error


def mail_of(notices: Sequence[Notice], sender: str, receivers: Sequence[str], now: datetime) -> EmailMessage:
    """The mail that tells `notices`; the same ones have the same Message-ID, by which mail programs know repeats."""
    mail = EmailMessage()
    mail["Subject"] = f"[stream-app] {headline(notices)}"
    mail["From"] = sender
    mail["To"] = ", ".join(receivers)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{message_id(notices)}@{_DOMAIN}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n\n".join(f"{notice.title}\n{notice.text}" for notice in notices) + "\n")
    return mail
