"""What is to die, when and how: a function of the seed alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from stream_app.durability import fail_points

WORKERS_MAX = 3
SESSION_S = 6.0
"""Seconds after which the brokers take a silent worker for dead."""


class Kind(StrEnum):
    """A way to be hard on the service."""

    KILL = "SIGKILL"
    KILL_AND_STAY_AWAY = "SIGKILL, another takes over"
    KILL_ALL = "SIGKILL to all"
    TERM = "SIGTERM"
    FREEZE = "SIGSTOP past the session"
    FAIL_POINT = "fail point"
    BROKER_RESTART = "broker restart"
    BROKER_KILL = "broker SIGKILL"
    BROKER_AWAY = "broker away for long"
    RESIZE = "worker added or removed"


@dataclass(frozen=True, slots=True)
class Blow:
    """One blow.

    Attributes
    ----------
    pause_s
        Seconds before it.
    victim
        Which of the running workers, as a share of them from 0 to 1.
    seconds
        How long a frozen worker is frozen, or the broker away.
    armed
        The fail point and how often it is passed, as the environment variable has it.
    workers
        Number of workers from then on.
    """

    kind: Kind
    pause_s: float
    victim: float
    seconds: float
    armed: str
    workers: int


_DECK: dict[Kind, int] = {
    Kind.KILL: 8,
    Kind.KILL_AND_STAY_AWAY: 3,
    Kind.KILL_ALL: 1,
    Kind.TERM: 3,
    Kind.FREEZE: 3,
    Kind.FAIL_POINT: 2 * len(fail_points.NAMES),
    Kind.BROKER_RESTART: 1,
    Kind.BROKER_KILL: 2,
    Kind.RESIZE: 4,
}
"""How often each kind comes in a round."""

_PASSES: dict[str, int] = {
    fail_points.INPUT_IN_LOG: 100,
    fail_points.AMID_OUTPUTS: 500,
    fail_points.AMID_PIECES: 20,
    fail_points.SNAPSHOTS_WRITTEN: 4,
    fail_points.CHECKPOINT_WRITTEN: 4,
    fail_points.AMID_RECOVERY: 2,
    fail_points.AMID_REVOCATION: 2,
}
"""How often a worker may pass each fail point before it dies there: within some seconds of traffic."""


def blows(seed: int) -> Iterator[Blow]:
    """Blows without an end, round by round; each round has all kinds, in an order of its own."""
    rng = random.Random(f"blows/{seed}")
    while True:
        deck = [kind for kind, times in _DECK.items() for _ in range(times)]
        points = list(fail_points.NAMES) * 2
        rng.shuffle(deck)
        rng.shuffle(points)
        for kind in deck:
            point = points.pop() if kind is Kind.FAIL_POINT else ""
            yield Blow(
                kind=kind,
                # Some blows fall on a service that is still getting up from the last one.
                pause_s=rng.uniform(0.0, 1.5) if rng.random() < 0.4 else rng.uniform(1.5, 5.0),
                victim=rng.random(),
                seconds=rng.uniform(SESSION_S + 1.0, SESSION_S + 4.0) if kind is Kind.FREEZE else rng.uniform(0.0, 8.0),
                armed=f"{point}:{rng.randint(1, _PASSES[point])}" if point else "",
                workers=rng.randint(1, WORKERS_MAX),
            )


def static_members(seed: int) -> list[bool]:
    """Which workers are static members of their group; the first one always is, the last one never."""
    rng = random.Random(f"members/{seed}")
    return [True, *(rng.random() < 0.5 for _ in range(WORKERS_MAX - 2)), False]
