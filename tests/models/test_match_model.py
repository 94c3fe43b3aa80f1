import math
import random

import pytest

from stream_app.events import OUTCOMES, Outcome, Probabilities
from stream_app.models.baselines import BaseRate
from stream_app.models.experts import EXPERTS, FormExperts
from stream_app.models.match_model import MatchModel1
from stream_app.models.softmax import log_ratios, softmax
from tests.models.streams import examples

LEAGUE = list(examples(count=400))


def trained(count: int = 300) -> MatchModel1:
    model = MatchModel1()
    for x, y in LEAGUE[:count]:
        model.learn_one(x, y)
    return model


def test_the_forecast_is_the_weighted_mean_of_its_members() -> None:
    model = trained()
    for x, _ in LEAGUE[300:330]:
        members = model.explain(x).members
        told = model.predict_proba_one(x)
        assert sum(voice.weight for voice in members) == pytest.approx(1.0)
        for outcome in OUTCOMES:
            mean = sum(voice.weight * voice.probabilities.of(outcome) for voice in members)
            assert mean == pytest.approx(told[outcome])


def test_the_market_is_a_member_only_where_there_are_odds() -> None:
    model = trained()
    with_odds, without = (
        next(x for x, _ in LEAGUE[300:] if ("market_log_hd" in x) is there) for there in (True, False)
    )
    assert [voice.member for voice in model.explain(with_odds).members] == [*EXPERTS, "market", "upstream"]
    assert [voice.member for voice in model.explain(without).members] == [*EXPERTS, "upstream"]
    bare = {name: value for name, value in without.items() if not name.startswith("x:")}
    assert [voice.member for voice in model.explain(bare).members] == [*EXPERTS]


def test_good_odds_are_believed_more_and_more_and_matches_without_them_still_answered() -> None:
    rng = random.Random(1)
    model = MatchModel1()
    gained = 0.0
    for number in range(600):
        true = (rng.gauss(0.3, 1.0), rng.gauss(0.0, 1.0))
        outcome: Outcome = rng.choices(OUTCOMES, softmax(true))[0]
        bare = {"elo_difference": rng.gauss(0.0, 100.0)}
        x = bare | {"market_log_hd": true[0], "market_log_ad": true[1]} if number % 2 else bare
        told = model.predict_proba_one(x)
        if number >= 200 and number % 2:
            gained += math.log(told[outcome] / model.predict_proba_one(bare)[outcome])
        model.learn_one(x, outcome)
    assert gained > 20.0
    form, market, _ = model.outer.weights
    assert market > 30 * form


def test_reasons_explain_the_way_from_the_base_rate_to_the_forecast() -> None:
    model = trained()
    base = Probabilities(*(model.base_rate.predict_proba_one({})[outcome] for outcome in OUTCOMES))
    explained = moved = 0.0
    for x, _ in LEAGUE[300:]:
        told = model.predict_proba_one(x)
        why = model.explain(x).why
        outcome = max(OUTCOMES, key=told.__getitem__)
        assert all(reason.outcome == outcome for reason in why)
        way = told[outcome] - base.of(outcome)
        if abs(way) > 0.1:
            moved += abs(way)
            explained += math.copysign(1.0, way) * sum(reason.shift for reason in why)
    assert moved > 1.0
    assert explained == pytest.approx(moved, rel=0.25)


def test_experts_fall_back_on_the_base_rate_where_a_rating_is_missing() -> None:
    experts = FormExperts()
    for x, y in LEAGUE[:200]:
        experts.learn(x, [softmax(pair) for pair in experts.logits(x, (0.1, 0.2))], y)
    told = dict(zip(EXPERTS, experts.logits({}, (0.1, 0.2)), strict=True))
    assert told["kalman"] == told["poisson"] == (0.1, 0.2)
    assert all(abs(home) < 1.5 and abs(away) < 1.5 for home, away in told.values())


def test_form_beats_the_base_rate_where_teams_differ() -> None:
    model, base = MatchModel1(), BaseRate()
    mine = theirs = 0.0
    for number, (x, y) in enumerate(examples(count=1200, seed=5)):
        if number >= 300:
            mine -= math.log(model.predict_proba_one(x)[y])
            theirs -= math.log(base.predict_proba_one(x)[y])
        model.learn_one(x, y)
        base.learn_one(x, y)
    assert mine < theirs - 20.0


def test_form_beats_the_base_rate_among_national_teams() -> None:
    model, base = MatchModel1(), BaseRate()
    mine = theirs = 0.0
    for number, (x, y) in enumerate(examples("national", count=2000, seed=6)):
        if number >= 500:
            mine -= math.log(model.predict_proba_one(x)[y])
            theirs -= math.log(base.predict_proba_one(x)[y])
        model.learn_one(x, y)
        base.learn_one(x, y)
    assert mine < theirs - 80.0


def test_log_ratios_of_an_expert_are_those_of_its_probabilities() -> None:
    model = trained(50)
    voice = model.explain(LEAGUE[60].x).members[4]
    probabilities = voice.probabilities
    expected = LEAGUE[60].x["kalman_log_hd"], LEAGUE[60].x["kalman_log_ad"]
    assert log_ratios((probabilities.H, probabilities.D, probabilities.A)) == pytest.approx(expected)
