import math
import random

import pytest

from stream_app.models.inputs import UPSTREAM_PREFIX as PREFIX
from stream_app.models.softmax import softmax
from stream_app.models.upstream import MOST_NAMES, STALE_MATCHES, UpstreamExpert, upstream_inputs

WITHOUT = (0.4, 0.0)


def test_odds_become_log_ratios_and_everything_else_keeps_its_name_behind_a_prefix() -> None:
    inputs = upstream_inputs({"odds_home": 2.0, "odds_draw": 4.0, "odds_away": 4.0, "shots": 5.0})
    assert inputs == {"market_log_hd": pytest.approx(math.log(2)), "market_log_ad": pytest.approx(0.0), "x:shots": 5.0}


def test_the_names_of_odds_can_be_chosen() -> None:
    inputs = upstream_inputs({"1": 2.0, "X": 4.0, "2": 4.0, "odds_home": 3.0}, odds=(("1", "X", "2"),))
    assert inputs == {
        "market_log_hd": pytest.approx(math.log(2)),
        "market_log_ad": pytest.approx(0.0),
        "x:odds_home": 3.0,
    }


def test_the_order_of_the_sender_makes_no_difference() -> None:
    numbers = {f"n{number}": float(number) for number in range(20)}
    backwards = dict(reversed(numbers.items()))
    assert list(upstream_inputs(numbers).items()) == list(upstream_inputs(backwards).items())


def test_absurd_numbers_and_more_names_than_there_are_places_are_left_out() -> None:
    assert upstream_inputs({"a": math.nan, "b": math.inf, "c": 1e300, "d": 1.0}) == {"x:d": 1.0}
    assert len(upstream_inputs({f"n{number:03}": 1.0 for number in range(500)})) == MOST_NAMES
    assert upstream_inputs(None) == {}


def teach(expert: UpstreamExpert, rng: random.Random, numbers: dict[str, float], lead: float) -> None:
    said = expert.logits(numbers, WITHOUT)
    place = rng.choices(range(3), softmax((WITHOUT[0] + lead, WITHOUT[1] - lead)))[0]
    expert.learn(numbers, WITHOUT, None if said is None else softmax(said), "HDA"[place])  # type: ignore[arg-type]  # an outcome by its place


def test_a_number_that_tells_is_learned_whatever_its_unit() -> None:
    for unit in (1.0, 1e-6, 1e6):
        rng = random.Random(1)
        expert = UpstreamExpert()
        for _ in range(2500):
            lead = rng.gauss(0.0, 0.7)
            teach(expert, rng, {PREFIX + "tells": unit * (3.0 + lead), PREFIX + "noise": rng.gauss(0.0, 1.0)}, lead)
        told = expert.logits({PREFIX + "tells": unit * 4.0, PREFIX + "noise": 0.0}, WITHOUT)
        assert told is not None
        assert told[0] - told[1] - (WITHOUT[0] - WITHOUT[1]) > 0.8
        terms = expert.terms({PREFIX + "tells": unit * 4.0, PREFIX + "noise": 1.0}, WITHOUT)
        assert abs(terms[PREFIX + "noise"][0]) < terms[PREFIX + "tells"][0] / 3


def test_nothing_is_said_on_names_never_seen_or_gone() -> None:
    rng = random.Random(2)
    expert = UpstreamExpert()
    assert expert.logits({PREFIX + "new": 1.0}, WITHOUT) is None
    for _ in range(10):
        teach(expert, rng, {PREFIX + "new": rng.gauss(0.0, 1.0)}, 0.0)
    assert expert.logits({PREFIX + "new": 1.0}, WITHOUT) is not None
    assert expert.logits({}, WITHOUT) is None
    assert expert.logits({PREFIX + "new": math.nan, "elo_difference": 3.0}, WITHOUT) is None


def test_a_constant_number_changes_nothing() -> None:
    rng = random.Random(3)
    expert = UpstreamExpert()
    for _ in range(300):
        teach(expert, rng, {PREFIX + "constant": 7.0}, 0.0)
    assert expert.terms({PREFIX + "constant": 7.0}, WITHOUT) == {PREFIX + "constant": (0.0, 0.0)}


def test_ever_new_names_take_no_more_than_the_places_that_there_are() -> None:
    rng = random.Random(4)
    expert = UpstreamExpert()
    for match in range(600):
        teach(expert, rng, {f"{PREFIX}{match}-{number}": rng.gauss(0.0, 1.0) for number in range(20)}, 0.0)
    assert len(expert.names) == MOST_NAMES == len(expert.scale.counts)
    assert expert.head.weights.shape == (1, 2 * (MOST_NAMES + 3))


def test_a_name_that_stays_away_gives_its_place_to_a_new_one() -> None:
    rng = random.Random(5)
    expert = UpstreamExpert()
    for _ in range(3):
        teach(expert, rng, {f"{PREFIX}{number:02}": rng.gauss(0.0, 1.0) for number in range(MOST_NAMES)}, 0.0)
    kept = {f"{PREFIX}{number:02}": 1.0 for number in range(1, MOST_NAMES)}
    for _ in range(STALE_MATCHES + 2):
        teach(expert, rng, kept | {PREFIX + "late": rng.gauss(0.0, 1.0)}, 0.0)
    assert expert.names[0] == PREFIX + "late"
    assert expert.names[1:] == list(kept)
