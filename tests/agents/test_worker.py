"""Workers as processes of their own on a real broker."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.feeds.schedule import schedule
from stream_app.topics import DEAD_LETTERS, EVALUATIONS, FEATURES, LOG, PREDICTIONS, RESULTS
from tests.support import topics
from tests.support.matches import messages, played
from tests.support.service import expected, owned_partitions, published, send, tables, until_published, worker
from tests.support.waiting import until

pytestmark = pytest.mark.slow(10)


async def test_a_worker_killed_in_the_middle_loses_nothing_and_counts_nothing_twice(
    broker_with_topics: str, tmp_path: Path
) -> None:
    matches = [match for name in ("alpha", "beta", "gamma") for match in played(name, 400)]
    everything = list(schedule(matches))
    half = len(everything) // 2
    with worker(broker_with_topics, tmp_path) as first:
        await send(broker_with_topics, everything[:half])
        await until_published(broker_with_topics, PREDICTIONS, half // 4)
        first.process.kill()
        first.process.wait()
    with worker(broker_with_topics, tmp_path, "again"):
        await send(broker_with_topics, everything[half:])
        found = await until_published(broker_with_topics, EVALUATIONS, len(matches))
        said = expected(matches)

        async def told() -> bool:
            return await tables(broker_with_topics) == said.tables

        await until(told, "scoreboards, analytics and registries are what the messages lead to")

    assert found.values == said.values
    assert found.differing == []


async def test_a_second_worker_takes_half_of_the_partitions_and_all_of_them_when_the_first_dies(
    broker_with_topics: str, tmp_path: Path
) -> None:
    matches = [match for number in range(12) for match in played(f"league-{number}", 100)]
    everything = list(schedule(matches))
    third = len(everything) // 3
    with worker(broker_with_topics, tmp_path, "one") as one:
        await send(broker_with_topics, everything[:third])
        await until(lambda: owned_partitions(one) == [0, 1, 2, 3], "the first worker owns everything")
        with worker(broker_with_topics, tmp_path, "two") as two:
            await until(
                lambda: len(owned_partitions(one)) == len(owned_partitions(two)) == 2,
                "they have two partitions each",
            )
            assert sorted(owned_partitions(one) + owned_partitions(two)) == [0, 1, 2, 3]
            assert "Missing sensor state" not in one.log.read_text(encoding="utf-8")
            await send(broker_with_topics, everything[third : 2 * third])
            await until_published(broker_with_topics, PREDICTIONS, len(matches) // 2)
            one.process.kill()
            one.process.wait()
            await send(broker_with_topics, everything[2 * third :])
            await until(lambda: owned_partitions(two) == [0, 1, 2, 3], "the second worker owns everything")
            found = await until_published(broker_with_topics, EVALUATIONS, len(matches))

    said = expected(matches)
    assert found.values == said.values
    assert found.differing == []


GOOD = (
    b'{"match_id":"m1","competition":"alpha","season":"2020","kickoff":"2020-08-01T15:00:00Z",'
    b'"as_of":"2020-08-01T14:00:00Z","home":"A","away":"B","neutral":false,"importance":"competitive","features":{}}'
)
RESULT = (
    b'{"match_id":"m1","competition":"alpha","season":"2020","kickoff":"2020-08-01T15:00:00Z",'
    b'"finished_at":"2020-08-01T16:45:00Z","home":"A","away":"B","status":"final","home_goals":1,"away_goals":0}'
)
BAD: list[topics.Message] = [
    (FEATURES, b"alpha", b"not json"),
    (FEATURES, b"alpha", GOOD.replace(b'"home":"A"', b'"home":7')),
    (FEATURES, b"alpha", GOOD.replace(b'"season":"2020",', b"")),
    (FEATURES, b"alpha", GOOD.replace(b'"features":{}', b'"features":{"x":NaN}')),
    (FEATURES, b"alpha", GOOD.replace(b'"features":{}', b'"features":{"' + b"x" * 2_000_000 + b'":1}')),
    (FEATURES, b"alpha", None),
    (FEATURES, b"beta", GOOD),
    (FEATURES, b"alpha", GOOD.replace(b'"2020-08-01T15:00:00Z"', b"1596294000")),
    (FEATURES, b"alpha", GOOD.replace(b'"features":{}', b'"features":{},"extra":1')),
    (FEATURES, b"alpha", GOOD.replace(b'"home":"A"', b'"home":"A\\u0007"')),
    (FEATURES, b"alpha", GOOD.replace(b'"away":"B"', b'"away":"A"')),
    (RESULTS, b"alpha", RESULT.replace(b'"home_goals":1', b'"home_goals":-1')),
    (RESULTS, b"alpha", RESULT.replace(b'"finished_at":"2020', b'"finished_at":"2999')),
]


async def test_every_kind_of_bad_input_ends_as_a_dead_letter_while_good_traffic_goes_on(
    broker_with_topics: str, tmp_path: Path
) -> None:
    matches = played("good", 60)
    good = messages(matches)
    mixed = [message for number, bad in enumerate(BAD) for message in (*good[number * 10 : number * 10 + 10], bad)]
    with worker(broker_with_topics, tmp_path) as running:
        await topics.produce(broker_with_topics, mixed)
        found = await until_published(broker_with_topics, EVALUATIONS, len(matches))
        letters = await topics.read_all(broker_with_topics, DEAD_LETTERS)
        running.require_running()

    assert found.values == expected(matches).values
    assert sorted((letter.value or b"") for letter in letters) == sorted((value or b"") for _, _, value in BAD)
    sent = await topics.read_all(broker_with_topics, FEATURES, RESULTS)
    origin = {(record.topic, record.partition, record.offset): record for record in sent}
    for letter in letters:
        headers = dict(letter.headers)
        named = headers["topic"].decode(), int(headers["partition"]), int(headers["offset"])
        assert (origin[named].key, origin[named].value) == (letter.key, letter.value)
        assert len(headers["error"].decode()) > 10
    assert len(await topics.read_all(broker_with_topics, LOG)) == len(good) + 1


async def test_the_same_messages_sent_twice_change_nothing(broker_with_topics: str, tmp_path: Path) -> None:
    matches = played("alpha", 60)
    with worker(broker_with_topics, tmp_path) as running:
        await topics.produce(broker_with_topics, [*messages(matches), *messages(matches)])
        await until_published(broker_with_topics, EVALUATIONS, len(matches))

        async def all_in_the_log() -> bool:
            return len(await topics.read_all(broker_with_topics, LOG)) == 4 * len(matches) + 1

        await until(all_in_the_log, "the log has every message")
    assert running.returncode() == 0, running.tail()
    found = await published(broker_with_topics)

    assert found.values == expected(matches).values
