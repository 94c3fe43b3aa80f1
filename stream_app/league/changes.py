"""The changes that a line-up may undergo, whoever wants them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from stream_app.events import Birth, LeagueConfig, ProposalLine
from stream_app.league.member import Member
from stream_app.league.squad import Squad
from stream_app.lifecycle.ledger import POLICY, Happening, policy_of
from stream_app.lifecycle.promotion import Contender
from stream_app.models.contract import MatchModel


def propose(squad: Squad, member: Member, at: datetime, happening: Happening, config: LeagueConfig) -> None:
    """Offer `member` for the champion's place; where nobody is to be asked, it takes it at once."""
    ledger = squad.ledger
    proposal = ledger.propose(member.contender, at, happening.who, happening.why, happening.evidence or {})
    reigning = Contender(proposal.champion_model, proposal.champion_version)
    told = replace(
        happening,
        about=member.contender,
        alias=member.alias,
        previous=reigning,
        proposal_id=proposal.proposal_id,
        policy=policy_of(config),
    )
    ledger.note(told)
    if config.approval == "auto":
        promote(squad, member, at, replace(told, kind="promoted", who=POLICY), proposal)


def promote(
    squad: Squad, member: Member, at: datetime, happening: Happening, proposal: ProposalLine | None = None
) -> None:
    """Make `member` champion."""
    before = squad.ledger.champion
    if proposal is not None:
        del squad.ledger.proposals[proposal.proposal_id]
    member.take_state()
    squad.ledger.note(replace(happening, about=member.contender, alias="champion", previous=before))
    squad.crown(member, at, happening.who, happening.why)


def roll_back(squad: Squad, at: datetime, happening: Happening) -> bool:
    """Take the last change of champion back; False when the one before is not kept any more."""
    fallen = squad.ledger.champion
    member = squad.restore(at, happening.who, happening.why)
    if member is None:
        return False
    squad.ledger.note(replace(happening, about=member.contender, alias="champion", previous=fallen))
    return True


def reinforce(
    squad: Squad, member: Member, model: MatchModel, at: datetime, happening: Happening, window: int
) -> Member:
    """Put `model` into the place of `member` as its next version; the one before goes on in reserve."""
    born = Birth("reinforced", at, happening.who, happening.why, member.version, None)
    successor = Member(
        member.name,
        squad.next_version(member.name),
        window,
        born,
        algorithm=member.algorithm,
        model=model,
        knowledge=member.knowledge.copy(),
    )
    successor.take_state()
    squad.succeed(member, successor)
    squad.ledger.note(replace(happening, about=successor.contender, alias=successor.alias, previous=member.contender))
    if successor is squad.champion:
        squad.ledger.crown(successor.contender, at, happening.who, happening.why)
    return successor


def named(contender: Contender) -> str:
    """A version as people call it."""
    return f"{contender.model} {contender.version}"
