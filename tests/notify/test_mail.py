from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stream_app.errors import InvalidInput, Retryable
from stream_app.notify.channel import Refused
from stream_app.notify.mail import Mail, MailServer, Security
from tests.notify.made import PASSWORD, USER, Mailbox, notice, trusted_by

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
RECEIVERS = ["anna@example.org", "bert@example.org"]


def server(
    box: Mailbox, security: Security = "none", authority: Path | None = None, password: str | None = None
) -> MailServer:
    user = None if password is None else USER
    return MailServer("localhost", box.port, security, user, password, authority, timeout_s=5.0)


def mail(to: MailServer) -> Mail:
    return Mail(to, "stream-app@example.org", RECEIVERS)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    return trusted_by(tmp_path_factory.mktemp("tls"))


async def test_a_notice_comes_as_a_mail_with_the_alerts_id() -> None:
    box, told = Mailbox(), notice()
    async with box.listening():
        await mail(server(box)).deliver([told], NOW)
    (got,) = box.mails
    assert got["Subject"] == f"[stream-app] {told.title}"
    assert got["To"] == "anna@example.org, bert@example.org"
    assert got["Message-ID"] == f"<{told.notice_id}@stream-app.invalid>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Date"] == "Wed, 25 Nov 2026 12:00:00 +0000"
    payload = got.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert told.text.splitlines()[0] in " ".join(payload.decode().split())


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_the_password_goes_over_tls_to_a_server_that_proves_who_it_is(
    tls: tuple[Path, ssl.SSLContext], security: Security
) -> None:
    authority, context = tls
    box = Mailbox()
    async with box.listening(context, at_once=security == "tls"):
        await mail(server(box, security, authority, PASSWORD)).deliver([notice()], NOW)
        assert box.logins == ["right"]
        with pytest.raises(Retryable, match="does not take the login"):
            await mail(server(box, security, authority, "wrong")).deliver([notice()], NOW)
        with pytest.raises(Retryable, match="does not answer"):
            await mail(server(box, security, None, PASSWORD)).deliver([notice()], NOW)
    assert len(box.mails) == 1
    assert (box.logins[0], set(box.logins[1:])) == ("right", {"wrong"})


def test_a_password_is_never_sent_in_the_clear() -> None:
    with pytest.raises(InvalidInput, match="wanted starttls or tls"):
        mail(server(Mailbox(), "none", None, PASSWORD))


def test_a_file_of_certificates_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="wanted a file of certificates"):
        mail(server(Mailbox(), "tls", tmp_path / "missing.pem"))


async def test_a_server_that_is_busy_can_be_tried_again_and_one_that_refuses_not() -> None:
    box = Mailbox(answers=["451 try later", "554 not here"])
    async with box.listening():
        with pytest.raises(Retryable, match="451 try later"):
            await mail(server(box)).deliver([notice()], NOW)
        with pytest.raises(Refused, match="554 not here"):
            await mail(server(box)).deliver([notice()], NOW)
        await mail(server(box)).deliver([notice()], NOW)
    assert len(box.mails) == 1


async def test_a_server_that_is_away_can_be_tried_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Retryable, match="localhost does not answer"):
            await mail(server(Mailbox(port=taken.getsockname()[1]))).deliver([notice()], NOW)


async def test_a_name_of_any_letters_goes_into_the_subject() -> None:
    box = Mailbox()
    async with box.listening():
        await mail(server(box)).deliver([notice(competition="Süper Lig ⚽"), notice(2)], NOW)
        await mail(server(box)).deliver([notice(competition="Süper Lig ⚽")], NOW)
    assert [got["Subject"].startswith("[stream-app] 2 notices") for got in box.mails] == [True, False]
