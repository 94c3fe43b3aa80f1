"""What is held of the models of a competition: evidence, reliability, and answers to commands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stream_app.evaluation.calibration import Calibration
from stream_app.events import Evaluation, Outcome, Probabilities, Reign
from stream_app.lifecycle.evidence import Evidence, difference
from stream_app.web.lineup import VERSIONS, LineUp
from stream_app.web.trials import CAPACITY, TrialLine
from tests.web.made import HOUR, KICKOFF, evaluation, model_event, prediction, registry, version_line

GOOD, BAD = Probabilities(0.6, 0.25, 0.15), Probabilities(0.4, 0.3, 0.3)


def scored(
    number: int, outcome: Outcome, *, champion: Probabilities = BAD, challenger: Probabilities = GOOD
) -> Evaluation:
    goals = {"H": (1, 0), "D": (1, 1), "A": (0, 1)}[outcome]
    made = evaluation(f"m{number}", goals=goals)
    first, second = made.models
    return replace(made, models=(replace(first, probabilities=champion), replace(second, probabilities=challenger)))


def test_the_line_is_the_evidence_of_the_league_after_every_match() -> None:
    lineup, evidence = LineUp(), Evidence()
    for number in range(60):
        outcome: Outcome = "H" if number % 5 else "A"
        lineup.take_evaluation(scored(number, outcome), None)
        evidence.add(difference(GOOD, BAD, outcome))
        (trial,) = lineup.trials()
        last = trial.points()[-1]
        assert last.matches == evidence.n
        assert last.mean == evidence.mean()
        assert (last.lower, last.upper) == (evidence.lower(0.05), evidence.upper(0.05))
    assert (trial.champion, trial.challenger) == ("elo_softmax", "base_rate")
    assert last.lower < last.mean < last.upper


def test_a_line_never_outgrows_its_bound_and_keeps_its_end() -> None:
    first, second = scored(1, "H").models
    trial = TrialLine(first, second, 0.05, capacity=16)
    for number in range(1, 1_000):
        trial.add(first, second, "H" if number % 3 else "A")
        points = trial.points()
        assert len(points) <= 17
        assert points[-1].matches == number
        assert [point.matches for point in points] == sorted({point.matches for point in points})
    assert CAPACITY > 16


def test_a_new_champion_begins_new_lines_and_the_old_ones_are_gone() -> None:
    lineup = LineUp()
    for number in range(10):
        lineup.take_evaluation(scored(number, "H"), None)
    made = scored(10, "H")
    first, second = made.models
    lineup.take_evaluation(
        replace(made, models=(replace(second, alias="champion"), replace(first, alias="challenger"))), None
    )
    (trial,) = lineup.trials()
    assert (trial.champion, trial.challenger) == ("base_rate", "elo_softmax")
    assert trial.points()[-1].matches == 1


def test_who_reigns_is_what_the_registry_says_and_counts_from_then_on() -> None:
    lineup = LineUp()
    reign = Reign("base_rate", 1, KICKOFF + 2 * HOUR, "ada", "simple is better")
    lines = (version_line("elo_softmax", 1, "challenger"), version_line("base_rate", 1, "champion"))
    lineup.registry = replace(registry(*lines), champion=reign)
    lineup.take_evaluation(replace(scored(1, "H"), evaluated_at=KICKOFF + HOUR), None)
    assert lineup.trials() == []
    # Foretold when another one was champion, as the parts in it say.
    lineup.take_evaluation(replace(scored(2, "H"), evaluated_at=KICKOFF + 2 * HOUR), None)
    (trial,) = lineup.trials()
    assert (trial.champion, trial.challenger) == ("base_rate", "elo_softmax")
    lineup.registry = replace(lineup.registry, versions=lines[1:])
    assert lineup.trials() == []


def test_blocked_forecasts_are_no_evidence() -> None:
    lineup = LineUp()
    made = prediction("m1")
    first, second = made.models
    lineup.take_evaluation(scored(1, "H"), replace(made, models=(first, replace(second, status="blocked"))))
    lineup.take_evaluation(scored(1, "H"), replace(made, models=(replace(first, status="blocked"), second)))
    assert lineup.trials() == []
    lineup.take_evaluation(scored(1, "H"), made)
    assert len(lineup.trials()) == 1
    assert lineup.calibration("base_rate", 1) is not None


def test_the_registry_says_how_sure_a_proof_has_to_be() -> None:
    lineup = LineUp()
    lineup.registry = replace(registry(), policy={"alpha": 0.01})
    lineup.take_evaluation(scored(1, "H"), None)
    assert lineup.trials()[0].alpha == 0.01


def test_reliability_counts_each_match_once() -> None:
    lineup, expected = LineUp(), Calibration()
    outcomes: tuple[Outcome, ...] = ("H", "D", "A", "H")
    for number, outcome in enumerate(outcomes):
        lineup.take_evaluation(scored(number, outcome), None)
        expected.add(GOOD, outcome)
    lineup.take_evaluation(replace(scored(0, "A"), status="corrected"), None)
    lineup.take_evaluation(evaluation("m9", goals=None, status="void"), None)
    held = lineup.calibration("base_rate", 1)
    assert held is not None
    assert held.bins() == expected.bins()
    assert lineup.calibration("base_rate", 2) is None


def test_versions_without_end_are_not_held_without_end() -> None:
    lineup = LineUp()
    for version in range(2 * VERSIONS):
        made = scored(version, "H")
        first, second = made.models
        lineup.take_evaluation(replace(made, models=(first, replace(second, version=version + 1))), None)
    assert lineup.calibration("base_rate", 2 * VERSIONS) is not None
    assert lineup.calibration("base_rate", 1) is None
    assert len(lineup.trials()) == VERSIONS


def test_a_command_is_answered_by_its_events_in_their_order() -> None:
    lineup = LineUp()
    for event in (model_event(3, "promoted", command_id="c1"), model_event(2, "rejected", command_id="c1")):
        lineup.take_event(event)
    lineup.take_event(model_event(4, command_id="c2"))
    assert [event.number for event in lineup.outcome_of("c1")] == [2, 3]
    assert lineup.outcome_of("c3") == []


def test_those_at_work_come_with_the_champion_first() -> None:
    lineup = LineUp()
    assert lineup.running() == ()
    lineup.registry = registry(
        version_line("a_model", 1, "experimental"),
        version_line("b_model", 2, "champion"),
        version_line("b_model", 1, None, status="retired"),
        version_line("c_model", 1, "challenger"),
        version_line("d_model", 1, None, status="catching_up"),
    )
    assert [line.model for line in lineup.running()] == ["b_model", "c_model", "a_model", "d_model"]


@pytest.mark.parametrize("alpha", [True, "high", 7.0, 0.0])
def test_a_policy_that_makes_no_sense_is_not_drawn_with(alpha: float | str | bool) -> None:
    lineup = LineUp()
    lineup.registry = replace(registry(), policy={"alpha": alpha})
    lineup.take_evaluation(scored(1, "H"), None)
    assert lineup.trials()[0].alpha == 0.05
