"""The registry of a league: all versions, who reigns, what is proposed and how they compare."""

from __future__ import annotations

from datetime import datetime

from stream_app.events import LeagueConfig, Registry
from stream_app.league.lines import pupil_line, version_line
from stream_app.league.squad import Squad
from stream_app.lifecycle.ledger import policy_of


def registry(squad: Squad, as_of: datetime | None, config: LeagueConfig) -> Registry:
    """All that is known of the models of a competition."""
    ledger, competition = squad.ledger, squad.competition
    running = [version_line(competition, member, "running", config) for member in squad.members.values()]
    reserves = [
        version_line(competition, member.reserve, "reserve")
        for member in squad.members.values()
        if member.reserve is not None
    ]
    pupils = [pupil_line(competition, pupil) for pupil in squad.pupils.values()]
    return Registry(
        competition=competition,
        as_of=as_of,
        champion=ledger.reigns[-1] if ledger.reigns else None,
        frozen=ledger.frozen,
        policy=policy_of(config),
        versions=(*running, *reserves, *pupils, *squad.retired),
        proposals=tuple(ledger.proposals.values()),
        comparisons=tuple(it.trial.comparison(config.promote_alpha) for it in squad.trials.running.values()),
    )
