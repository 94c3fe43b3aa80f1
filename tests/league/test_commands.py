from __future__ import annotations

import copy
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app import schemas
from stream_app.contracts import encode
from stream_app.errors import Fatal
from stream_app.events import (
    Action,
    Configure,
    Evaluation,
    Features,
    LeagueConfig,
    ModelCommand,
    ModelEvent,
    Outcome,
    Output,
    Prediction,
    Refusal,
    Result,
)
from stream_app.feeds.schedule import schedule
from stream_app.league import League
from stream_app.league.changes import reinforce
from stream_app.league.digest import digest
from stream_app.league.policy import LOOK_EVERY
from stream_app.league.pupil import JOURNAL_MATCHES
from stream_app.lifecycle.handover import Handover
from stream_app.lifecycle.knowledge import Knowledge
from stream_app.lifecycle.ledger import PROPOSAL_DAYS, Happening
from stream_app.lifecycle.promotion import Contender
from stream_app.models.contract import MatchModel
from stream_app.models.zoo import create
from tests.league.story import reloaded
from tests.support.matches import played

CUP = "cup"
NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
CONFIG = LeagueConfig(models=("elo_softmax", "base_rate"), window=10, cold_matches=0, reinforce="off")


def new_league(config: LeagueConfig = CONFIG) -> League:
    league = League(CUP)
    league.configure(Configure(CUP, config))
    return league


def matches(number: int, seed: int = 1) -> Iterator[Features | Result]:
    return iter(list(schedule(played(CUP, number, seed=seed))))


def tell(league: League, events: Iterable[Features | Result]) -> list[Output]:
    outputs: list[Output] = []
    for event in events:
        outputs += league.predict(event) if isinstance(event, Features) else league.learn(event)
    return outputs


def events_of(outputs: Iterable[Output]) -> list[ModelEvent]:
    return [output for output in outputs if isinstance(output, ModelEvent)]


def command(action: Action, model: str | None = None, **more: object) -> ModelCommand:
    fields: dict[str, object] = {"command_id": str(uuid.uuid4()), "issued_at": NOW, "who": "anna", "why": "I want it"}
    return ModelCommand(**{**fields, "competition": CUP, "action": action, "model": model, **more})  # type: ignore[arg-type]  # tests set any field


def ask(league: League, action: Action, model: str | None = None, **more: object) -> ModelEvent:
    """The one event that a command leads to."""
    [event] = events_of(league.command(command(action, model, **more)))
    return event


def champion(league: League) -> str:
    registry = league.registry(league.config or CONFIG)
    [line] = [line for line in registry.versions if line.alias == "champion"]
    assert registry.champion is not None
    assert (registry.champion.model, registry.champion.version) == (line.model, line.version)
    assert registry.versions[0] == line
    assert league.scoreboard().models[0].model == line.model
    return f"{line.model} {line.version}"


def test_the_first_events_tell_of_the_models_that_the_configuration_names() -> None:
    league = new_league()
    [first, second] = events_of(tell(league, matches(3)))
    assert [(it.kind, it.model, it.version, it.alias, it.who) for it in (first, second)] == [
        ("registered", "elo_softmax", 1, "champion", "settings"),
        ("registered", "base_rate", 1, "challenger", "settings"),
    ]
    assert (first.number, second.number) == (1, 2)
    assert champion(league) == "elo_softmax 1"


def test_a_promotion_takes_effect_between_two_predictions_and_is_told_once() -> None:
    league = new_league()
    story = list(matches(4))
    before = tell(league, story[:3])
    event = ask(league, "promote", "base_rate")
    assert (event.kind, event.model, event.version, event.alias) == ("promoted", "base_rate", 1, "champion")
    assert (event.previous_model, event.previous_version) == ("elo_softmax", 1)
    assert (event.who, event.why, event.issued_at, event.at) == ("anna", "I want it", NOW, league.fixtures.latest)
    after = tell(league, story[3:])
    said = [
        [(line.model, str(line.alias)) for line in it.models] for it in (*before, *after) if isinstance(it, Prediction)
    ]
    old, new = (
        [("elo_softmax", "champion"), ("base_rate", "challenger")],
        [
            ("base_rate", "champion"),
            ("elo_softmax", "challenger"),
        ],
    )
    assert said == [old] * said.count(old) + [new] * said.count(new)
    assert said.count(old)
    assert said.count(new)
    # What was sealed before is scored under the names that it was published with.
    scored = [it for it in after if isinstance(it, Evaluation)]
    assert {score.alias for it in scored[:1] for score in it.models if score.model == "elo_softmax"} == {"champion"}


