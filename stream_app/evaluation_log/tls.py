"""Whether the way to a database has to be encrypted and its name proven, and what to say when that fails."""

from __future__ import annotations

import ipaddress
import ssl
from urllib.parse import parse_qs, urlsplit

_LOCAL_NAMES = ("", "localhost")

HOW_TO_TRUST = (
    "its certificate cannot be verified. Download the certificate of its authority (Supabase: Database Settings, SSL"
    " Configuration) and add ?sslmode=verify-full&sslrootcert=FILE to STREAM_APP_DATABASE_URL"
)
HOW_TO_DO_WITHOUT = "it does not speak TLS. If that is meant to be so, add ?sslmode=disable to STREAM_APP_DATABASE_URL"

# As asyncpg words it; it has no error of its own for it.
_NO_TLS = "rejected SSL upgrade"


def context_for(url: str) -> ssl.SSLContext | None:
    """How to encrypt the way to the database at `url`; None to leave it to what the URL itself says.

    A URL that says `sslmode` is taken at its word. Otherwise a server elsewhere has to prove its name by a certificate
    that the system trusts; one on this machine or in its own network (a private address, or a name without a dot) does
    not.
    """
    parts = urlsplit(url)
    if "sslmode" in parse_qs(parts.query):
        return None
    hosts = parts.netloc.rpartition("@")[2].split(",")
    return None if all(_is_near(_without_port(host)) for host in hosts) else ssl.create_default_context()


def advice(error: Exception) -> str | None:
    """What to do about `error` when it is about encryption; None when it is not."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return HOW_TO_TRUST
    return HOW_TO_DO_WITHOUT if _NO_TLS in str(error) else None


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_near(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host in _LOCAL_NAMES or "." not in host
    return address.is_private or address.is_loopback
