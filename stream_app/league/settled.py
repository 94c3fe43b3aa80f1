"""Matches that wait for nothing, kept small.

A league remembers its matches for months, since a result may be corrected. Nearly all of them are over: as objects they
would take a third of the league's memory, and of the time to write and to read it.
"""

from __future__ import annotations

import struct
import uuid
from datetime import datetime
from typing import get_args

from stream_app.events import OUTCOMES, Alias, EvaluationStatus, Probabilities, ResultStatus
from stream_app.events.moments import moment_of, ticks_of
from stream_app.league.fixture import Fixture, Given, Sealed, State
from stream_app.ratings import Match

Line = tuple[str, int, Alias, bool]
"""Model, version and alias of a forecast, and whether it was blocked."""

Lineup = tuple[tuple[Line, ...], tuple[Line, ...]]
"""Those whose forecasts were published, and those in reserve."""

Settled = tuple[str, str, str, Lineup, bytes]
"""Season and sides of the sealed revision, who gave its forecasts, and all the numbers.

A tuple takes less room than any class, and is the fastest to pickle."""

NOBODY: Lineup = ((), ())

_STATES: tuple[State, ...] = get_args(State)
_VERDICTS: tuple[EvaluationStatus | None, ...] = (None, *get_args(EvaluationStatus))
_STATUSES: tuple[ResultStatus, ...] = get_args(ResultStatus)
_SCORED = (None, *OUTCOMES)

_HEAD = struct.Struct("<4B5q2Iq2b16sH")
_SEAL = struct.Struct("<16sqq2?")
_HEARD = struct.Struct("<qB2b")
_NUMBERS = struct.Struct("<3d")
_LEARNED, _CORRECTED, _SEALED = 1, 2, 4

LAYOUT = (
    *(it.format for it in (_HEAD, _HEARD, _SEAL, _NUMBERS)),
    *map(str, (*_STATES, *_VERDICTS, *_SCORED, *_STATUSES)),
)
"""What the numbers mean, in order: part of the state's layout."""

_NEVER = -(2**63)
_NO_GOALS = -1
_NO_ID = bytes(16)  # no UUIDv5 has only zeros


def settled(fixture: Fixture, lineup: Lineup) -> Settled:
    """All of `fixture`, which has no inputs any more.

    `lineup` is that of another fixture; one that is the same is kept only once.
    """
    sealed = fixture.sealed
    rank_at, corrected = fixture.rank or (None, False)
    row = _HEAD.pack(
        _STATES.index(fixture.state),
        _VERDICTS.index(fixture.verdict),
        _SCORED.index(fixture.scored),
        _LEARNED * fixture.learned | _CORRECTED * corrected | _SEALED * (sealed is not None),
        *map(_ticks, (fixture.kickoff, fixture.since, fixture.latest, fixture.as_of, rank_at)),
        fixture.revisions,
        fixture.evaluations,
        fixture.counted,
        *(fixture.goals or (_NO_GOALS, _NO_GOALS)),
        _NO_ID if fixture.evaluation_id is None else uuid.UUID(fixture.evaluation_id).bytes,
        len(fixture.heard),
    )
    for at, status, *goals in fixture.heard:
        row += _HEARD.pack(_ticks(at), _STATUSES.index(status), *(_NO_GOALS if it is None else it for it in goals))
    if sealed is None:
        return "", "", "", lineup, row
    match = sealed.match
    row += _SEAL.pack(
        uuid.UUID(sealed.prediction_id).bytes,
        _ticks(match.kickoff),
        _ticks(sealed.as_of),
        match.neutral,
        match.friendly,
    )
    for given in (*sealed.given, *sealed.aside):
        row += _NUMBERS.pack(given.probabilities.H, given.probabilities.D, given.probabilities.A)
    own = _lines(sealed.given), _lines(sealed.aside)
    return match.season, match.home, match.away, lineup if own == lineup else own, row


def unsettled(match_id: str, kept: Settled) -> Fixture:
    """The fixture of which `settled` made `kept`."""
    season, home, away, lineup, row = kept
    state, verdict, scored, flags, *numbers = _HEAD.unpack_from(row)
    *times, revisions, evaluations, counted, home_goals, away_goals, evaluation_id, messages = numbers
    kickoff, since, latest, as_of, rank_at = times
    end = _HEAD.size + messages * _HEARD.size
    heard = [
        (moment_of(at), _STATUSES[status], _goals(mine), _goals(theirs))
        for at, status, mine, theirs in _HEARD.iter_unpack(row[_HEAD.size : end])
    ]
    sealed = None
    if flags & _SEALED:
        prediction_id, kicks_off, of, neutral, friendly = _SEAL.unpack_from(row, end)
        forecasts = _NUMBERS.iter_unpack(row[end + _SEAL.size :])
        given, aside = (
            tuple(
                Given(model, version, alias, Probabilities(*probabilities), blocked)
                for (model, version, alias, blocked), probabilities in zip(lines, forecasts, strict=False)
            )
            for lines in lineup
        )
        match = Match(season, moment_of(kicks_off), home, away, neutral, friendly)
        sealed = Sealed(str(uuid.UUID(bytes=prediction_id)), match, moment_of(of), given, aside)
    return Fixture(
        match_id,
        moment_of(kickoff),
        None if since == _NEVER else moment_of(since),
        moment_of(latest),
        state=_STATES[state],
        revisions=revisions,
        as_of=None if as_of == _NEVER else moment_of(as_of),
        sealed=sealed,
        heard=heard,
        rank=None if rank_at == _NEVER else (moment_of(rank_at), bool(flags & _CORRECTED)),
        goals=None if home_goals == _NO_GOALS else (home_goals, away_goals),
        evaluations=evaluations,
        evaluation_id=None if evaluation_id == _NO_ID else str(uuid.UUID(bytes=evaluation_id)),
        verdict=_VERDICTS[verdict],
        scored=_SCORED[scored],
        counted=counted,
        learned=bool(flags & _LEARNED),
    )


def _lines(forecasts: tuple[Given, ...]) -> tuple[Line, ...]:
    return tuple((it.model, it.version, it.alias, it.blocked) for it in forecasts)


def _ticks(at: datetime | None) -> int:
    return _NEVER if at is None else ticks_of(at)


def _goals(number: int) -> int | None:
    return None if number == _NO_GOALS else number
