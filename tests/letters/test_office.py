from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from stream_app.contracts import encode
from stream_app.errors import InvalidInput
from stream_app.feeds.schedule import schedule
from stream_app.letters.cases import CLAIM_HOLDS, ID_HEADER, Case, gather
from stream_app.letters.office import Mended, Office, mend
from stream_app.topics import FEATURES, INPUT_MAX_BYTES, PREDICTIONS, RESULTS
from tests.letters.made import Made, letter_id, write
from tests.letters.test_cases import letter_record
from tests.support import topics
from tests.support.matches import played

VALUES = [encode(event) for event in schedule(played("a", 3))]
LETTERS: list[Made] = [
    (FEATURES if b"as_of" in value else RESULTS, 0, number, b"wrong", value, "key 'wrong': wanted the competition")
    for number, value in enumerate(VALUES)
]


def mended(cases: Sequence[Case]) -> list[Mended]:
    return [mend(case, case.letter.value, "a", max_bytes=INPUT_MAX_BYTES) for case in cases]


async def replayed(bootstrap: str) -> list[tuple[bytes | None, bytes | None, str]]:
    records = [record for topic in (FEATURES, RESULTS) for record in await topics.read_all(bootstrap, topic)]
    return [(record.key, record.value, dict(record.headers)[ID_HEADER].decode()) for record in records]


@pytest.mark.slow
async def test_a_letter_is_replayed_once_whoever_tries_and_whoever_dies(
    clean_kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await topics.create_all(clean_kafka)
    await write(clean_kafka, LETTERS)
    anna, ben = Office(clean_kafka, by="anna"), Office(clean_kafka, by="ben")
    cases = list((await anna.cases()).values())

    # Two at the same moment, who have both seen that the letters are open.
    both = await asyncio.gather(*(office.replay(mended(cases[:2])) for office in (anna, ben)))
    outcomes = [outcome for done in both for outcome in done]
    assert sorted(outcome.fate for outcome in outcomes) == ["left alone", "left alone", "replayed", "replayed"]

    # One dies after the message is sent, and one before.
    class Died(Exception):
        pass

    async def die(*_: object, **__: object) -> None:
        raise Died

    dying = Office(clean_kafka, by="dying")
    write_down = dying._write

    async def write_claims_only(*arguments: object, **options: object) -> None:
        if arguments[2] == "replayed":
            raise Died
        await write_down(*arguments, **options)  # type: ignore[arg-type]  # passed through as it came

    monkeypatch.setattr(dying, "_write", write_claims_only)
    with pytest.raises(Died):
        await dying.replay(mended([cases[2]]))
    dying = Office(clean_kafka, by="dying")
    monkeypatch.setattr(dying, "_send", die)
    with pytest.raises(Died):
        await dying.replay(mended([cases[3]]))

    # At first their claims hold; later it turns out which of the two was sent.
    names = [case.letter.id for case in cases]
    seen = await anna.cases()
    early = await Office(clean_kafka, by="anna").replay(mended([seen[name] for name in names[2:4]]))
    assert [outcome.fate for outcome in early] == ["left alone", "left alone"]
    assert early[0].reason.startswith("claimed by dying at ")
    later = Office(clean_kafka, by="anna", clock=lambda: datetime.now(UTC) + 2 * CLAIM_HOLDS)
    seen = await later.cases()
    late = await later.replay(mended([seen[name] for name in names[2:4]]))
    assert [(outcome.letter_id, outcome.fate) for outcome in late] == [
        (names[2], "already replayed"),
        (names[3], "replayed"),
    ]

    sent = await replayed(clean_kafka)
    wanted = [(b"a", value, letter_id(made)) for value, made in zip(VALUES[:4], LETTERS[:4], strict=True)]
    assert sorted(sent, key=str) == sorted(wanted, key=str)
    states = [case.state for case in (await anna.cases()).values()]
    assert states == ["replayed"] * 4 + ["open"] * 2


async def test_what_is_given_up_is_not_replayed_and_a_replay_carries_its_history(clean_kafka: str) -> None:
    await topics.create_all(clean_kafka)
    await write(clean_kafka, LETTERS[:2])
    office = Office(clean_kafka, by="anna", why="a test")
    first, second = (await office.cases()).values()
    [outcome] = await office.discard([first])
    assert outcome.fate == "discarded"
    [outcome] = await office.discard([(await office.cases())[first.letter.id]])
    assert (outcome.fate, outcome.reason.partition(" at ")[0]) == ("left alone", "discarded by anna")
    [refused, sent] = await Office(clean_kafka, by="ben").replay(mended([first, second]))
    assert {refused.fate, sent.fate} == {"left alone", "replayed"}

    # The replayed message is refused once more: its letter leads back to the first one.
    record = (await topics.read_all(clean_kafka, second.letter.topic))[0]
    again: Made = (record.topic, record.partition, record.offset, record.key, record.value, "once more")
    await write(clean_kafka, [again])
    letter = (await office.cases())[letter_id(again)].letter
    history = await office.history(letter)
    assert history == {
        ID_HEADER: second.letter.id,
        "dead-letter-place": f"{second.letter.topic}/0/1",
        "dead-letter-error": LETTERS[1][5],
        "replayed-by": "ben",
        "edited": "false",
    }
    assert await office.history(second.letter) == {}


def test_only_what_would_be_taken_is_sent_again() -> None:
    def case(made: Made) -> Case:
        return gather([letter_record(made)])[letter_id(made)]

    with pytest.raises(InvalidInput, match="it came from predictions, which the service writes itself"):
        mend(case((PREDICTIONS, 0, 0, b"a", VALUES[0], "x")), VALUES[0], "a", max_bytes=INPUT_MAX_BYTES)
    with pytest.raises(InvalidInput, match="match_id is missing"):
        mend(case(LETTERS[0]), b"{}", None, max_bytes=INPUT_MAX_BYTES)
    assert mend(case(LETTERS[0]), VALUES[0], "a", max_bytes=INPUT_MAX_BYTES).edited is False
