"""The independent checker: says from the topics alone whether every message has counted exactly once.

It knows what the inputs were made as, folds the log with leagues of its own, and holds every topic of the service
against that. With the code that makes the guarantee it shares nothing but the leagues, the topics and the schemas.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import orjson

from stream_app.contracts import encode
from stream_app.events import name_id
from stream_app.league.digest import digest
from stream_app.topic_reader import Record
from stream_app.topics import CHECKPOINTS, DEAD_LETTERS, INPUTS, LOG, MODEL_EVENTS, REGISTRY, SNAPSHOTS
from tests.chaos.commands_check import Told, check_commands
from tests.chaos.findings import Findings
from tests.chaos.fold import Expected, Fold, Inputs, Origin, fingerprint
from tests.chaos.state_reader import Place, SnapshotTrail, Unreadable, read_place, read_snapshot
from tests.support.service import ID_OF, TABLE_OF

Read = Callable[[str], AsyncIterator[Record]]
"""Gives all records of a topic, those of a partition in their order."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Where a running group stood: by partition, the committed offset of the log and the furthest checkpoint."""

    committed: Mapping[int, int]
    checkpoints: Mapping[int, int]


@dataclass
class Verdict:
    """What the check says.

    Attributes
    ----------
    events
        Messages of the inputs, poison included.
    poison, dead_lettered
        Poison in the inputs, and how much of it is in the dead letters as it has to be.
    outputs
        Messages that each output topic has to have.
    repeats
        Records of each topic that say once more, to the byte, what an earlier one said.
    snapshots
        Snapshots that were compared with the fold.
    commands
        How many commands of each action led to what.
    unreadable
        Snapshots on the way that two writers had left in pieces that do not fit; they are there to be done without.
    """

    findings: Findings = field(default_factory=Findings)
    events: int = 0
    poison: int = 0
    dead_lettered: int = 0
    outputs: dict[str, int] = field(default_factory=dict)
    repeats: dict[str, int] = field(default_factory=dict)
    snapshots: int = 0
    unreadable: int = 0
    commands: Counter[str] = field(default_factory=Counter)

    @property
    def holds(self) -> bool:
        """Whether everything is as it has to be."""
        return not self.findings.total


async def check(
    read: Read, *, signing_key: bytes, sent: Collection[int] = (), repeats_allowed: bool = True, every: int = 25
) -> Verdict:
    """Check a service that has read all its inputs and was stopped in good order.

    Parameters
    ----------
    read
        How to read a topic.
    signing_key
        Key of the snapshots.
    sent
        Numbers of the messages that the brokers have confirmed to the feed.
    repeats_allowed
        Whether workers have died or lost partitions: only then may there be entries and outputs that came again.
    every
        Of the snapshots on the way each `every`-th one is compared, of each competition the last one in any case.
    """
    verdict = Verdict()
    findings = verdict.findings
    inputs = Inputs()
    for topic in INPUTS:
        async for record in read(topic):
            inputs.add(record)
    if gone := set(sent) - inputs.numbers:
        findings.lost(f"the inputs do not have message {min(gone)}, which was confirmed", len(gone))
    verdict.events, verdict.poison = len(inputs.good) + len(inputs.poison), len(inputs.poison)

    digests = await _snapshots(read, signing_key, every, verdict)
    fold = Fold(inputs, digests, findings)
    async for record in read(LOG):
        fold.add(record)
    fold.finish()
    verdict.repeats[LOG], verdict.snapshots = fold.repeats, fold.compared
    _check_last(fold, digests, findings)

    told: dict[str, Told] = {}
    for topic, expected in fold.outputs.items():
        verdict.outputs[topic] = len(expected)
        kept = told if topic == MODEL_EVENTS else None
        verdict.repeats[topic] = await _check_outputs(read(topic), topic, expected, findings, kept)
    verdict.repeats[DEAD_LETTERS] = await _check_dead_letters(read(DEAD_LETTERS), inputs, verdict)
    tables = await _check_tables(read, fold, findings)
    verdict.commands = check_commands(inputs.asked(findings), told.values(), tables[REGISTRY], findings)
    await _check_checkpoints(read(CHECKPOINTS), fold, findings)
    if not repeats_allowed:
        for topic, times in verdict.repeats.items():
            findings.doubled(f"{topic} has {times} records twice, and nothing has died", times)
    return verdict


