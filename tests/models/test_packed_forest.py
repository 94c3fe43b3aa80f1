import copy
import gc
import pickle
import random
import sys
from collections.abc import Iterator

import pytest

from stream_app.durability.pickling import dumps
from stream_app.durability.snapshot import unpickle
from stream_app.events import Outcome
from stream_app.league.digest import digest
from stream_app.models.forest_packing import packed
from stream_app.models.packed_forest import PackedForest
from stream_app.models.river_models import RATING_INPUTS, RandomForest
from stream_app.models.rivers_forest import rivers_forest
from tests.models.streams import Example, examples

LEAGUE = list(examples(count=400))
NAMES = ("one", "two", "three", "four")


def _known(place: int, x: dict[str, float]) -> dict[str, float]:
    """The rating inputs, of which one match or another lacks some."""
    return {name: value for name, value in x.items() if name in RATING_INPUTS and (len(name) + place) % 7}


def _made_up(seed: int, count: int, rare: float, missing: float) -> Iterator[Example]:
    """Matches whose numbers tell a little of their outcomes, of which all but `rare` are home wins."""
    rng = random.Random(seed)
    for _ in range(count):
        y: Outcome = "H" if rng.random() >= rare else "D" if rng.random() < 0.5 else "A"
        numbers = {name: rng.gauss("ADH".index(y), 1.0 + place) for place, name in enumerate(NAMES)}
        yield Example({name: value for name, value in numbers.items() if rng.random() >= missing}, y)


def _bytes_in_memory(state: object) -> int:
    """Bytes of everything that only `state` holds; classes and functions are everyone's."""
    size, left, met = 0, [state], set()
    while left:
        part = left.pop()
        if id(part) not in met and not isinstance(part, type) and not callable(part):
            met.add(id(part))
            size += sys.getsizeof(part)
            left += gc.get_referents(part)
    return size


def test_the_forest_is_rivers_own_to_the_last_bit_also_where_inputs_are_missing() -> None:
    ours, rivers = PackedForest(RATING_INPUTS, seed=1, grace=30), rivers_forest(seed=1, grace=30)
    for place, (x, y) in enumerate(LEAGUE):
        known = _known(place, x)
        assert ours.predict_proba_one(known) == rivers.predict_proba_one(known)
        ours.learn_one(known, y)
        rivers.learn_one(known, y)
        if place % 50 == 0:
            assert digest(packed(rivers, RATING_INPUTS)) == digest(ours)
    assert digest(packed(rivers, RATING_INPUTS)) == digest(ours)
    assert sum(tree.n_branches for tree in rivers) > 3 * len(rivers)


@pytest.mark.parametrize(
    ("rare", "missing"),
    [
        pytest.param(0.5, 0.0, id="all numbers known"),
        pytest.param(0.5, 0.6, id="most numbers missing"),
        pytest.param(0.006, 0.3, id="leaves that forget, as nearly all matches end alike"),
    ],
)
def test_the_forest_is_rivers_own_on_streams_of_any_kind(rare: float, missing: float) -> None:
    ours, rivers = PackedForest(NAMES, seed=3, grace=20), rivers_forest(seed=3, grace=20)
    for x, y in _made_up(5, 300, rare, missing):
        told = ours.predict_proba_one(x)
        assert told == rivers.predict_proba_one(x)
        ours.learn_one(x, y)
        rivers.learn_one(x, y)
    assert digest(packed(rivers, NAMES)) == digest(ours)


@pytest.mark.parametrize("first", [{}, {"two": 1.0}], ids=["none", "one"])
def test_as_in_river_a_forest_looks_at_no_more_inputs_than_its_first_match_had(first: dict[str, float]) -> None:
    ours, rivers = PackedForest(NAMES, seed=3, grace=20), rivers_forest(seed=3, grace=20)
    for x, y in [Example(first, "H"), *_made_up(5, 150, 0.5, 0.1)]:
        assert ours.predict_proba_one(x) == rivers.predict_proba_one(x)
        ours.learn_one(x, y)
        rivers.learn_one(x, y)
    assert ours.observations.width == len(first)
    assert digest(packed(rivers, NAMES)) == digest(ours)


def test_a_forest_stored_as_rivers_own_goes_on_to_the_last_bit() -> None:
    rivers = rivers_forest(seed=1, grace=30)
    old = RandomForest(grace=30)
    old.classifier = rivers  # as it was before forests were packed
    for place, (x, y) in enumerate(LEAGUE[:200]):
        rivers.learn_one(_known(place, x), y)
    read = unpickle(pickle.dumps(old))
    assert isinstance(read, RandomForest)
    assert isinstance(read.classifier, PackedForest)
    for place, (x, y) in enumerate(LEAGUE[200:]):
        known = _known(place, x)
        assert read.classifier.predict_proba_one(known) == rivers.predict_proba_one(known)
        read.learn_one(known, y)
        rivers.learn_one(known, y)
    assert digest(packed(rivers, RATING_INPUTS)) == digest(read.classifier)


def test_a_forest_that_never_learned_can_be_stored_as_rivers_own() -> None:
    old = RandomForest(seed=7)
    old.classifier = rivers_forest(seed=7)
    assert digest(pickle.loads(pickle.dumps(old))) == digest(RandomForest(seed=7))  # noqa: S301  # made here


def test_a_forest_goes_on_alike_when_it_is_stored_and_read_or_copied_amid() -> None:
    stays, moves = RandomForest(grace=30), RandomForest(grace=30)
    for place, (x, y) in enumerate(LEAGUE):
        known = _known(place, x)
        assert stays.predict_proba_one(known) == moves.predict_proba_one(known)
        stays.learn_one(known, y)
        moves.learn_one(known, y)
        if place % 20 == 0:
            read = unpickle(dumps(moves, ("stream_app.models",)))
            assert isinstance(read, RandomForest)
            moves = copy.deepcopy(read)
    assert digest(stays) == digest(moves)


def test_a_forest_takes_little_memory() -> None:
    model = RandomForest()
    for _ in range(5):
        for x, y in LEAGUE:
            model.learn_one(x, y)
    assert _bytes_in_memory(model) < 45_000
    assert len(pickle.dumps(model)) < 45_000
