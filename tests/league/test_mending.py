"""Models of a league that mend themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from stream_app.events import Features, LeagueConfig, ModelCommand, ModelEvent, Output, Result
from stream_app.feeds.schedule import schedule
from stream_app.league import League
from stream_app.league.digest import digest
from stream_app.lifecycle.tempered import Tempered
from stream_app.models.river_models import LogisticRegression
from tests.league.story import COMPETITION, new_league, reloaded
from tests.support.matches import played

KEPT = 200
BROKEN_AFTER, MATCHES = 400, 900
CONFIG = LeagueConfig(
    models=("logistic_regression_v1", "base_rate"), reinforce_matches=KEPT, promote_matches=10_000, window=50
)
EVENTS: list[Features | Result] = list(schedule(played(COMPETITION, MATCHES, teams=10)))


def season(config: LeagueConfig, *, broken: bool = True, snapshots: bool = False) -> tuple[League, list[ModelEvent]]:
    """A league after all matches, and what it told of its models; half way through, the champion loses its head."""
    league, outputs = new_league(config), list[Output]()
    for place, event in enumerate(EVENTS):
        if broken and place == 2 * BROKEN_AFTER:
            lose_head(league)
        outputs += league.predict(event) if isinstance(event, Features) else league.learn(event)
        if snapshots and place % 100 == 0:
            league = reloaded(league)
    return league, [output for output in outputs if isinstance(output, ModelEvent)]


def lose_head(league: League) -> None:
    """Multiply the weights of the champion."""
    model = league.squad.members["logistic_regression_v1"].model
    assert isinstance(model, LogisticRegression)
    for weights in model.classifier.weights.values():  # type: ignore[attr-defined]  # its classifier is a softmax regression
        for name in weights:
            weights[name] *= 8.0


def command(action: str = "reinforce", **changes: object) -> ModelCommand:
    """A command about the champion, after all matches."""
    fields: dict[str, object] = {
        "command_id": "7d1c0f7e-51b6-4f6e-9a55-0e8f3c1f2b10",
        "competition": COMPETITION,
        "action": action,
        "issued_at": EVENTS[-1].kickoff + timedelta(days=1),
        "who": "anna",
        "why": "it looks too sure",
        "model": "logistic_regression_v1",
    }
    return ModelCommand(**(fields | changes))  # type: ignore[arg-type]  # tests change any field


@pytest.fixture(scope="module")
def mended() -> tuple[League, list[ModelEvent]]:
    return season(CONFIG)


def test_a_model_that_loses_its_head_is_mended_and_the_broken_version_is_kept(
    mended: tuple[League, list[ModelEvent]],
) -> None:
    league, events = mended
    (event,) = [event for event in events if event.kind == "reinforced"]
    assert (event.model, event.version, event.previous_version, event.who) == ("logistic_regression_v1", 2, 1, "policy")
    assert event.alias == "champion"
    assert event.why == "more wrong forecasts than its own confidences promise"
    assert event.reason is not None
    assert event.reason.startswith("temperature is significantly better")
    assert event.evidence is not None
    assert event.evidence["temperature.matches"] == KEPT
    assert event.policy is not None
    assert event.policy["reinforce"] == "both"
    member = league.squad.members["logistic_regression_v1"]
    assert isinstance(member.model, Tempered)
    assert member.born.parent == 1
    assert member.reserve is not None
    assert member.reserve.contender.version == 1


def test_a_model_without_fault_is_left_as_it_is() -> None:
    _, events = season(CONFIG, broken=False)
    assert not [event for event in events if event.kind == "reinforced"]


def test_a_league_that_comes_from_snapshots_does_the_same_to_the_last_bit(
    mended: tuple[League, list[ModelEvent]],
) -> None:
    league, events = season(CONFIG, snapshots=True)
    assert events == mended[1]
    assert digest(league) == digest(mended[0])


@pytest.mark.parametrize("off", [{"reinforce": "off"}, {"reinforce_matches": 0}])
def test_nothing_is_kept_and_tried_where_it_is_switched_off(off: dict[str, object]) -> None:
    league, events = season(replace(CONFIG, **off))  # type: ignore[arg-type]  # fields of several types
    assert len(league.squad.recent) == 0
    assert {event.kind for event in events} == {"registered"}


@pytest.mark.parametrize("model", ["logistic_regression_v1", None])
def test_a_person_can_ask_for_it_and_hears_why_nothing_came_of_it(
    model: str | None, mended: tuple[League, list[ModelEvent]]
) -> None:
    league = reloaded(mended[0])
    (event,) = [output for output in league.command(command(model=model)) if isinstance(output, ModelEvent)]
    assert (event.kind, event.who, event.why) == ("reinforcement_refused", "anna", "it looks too sure")
    assert event.reason is not None
    assert event.reason.startswith("logistic_regression_v1 2 stays as it is: nothing is significantly better")
    assert event.evidence is not None
    assert event.evidence["cause"] == "command"


def test_a_frozen_model_is_not_changed(mended: tuple[League, list[ModelEvent]]) -> None:
    league = reloaded(mended[0])
    league.command(command("freeze", command_id="0b5d2f0a-92a3-4f0b-8d39-6a8d1a7a5c01"))
    (event,) = [output for output in league.command(command()) if isinstance(output, ModelEvent)]
    assert event.kind == "refused"
    assert event.reason == "logistic_regression_v1 2 is frozen: unfreeze it first"


def test_what_was_mended_can_be_rolled_back(mended: tuple[League, list[ModelEvent]]) -> None:
    league = reloaded(mended[0])
    (event,) = [output for output in league.command(command("rollback")) if isinstance(output, ModelEvent)][-1:]
    assert (event.kind, event.model, event.version, event.previous_version) == (
        "rolled_back",
        "logistic_regression_v1",
        1,
        2,
    )
    assert isinstance(league.squad.members["logistic_regression_v1"].model, LogisticRegression)
