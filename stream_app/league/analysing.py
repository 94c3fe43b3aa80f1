"""What a league tells its analytics of a match: how it ended, and what the champion had foretold of it."""

from __future__ import annotations

from collections.abc import Mapping

from stream_app.analytics import Foretold, Played
from stream_app.events import LeagueConfig, Result
from stream_app.league.fixture import Sealed
from stream_app.league.goals import goal_rates
from stream_app.league.squad import Squad


def played(result: Result, goals: tuple[int, int]) -> Played:
    """The match as it ended."""
    return Played(result.match_id, result.finished_at, result.home, result.away, *goals)


def foretold(
    sealed: Sealed | None, x: Mapping[str, float] | None, squad: Squad, config: LeagueConfig
) -> Foretold | None:
    """The champion's forecast and the distribution of the goals; None without a forecast by a model that is warm.

    A cold model does not know the competition yet, so that its surprise says nothing of chance.
    """
    if sealed is None or x is None:
        return None
    given = next((one for one in sealed.given if one.alias == "champion"), None)
    member = None if given is None else squad.members.get(given.model)
    if given is None or member is None or member.version != given.version or member.learned < config.cold_matches:
        return None
    return Foretold(given.probabilities, goal_rates(x))
