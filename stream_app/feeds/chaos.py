"""The trouble that real feeds make, put into any stream of events: late, doubled, out of order, corrected."""

from __future__ import annotations

import dataclasses
import heapq
import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from stream_app.errors import InvalidInput
from stream_app.events import Features, Result

DELAY_MESSAGES = 50.0
"""Messages that overtake a delayed one, on average."""

DUPLICATE_AFTER_MESSAGES = 20.0
"""Messages between one and its duplicate, on average."""

DISORDER_MESSAGES = 3
"""Messages that overtake one that is out of order, at most."""

CORRECTION_AFTER_MESSAGES = 30.0
"""Messages between a wrong result and its correction, on average."""

CORRECTED_AFTER = timedelta(hours=1)
"""Event time between a wrong result and its correction."""


@dataclass(frozen=True, slots=True)
class Chaos:
    """How much trouble: each field but the seed is a share of the messages, 0 to 1.

    Attributes
    ----------
    delays
        Come late: dozens of messages overtake them, so features may come after their result.
    duplicates
        Come a second time, unchanged.
    disorder
        Are overtaken by one to three messages.
    corrections
        Final results that come with a wrong score first; a corrected result with the right one follows.
    seed
        The same seed makes the same trouble.
    """

    delays: float = 0.0
    duplicates: float = 0.0
    disorder: float = 0.0
    corrections: float = 0.0
    seed: int = 1


SOME = Chaos(delays=0.02, duplicates=0.05, disorder=0.10, corrections=0.02)
"""What `some` stands for: about what a bad day of a real feed looks like."""


def parse(text: str) -> Chaos:
    """`some`, or a list such as `delays=0.1,duplicates=0.05,seed=7`.

    Raises
    ------
    InvalidInput
        It names something else, or a share is none.
    """
    if text == "some":
        return SOME
    known = [field.name for field in dataclasses.fields(Chaos)]
    found: dict[str, float | int] = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        if name not in known:
            raise InvalidInput(f"chaos {part!r}: wanted `some`, or NAME=SHARE with a name of {', '.join(known)}")
        found[name] = _seed(value) if name == "seed" else _share(name, value)
    return replace(Chaos(), **found)  # type: ignore[arg-type]  # the names were held against the fields


def stir(events: Iterable[Features | Result], chaos: Chaos) -> Iterator[Features | Result]:
    """`events` with trouble in it; every event comes, and what is corrected ends as it was."""
    rng = random.Random(chaos.seed)  # noqa: S311  trouble that can be had again, no secret
    waiting: list[tuple[int, int, Features | Result]] = []
    order = 0

    def hold(until: int, event: Features | Result) -> None:
        nonlocal order
        heapq.heappush(waiting, (until, order, event))
        order += 1

    for now, event in enumerate(events):
        until = now + _held_up(chaos, rng)
        sent = event
        if isinstance(event, Result) and event.status == "final" and rng.random() < chaos.corrections:
            sent = _wrong(event, rng)
            hold(until + _later(CORRECTION_AFTER_MESSAGES, rng), _corrected(event))
        hold(until, sent)
        if rng.random() < chaos.duplicates:
            hold(until + _later(DUPLICATE_AFTER_MESSAGES, rng), sent)
        while waiting and waiting[0][0] <= now:
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]


def _held_up(chaos: Chaos, rng: random.Random) -> int:
    if rng.random() < chaos.delays:
        return _later(DELAY_MESSAGES, rng)
    if rng.random() < chaos.disorder:
        return rng.randint(1, DISORDER_MESSAGES)
    return 0


def _later(mean: float, rng: random.Random) -> int:
    return 1 + int(rng.expovariate(1 / mean))


def _wrong(result: Result, rng: random.Random) -> Result:
    """`result` with another goal for one side."""
    if rng.random() < 0.5:
        return replace(result, home_goals=_other(result.home_goals))
    return replace(result, away_goals=_other(result.away_goals))


def _other(goals: int | None) -> int:
    return 1 if not goals else goals - 1


def _corrected(result: Result) -> Result:
    return replace(result, status="corrected", finished_at=result.finished_at + CORRECTED_AFTER)


def _share(name: str, text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0.0 <= share <= 1.0:
        raise InvalidInput(f"chaos {name}={text}: wanted a share from 0 to 1")
    return share


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise InvalidInput(f"chaos seed={text}: wanted a whole number")
    return int(text)
