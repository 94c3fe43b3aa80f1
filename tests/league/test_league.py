"""What a league answers at each turn in the life of a match."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from stream_app.errors import Fatal, InvalidInput
from stream_app.evaluation.scoring import brier, log_loss, rps
from stream_app.events import Configure, LeagueConfig, ResultStatus, name_id
from stream_app.league import League
from stream_app.league.digest import digest
from stream_app.ratings import Match
from tests.league.story import (
    COMPETITION,
    CONFIG,
    KICKOFF,
    evaluations,
    features,
    new_league,
    predictions,
    result,
    tell,
)


def test_features_are_answered_with_every_models_forecast_champion_first() -> None:
    [prediction] = predictions(tell(new_league(), features()))
    assert prediction.prediction_id == name_id("prediction", COMPETITION, "m1", KICKOFF.isoformat(), 1)
    assert (prediction.revision, prediction.supersedes, prediction.late) == (1, None, False)
    assert [(line.model, line.version, line.alias) for line in prediction.models] == [
        ("elo_softmax", 1, "champion"),
        ("base_rate", 1, "challenger"),
    ]
    for line in prediction.models:
        assert line.confidence == max(line.probabilities.H, line.probabilities.D, line.probabilities.A)
        assert line.probabilities.of(line.outcome) == line.confidence


def test_a_newer_revision_supersedes_the_older_one_and_is_the_one_that_is_scored() -> None:
    league = new_league()
    first, second = predictions(tell(league, features(before=48), features(before=1)))
    assert (second.revision, second.supersedes) == (2, first.prediction_id)
    [evaluation] = evaluations(tell(league, result()))
    assert evaluation.prediction_id == second.prediction_id
    assert evaluation.as_of_lag == 3600.0


def test_features_that_are_not_newer_than_what_was_answered_change_nothing() -> None:
    league = new_league()
    tell(league, features(before=2))
    before = digest([league.fixtures, league.squad.members, league.ratings])
    assert tell(league, features(before=2), features(before=3), features(before=2, neutral=True)) == []
    assert digest([league.fixtures, league.squad.members, league.ratings]) == before
    assert (league.counts.duplicate, league.counts.stale) == (2, 1)


def test_a_result_scores_the_sealed_prediction_and_teaches() -> None:
    league = new_league()
    [prediction] = predictions(tell(league, features()))
    [evaluation] = evaluations(tell(league, result(goals=(0, 0))))
    assert evaluation.evaluation_id == name_id("evaluation", prediction.prediction_id, 1)
    assert (evaluation.status, evaluation.outcome, evaluation.learned) == ("final", "D", True)
    assert (evaluation.home_goals, evaluation.away_goals, evaluation.supersedes) == (0, 0, None)
    for score, line in zip(evaluation.models, prediction.models, strict=True):
        assert score.probabilities == line.probabilities
        assert score.hit == (line.outcome == "D")
        assert (score.log_loss, score.rps, score.brier) == (
            log_loss(line.probabilities, "D"),
            rps(line.probabilities, "D"),
            brier(line.probabilities, "D"),
        )
    assert [member.learned for member in league.squad.members.values()] == [1, 1]
    assert (league.scoreboard().matches, league.scoreboard().open_predictions) == (1, 0)


def test_a_result_without_a_prediction_still_teaches_the_ratings_and_is_counted() -> None:
    league = new_league()
    before = league.ratings.inputs(_match())
    assert tell(league, result()) == []
    assert league.ratings.inputs(_match()) != before
    assert league.scoreboard().matches == league.counts.unpredicted == 1
    assert [member.learned for member in league.squad.members.values()] == [0, 0]


def test_models_learn_from_the_numbers_that_the_sealed_prediction_rests_on() -> None:
    # Between the prediction and its result the ratings move; the model must not learn from the moved ones.
    league, patient = new_league(), new_league()
    other = result("other", home="m1 home", away="m1 away", goals=(5, 0), after=0.5)
    tell(league, features(), other, result())
    tell(patient, features(), result(), replace(other, finished_at=result().finished_at))
    assert digest(league.squad.members["elo_softmax"].model) == digest(patient.squad.members["elo_softmax"].model)
    assert league.squad.members["elo_softmax"].learned == 1


def test_features_after_the_result_are_answered_late_and_never_scored() -> None:
    league = new_league()
    tell(league, result())
    [late] = predictions(tell(league, features()))
    assert (late.late, late.revision, late.supersedes) == (True, 1, None)
    assert tell(league, result(goals=(3, 3), status="corrected", after=4)) == []
    assert league.scoreboard().models[0].total.n == 0
    assert (league.scoreboard().open_predictions, league.counts.late) == (0, 1)


def test_late_features_do_not_take_the_place_of_the_sealed_revision() -> None:
    league = new_league()
    [sealed] = predictions(tell(league, features(before=2)))
    tell(league, result())
    [late] = predictions(tell(league, features(before=1)))
    assert (late.late, late.revision) == (True, 2)
    [corrected] = evaluations(tell(league, result(goals=(0, 1), status="corrected", after=5)))
    assert corrected.prediction_id == sealed.prediction_id


@pytest.mark.parametrize("status", ["corrected", "final"])
def test_another_score_supersedes_the_evaluation_and_teaches_nobody_twice(status: ResultStatus) -> None:
    league = new_league()
    tell(league, features())
    [final] = evaluations(tell(league, result(goals=(2, 1))))
    learned = digest([league.ratings, [member.model for member in league.squad.members.values()]])
    [corrected] = evaluations(tell(league, result(goals=(2, 2), status=status, after=24)))
    assert (corrected.status, corrected.supersedes, corrected.learned) == ("corrected", final.evaluation_id, False)
    assert (corrected.outcome, corrected.evaluation_id) == ("D", name_id("evaluation", final.prediction_id, 2))
    assert digest([league.ratings, [member.model for member in league.squad.members.values()]]) == learned
    board = league.scoreboard()
    assert board.matches == 1
    for line, score in zip(board.models, corrected.models, strict=True):
        assert line.total.n == line.rolling.n == 1
        assert line.total.log_loss == line.rolling.log_loss == pytest.approx(score.log_loss, abs=1e-15)


def test_the_same_score_again_changes_no_evaluation() -> None:
    league = new_league()
    tell(league, features(), result())
    assert tell(league, result(after=3), result(status="corrected", after=4)) == []


def test_an_original_that_comes_after_its_correction_is_stale() -> None:
    league = new_league()
    tell(league, features())
    [first] = evaluations(tell(league, result(goals=(1, 1), status="corrected")))
    assert (first.status, first.outcome, first.learned) == ("final", "D", True)
    assert tell(league, result(goals=(2, 1))) == []
    assert league.counts.stale == 1


def test_a_message_that_was_overruled_does_not_come_back_by_being_sent_again() -> None:
    league = new_league()
    tell(league, features(), result(goals=(1, 0)), result(goals=(0, 1)))
    assert tell(league, result(goals=(1, 0))) == []
    assert league.counts.duplicate == 1


def test_a_postponement_takes_the_evaluation_back_and_waits_again() -> None:
    league = new_league()
    tell(league, features())
    [final] = evaluations(tell(league, result()))
    [void] = evaluations(tell(league, result(status="postponed", after=3)))
    assert (void.status, void.supersedes, void.models, void.outcome) == ("void", final.evaluation_id, (), None)
    assert league.scoreboard().open_predictions == 1
    assert league.scoreboard().models[0].total.n == league.scoreboard().models[0].rolling.n == 0
    [second] = predictions(tell(league, features(day=7)))
    assert (second.revision, second.supersedes, second.late) == (2, final.prediction_id, False)
    [again] = evaluations(tell(league, result(goals=(0, 3), day=7)))
    assert (again.status, again.supersedes, again.prediction_id) == (
        "final",
        void.evaluation_id,
        second.prediction_id,
    )
    assert not again.learned
    assert league.scoreboard().matches == 1


def test_a_postponement_before_the_match_keeps_the_prediction_open() -> None:
    league = new_league()
    [prediction] = predictions(tell(league, features()))
    assert tell(league, result(status="postponed", after=0)) == []
    assert league.scoreboard().open_predictions == 1
    [evaluation] = evaluations(tell(league, result(day=3)))
    assert (evaluation.prediction_id, evaluation.learned) == (prediction.prediction_id, True)


def test_an_abandoned_match_voids_its_prediction_and_teaches_nothing() -> None:
    league = new_league()
    tell(league, features())
    [void] = evaluations(tell(league, result(status="abandoned", after=1)))
    assert (void.status, void.supersedes, void.learned) == ("void", None, False)
    assert (league.scoreboard().matches, league.scoreboard().open_predictions) == (0, 0)
    assert tell(league, result(status="abandoned", after=2)) == []
    [awarded] = evaluations(tell(league, result(goals=(3, 0), after=50)))
    assert (awarded.status, awarded.supersedes, awarded.learned) == ("final", void.evaluation_id, True)


def test_a_prediction_without_a_result_expires_once_and_a_result_still_brings_it_back() -> None:
    league = new_league()
    [prediction] = predictions(tell(league, features()))
    assert evaluations(tell(league, features("m2", day=30, before=0))) == []
    # The event speaks first, and then the time that it tells of has passed.
    final, expired = evaluations(tell(league, result("m2", day=30)))
    assert final.match_id == "m2"
    assert (expired.match_id, expired.status, expired.models) == ("m1", "expired", ())
    assert (expired.prediction_id, expired.supersedes) == (prediction.prediction_id, None)
    assert expired.evaluated_at == KICKOFF + timedelta(days=CONFIG.expire_after_days)
    assert evaluations(tell(league, features("m3", day=40))) == []
    assert league.scoreboard().open_predictions == 1
    [final] = evaluations(tell(league, result(after=24 * 41)))
    assert (final.status, final.supersedes, final.learned) == ("final", expired.evaluation_id, True)


def test_a_postponement_of_an_expired_match_reports_it_no_second_time() -> None:
    league = new_league()
    tell(league, features(), features("m2", day=31))
    assert tell(league, result(status="postponed", after=24 * 32)) == []
    [final] = evaluations(tell(league, result(day=40)))
    assert (final.status, final.learned) == ("final", True)


def test_new_features_open_an_expired_match_again() -> None:
    league = new_league()
    tell(league, features(), features("m2", day=31))
    assert league.scoreboard().open_predictions == 1
    [again] = predictions(tell(league, features(day=35)))
    assert (again.revision, again.late) == (2, False)
    assert league.scoreboard().open_predictions == 2
    [expired] = [item for item in evaluations(tell(league, features("m3", day=66))) if item.match_id == "m1"]
    assert (expired.status, expired.prediction_id) == ("expired", again.prediction_id)


def test_a_match_of_other_teams_than_predicted_voids_the_prediction_and_teaches_the_ratings_alone() -> None:
    league = new_league()
    tell(league, features())
    [void] = evaluations(tell(league, result(home="m1 away", away="m1 home")))
    assert (void.status, void.learned) == ("void", False)
    assert league.scoreboard().matches == league.counts.unpredicted == 1
    assert [member.learned for member in league.squad.members.values()] == [0, 0]


def test_a_feed_that_is_sent_again_from_its_beginning_changes_nothing() -> None:
    story = [
        event
        for number in range(40)
        for event in (features(f"m{number}", day=7 * number), result(f"m{number}", day=7 * number))
    ]
    league = new_league()
    tell(league, *story)
    counts = league.counts
    before = digest([league.fixtures, league.squad.members, league.ratings, league.matches])
    assert tell(league, *story) == []
    assert digest([league.fixtures, league.squad.members, league.ratings, league.matches]) == before
    assert counts.too_old > 50
    assert counts.duplicate > 10


def test_finished_matches_are_forgotten_when_corrections_are_no_longer_to_be_expected() -> None:
    league = new_league()
    for number in range(60):
        tell(league, features(f"m{number}", day=7 * number), result(f"m{number}", day=7 * number))
        remembered = [fixture for match_id in league.fixtures.known if (fixture := league.fixtures.of(match_id))]
        assert all(fixture.x is None for fixture in remembered if fixture.state == "played")
        assert len(remembered) <= int(CONFIG.remember_days) // 7 + 3


def test_a_match_that_comes_back_after_it_was_forgotten_is_a_new_one() -> None:
    league = new_league()
    [first] = predictions(tell(league, features(), features("m2", day=100), features("m3", day=101))[:1])
    assert "m1" not in league.fixtures.known
    [again] = predictions(tell(league, features(day=102)))
    assert (again.revision, again.supersedes) == (1, None)
    assert again.prediction_id != first.prediction_id
    [evaluation] = evaluations(tell(league, result(day=102)))
    assert (evaluation.prediction_id, evaluation.learned) == (again.prediction_id, True)
    assert tell(league, features(), result()) == []


def test_one_message_from_the_far_future_does_not_end_the_competition() -> None:
    league = new_league()
    tell(league, features("m1"), result("m1"))
    far = features("typo", kickoff=KICKOFF.replace(year=2094), as_of=KICKOFF.replace(year=2094))
    tell(league, far)
    outputs = tell(league, features("m2", day=7), result("m2", day=7), features("m3", day=14), result("m3", day=14))
    assert [evaluation.status for evaluation in evaluations(outputs)] == ["final", "final"]
    assert league.counts.too_old == 0


def test_a_cold_model_is_blocked_and_a_hesitant_one_uncertain() -> None:
    league = new_league(LeagueConfig(models=("base_rate",), uncertain_below=0.5, conflict_within=0.0))
    statuses = []
    for number in range(CONFIG.cold_matches + 42):
        # Home wins until the model is warm and far beyond, then draws until it hesitates.
        goals = (1, 0) if number < CONFIG.cold_matches + 5 else (1, 1)
        [prediction] = predictions(tell(league, features(f"m{number}", day=number)))
        tell(league, result(f"m{number}", goals, day=number))
        statuses.append((prediction.models[0].status, prediction.models[0].confidence < 0.5))
    assert {status for status, _ in statuses[: CONFIG.cold_matches]} == {"blocked"}
    assert statuses[CONFIG.cold_matches] == ("active", False)
    assert statuses[-1] == ("uncertain", True)
    for status, hesitant in statuses[CONFIG.cold_matches :]:
        assert (status == "uncertain") == hesitant


def test_a_forecast_is_in_conflict_when_its_two_best_outcomes_are_close() -> None:
    league = new_league(LeagueConfig(models=("base_rate",), cold_matches=0, uncertain_below=0.0, conflict_within=0.2))
    conflicts = []
    for number in range(30):
        [prediction] = predictions(tell(league, features(f"m{number}", day=number)))
        tell(league, result(f"m{number}", (1, 0) if number < 10 else (0, 1), day=number))
        [line] = prediction.models
        best, second, _ = sorted((line.probabilities.H, line.probabilities.D, line.probabilities.A), reverse=True)
        assert line.conflict == (best - second <= 0.2)
        assert line.status == ("uncertain" if line.conflict else "active")
        conflicts.append(line.conflict)
    assert set(conflicts) == {True, False}


def test_an_equal_configuration_changes_nothing() -> None:
    league = new_league()
    tell(league, features(), result())
    before = digest(league)
    assert league.configure(Configure(COMPETITION, replace(CONFIG))) == []
    assert digest(league) == before


def test_a_model_that_is_added_starts_cold_and_one_that_is_removed_goes_away() -> None:
    league = new_league(LeagueConfig(models=("elo_softmax",)))
    tell(league, features(), result(), features("m2", day=1))
    league.configure(Configure(COMPETITION, LeagueConfig(models=("base_rate", "elo_softmax"))))
    [prediction] = predictions(tell(league, features("m3", day=2)))
    assert [(line.model, line.alias) for line in prediction.models] == [
        ("base_rate", "champion"),
        ("elo_softmax", "challenger"),
    ]
    # What was sealed before names the old models, and they alone are scored; the new one learns from it all the same.
    [evaluation] = evaluations(tell(league, result("m2", day=1)))
    assert [score.model for score in evaluation.models] == ["elo_softmax"]
    assert [member.learned for member in league.squad.members.values()] == [1, 2]
    assert [line.total.n for line in league.scoreboard().models] == [0, 2]


def test_a_model_that_comes_back_is_a_new_version_with_figures_of_its_own() -> None:
    league = new_league(LeagueConfig(models=("elo_softmax", "base_rate")))
    tell(league, features(), result(), features("m2", day=1))
    league.configure(Configure(COMPETITION, LeagueConfig(models=("elo_softmax",))))
    league.configure(Configure(COMPETITION, LeagueConfig(models=("elo_softmax", "base_rate"))))
    tell(league, result(goals=(0, 0), status="corrected", after=30), result("m2", day=1))
    lines = league.scoreboard().models
    assert [(line.model, line.version, line.total.n) for line in lines] == [("elo_softmax", 1, 2), ("base_rate", 2, 0)]


def test_another_kind_of_competition_begins_anew() -> None:
    league = new_league()
    tell(league, features(), result())
    league.configure(Configure(COMPETITION, replace(CONFIG, kind="national")))
    assert [member.learned for member in league.squad.members.values()] == [0, 0]
    assert digest(league.ratings) == digest(new_league(replace(CONFIG, kind="national")).ratings)


def test_nothing_is_answered_before_the_first_configuration() -> None:
    league = League(COMPETITION)
    with pytest.raises(Fatal, match="before the first configuration"):
        league.predict(features())
    with pytest.raises(Fatal, match="before the first configuration"):
        league.learn(result())


def test_events_of_another_competition_are_refused() -> None:
    league = new_league()
    with pytest.raises(Fatal, match="'other'"):
        league.predict(features(competition="other"))
    with pytest.raises(Fatal, match="'other'"):
        league.learn(result(competition="other"))
    with pytest.raises(Fatal, match="'other'"):
        league.configure(Configure("other", CONFIG))


def test_a_configuration_with_an_unknown_model_is_refused_and_changes_nothing() -> None:
    league = new_league()
    before = digest(league)
    with pytest.raises(InvalidInput, match="oracle"):
        league.configure(Configure(COMPETITION, LeagueConfig(models=("elo_softmax", "oracle"))))
    assert digest(league) == before


def _match() -> Match:
    return Match("2024", KICKOFF + timedelta(days=1), "m1 home", "m1 away")
