"""Tokens, of which only the hash is kept; sessions that cannot be forged; and slow guessing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.web.accounts import Account, Accounts, digest_of, new_token, parse_accounts
from stream_app.web.attempts import ADDRESSES, FROM_ALL, FROM_ONE, WINDOW_S, Attempts
from stream_app.web.sessions import LIFE_S, Sessions

ADA = Account("ada", "operator", digest_of("token of ada"))
BOB = Account("bob", "viewer", digest_of("token of bob"))


def test_entries_are_read_and_a_token_finds_its_account() -> None:
    accounts = Accounts(parse_accounts(f"ada:operator:{ADA.digest}, bob:viewer:{BOB.digest}"))
    assert accounts.by_token("token of ada") == ADA
    assert accounts.by_token("token of bob") == BOB
    assert accounts.by_token("token of eve") is None
    assert (ADA.may_change, BOB.may_change) == (True, False)


def test_no_entry_is_nobody() -> None:
    assert not Accounts(parse_accounts(""))
    assert Accounts(()).by_token("") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ada", "role ''"),
        (f":operator:{ADA.digest}", "name ''"),
        (f"ada:chief:{ADA.digest}", "role 'chief' of ada: wanted viewer or operator"),
        ("ada:operator:short", "token of ada: wanted its SHA-256"),
        (f"ada:operator:{ADA.digest},ada:viewer:{BOB.digest}", "the same name"),
        (f"ada:operator:{ADA.digest},bob:viewer:{ADA.digest}", "the same token"),
    ],
)
def test_a_wrong_entry_is_named_without_its_hash(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as refused:
        parse_accounts(text)
    assert ADA.digest not in str(refused.value)


def test_tokens_are_long_and_never_the_same() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert min(map(len, tokens)) > 40


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_session_is_known_again_until_it_is_over() -> None:
    clock = Clock()
    sessions = Sessions(Accounts((ADA, BOB)), "a key", clock)
    cookie = sessions.open(ADA)
    found = sessions.find(cookie)
    assert found is not None
    assert found.account == ADA
    clock.now += LIFE_S - 1
    assert sessions.find(cookie) is not None
    clock.now += 1
    assert sessions.find(cookie) is None


def test_a_session_ends_when_its_token_is_replaced_or_the_key_is() -> None:
    clock = Clock()
    cookie = Sessions(Accounts((ADA,)), "a key", clock).open(ADA)
    renewed = Account("ada", "operator", digest_of("another token"))
    assert Sessions(Accounts((renewed,)), "a key", clock).find(cookie) is None
    assert Sessions(Accounts(()), "a key", clock).find(cookie) is None
    assert Sessions(Accounts((ADA,)), "another key", clock).find(cookie) is None
    assert Sessions(Accounts((ADA,)), None, clock).find(cookie) is None
    assert Sessions(Accounts((ADA,)), "a key", clock).find(cookie) is not None


@given(st.text(max_size=200))
def test_no_text_is_a_session_that_was_not_opened(text: str) -> None:
    assert Sessions(Accounts((ADA,)), "a key", Clock()).find(text) is None


@given(st.integers(0, 200), st.characters(codec="ascii"))
def test_a_cookie_with_another_character_in_it_is_refused(place: int, character: str) -> None:
    sessions = Sessions(Accounts((ADA, BOB)), "a key", Clock())
    cookie = sessions.open(BOB)
    place %= len(cookie)
    changed = cookie[:place] + character + cookie[place + 1 :]
    assert (sessions.find(changed) is not None) == (changed == cookie)


def test_a_seal_holds_for_its_session_and_purpose_alone() -> None:
    clock = Clock()
    sessions = Sessions(Accounts((ADA, BOB)), "a key", clock)
    ada, bob = sessions.find(sessions.open(ADA)), sessions.find(sessions.open(BOB))
    assert ada is not None
    assert bob is not None
    seal = ada.seal("a command")
    assert ada.sealed("a command", seal)
    assert not ada.sealed("another command", seal)
    assert not bob.sealed("a command", seal)
    assert not ada.sealed("a command", "é")


def test_guessing_is_slow_for_one_address_and_others_are_not_held_up() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(FROM_ONE):
        assert attempts.wait_s("eve") == 0.0
        attempts.failed("eve")
        clock.now += 1.0
    assert attempts.wait_s("eve") == WINDOW_S - FROM_ONE
    assert attempts.wait_s("ada") == 0.0
    clock.now += WINDOW_S - FROM_ONE
    assert attempts.wait_s("eve") == 0.0


def test_guessing_is_slow_for_all_addresses_together_and_costs_no_memory() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for number in range(FROM_ALL):
        attempts.failed(f"bot-{number}")
    assert attempts.wait_s("another") == WINDOW_S
    for number in range(ADDRESSES + 10):
        clock.now += 0.001
        attempts.failed(f"more-{number}")
    assert len(attempts._of) == ADDRESSES
