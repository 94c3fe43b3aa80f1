"""How the models of a league mend themselves: when they try, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from stream_app.events import LeagueConfig, ModelCommand, Notes, Outcome
from stream_app.league.changes import named
from stream_app.league.changes import reinforce as succeed
from stream_app.league.fixture import Sealed
from stream_app.league.member import Member
from stream_app.league.squad import Squad
from stream_app.lifecycle.ledger import POLICY, Happening
from stream_app.lifecycle.reinforcement import reinforce
from stream_app.lifecycle.suspicion import Cause

WHY: Mapping[Cause, str] = {
    "rule": "{errors} wrong forecasts with a confidence of {confidence:g} or more within {days:g} days",
    "promises": "more wrong forecasts than its own confidences promise",
    "command": "asked for",
}


def hear(
    squad: Squad, sealed: Sealed, x: Mapping[str, float], outcome: Outcome, at: datetime, config: LeagueConfig
) -> None:
    """A match that had been foretold so was learned: let the models that it makes suspicious try to mend themselves.

    A correction that comes later changes nothing in this, as it changes nothing in what the models have learned.
    """
    if config.reinforce_matches == 0 or config.reinforce == "off":
        return
    squad.recent.resize(config.reinforce_matches)
    squad.recent.add(at, x, outcome)
    for given in sealed.given:
        member = squad.members.get(given.model)
        if member is None or member.version != given.version or given.blocked:
            continue
        if member.alias == "experimental" or member.frozen:
            continue
        cause = member.trigger.look(given.probabilities, outcome, at, config)
        if cause is not None and not squad.ledger.frozen and len(squad.recent) == config.reinforce_matches:
            mend(squad, member, cause, at, config)


def mend(
    squad: Squad,
    member: Member,
    cause: Cause,
    at: datetime,
    config: LeagueConfig,
    command: ModelCommand | None = None,
) -> None:
    """Look for a better version of `member` and put it into its place; where there is none, say so."""
    member.trigger.begin_anew()
    attempt = reinforce(member.model, squad.recent.matches(), cause, config)
    who, why = (POLICY, _why(cause, config)) if command is None else (command.who, command.why)
    notes = attempt.notes()
    if attempt.model is None:
        squad.ledger.note(
            Happening(
                "reinforcement_refused",
                who,
                why,
                member.contender,
                member.alias,
                reason=f"{named(member.contender)} stays as it is: {attempt.reason}",
                policy=rules_of(config),
                evidence=notes,
                command=command,
            )
        )
        return
    happening = Happening(
        "reinforced", who, why, reason=attempt.reason, policy=rules_of(config), evidence=notes, command=command
    )
    successor = succeed(squad, member, attempt.model, at, happening, config.window)
    # What made its parent suspicious is dealt with; it starts with a rest.
    successor.trigger.begin_anew()


def rules_of(config: LeagueConfig) -> Notes:
    """The rules of reinforcement, as events tell them."""
    return {
        "reinforce": config.reinforce,
        "confidence": config.reinforce_confidence,
        "errors": config.reinforce_errors,
        "days": config.reinforce_days,
        "rate": config.reinforce_rate,
        "matches": config.reinforce_matches,
    }


def _why(cause: Cause, config: LeagueConfig) -> str:
    return WHY[cause].format(
        errors=config.reinforce_errors, confidence=config.reinforce_confidence, days=config.reinforce_days
    )