def test_a_promoted_champion_outlives_a_change_of_the_configuration_but_not_a_new_first_name() -> None:
    league = new_league()
    tell(league, matches(3))
    ask(league, "promote", "base_rate")
    league.configure(Configure(CUP, replace(CONFIG, window=7)))
    assert champion(league) == "base_rate 1"
    league.configure(Configure(CUP, replace(CONFIG, models=("naive_bayes_v1", "elo_softmax", "base_rate"))))
    assert champion(league) == "naive_bayes_v1 1"
    kinds = [(it.kind, it.model) for it in events_of(tell(league, matches(5, seed=2)))]
    assert kinds == [("registered", "naive_bayes_v1")]
    league.configure(Configure(CUP, replace(CONFIG, models=("base_rate", "elo_softmax"))))
    assert champion(league) == "base_rate 1"
    kinds = [(it.kind, it.model) for it in events_of(tell(league, matches(7, seed=2)))]
    assert kinds == [("retired", "naive_bayes_v1"), ("promoted", "base_rate")]


def test_a_command_that_comes_again_changes_nothing() -> None:
    league = new_league()
    tell(league, matches(3))
    once = command("promote", "base_rate")
    assert len(league.command(once)) == 1
    state = digest(league)
    assert league.command(once) == []
    assert league.command(replace(once, action="rollback", model=None)) == []
    assert digest(league) == state


def test_a_rollback_takes_back_one_change_after_the_other() -> None:
    league = new_league(replace(CONFIG, models=("elo_softmax", "base_rate", "naive_bayes_v1")))
    tell(league, matches(3))
    ask(league, "promote", "base_rate")
    ask(league, "promote", "naive_bayes_v1")
    back = ask(league, "rollback")
    assert (back.kind, back.model, back.previous_model) == ("rolled_back", "base_rate", "naive_bayes_v1")
    assert champion(league) == "base_rate 1"
    ask(league, "rollback")
    assert champion(league) == "elo_softmax 1"
    assert "no other champion" in str(ask(league, "rollback").reason)


