from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from stream_app.contracts import encode
from stream_app.errors import InvalidInput
from stream_app.evaluation_log import reconcile as work
from stream_app.evaluation_log import sink
from stream_app.evaluation_log.csv_files import ACTIVE
from stream_app.evaluation_log.csv_log import CsvLog, read
from stream_app.evaluation_log.database import bring_up_to_date
from stream_app.evaluation_log.findings import Window
from stream_app.evaluation_log.postgres import PostgresLog
from stream_app.evaluation_log.report import Example, Group, Report
from stream_app.events import Result
from stream_app.monitoring import Readiness
from stream_app.topics import PREDICTIONS, RESULTS
from tests.evaluation_log.broker import make_topics_anew
from tests.evaluation_log.samples import (
    KICKOFF,
    alert,
    batch,
    evaluation,
    model_event,
    prediction,
    refuse_nothing,
    row,
    rows,
)
from tests.evaluation_log.sent import event_id, matches, messages
from tests.support import programs, topics
from tests.support.waiting import until

NOW = datetime(2024, 9, 1, tzinfo=UTC)
MATCHES = 20
EVENTS = [*matches(MATCHES), alert(), model_event("registered", 1), model_event("promoted", 2)]


@dataclass
class Log:
    """A log that the sink has filled with `EVENTS`, for a test to damage."""

    bootstrap: str
    database: str
    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / ACTIVE

    @property
    def sides(self) -> work.Sides:
        return work.Sides(self.folder, self.database, self.bootstrap)

    async def reconcile(self, window: Window = Window(), *, repair: bool = False) -> Report:  # noqa: B008  a frozen value
        return await work.reconcile(self.sides, window, expire_after_days=30.0, repair=repair, now=NOW)

    async def execute(self, sql: str, *values: object) -> None:
        connection = await asyncpg.connect(self.database)
        try:
            await connection.execute(sql, *values)
        finally:
            await connection.close()

    def edit(self, change: Callable[[list[bytes]], list[bytes]]) -> None:
        """Change the lines of the file behind the sink's back; those of predictions come first."""
        head, *rest = self.file.read_bytes().splitlines(keepends=True)
        # Which topic the sink has read first is chance.
        rest.sort(key=lambda line: b",prediction," not in line)
        self.file.write_bytes(head + b"".join(change(rest)))

    async def fill(self, count: int) -> None:
        """Let a sink read until both stores hold `count` events."""
        stopped = asyncio.Event()
        stores = (CsvLog(self.folder), PostgresLog(self.database))
        async with asyncio.TaskGroup() as group:
            group.create_task(sink.run(self.bootstrap, "test", stores, stopped, Readiness()))

            async def full() -> bool:
                connection = await asyncpg.connect(self.database)
                try:
                    in_database = await connection.fetchval(
                        "select count(*) from evaluation_log where event_type <> 'repair'"
                    )
                finally:
                    await connection.close()
                in_file = {row.event_id for row in read(self.folder) if row.event_type != "repair"}
                return len(in_file) == count and in_database == count

            await until(lambda: (self.folder / ACTIVE).exists(), "the file is there")
            await bring_up_to_date(self.database)
            await until(full, f"both stores hold {count} events")
            stopped.set()


@pytest.fixture
async def log(kafka: str, database: str, tmp_path: Path) -> Log:
    await make_topics_anew(kafka)
    await topics.produce(kafka, messages(EVENTS))
    log = Log(kafka, database, tmp_path / "log")
    await log.fill(len(EVENTS))
    return log


def found(report: Report) -> dict[tuple[str, str], int]:
    return {(group.side, group.defect): group.count for group in report.groups}


def only(report: Report) -> tuple[Group, Example]:
    (group,) = report.groups
    return group, group.examples[0]


async def assert_repaired(log: Log, expected: dict[tuple[str, str], int]) -> None:
    """What is wrong is `expected`, a repair puts all of it right, and then the stores say what the topics say."""
    assert found(await log.reconcile()) == expected
    report = await log.reconcile(repair=True)
    assert found(report) == expected
    assert report.clean
    again = await log.reconcile()
    assert found(again) == {}
    last = {row.event_id: row for row in read(log.folder) if row.event_type != "repair"}
    assert sorted(last) == sorted(map(event_id, EVENTS))
    truth = {event_id(event): row(event) for event in EVENTS}
    assert {id_: row.content_hash for id_, row in last.items()} == {id_: row.content_hash for id_, row in truth.items()}
    connection = await asyncpg.connect(log.database)
    for record in await connection.fetch("select * from evaluation_log where event_type <> 'repair'"):
        right = truth[str(record["event_id"])]
        assert (record["p_home"], record["hit"], record["status"]) == (right.p_home, right.hit, right.status)
        assert json.loads(record["metadata"]) == json.loads(right.metadata)
    repairs = await connection.fetchval("select count(*) from evaluation_log where event_type = 'repair'")
    assert repairs == sum(row.event_type == "repair" for row in read(log.folder))
    assert repairs > 0
    await connection.close()


