"""Who may change something: named tokens, of which only the hash is known here.

A token is 256 random bits, so no dictionary helps to find one from its SHA-256, and a slow hash would only slow the
server down.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["viewer", "operator"]
"""A `viewer` is known by name and may look; an `operator` may change which models are at work."""

PREFIX = "sat_"
"""Begins every token, so that one that was left lying around is recognised for what it is."""

_TOKEN_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Account:
    """A person or a program that has a token: `digest` is the token's SHA-256 in hexadecimal digits."""

    name: str
    role: Role
    digest: str

    @property
    def may_change(self) -> bool:
        """Whether it may give commands."""
        return self.role == "operator"


def new_token() -> str:
    """A token that nobody has seen before."""
    return PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def parse_accounts(text: str) -> tuple[Account, ...]:
    """Accounts from `name:role:digest[,name:role:digest]`; none from an empty text.

    Raises
    ------
    ValueError
        An entry is not of that form, or a name or digest comes twice. The text never shows a digest.
    """
    accounts: list[Account] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, rest = part.partition(":")
        role, _, digest = rest.partition(":")
        if not _NAME.fullmatch(name):
            raise ValueError(f"name {name!r}: wanted 1 to 64 letters, digits or ._@-, beginning with letter or digit")
        if role not in get_args(Role):
            raise ValueError(f"role {role!r} of {name}: wanted {' or '.join(get_args(Role))}")
        if not _HASH.fullmatch(digest):
            raise ValueError(f"token of {name}: wanted its SHA-256, as `stream-app web-token` prints it")
        accounts.append(Account(name, "operator" if role == "operator" else "viewer", digest))
    for what in ("name", "digest"):
        if len({getattr(account, what) for account in accounts}) < len(accounts):
            raise ValueError(f"two entries have the same {'name' if what == 'name' else 'token'}")
    return tuple(accounts)


class Accounts:
    """All that may sign in."""

    def __init__(self, accounts: tuple[Account, ...]) -> None:
        self._accounts = accounts

    def __bool__(self) -> bool:
        return bool(self._accounts)

    def by_token(self, token: str) -> Account | None:
        """The account of `token`. How long it takes tells nothing of how close a wrong one came."""
        digest = digest_of(token)
        found: Account | None = None
        for account in self._accounts:
            if hmac.compare_digest(account.digest, digest):
                found = account
        return found

    def by_name(self, name: str) -> Account | None:
        """The account called `name`."""
        return next((account for account in self._accounts if account.name == name), None)
