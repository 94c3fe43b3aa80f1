"""Models that are born, prove themselves, take over and step back: what is asked for, what happened, how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from stream_app.events.alerts import Health
from stream_app.events.comparison import Comparison
from stream_app.events.forecasts import Alias
from stream_app.events.scoreboard import Figures

Action = Literal[
    "approve",
    "reject",
    "promote",
    "rollback",
    "freeze",
    "unfreeze",
    "reinforce",
    "register",
    "handover",
    "retire",
    "propose",
]
ModelEventKind = Literal[
    "registered",
    "joined",
    "proposed",
    "promoted",
    "rejected",
    "lapsed",
    "worsened",
    "rolled_back",
    "reinforced",
    "reinforcement_refused",
    "frozen",
    "unfrozen",
    "retired",
    "refused",
]
VersionStatus = Literal["running", "reserve", "catching_up", "retired"]
BirthKind = Literal["configured", "registered", "reinforced"]

Notes = Mapping[str, float | str | bool]
"""Named facts: numbers, texts and truths."""


@dataclass(frozen=True, slots=True)
class ModelCommand:
    """Something is asked of the models of a competition, by a person or by a program in its own name.

    Attributes
    ----------
    command_id
        Names the command: one that comes again changes nothing.
    action
        `promote` makes a version champion and `rollback` takes the last change of champion back (with `model`: the
        last change of that model); `propose` offers a version for promotion, `approve` and `reject` answer a proposal;
        `freeze` and `unfreeze` stop a model from learning (without `model`: the whole line-up from changing);
        `reinforce` asks for a better version of a model; `register` brings a new version, which `handover` gives the
        state that it has caught up to; `retire` ends one.
    issued_at
        When it was issued: the event time by which it is put in order.
    who, why
        Who asks, and for what reason.
    model, version
        What it is about. Without a version: the one that is at work.
    proposal_id
        The proposal that is approved or rejected; without one, the open one of `model`.
    algorithm
        Of a model that is registered: its kind, a name of the zoo; without it, the one called as the model.
    alias
        Part that a registered model is to play.
    artefact
        The signed state that is handed over, in Base64.
    evidence
        Figures that stand behind a proposal.
    """

    command_id: str
    competition: str
    action: Action
    issued_at: datetime
    who: str
    why: str
    model: str | None = None
    version: int | None = None
    proposal_id: str | None = None
    algorithm: str | None = None
    alias: Alias | None = None
    artefact: str | None = None
    evidence: Notes | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A command whose artefact was refused at the door: it is put on record in its place, and so is the reason."""

    command_id: str
    competition: str
    action: Action
    issued_at: datetime
    who: str
    why: str
    model: str | None
    version: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class ModelEvent:
    """Something has become of a model, or of what was asked of the models.

    Attributes
    ----------
    at
        The time of the competition at which it took effect: that of its latest event.
    issued_at, command_id
        Of the command behind it, if there was one.
    number
        Its place among all such events of the competition, from 1.
    model, version, alias
        What it is about, and the part that this plays from now on (None: none, or nothing changed).
    previous_model, previous_version
        What was there before: the champion that made room, or the version that this one grew from.
    proposal_id
        The proposal that it makes or answers.
    who, why
        Who wanted it and for what reason; `policy` when the service decided by itself.
    reason
        Why something was refused, has lapsed or was judged as it was, in words for people.
    policy, evidence
        The rules by which it was decided, and the figures.
    """

    event_id: str
    competition: str
    kind: ModelEventKind
    at: datetime
    issued_at: datetime | None
    number: int
    model: str | None
    version: int | None
    alias: Alias | None
    previous_model: str | None
    previous_version: int | None
    proposal_id: str | None
    command_id: str | None
    who: str
    why: str
    reason: str | None
    policy: Notes | None
    evidence: Notes | None


@dataclass(frozen=True, slots=True)
class Reign:
    """Which version is champion, since when in the competition's time (None: from its beginning), by whom and why."""

    model: str
    version: int
    since: datetime | None
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class Birth:
    """Where a version comes from.

    `how`: it was named in the configuration, registered by a command, or grew by reinforcement out of version `parent`
    of its model. `training` tells of a training run outside of the service.
    """

    how: BirthKind
    at: datetime | None
    who: str
    why: str
    parent: int | None
    training: Notes | None


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a version's state depends on: the code that made it, and the matches that it learned.

    `data` is a SHA-256 chained over everything that was learned, in its order; 64 zeros before the first match.
    """

    python: str
    numpy: str
    river: str
    matches: int
    data: str


@dataclass(frozen=True, slots=True)
class MetricPoint:
    """How a version stood after `matches` scored matches, at `at`: means over the rolling window."""

    matches: int
    at: datetime
    figures: Figures


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version of a model in the registry.

    Attributes
    ----------
    version_id
        Names competition, model and version.
    algorithm, settings
        Its kind by the name in the zoo, and the parameters that it was made with.
    alias, status
        The part that it plays. `running` versions predict; one in `reserve` follows silently after another version of
        its model took its place; one that is `catching_up` waits for its state; of a `retired` one only this is left.
    frozen
        Whether it has stopped learning.
    state, state_matches
        Digest of its state, and how many matches it had learned then.
    metrics
        How it stood over time, thinned out with age.
    health, reason
        How it is while it is at work, as in the scoreboard, and why; else None.
    """

    version_id: str
    model: str
    version: int
    algorithm: str
    settings: Notes
    alias: Alias | None
    status: VersionStatus
    frozen: bool
    born: Birth
    fingerprint: Fingerprint
    state: str | None
    state_matches: int | None
    metrics: tuple[MetricPoint, ...]
    health: Health | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """A proposal that waits for an answer: to put a version in the place of the champion. It lapses at `expires_at`."""

    proposal_id: str
    model: str
    version: int
    champion_model: str
    champion_version: int
    proposed_at: datetime
    expires_at: datetime
    who: str
    why: str
    evidence: Notes


@dataclass(frozen=True, slots=True)
class Registry:
    """All that is known of the models of a competition.

    `frozen` says whether the line-up may change by itself or by proposals; `policy` are the rules of promotion.
    """

    competition: str
    as_of: datetime | None
    champion: Reign | None
    frozen: bool
    policy: Notes
    versions: tuple[VersionLine, ...]
    proposals: tuple[ProposalLine, ...]
    comparisons: tuple[Comparison, ...]