async def test_a_log_that_nobody_touched_is_clean(log: Log) -> None:
    report = await log.reconcile()
    assert report.clean
    assert report.groups == []
    assert report.events == {"topics": 43, "csv": 43, "postgres": 43}
    assert report.behind == {"csv": 0, "postgres": 0}
    assert (report.overdue.count, report.unpredicted.count) == (0, 0)


async def test_a_comparison_changes_nothing(log: Log) -> None:
    log.edit(lambda lines: lines[1:])
    await log.execute("delete from evaluation_log where match_id = 'serie-a-4'")
    before = {path.name: path.read_bytes() for path in log.folder.glob("*.csv*")}
    await log.reconcile()
    assert {path.name: path.read_bytes() for path in log.folder.glob("*.csv*")} == before


async def test_deleted_rows_are_put_back(log: Log) -> None:
    await log.execute("delete from evaluation_log where competition = 'serie-a'")
    log.edit(lambda lines: [line for line in lines if b",bundesliga-3," not in line])
    await assert_repaired(log, {("postgres", "missing"): 14, ("csv", "missing"): 2})


async def test_a_table_that_was_emptied_is_filled_again(log: Log) -> None:
    await log.execute("delete from evaluation_log")
    await assert_repaired(log, {("postgres", "missing"): 43})


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ("p_home = 0.9", ("p_home",)),
        ("competition = null", ("competition",)),
        ("content_hash = 'x'", ("content_hash",)),
        ("""metadata = jsonb_set(metadata, '{models,0,probabilities,H}', '0.9')""", ("metadata",)),
        ("event_time = '1999-01-01', p_draw = 0", ("event_time", "p_draw")),
    ],
)
async def test_a_changed_row_is_told_by_its_fields_and_put_right(
    log: Log, change: str, fields: tuple[str, ...]
) -> None:
    await log.execute(f"update evaluation_log set {change} where event_id = $1", event_id(EVENTS[0]))  # noqa: S608  the test's own
    group, example = only(await log.reconcile())
    assert (group.side, group.defect, group.count) == ("postgres", "different", 1)
    assert (example.event_id, tuple(example.fields), example.proof) == (event_id(EVENTS[0]), fields, "topics")
    await assert_repaired(log, {("postgres", "different"): 1})


async def test_changed_lines_are_told_by_their_fields_and_put_right(log: Log) -> None:
    log.edit(
        lambda lines: [
            re.sub(rb",0\.5,0\.5,0\.3,", b",0.5,0.6,0.3,", line) if n < 3 else line for n, line in enumerate(lines)
        ]
    )
    group, example = only(await log.reconcile())
    assert (group.side, group.defect, group.count) == ("csv", "different", 3)
    assert example.fields == ("p_home",)
    await assert_repaired(log, {("csv", "different"): 3})


async def test_a_line_whose_very_id_was_changed_is_told_and_its_event_put_back(log: Log) -> None:
    log.edit(lambda lines: [b"ffffffff" + lines[0][8:].replace(b",0.5,0.5,", b",half,0.5,"), *lines[1:]])
    await assert_repaired(log, {("csv", "missing"): 1, ("csv", "unreadable"): 1})


async def test_duplicated_lines_are_told_and_settled(log: Log) -> None:
    log.edit(lambda lines: [*lines, lines[0], lines[0], lines[5]])
    await assert_repaired(log, {("csv", "duplicated"): 2})
    log.edit(lambda lines: [*lines, lines[0]])
    assert found(await log.reconcile()) == {("csv", "duplicated"): 1}


async def test_a_line_that_is_both_changed_and_duplicated_is_put_right(log: Log) -> None:
    log.edit(lambda lines: [lines[0], *lines[1:], lines[0].replace(b",0.5,0.5,", b",0.5,0.4,")])
    await assert_repaired(log, {("csv", "different"): 1, ("csv", "duplicated"): 1})


async def test_a_torn_line_in_the_middle_is_told_and_its_event_put_back(log: Log) -> None:
    log.edit(lambda lines: [lines[0][:20] + b"\n", *lines[1:]])
    report = await log.reconcile()
    places = [example.place for group in report.groups for example in group.examples if group.defect == "unreadable"]
    assert places == [f"{ACTIVE}, line 2"]
    await assert_repaired(log, {("csv", "unreadable"): 1, ("csv", "missing"): 1})


async def test_a_torn_line_at_the_end_is_told_and_its_event_put_back(log: Log) -> None:
    log.file.write_bytes(log.file.read_bytes()[:-30])
    await assert_repaired(log, {("csv", "unreadable"): 1, ("csv", "missing"): 1})