@pytest.mark.parametrize(
    ("action", "more", "reason"),
    [
        ("promote", {"model": "elo_softmax"}, "elo_softmax 1 is champion already"),
        ("promote", {"model": "market_v9"}, "model market_v9 is not at work: wanted one of elo_softmax, base_rate"),
        ("promote", {"model": "base_rate", "version": 3}, "version 3 of base_rate is not at work: version 1 is"),
        ("approve", {"model": "base_rate"}, "does not wait for an answer"),
        ("approve", {"proposal_id": str(uuid.uuid5(uuid.NAMESPACE_OID, "x"))}, "does not wait for an answer"),
        ("reject", {"model": "base_rate"}, "does not wait for an answer"),
        ("rollback", {}, "there was no other champion before"),
        ("rollback", {"model": "base_rate"}, "has not replaced a version that is still kept"),
        ("unfreeze", {}, "the line-up is unfrozen already"),
        ("unfreeze", {"model": "base_rate"}, "base_rate 1 is unfrozen already"),
        ("retire", {"model": "elo_softmax"}, "elo_softmax 1 is champion: promote another one first"),
        ("register", {"model": "base_rate"}, "base_rate 1 is at work: give the new one a name of its own"),
        ("register", {"model": "wonder"}, "wonder"),
        ("register", {"model": "naive_bayes_v1", "alias": "champion"}, "wanted challenger or experimental"),
        ("register", {"model": "naive_bayes_v1", "version": 2}, "gets the next number"),
        ("handover", {"model": "naive_bayes_v1", "version": 1}, "naive_bayes_v1 1 does not wait for a state"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason_and_changes_nothing_else(
    action: Action, more: dict[str, object], reason: str
) -> None:
    league = new_league()
    tell(league, matches(3))
    line_up, champions = digest(league.squad.members), champion(league)
    event = ask(league, action, **more)  # type: ignore[arg-type]  # any field
    assert (event.kind, event.model, event.version) == ("refused", more.get("model"), more.get("version"))
    assert reason in str(event.reason)
    assert (digest(league.squad.members), champion(league)) == (line_up, champions)


def test_a_frozen_line_up_stays_until_it_is_unfrozen() -> None:
    league = new_league()
    tell(league, matches(3))
    assert ask(league, "freeze").kind == "frozen"
    assert "unfreeze it first" in str(ask(league, "promote", "base_rate").reason)
    assert ask(league, "unfreeze").kind == "unfrozen"
    assert ask(league, "promote", "base_rate").kind == "promoted"


def test_a_frozen_model_predicts_and_does_not_learn() -> None:
    league = new_league()
    story = list(matches(30))
    tell(league, story[:20])
    ask(league, "freeze", "elo_softmax")
    state = digest(league.squad.members["elo_softmax"].model)
    said = [it for it in tell(league, story[20:]) if isinstance(it, Prediction)]
    assert all(line.model in ("elo_softmax", "base_rate") for it in said for line in it.models)
    assert len(said[0].models) == 2
    assert digest(league.squad.members["elo_softmax"].model) == state
    assert league.squad.members["elo_softmax"].learned < league.squad.members["base_rate"].learned


class Follower:
    """Somebody who learns beside a league what its models learn."""

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self.begin_anew()

    def learn(self, x: Mapping[str, float], outcome: Outcome, seal: bytes) -> None:
        self.model.learn_one(x, outcome)
        self.knowledge.add(seal)

    def begin_anew(self) -> None:
        self.model: MatchModel = create(self.algorithm)
        self.knowledge = Knowledge()


def state_of(league: League, follower: Follower, model: str, version: int = 1) -> Handover:
    """What the follower would hand over at this moment."""
    return copy.deepcopy(
        Handover(
            CUP,
            Contender(model, version),
            follower.algorithm,
            follower.model,
            follower.knowledge,
            league.squad.knowledge,
        )
    )


def test_a_version_that_catches_up_knows_what_one_from_the_beginning_knows_to_the_last_bit() -> None:
    always = new_league(replace(CONFIG, models=(*CONFIG.models, "naive_bayes_v1")))
    late = new_league()
    story = list(matches(60))
    follower = Follower("naive_bayes_v1")
    late.squad.listener = follower
    tell(late, story[:50])
    registered = ask(late, "register", "naive_bayes_v1")
    assert (registered.kind, registered.version, registered.alias) == ("registered", 1, None)
    handover = state_of(late, follower, "naive_bayes_v1")
    late.squad.listener = None
    tell(late, story[50:80])
    [joined] = events_of(late.command(command("handover", "naive_bayes_v1", version=1), handover))
    assert (joined.kind, joined.alias) == ("joined", "challenger")
    assert joined.evidence == {"learned": late.squad.knowledge.matches, "learned_from_journal": 15}
    more = tell(late, story[80:])
    tell(always, story)
    ours, theirs = late.squad.members["naive_bayes_v1"], always.squad.members["naive_bayes_v1"]
    assert digest(ours.model) == digest(theirs.model)
    assert digest(ours.knowledge) == digest(theirs.knowledge)
    last = [it for it in more if isinstance(it, Prediction)][-1]
    assert [line.model for line in last.models] == ["elo_softmax", "base_rate", "naive_bayes_v1"]
    trial = late.squad.trials.trial_of(ours.contender)
    assert trial is not None
    assert 0 < trial.evidence.n <= len([it for it in more if isinstance(it, Evaluation)])


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda it: replace(it, competition="other"), "it is the state of naive_bayes_v1 1 in 'other'"),
        (lambda it: replace(it, contender=Contender("naive_bayes_v1", 2)), "it is the state of naive_bayes_v1 2"),
        (lambda it: replace(it, algorithm="base_rate"), "it is the state of a base_rate, wanted a naive_bayes_v1"),
        (lambda it: replace(it, place=Knowledge(3, bytes(32))), "it is the state of another place: after 3 matches"),
        (lambda it: "it was signed with another key", "its state cannot be used: it was signed with another key"),
        (lambda it: None, "its state cannot be used: there is none"),
    ],
)
def test_a_wrong_state_is_refused_and_the_right_one_is_taken_afterwards(spoil: object, reason: str) -> None:
    league = new_league()
    follower = league.squad.listener = Follower("naive_bayes_v1")
    tell(league, matches(12))
    ask(league, "register", "naive_bayes_v1", alias="experimental")
    right = state_of(league, follower, "naive_bayes_v1")
    asked = {"action": "handover", "model": "naive_bayes_v1", "version": 1}
    [event] = events_of(league.command(command(**asked), spoil(right)))  # type: ignore[arg-type, operator]  # any wrong state
    assert event.kind == "refused"
    assert reason in str(event.reason)
    assert "naive_bayes_v1" not in league.squad.members
    [event] = events_of(league.command(command(**asked), right))  # type: ignore[arg-type]  # names of fields
    assert (event.kind, event.alias) == ("joined", "experimental")


