from __future__ import annotations

import math
from typing import Any

import orjson
import pytest

from stream_app.dev.tally import ROLLING_WINDOW, Tally
from stream_app.topics import DEAD_LETTERS, DECAY_ALERTS, EVALUATIONS, FEATURES, PREDICTIONS

KEY = b"league"


def score(model: str = "elo", loss: float = 1.0, hit: bool = True, alias: str = "champion") -> dict[str, Any]:
    return {"model": model, "alias": alias, "hit": hit, "log_loss": loss, "rps": loss / 10, "brier": loss / 2}


def tally_of(*records: tuple[str, dict[str, Any]]) -> Tally:
    tally = Tally("league")
    for number, (topic, message) in enumerate(records):
        tally.add(topic, KEY, orjson.dumps(message), number * 1000)
    return tally


def predicted(match: str, late: bool = False) -> tuple[str, dict[str, Any]]:
    return PREDICTIONS, {"match_id": match, "late": late}


def evaluated(match: str, *scores: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return EVALUATIONS, {"match_id": match, "models": scores}


def test_a_message_that_comes_twice_counts_once() -> None:
    once = [(FEATURES, {"match_id": "a"}), predicted("a"), evaluated("a", score())]

    tally = tally_of(*once, *once)

    assert (len(tally.matches), len(tally.predicted), len(tally.evaluated)) == (1, 1, 1)
    assert tally.models()["elo"].n == 1


def test_a_late_answer_is_no_prediction() -> None:
    assert tally_of(predicted("a", late=True)).predicted == set()


def test_a_match_has_all_when_it_was_predicted_and_evaluated() -> None:
    tally = tally_of(predicted("a"), evaluated("a", score()), predicted("b"), evaluated("c", score()))

    assert tally.has_all({"a"})
    assert not tally.has_all({"a", "b"})
    assert not tally.has_all({"a", "c"})


def test_an_evaluation_without_scores_takes_the_earlier_one_back() -> None:
    assert not tally_of(evaluated("a", score()), evaluated("a")).evaluated


def test_a_correction_replaces_the_scores_of_its_match() -> None:
    tally = tally_of(evaluated("a", score(loss=1.0)), evaluated("b", score(loss=3.0)), evaluated("a", score(loss=2.0)))

    assert tally.models()["elo"].log_loss == 2.5


def test_figures_are_means_with_the_best_model_first() -> None:
    tally = tally_of(
        evaluated("a", score("poor", 2.0, hit=False), score("good", 0.5)),
        evaluated("b", score("poor", 1.0), score("good", 0.7)),
    )

    assert list(tally.models()) == ["good", "poor"]
    assert tally.models()["poor"].accuracy == 0.5
    assert math.isclose(tally.models()["good"].log_loss, 0.6)
    assert math.isclose(tally.models()["good"].rps, 0.06)
    assert math.isclose(tally.models()["good"].brier, 0.3)


def test_rolling_figures_are_the_champions_over_the_last_matches() -> None:
    assert Tally("league").rolling() is None
    early = [evaluated(f"early-{number}", score(loss=9.0)) for number in range(5)]
    last = [
        evaluated(f"last-{number}", score(loss=1.0), score("other", 5.0, alias="challenger"))
        for number in range(ROLLING_WINDOW)
    ]

    rolling = tally_of(*early, *last).rolling()

    assert rolling
    assert (rolling.n, rolling.log_loss) == (ROLLING_WINDOW, 1.0)


def test_alerts_are_counted_when_they_are_raised() -> None:
    tally = tally_of(
        (DECAY_ALERTS, {"match_id": "a", "alert_id": "1", "state": "raised"}),
        (DECAY_ALERTS, {"match_id": "b", "alert_id": "2", "state": "resolved"}),
    )

    assert tally.alerts == {"1"}


def test_another_competition_is_not_counted_but_every_dead_letter_is() -> None:
    tally = Tally("league")
    tally.add(FEATURES, b"cup", orjson.dumps({"match_id": "a"}), 0)
    tally.add(DEAD_LETTERS, None, b"not even JSON", 0)

    assert (len(tally.matches), tally.dead_letters) == (0, 1)


@pytest.mark.parametrize(("restart", "seconds"), [(False, 3.0), (True, 1.0)])
def test_the_time_is_from_the_first_features_to_the_last_evaluation(restart: bool, seconds: float) -> None:
    first = [(FEATURES, {"match_id": "a"}), evaluated("a", score())]
    tally = tally_of(*first)
    if restart:
        tally.restart_clock()
        assert tally.seconds == 0.0

    tally.add(FEATURES, KEY, orjson.dumps({"match_id": "b"}), 2000)
    tally.add(EVALUATIONS, KEY, orjson.dumps(evaluated("b", score())[1]), 3000)

    assert tally.seconds == seconds