async def test_everything_at_once_is_put_right(log: Log) -> None:
    def damage(lines: list[bytes]) -> list[bytes]:
        changed = (
            lines[1].replace(b'""revision"":1', b'""revision"":2').replace(b'""learned"":true', b'""learned"":false')
        )
        return [changed, *lines[2:], lines[7], b"garbage\n", b'"open quote\n', lines[3][:-40]]

    log.edit(damage)
    await log.execute("delete from evaluation_log where competition = 'eredivisie'")
    await log.execute("update evaluation_log set log_loss = 0 where event_type = 'evaluation'")
    report = await log.reconcile()
    assert found(report) == {
        ("csv", "missing"): 1,
        ("csv", "different"): 1,
        ("csv", "duplicated"): 1,
        ("csv", "unreadable"): 3,
        ("postgres", "missing"): 12,
        ("postgres", "different"): 14,
    }
    await assert_repaired(log, found(report))


async def test_the_sink_goes_on_after_a_repair(log: Log) -> None:
    log.edit(lambda lines: lines[3:])
    assert (await log.reconcile(repair=True)).clean
    more = matches(3, start=MATCHES)
    await topics.produce(log.bootstrap, messages(more))
    await log.fill(len(EVENTS + more))
    report = await log.reconcile()
    assert report.clean
    assert report.groups == []


async def test_what_a_store_has_not_read_yet_is_not_missing(log: Log) -> None:
    await topics.produce(log.bootstrap, messages(matches(5, start=MATCHES)))
    report = await log.reconcile()
    assert report.clean
    assert report.behind == {"csv": 10, "postgres": 10}


async def test_stores_that_agree_are_clean_when_the_topics_were_made_anew(log: Log) -> None:
    await make_topics_anew(log.bootstrap)
    report = await log.reconcile()
    assert report.clean
    assert report.events == {"topics": 0, "csv": 43, "postgres": 43}


async def test_what_the_topics_should_have_and_do_not_is_not_spread(log: Log) -> None:
    fake = row(prediction(999))._replace(kafka_partition=0, kafka_offset=1)
    store = PostgresLog(log.database)
    await store.open()
    await store.overwrite([fake])
    await store.close()
    group, example = only(await log.reconcile(repair=True))
    assert (group.side, group.defect, group.repaired) == ("postgres", "unproven", 0)
    assert (example.event_id, example.proof) == (fake.event_id, None)
    assert fake.event_id not in {row.event_id for row in read(log.folder)}


async def test_an_evaluation_without_its_prediction_is_told(log: Log) -> None:
    lonely = evaluation(prediction(500))
    await topics.produce(log.bootstrap, messages([lonely]))
    await log.fill(len(EVENTS) + 1)
    group, example = only(await log.reconcile())
    assert (group.side, group.defect, group.count) == ("topics", "orphaned", 1)
    assert example.event_id == lonely.evaluation_id


async def test_two_messages_of_one_id_that_differ_are_told(log: Log) -> None:
    other = json.loads(encode(EVENTS[0])) | {"home": "Someone else"}
    await topics.produce(log.bootstrap, [(PREDICTIONS, b"bundesliga", json.dumps(other).encode())])
    group, _ = only(await log.reconcile())
    assert (group.side, group.defect, group.count) == ("topics", "conflicting", 1)


async def test_predictions_that_should_long_have_a_result_are_noted(log: Log) -> None:
    waiting, fresh = prediction(700), prediction(701)
    later = evaluation(prediction(3), "D", number=2, status="corrected")
    moved = json.loads(encode(later)) | {"evaluated_at": "2024-09-20T12:00:00Z"}
    soon = json.loads(encode(fresh)) | {"kickoff": "2024-09-15T12:00:00Z"}
    await topics.produce(
        log.bootstrap,
        [
            *messages([waiting]),
            ("predictions", b"bundesliga", json.dumps(soon).encode()),
            ("evaluations", b"bundesliga", json.dumps(moved).encode()),
        ],
    )
    report = await log.reconcile()
    assert report.clean
    assert report.overdue.count == 1
    assert waiting.prediction_id in report.overdue.examples[0]


async def test_results_without_a_prediction_are_noted(log: Log) -> None:
    def result(number: int, status: str) -> topics.Message:
        event = Result(
            f"bundesliga-{number}",
            "bundesliga",
            "2024-25",
            KICKOFF,
            KICKOFF + timedelta(hours=2),
            "a",
            "b",
            "final" if status == "final" else "postponed",
            1 if status == "final" else None,
            0 if status == "final" else None,
        )
        return RESULTS, b"bundesliga", encode(event)

    await topics.produce(log.bootstrap, [result(0, "final"), result(800, "final"), result(801, "postponed")])
    report = await log.reconcile()
    assert report.clean
    assert (report.unpredicted.count, report.unpredicted.examples) == (1, ["bundesliga bundesliga-800"])


