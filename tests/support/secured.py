"""A real broker that lets nobody in whom it does not know, and nobody do what was not allowed.

Clients come in by TLS with a user and a password (SASL_SSL) or with a certificate (SSL). The broker itself, its
controller and whoever sets it up come by certificate; a user may do what its access control entries say and no more.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import trustme
from aiokafka.protocol.admin import CreateAclsRequest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from stream_app import brokers
from stream_app.acls import Entry
from stream_app.brokers import Access, Brokers
from stream_app.dev.kafka import SETTINGS, Kafka
from stream_app.dev.process import LOOPBACK

OPERATIONS = {"Read": 3, "Write": 4, "Create": 5, "Delete": 6, "Alter": 7, "Describe": 8, "DescribeConfigs": 10}
RESOURCES = {"topic": 2, "group": 3, "cluster": 4}
PATTERNS = {"literal": 3, "prefixed": 4}
ALLOW = 3

OWNER = "owner"
"""The common name in the certificate of the broker and of whoever sets it up: who may do everything."""


class SecuredKafka(Kafka):
    """The broker; `passwords` are those of its users by SCRAM-SHA-512, `plain` of a user by PLAIN."""

    listeners = ("SASL_SSL", "SSL", "CONTROLLER")

    def __init__(self, folder: Path, passwords: Mapping[str, str]) -> None:
        super().__init__(folder)
        self.folder.mkdir(parents=True)
        self.passwords = passwords
        self.ca_file = self.folder / "ca.pem"
        self._ca = trustme.CA()
        self._ca.cert_pem.write_to_path(self.ca_file)
        self.owner = self.certificate(OWNER)
        self.format_options = tuple(
            option
            for name, password in passwords.items()
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
            for option in ("--add-scram", f"{mechanism}=[name={name},password={password}]")
        )

    def certificate(self, name: str) -> Path:
        """The file of a new certificate for `name`, with its key."""
        made = self._ca.issue_cert(LOOPBACK, common_name=name)
        key = load_pem_private_key(made.private_key_pem.bytes(), None)
        file = self.folder / f"{name}.pem"
        # Java reads no other form of keys.
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        for link in made.cert_chain_pems:
            link.write_to_path(file, append=True)
        return file

    def settings(self) -> dict[str, str]:
        """Who is let in, by what, and that nobody may do anything unless it says so."""
        scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        plain = "org.apache.kafka.common.security.plain.PlainLoginModule required " + " ".join(
            f'user_{name}="{password}"' for name, password in self.passwords.items()
        )
        return SETTINGS | {
            "listener.security.protocol.map": "CONTROLLER:SSL,SSL:SSL,SASL_SSL:SASL_SSL",
            "inter.broker.listener.name": "SSL",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.owner),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.ca_file),
            "listener.name.ssl.ssl.client.auth": "required",
            "listener.name.controller.ssl.client.auth": "required",
            "ssl.principal.mapping.rules": "RULE:^.*CN=([^,+]+).*$/$1/,DEFAULT",
            "sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512,PLAIN",
            "listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config": scram,
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": scram,
            "listener.name.sasl_ssl.plain.sasl.jaas.config": f"{plain};",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": f"User:{OWNER}",
        }

    def access(self, user: str, **more: object) -> dict[str, Any]:
        """The settings of a service that comes in as `user`."""
        return {
            "kafka": self.bootstrap,
            "kafka_security": "sasl_ssl",
            "kafka_user": user,
            "kafka_password": self.passwords[user],
            "kafka_ca": self.ca_file,
        } | more

    def by_certificate(self, file: Path) -> dict[str, Any]:
        """The settings of a service that comes in by the certificate in `file`."""
        return {
            "kafka": self.address_of("SSL"),
            "kafka_security": "ssl",
            "kafka_ca": self.ca_file,
            "kafka_certificate": file,
        }

    def where(self) -> Brokers:
        tls = ssl.create_default_context(cafile=self.ca_file)
        tls.load_cert_chain(self.owner)
        return Brokers(self.address_of("SSL"), Access("SSL", tls))

    async def allow(self, entries: Iterable[Entry]) -> None:
        """Put access control entries into force."""
        client = brokers.admin(self.where())
        await client.start()
        try:
            answers = [await client._send_to_controller(_request(entry)) for entry in entries]
        finally:
            await client.close()
        refused = [
            said for answer in answers for said in answer.to_object()["creation_responses"] if said["error_code"]
        ]
        assert not refused, refused


def _request(entry: Entry) -> CreateAclsRequest:
    return CreateAclsRequest(
        resource_type=RESOURCES[entry.resource],
        resource_name=entry.name,
        resource_pattern_type_filter=PATTERNS[entry.pattern],
        principal=entry.principal,
        host="*",
        operation=OPERATIONS[entry.operation],
        permission_type=ALLOW,
    )
