"""How a model is, in one word."""

from __future__ import annotations

from stream_app.evaluation.alarm import Change, Sight
from stream_app.evaluation.watch import Watch
from stream_app.events import AlertKind, LeagueConfig, Severity
from tests.evaluation.watched import Watched, matches

CONFIG = LeagueConfig(cold_matches=30)


def ill(*opened: tuple[AlertKind, Severity]) -> Watch:
    watch = Watch()
    alarms = {alarm.kind: alarm for alarm in (watch.decay.alarm, watch.calibration.alarm, watch.drift.alarm)}
    for kind, severity in opened:
        alarms[kind].open = Change(kind, 1, "raised", severity, Sight("log_loss", 1.071, 0.976, 0.1, 9.0, 9.0))
    return watch


def word(watch: Watch, learned: int = 500, *, frozen: bool = False) -> str:
    return watch.health(learned, CONFIG, frozen=frozen)[0]


def test_health_is_the_worst_of_what_is_open() -> None:
    assert word(ill()) == "healthy"
    assert word(ill(("calibration", "warning"))) == "watch"
    assert word(ill(("drift", "warning"), ("calibration", "warning"))) == "watch"
    assert word(ill(("drift", "critical"))) == "decayed"
    assert word(ill(("calibration", "warning"), ("decay", "warning"))) == "decayed"


def test_a_model_that_does_not_learn_is_frozen_and_one_that_has_learned_little_is_cold() -> None:
    assert word(ill(), frozen=True) == "frozen"
    assert word(ill(("drift", "warning")), frozen=True) == "frozen"
    assert word(ill(("decay", "warning")), frozen=True) == "decayed"
    assert word(ill(), learned=29) == "cold"
    assert word(ill(), learned=30) == "healthy"


def test_the_reason_says_why() -> None:
    assert ill().health(500, CONFIG, frozen=False)[1] == "no alert is open"
    assert ill().health(12, CONFIG, frozen=False)[1] == "has learned 12 of the 30 matches that it takes"
    reason = ill(("decay", "critical"), ("drift", "warning")).health(500, CONFIG, frozen=False)[1]
    assert reason == "decay (critical): log_loss 1.071 against 0.976; drift (warning): log_loss 1.071 against 0.976"


def test_what_is_open_is_what_was_raised() -> None:
    model = Watched(CONFIG)
    assert model.take(matches(500, seed=1)) == []
    changes = model.take(matches(500, seed=2, sharpened=2.0))
    latest = {change.kind: change for _, change in changes}
    assert {change.kind: change for change in model.watch.open()} == latest
    assert {"decay", "calibration"} <= set(latest)
