"""Bearer tokens. Only their hashes are kept: whoever reads the settings cannot send."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping

from stream_app.errors import InvalidInput

TOKEN_BYTES = 32
"""Random bytes of a token. So many cannot be guessed, so a hash without salt and without delay is enough."""

_CLIENT = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Tokens:
    """Who may send: the name of each client and the SHA-256 of its token, in hex."""

    def __init__(self, digests: Mapping[str, str]) -> None:
        self._digests = {client: digest.encode() for client, digest in digests.items()}

    @classmethod
    def read(cls, text: str) -> Tokens:
        """From `client:sha256[,client:sha256]`.

        Raises
        ------
        InvalidInput
            It is something else, or names nobody. Digests are not shown.
        """
        digests: dict[str, str] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            client, _, digest = part.partition(":")
            if not _CLIENT.fullmatch(client) or not _DIGEST.fullmatch(digest):
                raise InvalidInput(
                    f"gateway tokens: the one that begins {client[:16]!r} is not client:sha256; make one with"
                    " `stream-app gateway-token CLIENT`"
                )
            if client in digests:
                raise InvalidInput(f"gateway tokens: client {client!r} is named twice")
            digests[client] = digest
        if not digests:
            raise InvalidInput(
                "no gateway tokens: make one with `stream-app gateway-token CLIENT` and put its hash into"
                " STREAM_APP_GATEWAY_TOKENS"
            )
        return cls(digests)

    def client(self, authorization: str | None) -> str | None:
        """The client that the header `Authorization` belongs to, None for nobody.

        Takes the same time for each wrong token, however much of it is right.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        digest = digest_of(token.strip()).encode()
        found = None
        for client, known in self._digests.items():
            if hmac.compare_digest(digest, known):
                found = client
        return found


def digest_of(token: str) -> str:
    """What is kept of `token`: its SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token(client: str) -> tuple[str, str]:
    """A fresh token for `client`, and the entry for the settings.

    Raises
    ------
    InvalidInput
        No client can have that name.
    """
    if not _CLIENT.fullmatch(client):
        raise InvalidInput(f"client {client!r}: wanted 1 to 64 letters, digits, dots, hyphens and underscores")
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return token, f"{client}:{digest_of(token)}"