def test_a_state_that_does_not_come_is_not_waited_for_without_end() -> None:
    league = new_league()
    tell(league, matches(2))
    ask(league, "register", "naive_bayes_v1")
    pupil = league.squad.pupils["naive_bayes_v1"]
    pupil.journal = [({}, "H", b"")] * JOURNAL_MATCHES
    [event] = [it for it in events_of(tell(league, matches(6, seed=2))) if it.kind == "lapsed"]
    assert (event.model, event.version) == ("naive_bayes_v1", 1)
    assert league.squad.pupils == {}
    assert ask(league, "register", "naive_bayes_v1").version == 2


def test_a_refusal_at_the_door_is_told_and_changes_nothing() -> None:
    league = new_league()
    tell(league, matches(3))
    state = digest(league.squad.members)
    refusal = Refusal(str(uuid.uuid4()), CUP, "handover", NOW, "eve", "trust me", "naive_bayes_v1", 1, "foreign key")
    [event] = events_of(league.refuse(refusal))
    assert (event.kind, event.who, event.reason, event.command_id) == (
        "refused",
        "eve",
        "foreign key",
        refusal.command_id,
    )
    assert league.refuse(refusal) == []
    assert digest(league.squad.members) == state


def test_a_command_for_another_competition_is_a_defect_of_whoever_sends_it() -> None:
    league = new_league()
    with pytest.raises(Fatal):
        league.command(replace(command("freeze"), competition="other"))


# Proposals

EAGER = replace(
    CONFIG,
    models=("base_rate", "elo_softmax"),
    promote_matches=20,
    promote_days=1.0,
    promote_gain=-10.0,
    promote_alpha=0.999,
)
"""Rules under which any lead is enough."""


REINFORCED = Happening("reinforced", "policy", "it erred too much")


def until_proposed(league: League) -> tuple[ModelEvent, list[Features | Result]]:
    """Play until there is a proposal; it, and the matches that are left."""
    story = list(matches(900))
    for place, event in enumerate(story):
        for said in events_of(tell(league, [event])):
            if said.kind == "proposed":
                return said, story[place + 1 :]
    raise AssertionError("nothing was proposed")


def test_a_challenger_that_is_better_is_proposed_and_waits_for_an_answer() -> None:
    league = new_league(EAGER)
    proposed, _ = until_proposed(league)
    assert (proposed.model, proposed.previous_model, proposed.who) == ("elo_softmax", "base_rate", "policy")
    assert proposed.evidence is not None
    assert float(proposed.evidence["matches"]) >= EAGER.promote_matches
    assert proposed.policy is not None
    assert proposed.policy["approval"] == "manual"
    assert champion(league) == "base_rate 1"
    [waiting] = league.registry(EAGER).proposals
    assert waiting.proposal_id == proposed.proposal_id
    approved = ask(league, "approve", proposal_id=proposed.proposal_id)
    assert (approved.kind, approved.model, approved.proposal_id) == ("promoted", "elo_softmax", proposed.proposal_id)
    assert champion(league) == "elo_softmax 1"
    assert league.registry(EAGER).proposals == ()
    assert ask(league, "approve", proposal_id=proposed.proposal_id).kind == "refused"


