from __future__ import annotations

import uuid
from dataclasses import replace
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
    ModelCommand,
    ModelEvent,
    Prediction,
    Refusal,
)
from stream_app.league.digest import digest
from stream_app.league.policy import LOOK_EVERY
from tests.league.asking import CONFIG, CUP, EAGER, NOW, ask, champion, command, events_of, matches, new_league, tell
from tests.league.story import reloaded


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
