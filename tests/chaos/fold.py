"""The checker's own fold of the log: what the leagues have to say and to be, if every input counts exactly once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields

import orjson

from stream_app.contracts import decode, encode
from stream_app.errors import StreamAppError
from stream_app.events import Configure, Features, ModelCommand, Output, Refusal, Result
from stream_app.league import League
from stream_app.league.digest import digest
from stream_app.topic_reader import Record
from stream_app.topics import FEATURES, MODEL_COMMANDS, RESULTS
from tests.chaos.findings import Findings
from tests.chaos.sent import FORGED, GOOD
from tests.chaos.state_reader import Unreadable, read_artefact
from tests.support.service import ID_OF, TOPIC_OF

MADE = "made"
"""Header in which the harness's feed says what a message was made as."""

NUMBER = "number"
"""Header with the number of the message in the harness's feed."""

KIND_OF = {FEATURES: "features", RESULTS: "result", MODEL_COMMANDS: "command"}
REFUSAL = "refusal"
"""Kind of the entries that stand in the place of forged commands."""
SETTINGS = "settings"
"""Source of the entries of the log that no input stands behind."""

_TOLD = {each.name for each in fields(Refusal)} - {"reason"}

Origin = tuple[str, int, int]
"""Topic, partition and offset of an input message."""


def fingerprint(key: bytes | None, value: bytes | None) -> bytes:
    """A short hash of a record's content; null and empty are told apart."""
    hasher = hashlib.blake2b(digest_size=16)
    for part in (key, value):
        hasher.update(b"null;" if part is None else b"%d:" % len(part) + part)
    return hasher.digest()


@dataclass
class Inputs:
    """The input messages as the brokers have them.

    `commands` are those among the good messages, partition by partition in their order, with those that are `forged`.
    """

    good: dict[Origin, bytes] = field(default_factory=dict)
    poison: dict[Origin, bytes] = field(default_factory=dict)
    commands: dict[Origin, bytes] = field(default_factory=dict)
    forged: set[Origin] = field(default_factory=set)
    numbers: set[int] = field(default_factory=set)

    def add(self, record: Record) -> None:
        """Note one message and what it was made as."""
        headers = dict(record.headers)
        made, origin = headers[MADE].decode(), (record.topic, record.partition, record.offset)
        kept = self.good if made in (GOOD, FORGED) else self.poison
        self.numbers.add(int(headers[NUMBER]))
        kept[origin] = fingerprint(record.key, record.value)
        if kept is self.good and record.topic == MODEL_COMMANDS:
            self.commands[origin] = record.value or b""
        if made == FORGED:
            self.forged.add(origin)

    def asked(self, findings: Findings) -> Iterator[ModelCommand]:
        """The commands, partition by partition in their order."""
        for origin, value in self.commands.items():
            try:
                command = decode("command", value)
            except (LookupError, TypeError, ValueError) as error:
                findings.differing(f"{origin} was sent as a command and cannot be read: {error!r}")
                continue
            assert isinstance(command, ModelCommand)
            yield command


@dataclass(frozen=True, slots=True)
class Expected:
    """One output that the topics must have: its content, and its number in the order of the fold."""

    content: bytes
    partition: int
    number: int