def check_samples(samples: Iterable[Sample], findings: Findings) -> None:
    """Tell where the committed offset of the log was beyond every checkpoint that there was."""
    for sample in samples:
        for partition, committed in sample.committed.items():
            checkpoint = sample.checkpoints.get(partition, 0)
            if committed > checkpoint:
                findings.differing(f"match-log[{partition}] was committed up to {committed}, checkpoint {checkpoint}")


def moved_back(samples: Sequence[Sample]) -> int:
    """How often the committed offset of a partition of the log went back.

    No fault: the log is read again from there, and nothing counts twice. But it takes time, and should be rare.
    """
    return sum(
        committed < before.committed.get(partition, 0)
        for before, sample in pairwise(samples)
        for partition, committed in sample.committed.items()
    )


async def _snapshots(read: Read, signing_key: bytes, every: int, verdict: Verdict) -> dict[str, dict[int, str]]:
    """Digests of what the snapshots hold, by competition and position, the last one of each competition last."""
    trail, last, number = SnapshotTrail(), dict[bytes, bytes | Unreadable](), 0
    digests: dict[str, dict[int, str]] = {}

    def open_up(snapshot: bytes) -> None:
        held = read_snapshot(snapshot, signing_key)
        of_competition = digests.setdefault(held.competition, {})
        known = of_competition.pop(held.position, None)
        of_competition[held.position] = found = digest(held.league)
        if known not in (None, found):
            verdict.findings.differing(f"two snapshots of {held.competition!r} at {held.position} are not equal")

    async for record in read(SNAPSHOTS):
        try:
            snapshot = trail.add(record)
        except Unreadable as error:
            last[record.key or b""] = error
            verdict.unreadable += 1
            continue
        if snapshot is not None:
            last[record.key or b""] = snapshot
            number += 1
            if number % every == 0:
                open_up(snapshot)
    for key, final in last.items():
        try:
            if isinstance(final, Unreadable):
                raise final
            open_up(final)
        except Unreadable as error:
            verdict.findings.differing(f"the last snapshot of {key!r} cannot be read: {error}")
    return digests


def _check_last(fold: Fold, digests: Mapping[str, Mapping[int, str]], findings: Findings) -> None:
    """The last snapshot of each competition holds everything that the log has of it."""
    for partition, competitions in fold.last.items():
        for competition, offset in competitions.items():
            held = next(reversed(list(digests.get(competition, {}))), -1)
            if held != offset:
                findings.lost(
                    f"the snapshot of {competition!r} ends at {held} of match-log[{partition}], the log at {offset}"
                )
    competitions_of_log = {name for competitions in fold.last.values() for name in competitions}
    for competition in sorted(digests.keys() - competitions_of_log):
        findings.doubled(f"there is a snapshot of {competition!r}, of which the log knows nothing")


async def _check_outputs(
    records: AsyncIterator[Record],
    topic: str,
    expected: Mapping[str, Expected],
    findings: Findings,
    kept: dict[str, Told] | None,
) -> int:
    """Hold an output topic against what the fold says; the number of records that came again.

    Each message goes into `kept` once, by its id, where that is wanted.
    """
    missing, highest, repeats = dict.fromkeys(expected), dict[bytes | None, int](), 0
    async for record in records:
        where = f"{topic}[{record.partition}] offset {record.offset}"
        try:
            message = orjson.loads(record.value or b"")
            name = message[ID_OF[topic]]
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            findings.differing(f"{where} is no message of this topic: {error!r}")
            continue
        if kept is not None:
            kept.setdefault(name, message)
        wanted = expected.get(name)
        if wanted is None:
            findings.doubled(f"{where}: nothing in the log leads to {name}")
            continue
        if fingerprint(record.key, record.value) != wanted.content or record.partition != wanted.partition:
            findings.differing(f"{where}: {name} is not what the log leads to")
        if name not in missing:
            repeats += 1
            continue
        del missing[name]
        if wanted.number < highest.get(record.key, 0):
            findings.differing(f"{where}: {name} comes after what its competition said later")
        highest[record.key] = max(wanted.number, highest.get(record.key, 0))
    for name in missing:
        findings.lost(f"{topic} has no {name}, to which the log leads")
    return repeats