async def test_only_what_was_asked_for_is_told_and_repaired(log: Log) -> None:
    await log.execute("delete from evaluation_log")
    assert found(await log.reconcile(Window(competition="serie-a"))) == {("postgres", "missing"): 14}
    before_kickoff = Window(until=KICKOFF)
    assert found(await log.reconcile(before_kickoff)) == {("postgres", "missing"): 20}
    assert found(await log.reconcile(Window(since=KICKOFF), repair=True)) == {("postgres", "missing"): 23}
    assert found(await log.reconcile()) == {("postgres", "missing"): 20}
    assert found(await log.reconcile(before_kickoff, repair=True)) == {("postgres", "missing"): 20}
    assert (await log.reconcile()).groups == []


@pytest.fixture
async def alone(database: str, tmp_path: Path) -> Log:
    """Two stores that hold the same ten events, without Kafka."""
    log = Log("", database, tmp_path)
    for store in (CsvLog(tmp_path), PostgresLog(database)):
        await store.open()
        await store.append(batch(rows(10)), refuse_nothing)
        await store.close()
    return log


async def compared(log: Log, *, repair: bool = False, with_database: bool = True) -> Report:
    sides = work.Sides(log.folder, log.database if with_database else None, None)
    return await work.reconcile(sides, Window(), expire_after_days=30.0, repair=repair, now=NOW)


async def test_without_the_topics_each_store_is_the_others_witness(alone: Log) -> None:
    await alone.execute("delete from evaluation_log where match_id in ('bundesliga-1', 'bundesliga-2')")
    await alone.execute("update evaluation_log set p_home = 1 where match_id = 'bundesliga-3'")
    alone.edit(lambda lines: [*lines[:5], lines[5].replace(b"0.5,0.5,", b"0.5,0.7,"), *lines[7:]])
    expected = {
        ("postgres", "missing"): 2,
        ("postgres", "different"): 1,
        ("csv", "missing"): 1,
        ("csv", "different"): 1,
    }
    assert found(await compared(alone)) == expected
    assert (await compared(alone, repair=True)).clean
    assert found(await compared(alone)) == {}
    last = {row.event_id: row for row in read(alone.folder) if row.event_type != "repair"}
    assert {id_: row.p_home for id_, row in last.items()} == {row.event_id: 0.5 for row in rows(10)}


async def test_without_the_topics_a_row_that_both_stores_lost_hold_of_is_told_and_left(alone: Log) -> None:
    await alone.execute("update evaluation_log set p_home = 1 where match_id = 'bundesliga-3'")
    alone.edit(
        lambda lines: [line.replace(b"0.5,0.5,", b"0.5,0.7,") if b"bundesliga-3," in line else line for line in lines]
    )
    report = await compared(alone, repair=True)
    assert found(report) == {("postgres", "different"): 1, ("csv", "different"): 1}
    assert not report.clean


async def test_the_file_alone_tells_what_was_changed_in_it(alone: Log) -> None:
    alone.edit(lambda lines: [lines[0].replace(b"0.5,0.5,", b"0.5,0.7,"), *lines[1:], lines[4]])
    report = await compared(alone, with_database=False)
    assert found(report) == {("csv", "different"): 1, ("csv", "duplicated"): 1}


async def test_a_database_that_was_not_made_is_the_users_mistake(database: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="run `stream-app db migrate`"):
        await compared(Log("", database, tmp_path))


@pytest.mark.slow
async def test_the_command_tells_repairs_and_says_by_its_code_whether_all_is_well(alone: Log, tmp_path: Path) -> None:
    env = programs.environment(database_url=alone.database, data_dir=alone.folder)

    async def command(*options: str) -> tuple[int, str, str]:
        ended = await asyncio.to_thread(programs.run, "reconcile", *options, cwd=tmp_path, env=env)
        return ended.returncode, ended.stdout, ended.stderr

    code, out, err = await command()
    assert code == 0
    assert "Clean." in out
    assert "comparing the stores alone: no Kafka" in err
    await alone.execute("delete from evaluation_log where match_id = 'bundesliga-1'")
    code, out, _ = await command()
    assert code == 1
    assert "missing" in out
    assert "Not clean." in out
    code, out, _ = await command("--repair", "--json")
    assert code == 0
    assert json.loads(out)["groups"][0] | {"examples": []} == {
        "side": "postgres",
        "defect": "missing",
        "count": 1,
        "repaired": 1,
        "examples": [],
    }
    code, out, err = await command("--since", "yesterday")
    assert code == 2
    assert "--since 'yesterday'" in err
