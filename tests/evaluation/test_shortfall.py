"""When a model has become worse, and when it promises more than it keeps."""

from __future__ import annotations

import pytest

from stream_app.evaluation.promise import confidence
from stream_app.evaluation.shortfall import limit_of
from stream_app.events import LeagueConfig
from tests.evaluation.watched import Watched, matches

CONFIG = LeagueConfig()


def test_the_limit_is_shared_by_both_kinds() -> None:
    assert limit_of(LeagueConfig(alert_rate=0.1)) == 20_000.0
    assert limit_of(LeagueConfig(alert_rate=4.0)) == 500.0


def test_a_healthy_model_raises_nothing_though_its_rolling_figures_fall_by_far_more_than_the_limit() -> None:
    model = Watched(CONFIG)
    worst = 0.0
    for match in matches(3_000, seed=1):
        assert model.take([match]) == []
        before = model.standing.before_window()
        if model.standing.is_full() and before.n >= CONFIG.window:
            worst = max(worst, model.standing.rolling.mean_log_loss() / before.mean_log_loss() - 1.0)
    assert worst > 2 * CONFIG.decay_drop


def test_too_large_weights_raise_decay_and_calibration_and_are_resolved_when_they_are_mended() -> None:
    model = Watched(CONFIG)
    assert model.take(matches(1_000, seed=2)) == []
    ill = model.take(matches(800, seed=3, sharpened=1.7))
    raised = {change.kind: (number, change) for number, change in ill if change.state == "raised"}
    number, decay = raised["decay"]
    assert number < 1_400
    assert (decay.number, decay.sight.metric) == (1, "log_loss")
    assert decay.sight.evidence == decay.sight.limit == limit_of(CONFIG)
    assert decay.sight.measured > decay.sight.promised * 1.05
    number, calibration = raised["calibration"]
    assert number < 1_400
    # Nearly all that is overstated are home wins.
    assert calibration.sight.metric in ("accuracy", "home_rate")
    assert calibration.sight.measured < calibration.sight.promised * 0.95
    assert not any(change.state == "resolved" for _, change in ill)
    well = model.take(matches(3_000, seed=4))
    assert sorted(change.kind for _, change in well if change.state == "resolved") == ["calibration", "decay"]
    assert model.watch.open() == []
    assert model.watch.decay.evidence.value < limit_of(CONFIG) ** 0.5


def test_the_baseline_of_an_open_alert_stays_what_it_was() -> None:
    model = Watched(CONFIG)
    model.take(matches(1_000, seed=2))
    changes = model.take(matches(600, seed=3, sharpened=1.7))
    [baseline] = {change.sight.promised for _, change in changes if change.kind == "decay"}
    assert model.standing.before_window().mean_log_loss() > baseline


def test_a_model_that_was_never_better_has_not_decayed_but_breaks_its_promises() -> None:
    model = Watched(CONFIG)
    raised = {change.kind for _, change in model.take(matches(600, seed=5, sharpened=2.5))}
    assert "calibration" in raised


@pytest.mark.parametrize(("shift", "metric"), [((0.5, 1.0, 1.0), "home_rate"), ((1.0, 1.0, 0.3), "away_rate")])
def test_an_outcome_that_comes_less_often_than_promised_is_named(
    shift: tuple[float, float, float], metric: str
) -> None:
    model = Watched(CONFIG)
    assert model.take(matches(500, seed=6)) == []
    changes = model.take(matches(600, seed=7, shift=shift))
    [raised] = [change for _, change in changes if change.kind == "calibration" and change.state == "raised"]
    assert raised.sight.metric == metric
    assert raised.sight.measured < raised.sight.promised * 0.95


def test_hits_are_held_against_the_confidences_of_the_same_matches() -> None:
    model = Watched(LeagueConfig(window=50))
    told = matches(120, seed=8)
    model.take(told)
    expected = model.standing.rolling.expected()
    assert expected.n == 50
    assert expected.accuracy == pytest.approx(sum(confidence(said) for said, _ in told[-50:]) / 50, abs=1e-6)


def test_a_higher_rate_of_false_alarms_is_sooner_sure() -> None:
    found = []
    for rate in (3.0, 0.3, 0.03):
        model = Watched(LeagueConfig(alert_rate=rate))
        assert model.take(matches(400, seed=1)) == []
        changes = model.take(matches(1_500, seed=10, sharpened=1.7))
        found.append(next(number for number, change in changes if change.state == "raised"))
    assert found == sorted(found)
    assert found[0] < found[-1]
