from __future__ import annotations

import hashlib

import pytest

from stream_app.errors import InvalidInput
from stream_app.gateway.tokens import Tokens, new_token


def test_a_token_belongs_to_its_client_and_only_its_hash_is_kept() -> None:
    token, setting = new_token("feed-1")
    other, other_setting = new_token("feed-2")
    assert setting == f"feed-1:{hashlib.sha256(token.encode()).hexdigest()}"
    tokens = Tokens.read(f"{setting}, {other_setting}")
    assert (tokens.client(f"Bearer {token}"), tokens.client(f"bearer {other}")) == ("feed-1", "feed-2")
    assert len(token) >= 43


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic eDp5", "Bearer é"])
def test_nobody_else_comes_in(header: str | None) -> None:
    _, setting = new_token("feed")
    assert Tokens.read(setting).client(header) is None


def test_the_hash_is_no_token() -> None:
    _, setting = new_token("feed")
    assert Tokens.read(setting).client(f"Bearer {setting.partition(':')[2]}") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no gateway tokens: make one with"),
        ("feed", "the one that begins 'feed' is not client:sha256"),
        ("feed:secret", "the one that begins 'feed' is not client:sha256"),
        ("a b:" + "0" * 64, "the one that begins 'a b' is not"),
        (f"a:{'0' * 64},a:{'1' * 64}", "client 'a' is named twice"),
    ],
)
def test_a_wrong_setting_is_told_without_its_secrets(text: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason) as told:
        Tokens.read(text)
    assert "secret" not in str(told.value)


def test_a_client_has_a_plain_name() -> None:
    with pytest.raises(InvalidInput, match="client 'a:b': wanted 1 to 64 letters"):
        new_token("a:b")