def test_without_a_person_to_ask_the_better_challenger_takes_over() -> None:
    league = new_league(replace(EAGER, approval="auto"))
    proposed, _ = until_proposed(league)
    assert champion(league) == "elo_softmax 1"
    reign = league.registry(EAGER).champion
    assert reign is not None
    assert (reign.who, reign.since) == ("policy", proposed.at)


def test_a_rejected_version_is_not_proposed_again_at_once() -> None:
    league = new_league(EAGER)
    proposed, rest = until_proposed(league)
    assert ask(league, "reject", "elo_softmax").kind == "rejected"
    later = [it for it in events_of(tell(league, rest)) if it.kind == "proposed"]
    assert later
    assert later[0].at >= proposed.at + timedelta(days=PROPOSAL_DAYS)


def test_a_proposal_lapses_when_nobody_answers_and_when_another_becomes_champion() -> None:
    league = new_league(EAGER)
    proposed, rest = until_proposed(league)
    lapsed = next(it for it in events_of(tell(league, rest)) if it.kind == "lapsed")
    assert (lapsed.proposal_id, lapsed.model) == (proposed.proposal_id, "elo_softmax")
    assert lapsed.at >= proposed.at + timedelta(days=PROPOSAL_DAYS)
    league = new_league(EAGER)
    until_proposed(league)
    kinds = [it.kind for it in events_of(league.command(command("promote", "elo_softmax")))]
    assert kinds == ["promoted", "lapsed"]


def test_a_proposal_lapses_when_its_version_is_replaced_or_retired() -> None:
    league = new_league(EAGER)
    until_proposed(league)
    kinds = [it.kind for it in events_of(league.command(command("retire", "elo_softmax")))]
    assert kinds == ["lapsed", "retired"]

    league = new_league(EAGER)
    proposed, rest = until_proposed(league)
    member = league.squad.members["elo_softmax"]
    successor = reinforce(league.squad, member, copy.deepcopy(member.model), proposed.at, REINFORCED, EAGER.window)
    told = events_of(tell(league, rest[:1]))
    assert [(it.kind, it.model, it.version) for it in told] == [
        ("lapsed", "elo_softmax", 1),
        ("reinforced", "elo_softmax", 2),
    ]
    assert (told[1].previous_version, told[1].alias) == (1, "challenger")
    assert ask(league, "approve", "elo_softmax").kind == "refused"
    lines = {(line.model, line.version): line for line in league.registry(EAGER).versions}
    assert lines["elo_softmax", 1].status == "reserve"
    assert lines["elo_softmax", 2].born.parent == 1
    assert (lines["elo_softmax", 2].state, lines["elo_softmax", 2].state_matches) == successor.state

    told = events_of(league.command(command("rollback", "elo_softmax")))
    assert [(it.kind, it.version) for it in told] == [("retired", 2), ("rolled_back", 1)]


def test_a_champion_that_was_reinforced_is_compared_with_its_parent_and_can_be_rolled_back() -> None:
    league = new_league(replace(CONFIG, models=("elo_softmax", "base_rate")))
    story = list(matches(60))
    tell(league, story[:40])
    parent = league.squad.members["elo_softmax"]
    reinforce(league.squad, parent, copy.deepcopy(parent.model), NOW, REINFORCED, CONFIG.window)
    assert champion(league) == "elo_softmax 2"
    said = [it for it in tell(league, story[40:]) if isinstance(it, Prediction)]
    assert {(line.model, line.version) for it in said for line in it.models} == {("elo_softmax", 2), ("base_rate", 1)}
    trial = league.squad.trials.trial_of(parent.contender)
    assert trial is not None
    # Both learned the same since, so nothing speaks for either.
    assert trial.evidence.n > 0
    assert trial.evidence.mean() == 0.0
    assert digest(parent.model) == digest(league.squad.members["elo_softmax"].model)
    told = events_of(league.command(command("rollback")))
    assert [(it.kind, it.version, it.alias) for it in told] == [("retired", 2, None), ("rolled_back", 1, "champion")]
    assert champion(league) == "elo_softmax 1"
    assert league.squad.members["elo_softmax"] is parent


def test_nothing_is_proposed_while_the_line_up_is_frozen() -> None:
    league = new_league(EAGER)
    tell(league, matches(2))
    ask(league, "freeze")
    assert not [it for it in events_of(tell(league, matches(300, seed=2))) if it.kind == "proposed"]


