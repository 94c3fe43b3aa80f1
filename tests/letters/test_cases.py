from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stream_app.errors import InvalidInput
from stream_app.letters.cases import Action, Case, Filter, choose, decide, gather, read_decision
from stream_app.topic_reader import Record
from stream_app.topics import DEAD_LETTER_DECISIONS, DEAD_LETTERS, PREDICTIONS, RESULTS
from tests.letters.made import Made, headers, letter_id

AT = datetime(2026, 5, 15, 16, 15, tzinfo=UTC)
FIRST: Made = (RESULTS, 0, 7, b"a", b"{}", "match_id is missing: wanted a name")
SECOND: Made = (PREDICTIONS, 1, 3, b"\xff", b"x", "value is not JSON")


def letter_record(made: Made, offset: int = 0, minutes: int = 0) -> Record:
    at = int((AT + timedelta(minutes=minutes)).timestamp() * 1000)
    return Record(DEAD_LETTERS, made[1], offset, made[3], made[4], headers(made), at)


def decision_record(made: Made, action: Action, run: str = "one") -> Record:
    decision = decide(letter_id(made), action, run, by="anna", why=None, at=AT, edited=False)
    return Record(DEAD_LETTER_DECISIONS, 0, 0, made[4], decision.to_bytes(), [])


def case_after(*actions: tuple[Action, str]) -> Case:
    records = [letter_record(FIRST), *(decision_record(FIRST, action, run) for action, run in actions)]
    return gather(records)[letter_id(FIRST)]


def test_a_letter_is_what_was_received_and_why_it_was_refused() -> None:
    cases = gather([letter_record(SECOND, minutes=5), letter_record(FIRST), letter_record(FIRST, offset=9)])
    assert list(cases) == [letter_id(FIRST), letter_id(SECOND)]
    letter = cases[letter_id(FIRST)].letter
    assert (letter.topic, letter.partition, letter.offset, letter.error) == (RESULTS, 0, 7, FIRST[5])
    assert (letter.key, letter.value, letter.competition, letter.received) == (b"a", b"{}", "a", AT)
    assert letter.can_be_replayed
    other = cases[letter_id(SECOND)].letter
    assert (other.competition, other.can_be_replayed) == (None, False)


@pytest.mark.parametrize(
    ("actions", "state", "claimed_by"),
    [
        ((), "open", None),
        ((("claimed", "one"),), "claimed", "one"),
        ((("claimed", "one"), ("claimed", "two")), "claimed", "one"),
        ((("claimed", "one"), ("released", "one")), "open", None),
        ((("claimed", "one"), ("claimed", "two"), ("released", "one")), "claimed", "two"),
        ((("claimed", "one"), ("replayed", "one")), "replayed", "one"),
        ((("claimed", "one"), ("replayed", "one"), ("released", "one")), "replayed", None),
        ((("discarded", "one"),), "discarded", None),
    ],
)
def test_the_first_claim_that_was_not_released_holds(
    actions: tuple[tuple[Action, str], ...], state: str, claimed_by: str | None
) -> None:
    case = case_after(*actions)
    assert (case.state, case.claim.run if case.claim else None) == (state, claimed_by)


def test_a_decision_can_be_read_back_and_nothing_else() -> None:
    decision = decide(letter_id(FIRST), "claimed", "one", by="anna", why="a test", at=AT, edited=True)
    assert read_decision(decision.to_bytes()) == decision
    assert decide(letter_id(FIRST), "claimed", "one", by="b", why=None, at=AT, edited=True).decision_id == (
        decision.decision_id
    )
    for value in (None, b"x", b"{}"):
        with pytest.raises(InvalidInput, match="holds what is no decision"):
            read_decision(value)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(), [FIRST, SECOND]),
        (Filter(topic=RESULTS), [FIRST]),
        (Filter(competition="a"), [FIRST]),
        (Filter(error="NOT json"), [SECOND]),
        (Filter(since=AT + timedelta(minutes=1)), [SECOND]),
        (Filter(ids=(letter_id(SECOND)[:8],)), [SECOND]),
        (Filter(ids=(letter_id(SECOND),), topic=RESULTS), []),
        (Filter(states=("open",)), [SECOND]),
        (Filter(states=("discarded", "replayed")), [FIRST]),
    ],
)
def test_letters_are_chosen_by_what_is_known_of_them(wanted: Filter, found: list[Made]) -> None:
    cases = gather([letter_record(FIRST), letter_record(SECOND, minutes=5), decision_record(FIRST, "discarded")])
    assert [case.letter.id for case in choose(cases, wanted)] == [letter_id(made) for made in found]


def test_an_id_has_to_name_one_letter() -> None:
    cases = gather([letter_record(FIRST), letter_record(SECOND)])
    for begin, count in (("", "2"), ("zzz", "no")):
        with pytest.raises(InvalidInput, match=f"dead letter '{begin}': {count} letters begin so"):
            choose(cases, Filter(ids=(begin,)))
