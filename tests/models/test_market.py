import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.models.market import ODDS, MarketExpert, market_forecast, market_inputs, market_probabilities
from stream_app.models.softmax import log_ratios, softmax


@given(st.floats(0.02, 0.95), st.floats(0.02, 0.95), st.floats(1.0, 1.12))
def test_the_margin_is_taken_out_by_one_power(first: float, second: float, margin: float) -> None:
    shares = [first, second * (1 - first) * 0.9, 0.0]
    shares[2] = 1 - sum(shares)
    odds = [1 / (share ** (1 / margin)) for share in shares]
    if not all(1.0 < odd < 10_000 for odd in odds) or not 0.9 < sum(1 / odd for odd in odds) < 1.6:
        return
    assert market_probabilities(*odds) == pytest.approx(shares, abs=1e-9)


def test_fair_odds_are_the_inverse_of_their_probabilities() -> None:
    assert market_probabilities(2.0, 4.0, 4.0) == pytest.approx((0.5, 0.25, 0.25))


def test_the_markets_forecast_is_what_its_odds_say() -> None:
    told = market_forecast(market_inputs({"odds_home": 2.0, "odds_draw": 4.0, "odds_away": 4.0}, ODDS))
    assert told is not None
    assert pytest.approx((0.5, 0.25, 0.25)) == (told.H, told.D, told.A)
    assert market_forecast({"elo_difference": 3.0}) is None


def test_outsiders_lose_more_of_the_margin_than_a_plain_division_takes() -> None:
    told = market_probabilities(1.2, 6.5, 15.0)
    assert told is not None
    plain = (1 / 15.0) / (1 / 1.2 + 1 / 6.5 + 1 / 15.0)
    assert told[2] < plain


@pytest.mark.parametrize(
    "odds",
    [
        (0.0, 3.0, 3.0),
        (1.0, 3.0, 3.0),
        (-2.0, 3.0, 3.0),
        (2.0, 2.0, 1e9),
        (5.0, 5.0, 5.0),
        (1.1, 1.1, 1.1),
        (math.nan, 3.0, 3.0),
    ],
)
def test_what_cannot_be_the_odds_of_one_match_is_not_taken_for_them(odds: tuple[float, float, float]) -> None:
    assert market_probabilities(*odds) is None


def test_the_first_complete_odds_are_taken() -> None:
    numbers = {"odds_home": 2.0, "odds_draw": 4.0, "AvgH": 4.0, "AvgD": 4.0, "AvgA": 2.0, "B365H": 3.0}
    assert market_inputs(numbers, ODDS) == {
        "market_log_hd": pytest.approx(0.0),
        "market_log_ad": pytest.approx(math.log(2)),
    }
    assert market_inputs({"odds_home": 2.0}, ODDS) == {}
    assert market_inputs(numbers | {"odds_away": 0.5}, ODDS) == market_inputs(numbers, ODDS)


def test_the_expert_says_nothing_without_odds_and_the_odds_themselves_at_first() -> None:
    expert = MarketExpert()
    form = (0.3, -0.2)
    assert expert.logits({}, form) is None
    assert expert.logits({"market_log_hd": 0.5, "market_log_ad": math.nan}, form) is None
    assert expert.logits({"market_log_hd": 0.5, "market_log_ad": -0.5}, form) == pytest.approx((0.5, -0.5))


def test_odds_that_are_always_too_shy_are_corrected() -> None:
    rng = random.Random(3)
    expert = MarketExpert()
    shy = bold = 0.0
    for number in range(4000):
        true = (rng.gauss(0.3, 1.0), rng.gauss(0.0, 1.0))
        place = rng.choices(range(3), softmax(true))[0]
        x = {"market_log_hd": 0.7 * true[0], "market_log_ad": 0.7 * true[1]}
        said = expert.logits(x, log_ratios((0.45, 0.27, 0.28)))
        assert said is not None
        if number >= 2000:
            bold -= math.log(softmax(said)[place])
            shy -= math.log(softmax((x["market_log_hd"], x["market_log_ad"]))[place])
        expert.learn(x, log_ratios((0.45, 0.27, 0.28)), softmax(said), "HDA"[place])  # type: ignore[arg-type]  # an outcome by its place
    assert bold < shy - 5.0
