"""Where Kafka and PostgreSQL are: as the settings say, else the local stack that runs in the data folder."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TypedDict

import orjson

from stream_app.brokers import Access, Brokers
from stream_app.errors import InvalidInput
from stream_app.settings import Settings

STATE_FILE = "stack.json"
"""Name of the file in the data folder in which a running local stack leaves its addresses."""


class StackAddresses(TypedDict):
    """What the local stack writes into its state file."""

    kafka: str
    database_url: str


def local_stack(data_dir: Path) -> StackAddresses | None:
    """The addresses of the local stack in `data_dir`, None when there is none."""
    try:
        state: StackAddresses = orjson.loads((data_dir / STATE_FILE).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    return state


def bootstrap_servers(settings: Settings) -> Brokers:
    """Kafka's brokers and our access to them.

    Raises
    ------
    InvalidInput
        Neither the settings nor a local stack name any brokers, or a certificate cannot be used.
    """
    if settings.kafka:
        return Brokers(settings.kafka, _access(settings), settings.topic_prefix)
    stack = local_stack(settings.data_dir)
    if stack is None:
        raise InvalidInput(
            "no Kafka: set STREAM_APP_KAFKA=host:port, or start the local stack with `stream-app dev up`"
            f" (looked in {settings.data_dir / STATE_FILE})"
        )
    # The local stack lets everybody in.
    return Brokers(stack["kafka"], prefix=settings.topic_prefix)


def _access(settings: Settings) -> Access:
    if settings.kafka_security == "plaintext":
        return Access()
    try:
        tls = ssl.create_default_context(cafile=settings.kafka_ca)
    except ssl.SSLError:
        raise InvalidInput(f"STREAM_APP_KAFKA_CA={str(settings.kafka_ca)!r}: no certificates (PEM) in it") from None
    if settings.kafka_certificate:
        try:
            # Without a password, one that the key has would be asked for on the terminal.
            tls.load_cert_chain(settings.kafka_certificate, settings.kafka_certificate_key, password="")
        except (ssl.SSLError, ValueError) as error:
            raise InvalidInput(
                f"STREAM_APP_KAFKA_CERTIFICATE={str(settings.kafka_certificate)!r}: no certificate (PEM) with its key,"
                f" not encrypted, in it or in STREAM_APP_KAFKA_CERTIFICATE_KEY: {error}"
            ) from None
    if settings.kafka_security == "ssl":
        return Access("SSL", tls)
    password = settings.kafka_password.get_secret_value() if settings.kafka_password else None
    return Access("SASL_SSL", tls, settings.kafka_sasl_mechanism, settings.kafka_user, password)


def database_url(settings: Settings) -> str | None:
    """PostgreSQL's address, None when neither the settings nor a local stack name one."""
    if settings.database_url:
        return settings.database_url.get_secret_value()
    stack = local_stack(settings.data_dir)
    return stack["database_url"] if stack else None
