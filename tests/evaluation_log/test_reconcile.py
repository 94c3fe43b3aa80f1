"""Two stores beside the topics: what is told of damage, and what a repair makes of it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from stream_app.contracts import encode
from stream_app.evaluation_log.csv_files import ACTIVE
from stream_app.evaluation_log.csv_log import read
from stream_app.evaluation_log.findings import Window
from stream_app.evaluation_log.postgres import PostgresLog
from stream_app.events import Result
from stream_app.topics import PREDICTIONS, RESULTS
from tests.evaluation_log.broker import make_topics_anew
from tests.evaluation_log.reconciling import EVENTS, MATCHES, Log, assert_repaired, found, only
from tests.evaluation_log.samples import (
    KICKOFF,
    evaluation,
    prediction,
    row,
)
from tests.evaluation_log.sent import event_id, matches, messages
from tests.support import topics


@pytest.fixture
async def log(kafka: str, database: str, tmp_path: Path) -> Log:
    await make_topics_anew(kafka)
    await topics.produce(kafka, messages(EVENTS))
    log = Log(kafka, database, tmp_path / "log")
    await log.fill(len(EVENTS))
    return log


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
