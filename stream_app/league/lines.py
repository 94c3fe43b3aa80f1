"""The lines of the registry: what is told of a version."""

from __future__ import annotations

import inspect
import sys

import numpy as np
from river.__version__ import __version__ as river_version

from stream_app.events import Fingerprint, LeagueConfig, Notes, VersionLine, VersionStatus, name_id
from stream_app.league.member import Member
from stream_app.league.pupil import Pupil
from stream_app.lifecycle.knowledge import Knowledge
from stream_app.models.contract import MatchModel
from stream_app.models.zoo import create

_LONGEST = 200


def version_line(
    competition: str, member: Member, status: VersionStatus, config: LeagueConfig | None = None
) -> VersionLine:
    """What is told of a version with a state; how it is, by the rules of `config`, when it is at work."""
    state, matches = member.state or (None, None)
    health, reason = (None, None) if config is None else member.health(config)
    return VersionLine(
        version_id=name_id("version", competition, member.name, member.version),
        model=member.name,
        version=member.version,
        algorithm=member.algorithm,
        settings=settings_of(member.model),
        alias=member.alias if status == "running" else None,
        status=status,
        frozen=member.frozen,
        born=member.born,
        fingerprint=fingerprint(member.knowledge),
        state=state,
        state_matches=matches,
        metrics=member.course.points(),
        health=health,
        reason=reason,
    )


def pupil_line(competition: str, pupil: Pupil) -> VersionLine:
    """What is told of a version that waits for its state."""
    model, version = pupil.contender.model, pupil.contender.version
    return VersionLine(
        version_id=name_id("version", competition, model, version),
        model=model,
        version=version,
        algorithm=pupil.algorithm,
        settings=settings_of(create(pupil.algorithm)),
        alias=None,
        status="catching_up",
        frozen=False,
        born=pupil.born,
        fingerprint=fingerprint(Knowledge()),
        state=None,
        state_matches=None,
        metrics=(),
    )


def fingerprint(knowledge: Knowledge) -> Fingerprint:
    """The code that runs here, and what was learned."""
    return Fingerprint(
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        numpy=np.__version__,
        river=river_version,
        matches=knowledge.matches,
        data=knowledge.chain.hex(),
    )


def settings_of(model: MatchModel) -> Notes:
    """The parameters that a model was made with, as far as they are numbers, truths, texts or lists of texts."""
    notes: dict[str, float | str | bool] = {}
    for name in inspect.signature(type(model)).parameters:
        value = getattr(model, name, None)
        if isinstance(value, tuple | list) and all(isinstance(item, str) for item in value):
            value = ", ".join(value)
        if isinstance(value, str):
            notes[name] = value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…"
        elif isinstance(value, int | float):
            notes[name] = value
    return notes
