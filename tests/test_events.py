from __future__ import annotations

import uuid
from dataclasses import FrozenInstanceError, fields, is_dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app import events
from stream_app.events import NAMESPACE, OUTCOMES, LeagueConfig, Probabilities, name_id, outcome_of

PARTS = st.lists(st.text() | st.integers(-(2**53), 2**53), min_size=1, max_size=4)


def test_ids_are_those_that_were_published_from_the_beginning() -> None:
    assert name_id("bundesliga", "m1", 1) == str(uuid.uuid5(NAMESPACE, '["bundesliga","m1",1]'))
    assert name_id("bundesliga", "m1", 1) == "075c8217-d93b-51c3-92b3-9a8d92d1e163"


@settings(deadline=None)
@given(one=PARTS, other=PARTS)
def test_two_ids_are_equal_exactly_when_they_name_the_same(one: list[str | int], other: list[str | int]) -> None:
    assert (name_id(*one) == name_id(*other)) == (one == other)


def test_parts_that_only_look_alike_when_joined_have_ids_of_their_own() -> None:
    assert len({name_id("a", "b"), name_id("ab"), name_id("a,b"), name_id("a", "b", ""), name_id('a","b')}) == 5
    assert name_id("1") != name_id(1)


@pytest.mark.parametrize(("home", "away", "outcome"), [(1, 0, "H"), (0, 0, "D"), (4, 4, "D"), (2, 3, "A")])
def test_the_outcome_is_that_of_the_goals(home: int, away: int, outcome: str) -> None:
    assert outcome_of(home, away) == outcome


def test_a_probability_is_found_by_its_outcome() -> None:
    given = Probabilities(H=0.5, D=0.3, A=0.2)
    assert [given.of(outcome) for outcome in OUTCOMES] == [0.5, 0.3, 0.2]


def test_messages_are_frozen_values() -> None:
    messages = [thing for thing in vars(events).values() if isinstance(thing, type) and is_dataclass(thing)]
    assert len(messages) > 10
    for message in messages:
        assert message.__dataclass_params__.frozen, message  # type: ignore[attr-defined]  # dataclasses leave it undeclared
    with pytest.raises(FrozenInstanceError):
        LeagueConfig().window = 3  # type: ignore[misc]  # the point of the test


def test_equal_configurations_are_equal_and_can_be_compared_by_every_field() -> None:
    assert LeagueConfig() == LeagueConfig()
    assert all(field.compare for field in fields(LeagueConfig))
