"""When a model changes because it errs too much, and when it does not."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
from river import optim

from stream_app.events import LeagueConfig, Outcome
from stream_app.league.digest import digest
from stream_app.lifecycle.recent import RecentMatch
from stream_app.lifecycle.reinforcement import FEWEST, PROOF, STANDARD_ERRORS, Judged, reinforce
from stream_app.lifecycle.tempered import Tempered
from stream_app.models.river_models import LogisticRegression
from tests.lifecycle.worlds import START, Oracle, season

CONFIG = LeagueConfig()
KEPT = CONFIG.reinforce_matches


def test_a_sound_model_stays_as_it_is_whatever_made_it_suspicious() -> None:
    kept = 0
    for seed in range(20):
        attempt = reinforce(Oracle(), season(KEPT, seed), "rule", CONFIG)
        kept += attempt.model is None
    # Two judges of 5 % each, on the only candidate that changes anything about an oracle.
    assert kept >= 17


def test_an_overconfident_model_gets_another_temperature() -> None:
    model = Oracle(2.0)
    attempt = reinforce(model, season(KEPT), "promises", CONFIG)
    assert attempt.accepted == "temperature"
    assert isinstance(attempt.model, Tempered)
    assert attempt.model.power == pytest.approx(0.5, rel=0.25)
    assert attempt.reason.startswith("temperature is significantly better: temperature +0.")
    notes = attempt.notes()
    assert notes["cause"] == "promises"
    assert notes["temperature.matches"] == KEPT
    assert notes["replay.matches"] == KEPT // 2


def test_the_model_itself_is_not_touched_and_the_same_attempt_has_the_same_result() -> None:
    model = taught()
    before = digest(model)
    first, second = (reinforce(model, season(KEPT), "command", CONFIG) for _ in range(2))
    assert digest(model) == before
    assert digest(first) == digest(second)


def test_another_temperature_takes_the_place_of_the_old_one() -> None:
    attempt = reinforce(Tempered(Oracle(4.0), 0.5), season(KEPT), "promises", CONFIG)
    assert isinstance(attempt.model, Tempered)
    assert isinstance(attempt.model.model, Oracle)
    assert attempt.model.power == pytest.approx(0.25, rel=0.25)


def test_errors_never_call_for_more_certainty_but_a_person_may() -> None:
    shy = Oracle(0.4)
    assert reinforce(shy, season(KEPT), "promises", CONFIG).model is None
    attempt = reinforce(shy, season(KEPT), "command", CONFIG)
    assert isinstance(attempt.model, Tempered)
    assert attempt.model.power == pytest.approx(2.5, rel=0.25)


def test_another_temperature_is_accepted_on_a_likelihood_ratio_that_a_standard_error_would_miss() -> None:
    accepted = by_standard_error = 0
    for seed in range(10):
        attempt = reinforce(Oracle(1.6), season(KEPT, seed), "promises", CONFIG)
        temperature = attempt.judged[0]
        accepted += attempt.accepted == "temperature"
        by_standard_error += temperature.gain > STANDARD_ERRORS * temperature.error
        assert temperature.e_value is not None
        assert attempt.notes()["temperature.e_value"] == temperature.e_value
    assert accepted > by_standard_error


def test_too_few_matches_are_no_ground_for_a_judgement() -> None:
    attempt = reinforce(Oracle(3.0), season(FEWEST - 1), "command", CONFIG)
    assert (attempt.accepted, attempt.model, attempt.judged) == (None, None, ())
    assert attempt.reason == f"only {FEWEST - 1} of {FEWEST} recent matches"


def test_a_replay_learns_matches_at_even_places_and_its_errors_twice() -> None:
    # Every match is a home win, which the oracle foretells in one half of them.
    matches = [RecentMatch(START, {"strength": 1.0 if place % 4 < 2 else -1.0}, "H") for place in range(200)]
    counted = Counting()
    reinforce(counted, matches, "command", CONFIG)
    assert counted.log == [
        match.x["strength"] for match in matches[::2] for _ in range(1 if match.x["strength"] > 0 else 2)
    ]


def test_fine_tuning_takes_the_errors_of_the_last_days_at_a_step_of_its_own() -> None:
    model = taught()
    config = replace(CONFIG, reinforce_confidence=0.0, reinforce_days=20.0)
    attempt = reinforce(model, season(KEPT), "command", config)
    assert [judged.candidate for judged in attempt.judged] == ["temperature", "replay", "fine_tune"]
    slower = reinforce(model, season(KEPT), "command", replace(config, reinforce_rate=1e-9))
    # The scale of the inputs is learned at any step.
    assert abs(slower.judged[2].gain) < 1e-4 < abs(attempt.judged[2].gain)
    assert isinstance(model.classifier.optimizers["H"], optim.AdaGrad)  # type: ignore[attr-defined]  # it is a softmax regression


def test_without_confident_errors_there_is_nothing_to_fine_tune_on() -> None:
    attempt = reinforce(Oracle(0.1), season(KEPT), "command", CONFIG)
    assert [judged.candidate for judged in attempt.judged] == ["temperature", "replay"]


def test_significant_means_more_than_so_many_standard_errors() -> None:
    assert not Judged("replay", STANDARD_ERRORS, 1.0, 200).is_better
    assert Judged("replay", math.nextafter(STANDARD_ERRORS, 2), 1.0, 200).is_better
    assert not Judged("replay", 0.0, 0.0, 200).is_better
    assert not Judged("temperature", 0.0, 1.0, 200, e_value=math.nextafter(PROOF, 0)).is_better
    assert Judged("temperature", 0.0, 1.0, 200, e_value=PROOF).is_better


class Counting(Oracle):
    """Writes down what it learns; its copies write into the same list."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[float] = []

    def __deepcopy__(self, memo: dict[int, object]) -> Counting:
        twin = copy.copy(self)
        memo[id(self)] = twin
        return twin

    def learn_one(self, x: Mapping[str, float], y: Outcome) -> None:  # type: ignore[override]  # River leaves it untyped
        self.log.append(x["strength"])


def taught() -> LogisticRegression:
    """A logistic regression that has learned a while."""
    model = LogisticRegression(("elo_difference",))
    for match in season(300, seed=9):
        model.learn_one({"elo_difference": match.x["strength"]}, match.outcome)
    return model
