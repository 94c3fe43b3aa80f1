"""What a competition remembers of the changes among its models: who reigned, what is proposed, which commands came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from stream_app.events import (
    Alias,
    Comparison,
    LeagueConfig,
    ModelCommand,
    ModelEvent,
    ModelEventKind,
    Notes,
    ProposalLine,
    Refusal,
    Reign,
    name_id,
)
from stream_app.lifecycle.promotion import Contender

POLICY = "policy"
"""Who decides when nobody was asked."""

SETTINGS = "settings"
"""Who decides what the configuration says."""

PROPOSAL_DAYS = 30.0
"""Days of event time for which a proposal waits. Older evidence says little of the models as they are by then."""

COMMANDS_KEPT = 1_000
"""Ids of commands that are remembered, so that one that is sent again changes nothing."""

REIGNS_KEPT = 20
"""Reigns that are remembered, and so the number of times that the champion can be rolled back."""


@dataclass(frozen=True, slots=True)
class Happening:
    """What a model event tells, but for its place and time, which it gets when the door closes behind it."""

    kind: ModelEventKind
    who: str
    why: str
    about: Contender | None = None
    alias: Alias | None = None
    previous: Contender | None = None
    proposal_id: str | None = None
    reason: str | None = None
    policy: Notes | None = None
    evidence: Notes | None = None
    command: ModelCommand | Refusal | None = None


class Ledger:
    """The memory of one competition.

    Attributes
    ----------
    reigns
        The champions so far, the present one last.
    proposals
        Those that wait for an answer, by their ids.
    declined
        Until when a version that was rejected is not proposed again.
    frozen
        Whether the line-up is kept as it is.
    warned
        The champion of which was reported that it is worse than the one before.
    told
        Number of events so far.
    """

    def __init__(self, competition: str) -> None:
        self.competition = competition
        self.reigns: list[Reign] = []
        self.proposals: dict[str, ProposalLine] = {}
        self.declined: dict[Contender, datetime] = {}
        self.frozen = False
        self.warned: Contender | None = None
        self.told = 0
        self._proposed = 0
        self._commands: dict[str, None] = {}
        self._pending: list[Happening] = []

    def hears(self, command_id: str) -> bool:
        """Whether this command comes for the first time; from now on it does not."""
        if command_id in self._commands:
            return False
        self._commands[command_id] = None
        if len(self._commands) > COMMANDS_KEPT:
            del self._commands[next(iter(self._commands))]
        return True

    def note(self, happening: Happening) -> None:
        """Remember what is to be told when the door closes."""
        self._pending.append(happening)

    def news(self, at: datetime) -> list[ModelEvent]:
        """The events of all that was noted, at the time `at` of the competition."""
        if not self._pending:
            return []
        pending, self._pending = self._pending, []
        return [self._event(happening, at) for happening in pending]

    # Champions

    @property
    def champion(self) -> Contender | None:
        """Who reigns; None before the first configuration."""
        return Contender(self.reigns[-1].model, self.reigns[-1].version) if self.reigns else None

    @property
    def predecessor(self) -> Contender | None:
        """Who reigned before."""
        return Contender(self.reigns[-2].model, self.reigns[-2].version) if len(self.reigns) > 1 else None

    def crown(self, contender: Contender, since: datetime | None, who: str, why: str) -> None:
        """A new reign begins. Proposals were made against the old champion, and lapse."""
        self.reigns.append(Reign(contender.model, contender.version, since, who, why))
        del self.reigns[:-REIGNS_KEPT]
        self.warned = None
        self._drop(self.proposals.values(), "there is another champion by now")

    def restore(self, who: str, why: str, since: datetime | None) -> None:
        """The last reign ends as if it had not been, and the one before goes on under a new date."""
        del self.reigns[-1]
        self.reigns[-1] = replace(self.reigns[-1], since=since, who=who, why=why)
        self.warned = None
        self._drop(self.proposals.values(), "there is another champion by now")

    # Proposals

    def propose(self, about: Contender, at: datetime, who: str, why: str, evidence: Notes) -> ProposalLine:
        """Offer a version for the champion's place."""
        champion = self.reigns[-1]
        self._proposed += 1
        proposal = ProposalLine(
            proposal_id=name_id("proposal", self.competition, about.model, about.version, self._proposed),
            model=about.model,
            version=about.version,
            champion_model=champion.model,
            champion_version=champion.version,
            proposed_at=at,
            expires_at=at + timedelta(days=PROPOSAL_DAYS),
            who=who,
            why=why,
            evidence=evidence,
        )
        self.proposals[proposal.proposal_id] = proposal
        return proposal

    def proposal_of(self, model: str) -> ProposalLine | None:
        """The proposal of `model` that waits for an answer."""
        return next((waiting for waiting in self.proposals.values() if waiting.model == model), None)

    def decline(self, proposal: ProposalLine, at: datetime) -> None:
        """Take a proposal away, and make no other one of that version for as long as one would wait."""
        del self.proposals[proposal.proposal_id]
        self.declined[Contender(proposal.model, proposal.version)] = at + timedelta(days=PROPOSAL_DAYS)

    def may_propose(self, about: Contender, at: datetime) -> bool:
        """Whether a proposal of this version would be new, and not one that was declined of late."""
        until = self.declined.get(about)
        return (until is None or at >= until) and self.proposal_of(about.model) is None

    def pass_time(self, at: datetime) -> None:
        """Let lapse what has waited for too long."""
        if self.proposals:
            late = [waiting for waiting in self.proposals.values() if at >= waiting.expires_at]
            self._drop(late, f"nobody answered within {PROPOSAL_DAYS:g} days")

    def forget(self, about: Contender, reason: str) -> None:
        """A version can be proposed no more; what is proposed of it lapses for this `reason`."""
        self._drop([one for one in self.proposals.values() if Contender(one.model, one.version) == about], reason)
        self.declined.pop(about, None)

    def _drop(self, proposals: Iterable[ProposalLine], reason: str) -> None:
        for proposal in list(proposals):
            del self.proposals[proposal.proposal_id]
            self.note(
                Happening(
                    "lapsed",
                    POLICY,
                    proposal.why,
                    Contender(proposal.model, proposal.version),
                    previous=Contender(proposal.champion_model, proposal.champion_version),
                    proposal_id=proposal.proposal_id,
                    reason=f"the proposal has lapsed: {reason}",
                    evidence=proposal.evidence,
                )
            )

    def _event(self, it: Happening, at: datetime) -> ModelEvent:
        self.told += 1
        # What was refused is told as it was asked for: the model that was meant may not exist, or have no such version.
        about = it.command if it.kind == "refused" else it.about
        return ModelEvent(
            event_id=name_id("model event", self.competition, self.told),
            competition=self.competition,
            kind=it.kind,
            at=at,
            issued_at=None if it.command is None else it.command.issued_at,
            number=self.told,
            model=None if about is None else about.model,
            version=None if about is None else about.version,
            alias=it.alias,
            previous_model=None if it.previous is None else it.previous.model,
            previous_version=None if it.previous is None else it.previous.version,
            proposal_id=it.proposal_id,
            command_id=None if it.command is None else it.command.command_id,
            who=it.who,
            why=it.why,
            reason=it.reason,
            policy=it.policy,
            evidence=it.evidence,
        )


def policy_of(config: LeagueConfig) -> Notes:
    """The rules of promotion, as events and the registry tell them."""
    return {
        "approval": config.approval,
        "scope": config.promote_scope,
        "matches": config.promote_matches,
        "days": config.promote_days,
        "gain": config.promote_gain,
        "alpha": config.promote_alpha,
        "rollback": config.rollback,
    }


def evidence_of(comparison: Comparison) -> Notes:
    """The figures of a comparison, as events and proposals tell them."""
    return {
        "matches": comparison.matches,
        "difference": comparison.difference,
        "lower": comparison.lower,
        "upper": comparison.upper,
        "e_better": comparison.e_better,
        "e_worse": comparison.e_worse,
        "champion_loss": comparison.champion_loss,
        "challenger_loss": comparison.challenger_loss,
        "base_loss": comparison.base_loss,
        "gain": comparison.gain,
    }