class Fold:
    """Reads the log, record by record, and holds it against the inputs.

    Parameters
    ----------
    inputs
        All input messages.
    snapshots
        Digests of what snapshots hold, by competition and position: each is compared when the fold is there.
    findings
        Where faults are told.
    """

    def __init__(self, inputs: Inputs, snapshots: Mapping[str, Mapping[int, str]], findings: Findings) -> None:
        self._inputs = inputs
        self._snapshots = snapshots
        self._findings = findings
        self._missing = dict.fromkeys(inputs.good)
        self._highest: dict[tuple[str, int], int] = {}
        self._numbers = 0
        self.leagues: dict[str, League] = {}
        self.last: dict[int, dict[str, int]] = {}
        self.ends: dict[int, int] = {}
        self.outputs: dict[str, dict[str, Expected]] = {topic: {} for topic in ID_OF}
        self.repeats = 0
        self.compared = 0

    def add(self, record: Record) -> None:
        """Take in the next record of a partition of the log."""
        competition = (record.key or b"").decode(errors="replace")
        where = f"match-log[{record.partition}] offset {record.offset}"
        expected_offset = self.ends.get(record.partition, 0)
        if record.offset != expected_offset:
            self._findings.lost(f"{where}: the log has a gap from {expected_offset}")
        self.ends[record.partition] = record.offset + 1
        self.last.setdefault(record.partition, {})[competition] = record.offset
        headers = dict(record.headers)
        kind, source = headers["kind"].decode(), headers["source"].decode()
        if source == SETTINGS or self._counts(record, kind, source, int(headers["source-offset"]), where):
            self._apply(competition, kind, record, where)
        self._compare(competition, record.offset, where)

    def finish(self) -> None:
        """After the last record: tell what never came."""
        for topic, partition, offset in self._missing:
            self._findings.lost(f"{topic}[{partition}] offset {offset} is not in the log")

    def _counts(self, record: Record, kind: str, source: str, offset: int, where: str) -> bool:
        """Whether this entry is the first one of an input message."""
        origin = (source, record.partition, offset)
        if origin not in self._inputs.good:
            refused = "was to be refused" if origin in self._inputs.poison else "does not exist"
            self._findings.doubled(f"{where} holds {source}[{record.partition}] offset {offset}, which {refused}")
            return False
        if not self._is_what_came_in(record, kind, origin):
            self._findings.differing(f"{where} is not what {source}[{record.partition}] has at offset {offset}")
        if origin not in self._missing:
            self.repeats += 1
            return False
        del self._missing[origin]
        highest = self._highest.get((source, record.partition), -1)
        if offset < highest:
            self._findings.differing(f"{where} holds {source} offset {offset}, after offset {highest}")
        self._highest[source, record.partition] = max(offset, highest)
        return True

    def _is_what_came_in(self, record: Record, kind: str, origin: Origin) -> bool:
        """Whether an entry holds the input message that it says it does; of a forged command what was refused."""
        if origin not in self._inputs.forged:
            return kind == KIND_OF[origin[0]] and fingerprint(record.key, record.value) == self._inputs.good[origin]
        if kind != REFUSAL:
            return False
        said, asked = orjson.loads(record.value or b""), orjson.loads(self._inputs.commands[origin])
        reason = said.pop("reason", "")
        return said == {name: asked[name] for name in said} and said.keys() == _TOLD and bool(reason)

    def _apply(self, competition: str, kind: str, record: Record, where: str) -> None:
        league = self.leagues.setdefault(competition, League(competition))
        try:
            outputs = _tell(league, kind, record.value or b"")
        except (StreamAppError, LookupError, TypeError, ValueError, Unreadable) as error:
            self._findings.differing(f"{where} cannot be applied: {error!r}")
            return
        for output in outputs:
            topic = TOPIC_OF[type(output)]
            value = encode(output)
            self._numbers += 1
            self.outputs[topic][orjson.loads(value)[ID_OF[topic]]] = Expected(
                fingerprint(record.key, value), record.partition, self._numbers
            )

    def _compare(self, competition: str, offset: int, where: str) -> None:
        held = self._snapshots.get(competition, {}).get(offset)
        if held is None or competition not in self.leagues:
            return
        self.compared += 1
        if digest(self.leagues[competition]) != held:
            self._findings.differing(f"the snapshot of {competition!r} as of {where} is not what the log says")


def _tell(league: League, kind: str, payload: bytes) -> list[Output]:
    event = decode(kind, payload)  # type: ignore[arg-type]  # a wrong kind is a finding
    match event:
        case Configure():
            return league.configure(event)
        case Features():
            return league.predict(event)
        case Result():
            return league.learn(event)
        case ModelCommand():
            return league.command(event, None if event.artefact is None else read_artefact(event.artefact))
        case Refusal():
            return league.refuse(event)
