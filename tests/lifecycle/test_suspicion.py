"""What makes a model suspicious of itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from stream_app.events import LeagueConfig, Outcome, Probabilities
from stream_app.lifecycle.suspicion import FALSE_START, REST, Trigger
from tests.lifecycle.worlds import START, Oracle, said, season

CONFIG = LeagueConfig()
RULE = replace(CONFIG, reinforce="rule")
SURE = Probabilities(0.75, 0.15, 0.10)


def hours_of_causes(trigger: Trigger, outcomes: Iterable[Outcome], hours: float, config: LeagueConfig) -> list[int]:
    """Places of the matches at which the trigger had a cause; each is followed by an attempt."""
    causes = []
    for place, outcome in enumerate(outcomes):
        if trigger.look(SURE, outcome, START + place * timedelta(hours=hours), config) is not None:
            causes.append(place)
            trigger.begin_anew()
    return causes


def test_ten_confident_errors_within_a_week_are_a_cause_by_the_rule() -> None:
    assert hours_of_causes(Trigger(), ["A"] * 12, 16.0, RULE) == [9]


def test_the_same_errors_over_a_longer_time_are_none() -> None:
    assert hours_of_causes(Trigger(), ["A"] * 40, 20.0, RULE) == []


def test_errors_without_confidence_are_none() -> None:
    assert hours_of_causes(Trigger(), ["A"] * 40, 1.0, replace(RULE, reinforce_confidence=0.76)) == []
    assert hours_of_causes(Trigger(), ["A"] * 40, 1.0, replace(CONFIG, reinforce="off")) == []


def test_after_an_attempt_the_model_is_left_in_peace_for_a_while() -> None:
    first, second = hours_of_causes(Trigger(), ["A"] * (REST + 11), 1.0, RULE)
    assert second - first == REST + 1


def test_a_model_that_keeps_its_promises_is_hardly_ever_suspicious() -> None:
    trigger, causes, matches = Trigger(), 0, 20_000
    for match in season(matches, seed=5):
        if trigger.look(said(Oracle(), match), match.outcome, match.at, replace(CONFIG, reinforce="promises")):
            causes += 1
            trigger.begin_anew()
    # Four are to be expected at the most; twice as many have a chance of 2 %.
    assert causes <= 2 * matches / FALSE_START


def test_the_evidence_is_no_more_than_the_number_of_matches_on_average() -> None:
    runs, matches = 400, 50
    total = 0.0
    for run in range(runs):
        trigger = Trigger()
        for match in season(matches, seed=run):
            trigger.look(said(Oracle(), match), match.outcome, match.at, replace(CONFIG, reinforce="off"))
        total += trigger.evidence()
    assert total / runs <= 1.3 * matches


def test_a_model_that_promises_too_much_becomes_suspicious() -> None:
    trigger = Trigger()
    causes = [trigger.look(said(Oracle(2.5), match), match.outcome, match.at, CONFIG) for match in season(400)]
    assert causes.index("promises") < 300
