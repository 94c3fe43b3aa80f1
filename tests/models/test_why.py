import math

import pytest

from stream_app.models.softmax import log_ratios, softmax
from stream_app.models.why import MOST_REASONS, Pushes, reasons

BASE = (0.45, 0.27, 0.28)
X = {
    "kalman_log_home_rate": math.log(2.1),
    "kalman_log_away_rate": math.log(0.9),
    "elo_difference": 182.4,
    "pi_difference": 0.8,
    "neutral": 1.0,
    "friendly": 0.0,
    "market_log_hd": math.log(2.0),
    "market_log_ad": 0.0,
    "x:rest days": 6.0,
}


def test_the_shifts_of_all_pushes_lead_from_the_base_rate_to_the_forecast() -> None:
    start = log_ratios(BASE)
    pushes = Pushes()
    pushes.add("elo_difference", 1.0, (0.5, -0.3))
    pushes.add("neutral", 1.0, (-0.1, 0.1))
    forecast = softmax((start[0] + 0.4, start[1] - 0.2))
    told = reasons(pushes, BASE, forecast, X)
    assert [reason.input for reason in told] == ["elo_difference", "neutral"]
    assert sum(reason.shift for reason in told) == pytest.approx(forecast[0] - BASE[0], abs=0.002)


def test_reasons_are_told_in_words_for_the_likeliest_outcome() -> None:
    pushes = Pushes()
    pushes.add("elo_difference", 1.0, (0.5, -0.3))
    (reason,) = reasons(pushes, BASE, (0.6, 0.22, 0.18), X)
    assert (reason.outcome, reason.shift > 0.0) == ("H", True)
    words = "Elo ratings, with home advantage: +182 points for the home side: a home win 16.1 points more likely"
    assert reason.text == words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pi_difference", "pi-ratings: +0.8 goals for the home side"),
        ("kalman_log_hd", "attacks and defences: 2.1 to 0.9 goals expected"),
        ("kalman_log_rate_sum", "3.0 goals expected in all"),
        ("neutral", "neutral ground"),
        ("friendly", "a competitive match"),
        ("market", "bookmakers' odds: 50% home, 25% draw, 25% away"),
        ("x:rest days", "rest days = 6"),
    ],
)
def test_every_kind_of_input_has_its_words(name: str, words: str) -> None:
    pushes = Pushes()
    pushes.add(name, 1.0, (-0.5, 0.5))
    (reason,) = reasons(pushes, BASE, (0.3, 0.3, 0.4), X)
    assert reason.text.startswith(f"{words}: an away win ")
    assert reason.text.endswith(" points more likely")


def test_inputs_that_say_the_same_are_named_together() -> None:
    pushes = Pushes()
    for name in ("kalman", "poisson", "naive_bayes", "kalman_log_ad", "poisson_log_rate_ratio"):
        pushes.add(name, 0.2, (0.5, -0.5))
    assert pushes.by_input == {"strengths": pytest.approx((0.5, -0.5))}


def test_only_the_few_that_matter_are_told_the_strongest_first() -> None:
    pushes = Pushes()
    for number in range(8):
        pushes.add(f"x:{number}", 1.0, (0.1 * number, -0.1 * number))
    pushes.add("x:tiny", 1.0, (0.01, 0.0))
    told = reasons(pushes, BASE, (0.6, 0.22, 0.18), X | {f"x:{number}": 1.0 for number in range(8)})
    assert [reason.input for reason in told] == ["x:7", "x:6", "x:5"]
    assert len(told) == MOST_REASONS
