"""What people and programs may ask of the models of a league, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from stream_app.errors import InvalidInput
from stream_app.events import Birth, LeagueConfig, ModelCommand, ModelEventKind, Notes, ProposalLine, Refusal
from stream_app.league.changes import named, promote, propose, roll_back
from stream_app.league.member import Member
from stream_app.league.mending import mend
from stream_app.league.pupil import Pupil
from stream_app.league.squad import Squad
from stream_app.lifecycle.handover import Handover
from stream_app.lifecycle.ledger import Happening, evidence_of, policy_of
from stream_app.lifecycle.promotion import Contender
from stream_app.models.zoo import create

MEMBERS_MAX = 12
"""Models that may be at work in a competition or on their way to it. Each costs its time with every match."""


def carry_out(
    squad: Squad, command: ModelCommand, handover: Handover | str | None, at: datetime, config: LeagueConfig
) -> None:
    """Do what a command asks for, or tell why not. One that has come before changes nothing.

    `handover` is what the command's artefact holds, or why that cannot be used.
    """
    if not squad.ledger.hears(command.command_id):
        return
    squad.ledger.pass_time(at)
    try:
        _do(squad, command, handover, at, config)
    except InvalidInput as refused:
        squad.ledger.note(Happening("refused", command.who, command.why, reason=str(refused), command=command))


def refuse(squad: Squad, refusal: Refusal) -> None:
    """Tell of a command that was refused at the door."""
    if squad.ledger.hears(refusal.command_id):
        squad.ledger.note(Happening("refused", refusal.who, refusal.why, reason=refusal.reason, command=refusal))


def _do(
    squad: Squad, command: ModelCommand, handover: Handover | str | None, at: datetime, config: LeagueConfig
) -> None:
    match command.action:
        case "freeze" | "unfreeze":
            _freeze(squad, command)
        case "register":
            _register(squad, command, at)
        case "handover":
            _hand_over(squad, command, handover, config)
        case "reject":
            proposal = _proposal(squad, command)
            squad.ledger.decline(proposal, at)
            about = Contender(proposal.model, proposal.version)
            _tell(squad, "rejected", command, about, proposal_id=proposal.proposal_id, evidence=proposal.evidence)
        case "retire":
            member = _member(squad, command)
            if member is squad.champion:
                raise InvalidInput(f"{named(member.contender)} is champion: promote another one first")
            del squad.members[member.name]
            squad.retire(member, command)
            squad.hold_trials()
        case "reinforce":
            _reinforce(squad, command, at, config)
        case "approve" | "promote" | "rollback" | "propose":
            if squad.ledger.frozen:
                raise InvalidInput("the line-up is frozen: unfreeze it first")
            _change(squad, command, at, config)


def _change(squad: Squad, command: ModelCommand, at: datetime, config: LeagueConfig) -> None:
    """Whatever can change the champion."""
    match command.action:
        case "approve":
            proposal = _proposal(squad, command)
            member = squad.members[proposal.model]
            happening = Happening(
                "promoted",
                command.who,
                command.why,
                proposal_id=proposal.proposal_id,
                policy=policy_of(config),
                evidence=proposal.evidence,
                command=command,
            )
            promote(squad, member, at, happening, proposal)
        case "promote":
            member = _rival(squad, command)
            trial = squad.trials.trial_of(member.contender)
            evidence = None if trial is None else evidence_of(trial.comparison(config.promote_alpha))
            promote(
                squad, member, at, Happening("promoted", command.who, command.why, evidence=evidence, command=command)
            )
        case "propose":
            member = _rival(squad, command)
            if not squad.ledger.may_propose(member.contender, at):
                raise InvalidInput(f"{named(member.contender)} is proposed already, or was rejected of late")
            reigning, meant = squad.ledger.champion, (command.evidence or {}).get("champion")
            if meant is not None and reigning is not None and meant != f"{reigning.model}:{reigning.version}":
                raise InvalidInput(f"the evidence is against {meant}, but {named(reigning)} is champion")
            happening = Happening("proposed", command.who, command.why, evidence=command.evidence, command=command)
            propose(squad, member, at, happening, config)
        case _:
            _back(squad, command, at)


def _back(squad: Squad, command: ModelCommand, at: datetime) -> None:
    happening = Happening("rolled_back", command.who, command.why, command=command)
    champion = squad.champion
    if command.model is None or (champion is not None and command.model == champion.name):
        if squad.ledger.predecessor is None:
            raise InvalidInput("there was no other champion before")
        if not roll_back(squad, at, happening):
            raise InvalidInput(f"{named(squad.ledger.predecessor)} was champion before, and is not kept any more")
        return
    member = _member(squad, command)
    if member.reserve is None:
        raise InvalidInput(f"{named(member.contender)} has not replaced a version that is still kept")
    before = squad.give_way(member)
    squad.ledger.note(replace(happening, about=before.contender, alias=before.alias, previous=member.contender))


def _freeze(squad: Squad, command: ModelCommand) -> None:
    wanted = command.action == "freeze"
    kind: ModelEventKind = "frozen" if wanted else "unfrozen"
    if command.model is None:
        if squad.ledger.frozen == wanted:
            raise InvalidInput(f"the line-up is {kind} already")
        squad.ledger.frozen = wanted
        _tell(squad, kind, command, None)
        return
    member = _member(squad, command)
    if member.frozen == wanted:
        raise InvalidInput(f"{named(member.contender)} is {kind} already")
    member.frozen = wanted
    _tell(squad, kind, command, member.contender)


def _reinforce(squad: Squad, command: ModelCommand, at: datetime, config: LeagueConfig) -> None:
    champion = squad.champion
    member = champion if command.model is None and champion is not None else _member(squad, command)
    if squad.ledger.frozen or member.frozen:
        what = named(member.contender) if member.frozen else "the line-up"
        raise InvalidInput(f"{what} is frozen: unfreeze it first")
    mend(squad, member, "command", at, config, command)


def _register(squad: Squad, command: ModelCommand, at: datetime) -> None:
    name = _model_of(command)
    algorithm = command.algorithm or name
    create(algorithm)
    if command.alias == "champion":
        raise InvalidInput("alias champion: wanted challenger or experimental; promote it when it has joined")
    if command.version is not None:
        raise InvalidInput(f"version {command.version}: wanted none, a new version gets the next number")
    if name in squad.members:
        raise InvalidInput(
            f"{named(squad.members[name].contender)} is at work: give the new one a name of its own,"
            f" with {algorithm} as its algorithm"
        )
    if name in squad.pupils:
        raise InvalidInput(f"{named(squad.pupils[name].contender)} is catching up already")
    if len(squad.members) + len(squad.pupils) >= MEMBERS_MAX:
        raise InvalidInput(f"{MEMBERS_MAX} models are at work already: retire one first")
    version = squad.next_version(name)
    born = Birth("registered", at, command.who, command.why, version - 1 or None, None)
    contender = Contender(name, version)
    alias = command.alias or "challenger"
    squad.pupils[name] = Pupil(contender, algorithm, alias, born, squad.knowledge.copy())
    _tell(squad, "registered", command, contender)


def _hand_over(squad: Squad, command: ModelCommand, handover: Handover | str | None, config: LeagueConfig) -> None:
    name = _model_of(command)
    pupil = squad.pupils.get(name)
    if pupil is None or pupil.contender.version != command.version:
        raise InvalidInput(f"{name} {command.version} does not wait for a state")
    if not isinstance(handover, Handover):
        raise InvalidInput(f"its state cannot be used: {handover or 'there is none'}")
    if (handover.competition, handover.contender) != (squad.competition, pupil.contender):
        raise InvalidInput(f"it is the state of {named(handover.contender)} in {handover.competition!r}")
    if handover.algorithm != pupil.algorithm:
        raise InvalidInput(f"it is the state of a {handover.algorithm}, wanted a {pupil.algorithm}")
    if handover.place.chain != pupil.place.chain:
        raise InvalidInput(
            f"it is the state of another place: after {handover.place.matches} matches of this competition,"
            f" wanted the one after {pupil.place.matches}"
        )
    missed = len(pupil.journal)
    knowledge = handover.knowledge.copy()
    pupil.catch_up(handover.model, knowledge)
    member = Member(
        name,
        pupil.contender.version,
        config.window,
        replace(pupil.born, training=handover.training),
        algorithm=pupil.algorithm,
        alias=pupil.alias,
        model=handover.model,
        knowledge=knowledge,
    )
    member.take_state()
    squad.join(member)
    notes: Notes = {"learned": knowledge.matches, "learned_from_journal": missed}
    _tell(squad, "joined", command, member.contender, alias=member.alias, evidence=notes)


def _proposal(squad: Squad, command: ModelCommand) -> ProposalLine:
    if command.proposal_id is not None:
        proposal = squad.ledger.proposals.get(command.proposal_id)
        which = command.proposal_id
    else:
        proposal = squad.ledger.proposal_of(_model_of(command))
        which = f"of {command.model}"
    if proposal is None:
        raise InvalidInput(f"proposal {which} does not wait for an answer: it was answered, has lapsed or never was")
    if command.version is not None and command.version != proposal.version:
        raise InvalidInput(f"the proposal is of version {proposal.version}, not {command.version}")
    return proposal


def _rival(squad: Squad, command: ModelCommand) -> Member:
    member = _member(squad, command)
    if member is squad.champion:
        raise InvalidInput(f"{named(member.contender)} is champion already")
    return member


def _member(squad: Squad, command: ModelCommand) -> Member:
    """The version at work that a command speaks of."""
    name = _model_of(command)
    member = squad.members.get(name)
    if member is None:
        state = "is still catching up" if name in squad.pupils else "is not at work"
        raise InvalidInput(f"model {name} {state}: wanted one of {', '.join(squad.members)}")
    if command.version not in (None, member.version):
        raise InvalidInput(f"version {command.version} of {name} is not at work: version {member.version} is")
    return member


def _model_of(command: ModelCommand) -> str:
    if command.model is None:
        raise InvalidInput(f"model is missing: wanted the one to {command.action}")
    return command.model


def _tell(
    squad: Squad,
    kind: ModelEventKind,
    command: ModelCommand,
    about: Contender | None,
    **more: object,
) -> None:
    squad.ledger.note(
        replace(Happening(kind, command.who, command.why, about, command=command), **more)  # type: ignore[arg-type]  # fields of Happening
    )
