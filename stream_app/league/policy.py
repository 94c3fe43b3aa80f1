"""What a league does about its models by itself, as far as its configuration lets it."""

from __future__ import annotations

from datetime import datetime

from stream_app.events import LeagueConfig
from stream_app.league.changes import named, propose, roll_back
from stream_app.league.pupil import JOURNAL_MATCHES
from stream_app.league.squad import Squad
from stream_app.lifecycle.ledger import POLICY, Happening, evidence_of, policy_of
from stream_app.lifecycle.promotion import Trial, is_due, promotion

LOOK_EVERY = 10
"""Matches of a trial between two looks at its figures. Evidence holds whenever one looks, and figures cost time."""


def review(squad: Squad, at: datetime, config: LeagueConfig) -> None:
    """Do what the policy says, now that a result has come."""
    squad.ledger.pass_time(at)
    for pupil in list(squad.pupils.values()):
        if pupil.is_late:
            squad.dismiss(pupil, f"its state was not handed over within {JOURNAL_MATCHES} matches")
    if squad.ledger.frozen:
        return
    for contender, it in list(squad.trials.running.items()):
        if it.trial.evidence.n % LOOK_EVERY or squad.trials.running.get(contender) is not it:
            continue
        if contender == squad.ledger.predecessor:
            _guard(squad, it.trial, at, config)
        elif config.promote_scope == "competition":
            _consider(squad, it.trial, at, config)


def _guard(squad: Squad, trial: Trial, at: datetime, config: LeagueConfig) -> None:
    """Report a champion that has proven worse than the one before, and take it back where the policy says so."""
    ledger, reigning = squad.ledger, trial.champion
    if not trial.is_proven(config.promote_alpha) or ledger.warned == reigning:
        return
    ledger.warned = reigning
    evidence = evidence_of(trial.comparison(config.promote_alpha))
    reason = f"{named(reigning)} is significantly worse than {named(trial.challenger)}, which it replaced"
    ledger.note(
        Happening(
            "worsened",
            POLICY,
            reason,
            reigning,
            "champion",
            previous=trial.challenger,
            policy=policy_of(config),
            evidence=evidence,
        )
    )
    if config.rollback == "auto":
        roll_back(squad, at, Happening("rolled_back", POLICY, reason, policy=policy_of(config), evidence=evidence))


def _consider(squad: Squad, trial: Trial, at: datetime, config: LeagueConfig) -> None:
    """Propose a challenger that has earned the champion's place."""
    member = squad.members.get(trial.challenger.model)
    if member is None or member.alias != "challenger" or not is_due(trial, config):
        return
    if not squad.ledger.may_propose(trial.challenger, at):
        return
    verdict = promotion(trial, config)
    if verdict.ready:
        why = f"better than {named(trial.champion)} beyond doubt (alpha {config.promote_alpha:g})"
        happening = Happening("proposed", POLICY, why, evidence=evidence_of(verdict.comparison))
        propose(squad, member, at, happening, config)