async def _check_dead_letters(records: AsyncIterator[Record], inputs: Inputs, verdict: Verdict) -> int:
    """Hold the dead letters against the poison; the number of records that came again."""
    findings, repeats = verdict.findings, 0
    seen: dict[Origin, object] = {}
    highest: dict[tuple[str, int], int] = {}
    async for record in records:
        where = f"{DEAD_LETTERS}[{record.partition}] offset {record.offset}"
        headers = dict(record.headers)
        origin = (headers["topic"].decode(), int(headers["partition"]), int(headers["offset"]))
        if origin not in inputs.poison:
            findings.doubled(f"{where}: {origin} was not to be refused, or does not exist")
            continue
        whole = (record.key, record.value, tuple(record.headers))
        if origin in seen:
            repeats += 1
            if seen[origin] != whole:
                findings.differing(f"{where}: {origin} was refused before, in other words")
            continue
        seen[origin] = whole
        right = (
            fingerprint(record.key, record.value) == inputs.poison[origin]
            and headers["id"].decode() == name_id("dead-letter", *origin)
            and bool(headers["error"])
            and record.partition == origin[1]
        )
        if right:
            verdict.dead_lettered += 1
        else:
            findings.differing(f"{where} is not the dead letter of {origin}")
        if origin[2] < highest.get(origin[:2], -1):
            findings.differing(f"{where}: {origin} comes after a later one")
        highest[origin[:2]] = max(origin[2], highest.get(origin[:2], -1))
    for origin in inputs.poison.keys() - seen.keys():
        findings.lost(f"{origin} was to be refused and is in no dead letter")
    return repeats


async def _check_tables(read: Read, fold: Fold, findings: Findings) -> dict[str, dict[str, Told]]:
    """The last value of each public table is that of the fold; these values, by topic and competition."""
    found: dict[str, dict[str, bytes]] = {}
    for topic in TABLE_OF.values():
        found[topic] = {(record.key or b"").decode(): record.value or b"" async for record in read(topic)}
        for competition in sorted(found[topic].keys() - fold.leagues.keys()):
            findings.doubled(f"{topic} has {competition!r}, of which the log knows nothing")
    for competition, league in fold.leagues.items():
        for table in league.tables():
            topic = TABLE_OF[type(table)]
            if competition not in found[topic]:
                findings.lost(f"{topic} does not have {competition!r}")
            elif found[topic][competition] != encode(table):
                findings.differing(f"the {topic} of {competition!r} is not what the log leads to")
    return {topic: {name: _loaded(value) for name, value in last.items()} for topic, last in found.items()}


def _loaded(value: bytes) -> Told:
    try:
        told: Told = orjson.loads(value)
    except orjson.JSONDecodeError:
        return {}
    return told


async def _check_checkpoints(records: AsyncIterator[Record], fold: Fold, findings: Findings) -> None:
    """The last checkpoint of each partition holds the whole log."""
    last = {record.partition: record.value or b"" async for record in records}
    for partition, end in fold.ends.items():
        try:
            found = read_place(last.get(partition, b""))
        except Unreadable as error:
            findings.lost(f"match-log[{partition}] has no checkpoint: {error}")
            continue
        if found != Place(end, fold.last[partition]):
            findings.differing(f"the last checkpoint of match-log[{partition}] is at {found.place}, the log at {end}")