@pytest.mark.parametrize("rollback", ["manual", "auto"])
def test_a_champion_that_is_worse_than_the_one_before_is_reported_once_and_taken_back_where_the_policy_says_so(
    rollback: str,
) -> None:
    config = replace(EAGER, models=("elo_softmax", "base_rate"), rollback=rollback, promote_scope="all")  # type: ignore[arg-type]  # a literal
    league = new_league(config)
    story = list(matches(900))
    tell(league, story[:100])
    ask(league, "promote", "base_rate", version=1)
    told = [it for it in events_of(tell(league, story[100:])) if it.kind in ("worsened", "rolled_back")]
    assert told[0].kind == "worsened"
    assert (told[0].model, told[0].previous_model) == ("base_rate", "elo_softmax")
    if rollback == "auto":
        assert (told[1].kind, told[1].model, told[1].who) == ("rolled_back", "elo_softmax", "policy")
        assert champion(league) == "elo_softmax 1"
    else:
        assert len(told) == 1
        assert champion(league) == "base_rate 1"


def test_a_proposal_from_outside_is_one_like_any_other_unless_it_is_stale() -> None:
    league = new_league()
    tell(league, matches(3))
    stale = ask(league, "propose", "base_rate", version=1, evidence={"champion": "naive_bayes_v1:1", "e_better": 40.0})
    assert stale.kind == "refused"
    assert "but elo_softmax 1 is champion" in str(stale.reason)
    evidence = {"champion": "elo_softmax:1", "e_better": 40.0}
    proposed = ask(league, "propose", "base_rate", version=1, evidence=evidence)
    assert (proposed.kind, proposed.evidence) == ("proposed", evidence)
    assert ask(league, "propose", "base_rate", version=1, evidence=evidence).kind == "refused"
    assert ask(league, "approve", "base_rate").kind == "promoted"


# Any story

MODELS = st.sampled_from(["elo_softmax", "base_rate", "naive_bayes_v1", "wonder", None])
COMMANDS = st.builds(
    lambda action, model, version, alias: command(
        action,
        model,
        version=version,
        **({"alias": alias} if action == "register" else {}),
        **({"evidence": {"e_better": 9.0}} if action == "propose" else {}),
    ),
    st.sampled_from([action for action in get_args(Action) if action != "reinforce"]),
    MODELS,
    st.sampled_from([None, None, 1, 2]),
    st.sampled_from([None, "challenger", "experimental"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(COMMANDS, st.integers(1, 12)), max_size=25), st.booleans())
def test_whatever_is_asked_in_whatever_order_the_line_up_holds_together(
    story: list[ModelCommand | int], reload: bool
) -> None:
    config = replace(EAGER, approval="auto", promote_matches=LOOK_EVERY)
    league, twin = new_league(config), new_league(config)
    coming = matches(200)
    told: list[ModelEvent] = []
    for step in story:
        events = [step] if isinstance(step, ModelCommand) else [next(coming) for _ in range(step)]
        for event in events:
            said = league.command(event) if isinstance(event, ModelCommand) else tell(league, [event])
            assert said == (twin.command(event) if isinstance(event, ModelCommand) else tell(twin, [event]))
            told += events_of(said)
        if reload:
            twin = reloaded(twin)
        champion(league)
        names = [line.model for line in league.scoreboard().models]
        assert len(set(names)) == len(names)
        assert set(league.squad.members).isdisjoint(league.squad.pupils)
        assert {it.trial.champion for it in league.squad.trials.running.values()} <= {league.squad.ledger.champion}
        schemas.validator("registry").validate(schema_value(encode(league.registry(config))))
    assert digest(league) == digest(twin)
    assert [it.number for it in told] == list(range(1, len(told) + 1))
    assert len({it.event_id for it in told}) == len(told)
    # The events alone tell who is champion.
    crowned = [f"{it.model} {it.version}" for it in told if it.alias == "champion"]
    if crowned:
        assert crowned[-1] == champion(league)
    for it in told:
        schemas.validator("model-events").validate(schema_value(encode(it)))


def schema_value(payload: bytes) -> object:
    value: object = orjson.loads(payload)
    return value
