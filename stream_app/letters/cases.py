"""What became of each dead letter: a fold of the letters and of what people decided about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import orjson

from stream_app import schemas
from stream_app.errors import InvalidInput
from stream_app.events import name_id
from stream_app.topic_reader import Record
from stream_app.topics import DEAD_LETTER_DECISIONS, DEAD_LETTERS, INPUTS

Action = Literal["claimed", "replayed", "discarded", "released"]
State = Literal["open", "claimed", "replayed", "discarded"]

ID_HEADER = "dead-letter-id"
"""Header of a replayed message: the letter that it was."""

CLAIM_HOLDS = timedelta(seconds=60)
"""How long whoever claims a letter has for its replay. After it, and only when the message is not there, another one
may claim it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided about a letter.

    Attributes
    ----------
    decision_id, letter_id
        Of the decision, and of the letter.
    action
        `claimed`: about to be replayed by the one with this `run`; `replayed`, `discarded`; `released`: the claim of
        `run` is given back, because nothing was sent.
    run
        Names one run of a command.
    by, why, at
        Who, for what reason, and when by the clock of their machine.
    edited
        Whether the message was changed before it was replayed.
    """

    decision_id: str
    letter_id: str
    action: Action
    run: str
    by: str
    why: str | None
    at: datetime
    edited: bool

    def to_bytes(self) -> bytes:
        """The message of the topic."""
        fields = asdict(self) | {"at": self.at.astimezone(UTC).isoformat().replace("+00:00", "Z")}
        return orjson.dumps(fields)


def decide(letter: str, action: Action, run: str, *, by: str, why: str | None, at: datetime, edited: bool) -> Decision:
    """A decision with its id: the same decision of the same run has the same one."""
    return Decision(name_id("dead-letter-decision", letter, run, action), letter, action, run, by, why, at, edited)


def read_decision(value: bytes | None) -> Decision:
    """The decision of a record.

    Raises
    ------
    InvalidInput
        It is none.
    """
    try:
        fields: dict[str, Any] = orjson.loads(value or b"")
        schemas.validator(DEAD_LETTER_DECISIONS).validate(fields)
    except ValueError as error:  # Both libraries' errors are.
        raise InvalidInput(f"topic {DEAD_LETTER_DECISIONS} holds what is no decision: {error}") from None
    return Decision(**fields | {"at": datetime.fromisoformat(fields["at"])})


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter: what was refused, where it stood, and why. `received` is when it became a dead letter."""

    id: str
    topic: str
    partition: int
    offset: int
    error: str
    key: bytes | None
    value: bytes | None
    received: datetime

    @property
    def competition(self) -> str | None:
        """The key as text, None where it is none."""
        try:
            return None if self.key is None else self.key.decode()
        except UnicodeDecodeError:
            return None

    @property
    def can_be_replayed(self) -> bool:
        """Whether it came from a topic that others write. What the service said itself it says again by itself."""
        return self.topic in INPUTS


def read_letter(record: Record) -> Letter:
    """The letter of a record of the topic. Raises InvalidInput where its headers are not those of one."""
    headers = {name: value.decode(errors="replace") for name, value in record.headers}
    try:
        schemas.validator(DEAD_LETTERS).validate(headers)
    except ValueError as error:
        raise InvalidInput(
            f"topic {DEAD_LETTERS}, partition {record.partition}, offset {record.offset} is no dead letter: {error}"
        ) from None
    return Letter(
        id=headers["id"],
        topic=headers["topic"],
        partition=int(headers["partition"]),
        offset=int(headers["offset"]),
        error=headers["error"],
        key=record.key,
        value=record.value,
        received=datetime.fromtimestamp(record.timestamp / 1000, UTC),
    )


@dataclass(slots=True)
class Case:
    """A letter and the decisions about it, in the order in which they were written."""

    letter: Letter
    decisions: list[Decision] = field(default_factory=list)

    @property
    def state(self) -> State:
        """What it has come to."""
        for action in ("replayed", "discarded"):
            if any(decision.action == action for decision in self.decisions):
                return action
        return "claimed" if self.claim else "open"

    @property
    def claim(self) -> Decision | None:
        """The claim that holds: the first one that was not given back."""
        released = {decision.run for decision in self.decisions if decision.action == "released"}
        claims = (item for item in self.decisions if item.action == "claimed" and item.run not in released)
        return next(claims, None)


def gather(records: Iterable[Record]) -> dict[str, Case]:
    """Every case, by the letter's id, the oldest letter first. A letter that came twice is one.

    Raises
    ------
    InvalidInput
        A record is neither letter nor decision.
    """
    letters: dict[str, Letter] = {}
    decisions: dict[str, list[Decision]] = {}
    for record in records:
        if record.topic == DEAD_LETTERS:
            letter = read_letter(record)
            letters.setdefault(letter.id, letter)
        else:
            decision = read_decision(record.value)
            decisions.setdefault(decision.letter_id, []).append(decision)
    ordered = sorted(letters.values(), key=lambda letter: (letter.received, letter.partition, letter.offset))
    return {letter.id: Case(letter, decisions.get(letter.id, [])) for letter in ordered}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which cases are meant; what is None or empty does not matter.

    Attributes
    ----------
    ids
        Beginnings of letters' ids.
    topic, competition
        Where a letter came from, and its key.
    error
        Words in the reason, in any case.
    since
        Letters that were received at this moment or later.
    states
        What it has come to.
    """

    ids: Sequence[str] = ()
    topic: str | None = None
    competition: str | None = None
    error: str | None = None
    since: datetime | None = None
    states: Sequence[State] = ()

    def takes(self, case: Case) -> bool:
        """Whether `case` is meant."""
        letter = case.letter
        return (
            (not self.ids or any(letter.id.startswith(begin) for begin in self.ids))
            and (self.topic is None or letter.topic == self.topic)
            and (self.competition is None or letter.competition == self.competition)
            and (self.error is None or self.error.casefold() in letter.error.casefold())
            and (self.since is None or letter.received >= self.since)
            and (not self.states or case.state in self.states)
        )


def choose(cases: Mapping[str, Case], wanted: Filter) -> list[Case]:
    """The cases that `wanted` means.

    Raises
    ------
    InvalidInput
        The beginning of an id fits no letter, or more than one.
    """
    for begin in wanted.ids:
        fitting = [name for name in cases if name.startswith(begin)]
        if len(fitting) != 1:
            raise InvalidInput(
                f"dead letter {begin!r}: {len(fitting) or 'no'} letters begin so; wanted the beginning of one id, as"
                " `stream-app dead-letters list` shows them"
            )
    return [case for case in cases.values() if wanted.takes(case)]
