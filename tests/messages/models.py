"""What is asked of the models, and what is said of them."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st

from stream_app.events import (
    Action,
    Birth,
    BirthKind,
    Comparison,
    EvidenceScope,
    Fingerprint,
    Health,
    Leaning,
    MetricPoint,
    ModelCommand,
    ModelEvent,
    ModelEventKind,
    ProposalLine,
    Refusal,
    Registry,
    Reign,
    VersionLine,
    VersionStatus,
)
from tests.messages.basics import (
    ALIASES,
    COUNTS,
    DIGESTS,
    FIGURES,
    IDS,
    KEYS,
    MODELS,
    NAMES,
    NOTES,
    NUMBERS,
    SMALL_TEXTS,
    TIMES,
    VERSIONS,
    WORDS,
)

_NEEDS: dict[str, tuple[str, ...]] = {
    "approve": ("proposal_id",),
    "reject": ("model",),
    "promote": ("model",),
    "propose": ("model", "version", "evidence"),
    "register": ("model",),
    "handover": ("model", "version", "artefact"),
    "retire": ("model",),
}
_MAY: dict[str, tuple[str, ...]] = {
    "approve": ("proposal_id",),
    "reject": ("proposal_id",),
    "register": ("algorithm", "alias"),
}


@st.composite
def model_commands(draw: st.DrawFn) -> ModelCommand:
    """A command as the door lets it through: with what its action needs, and nothing that is for another one."""
    action: Action = draw(st.sampled_from(get_args(Action)))
    needed = _NEEDS.get(action, ())
    free = {
        "model": MODELS,
        "version": VERSIONS,
        "proposal_id": IDS,
        "algorithm": MODELS,
        "alias": ALIASES,
        "artefact": st.from_regex(r"[A-Za-z0-9+/]{4,40}={0,2}", fullmatch=True),
        "evidence": NOTES,
    }
    given: dict[str, Any] = {
        name: draw(values if name in needed else st.none() | values)
        for name, values in free.items()
        if name in ("model", "version", *needed, *_MAY.get(action, ()))
    }
    return ModelCommand(draw(KEYS), draw(NAMES), action, draw(TIMES), draw(NAMES), draw(WORDS), **given)


def refusals() -> st.SearchStrategy[Refusal]:
    return st.builds(
        Refusal,
        KEYS,
        NAMES,
        st.sampled_from(get_args(Action)),
        TIMES,
        NAMES,
        WORDS,
        st.none() | MODELS,
        st.none() | VERSIONS,
        WORDS,
    )


def model_events() -> st.SearchStrategy[ModelEvent]:
    return st.builds(
        ModelEvent,
        event_id=IDS,
        competition=NAMES,
        kind=st.sampled_from(get_args(ModelEventKind)),
        at=TIMES,
        issued_at=st.none() | TIMES,
        number=st.integers(1, 1_000),
        model=st.none() | MODELS,
        version=st.none() | VERSIONS,
        alias=st.none() | ALIASES,
        previous_model=st.none() | MODELS,
        previous_version=st.none() | VERSIONS,
        proposal_id=st.none() | IDS,
        command_id=st.none() | KEYS,
        who=NAMES,
        why=WORDS,
        reason=st.none() | WORDS,
        policy=st.none() | NOTES,
        evidence=st.none() | NOTES,
    )


def comparisons() -> st.SearchStrategy[Comparison]:
    amounts = st.floats(0, 1e9)
    return st.builds(
        Comparison,
        champion=MODELS,
        champion_version=VERSIONS,
        challenger=MODELS,
        challenger_version=VERSIONS,
        scope=st.sampled_from(get_args(EvidenceScope)),
        matches=COUNTS,
        since=st.none() | TIMES,
        until=st.none() | TIMES,
        difference=NUMBERS,
        lower=NUMBERS,
        upper=NUMBERS,
        e_better=amounts,
        e_worse=amounts,
        leaning=st.sampled_from(get_args(Leaning)),
        champion_loss=amounts,
        challenger_loss=amounts,
        base_loss=amounts,
        champion_skill=NUMBERS,
        challenger_skill=NUMBERS,
        gain=NUMBERS,
    )


def registries() -> st.SearchStrategy[Registry]:
    versions = st.builds(
        VersionLine,
        version_id=IDS,
        model=MODELS,
        version=VERSIONS,
        algorithm=MODELS,
        settings=NOTES,
        alias=st.none() | ALIASES,
        status=st.sampled_from(get_args(VersionStatus)),
        frozen=st.booleans(),
        born=st.builds(
            Birth,
            st.sampled_from(get_args(BirthKind)),
            st.none() | TIMES,
            NAMES,
            WORDS,
            st.none() | VERSIONS,
            st.none() | NOTES,
        ),
        fingerprint=st.builds(Fingerprint, SMALL_TEXTS, SMALL_TEXTS, SMALL_TEXTS, COUNTS, DIGESTS),
        state=st.none() | DIGESTS,
        state_matches=st.none() | COUNTS,
        metrics=st.lists(st.builds(MetricPoint, COUNTS, TIMES, FIGURES), max_size=2).map(tuple),
        health=st.none() | st.sampled_from(get_args(Health)),
        reason=st.none() | NAMES,
    )
    proposals = st.builds(
        ProposalLine, IDS, MODELS, VERSIONS, MODELS, VERSIONS, TIMES, TIMES, NAMES, WORDS, evidence=NOTES
    )
    return st.builds(
        Registry,
        competition=NAMES,
        as_of=st.none() | TIMES,
        champion=st.none() | st.builds(Reign, MODELS, VERSIONS, st.none() | TIMES, NAMES, WORDS),
        frozen=st.booleans(),
        policy=NOTES,
        versions=st.lists(versions, max_size=2).map(tuple),
        proposals=st.lists(proposals, max_size=2).map(tuple),
        comparisons=st.lists(comparisons(), max_size=2).map(tuple),
    )
