"""How Kafka's brokers are spoken to: where they are, who we are to them, and what our topics are called there.

Every Kafka client of the service is made here, so that all of them are let in by the same settings. Inside the service
topics have their plain names (`stream_app.topics`); the prefix under which a shared cluster has them is put on and
taken off by the clients.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import create_conn
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    UnsupportedSaslMechanismError,
)

from stream_app.errors import InvalidInput, Retryable
from stream_app.prefixed import PrefixedConsumer, PrefixedProducer

REFUSALS = (ClusterAuthorizationFailedError, GroupAuthorizationFailedError, TopicAuthorizationFailedError)
"""The answers of brokers that say: you may not."""


class NotAllowed(InvalidInput):
    """The brokers are there, and do not let us in or do not allow us something."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who we are to the brokers.

    `security` is PLAINTEXT, SSL or SASL_SSL. With SASL `mechanism`, `user` and `password` are given; otherwise the
    certificate in `tls`, if it holds one, says who we are.
    """

    security: str = "PLAINTEXT"
    tls: ssl.SSLContext | None = None
    mechanism: str = "PLAIN"
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def arguments(self) -> dict[str, Any]:
        """What every client of aiokafka has to be told."""
        return {
            "security_protocol": self.security,
            "ssl_context": self.tls,
            "sasl_mechanism": self.mechanism,
            "sasl_plain_username": self.user,
            "sasl_plain_password": self.password,
        }


@dataclass(frozen=True, slots=True)
class Brokers:
    """The brokers at `address` (host:port[,host:port]), our access to them, and the prefix of our topics there."""

    address: str
    access: Access = field(default_factory=Access)
    prefix: str = ""

    def __str__(self) -> str:
        return self.address

    def name_of(self, topic: str) -> str:
        """What our `topic` is called on the brokers."""
        return self.prefix + topic

    def topic_of(self, name: str) -> str:
        """Which of our topics the brokers call `name`."""
        return name.removeprefix(self.prefix)


Where: TypeAlias = Brokers | str
"""The brokers; a plain address stands for brokers that let everybody in and have our topics by their plain names."""


def brokers_at(where: Where) -> Brokers:
    """`where` in its full form."""
    return Brokers(where) if isinstance(where, str) else where


def consumer(where: Where, *topics: str, **settings: Any) -> AIOKafkaConsumer:
    """A consumer, not yet started, with further `settings` of aiokafka."""
    brokers = brokers_at(where)
    settings |= {"bootstrap_servers": brokers.address} | brokers.access.arguments()
    if brokers.prefix:
        return PrefixedConsumer(brokers.prefix, *topics, **settings)
    return AIOKafkaConsumer(*topics, **settings)


def producer(where: Where, **settings: Any) -> AIOKafkaProducer:
    """A producer, not yet started, that waits for all replicas and neither reorders nor doubles when it retries."""
    brokers = brokers_at(where)
    settings |= {"acks": "all", "enable_idempotence": True}
    settings |= {"bootstrap_servers": brokers.address} | brokers.access.arguments()
    return PrefixedProducer(brokers.prefix, **settings) if brokers.prefix else AIOKafkaProducer(**settings)


def admin(where: Where, **settings: Any) -> AIOKafkaAdminClient:
    """An administrator's client, not yet started. It knows topics by what they are called on the brokers."""
    brokers = brokers_at(where)
    return AIOKafkaAdminClient(bootstrap_servers=brokers.address, **brokers.access.arguments(), **settings)


def trouble(where: Where, error: BaseException, otherwise: str | None = None) -> NotAllowed | Retryable:
    """What `error` of a client means: brokers that do not allow something, or that do not answer for the moment.

    `otherwise` is what to say in the second case instead of that they do not answer.
    """
    if isinstance(error, REFUSALS):
        return NotAllowed(
            f"Kafka at {where} does not allow it to {_we(where)}: {error}."
            " `stream-app topics acls` tells what is needed"
        )
    return Retryable(otherwise or f"Kafka does not answer at {where}: {str(error) or type(error).__name__}")


async def require_entry(where: Where) -> None:
    """Return unless the brokers answer and do not let us in, which clients only take for brokers that are away.

    Raises
    ------
    NotAllowed
        The brokers refuse our user, password or certificate, or theirs is not one that we trust.
    """
    brokers = brokers_at(where)
    if brokers.access.security == "PLAINTEXT":
        return
    for address in brokers.address.split(","):
        host, _, port = address.rpartition(":")
        try:
            connection = await create_conn(host.strip("[]"), int(port), **brokers.access.arguments())
        except (SaslAuthenticationFailed, UnsupportedSaslMechanismError) as error:
            raise NotAllowed(f"Kafka at {address} does not let {_we(where)} in: {error}") from error
        except ssl.SSLError as error:
            raise NotAllowed(
                f"Kafka at {address} and we do not trust each other: {error.reason or error};"
                " see STREAM_APP_KAFKA_CA and STREAM_APP_KAFKA_CERTIFICATE"
            ) from error
        except (OSError, KafkaError, TimeoutError):
            continue
        connection.close()
        return


def _we(where: Where) -> str:
    access = brokers_at(where).access
    return f"user {access.user!r}" if access.user else "us"
