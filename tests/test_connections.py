from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from stream_app.brokers import Access
from stream_app.connections import bootstrap_servers
from stream_app.errors import InvalidInput
from stream_app.settings import load

SSL = {"kafka": "one:9093", "kafka_security": "ssl"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority, a certificate, its key, the key encrypted, and something else."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    made = authority.issue_cert("client.example.org")
    made.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
    made.private_key_pem.write_to_path(folder / "key.pem")
    key = load_pem_private_key(made.private_key_pem.bytes(), None)
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"the-secret"))
    (folder / "encrypted.pem").write_bytes(encrypted)
    (folder / "other.pem").write_text("nothing of the kind", encoding="utf-8")
    return folder


def test_brokers_are_open_unless_something_else_is_said() -> None:
    where = bootstrap_servers(load(kafka="one:9092,two:9092"))
    assert (str(where), where.access, where.prefix) == ("one:9092,two:9092", Access(), "")


def test_a_certificate_may_have_its_key_beside_it(files: Path) -> None:
    paths = {"kafka_certificate": files / "certificate.pem", "kafka_certificate_key": files / "key.pem"}
    access = bootstrap_servers(load(**SSL, **paths, kafka_ca=files / "ca.pem")).access
    assert (access.security, access.user) == ("SSL", None)
    assert access.tls is not None
    assert access.tls.verify_mode == ssl.CERT_REQUIRED
    assert access.tls.check_hostname


def test_a_password_is_never_shown() -> None:
    more = {"kafka_user": "u", "kafka_password": "the-secret"}
    where = bootstrap_servers(load(kafka="one:9093", kafka_security="sasl_ssl", **more))
    assert where.access.password == "the-secret"
    assert "the-secret" not in repr(where) + str(where)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"kafka_ca": "other.pem"}, r"STREAM_APP_KAFKA_CA='.*other.pem': no certificates \(PEM\) in it"),
        ({"kafka_certificate": "other.pem"}, r"STREAM_APP_KAFKA_CERTIFICATE='.*other.pem': no certificate \(PEM\)"),
        ({"kafka_certificate": "certificate.pem"}, r"no certificate \(PEM\) with its key, not encrypted"),
        (
            {"kafka_certificate": "certificate.pem", "kafka_certificate_key": "encrypted.pem"},
            r"no certificate \(PEM\) with its key, not encrypted, in it or in STREAM_APP_KAFKA_CERTIFICATE_KEY",
        ),
    ],
    ids=["no authority", "no certificate", "no key", "an encrypted key"],
)
def test_a_file_that_cannot_be_used_is_told(settings: dict[str, str], reason: str, files: Path) -> None:
    with pytest.raises(InvalidInput, match=reason):
        bootstrap_servers(load(**SSL, **{name: files / file for name, file in settings.items()}))
