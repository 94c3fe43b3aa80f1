"""River's adaptive random forest as it is used here, and its own look at a leaf that may split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from river import drift, forest
from river.tree.nodes.arf_htc_nodes import RandomLeafMajorityClass
from river.tree.nodes.branch import NumericBinaryBranch

from stream_app.events import Outcome
from stream_app.models.river_parts import PlainGaussian, PlainGaussianSplitter, Unmeasured

TREES = 15
DEPTH = 4
GRACE = 200
"""Weight of what a leaf learns between two looks for a split, where a forest names no other."""

INPUTS_AT_A_SPLIT = 2


class Seen(NamedTuple):
    """What a leaf keeps of the values of one input in the matches of one outcome.

    Attributes
    ----------
    weight, mean, squares
        The sum of the weights, the mean, and the weighted sum of the squared distances from it.
    lowest, highest
        The smallest and the largest value.
    """

    weight: float
    mean: float
    squares: float
    lowest: float
    highest: float


Observed = Mapping[int, Mapping[Outcome, Seen]]
"""What a leaf has seen of its inputs, these and their outcomes in the order in which it first heard of each.

Inputs go by their places here; River takes anything for a name.
"""


@dataclass(frozen=True, slots=True)
class Split:
    """A leaf becomes a branch: values of `tested` up to `threshold` go to the first of two new leaves.

    Their counts are what the leaf believes to have seen on either side.
    """

    tested: int
    threshold: float
    leaves: tuple[dict[Outcome, float], dict[Outcome, float]]


def rivers_forest(seed: int, grace: int = GRACE) -> forest.ARFClassifier:
    """River's forest whose algorithm this is, before it has learned anything: without detectors of drift."""
    return forest.ARFClassifier(
        n_models=TREES,
        max_features=INPUTS_AT_A_SPLIT,
        metric=Unmeasured(),
        disable_weighted_vote=True,
        drift_detector=drift.NoDrift(),  # type: ignore[no-untyped-call]  # River is untyped
        warning_detector=drift.NoDrift(),  # type: ignore[no-untyped-call]  # River is untyped
        grace_period=grace,
        max_depth=DEPTH,
        leaf_prediction="mc",
        splitter=PlainGaussianSplitter(),
        seed=seed,
    )


_RIVERS = rivers_forest(seed=0)

RATE = _RIVERS.lambda_value
"""Mean weight with which a tree learns a match."""


def look_for_split(counts: Mapping[Outcome, float], depth: int, observed: Observed) -> Split | bool:
    """What River makes of a leaf at `depth`, with these counts of outcomes in the order in which it met them.

    Returns
    -------
    Split | bool
        The split; else whether the leaf keeps what it has observed. River lets a leaf forget that when no split would
        be better than the best one.
    """
    leaf = _leaf(counts, depth, observed)
    # The leaf stands alone, as the root of a tree of its own. In the whole tree, River would also bound the tree's
    # size by letting leaves observe or not. The bound is 100 MB, of which such a tree does not reach a hundredth, and
    # estimates are made once in a weight of 1,000,000: so this wakes the leaves above the lowest depth that do not
    # observe, and this leaf, which has just been put to sleep, is the only one that ever is.
    tree: Any = _RIVERS._new_base_model()  # type: ignore[no-untyped-call]  # River is untyped
    tree._root = leaf
    tree._attempt_to_split(leaf, None, None)
    if isinstance(tree._root, NumericBinaryBranch):
        branch: Any = tree._root
        below, above = branch.children
        return Split(branch.feature, branch.threshold, (below.stats, above.stats))
    return bool(leaf.splitters)


def _leaf(counts: Mapping[Outcome, float], depth: int, observed: Observed) -> Any:
    # It draws nothing, as it learns nothing, and so needs no random generator.
    leaf = RandomLeafMajorityClass(dict(counts), depth, _RIVERS.splitter, INPUTS_AT_A_SPLIT, None)  # type: ignore[no-untyped-call]  # River is untyped
    leaf.splitters = {place: _splitter(seen) for place, seen in observed.items()}
    return leaf


def _splitter(seen: Mapping[Outcome, Seen]) -> PlainGaussianSplitter:
    splitter = PlainGaussianSplitter()
    for outcome, numbers in seen.items():
        gaussian = PlainGaussian()
        gaussian._var.mean.n, gaussian._var.mean._mean, gaussian._var._S = numbers[:3]
        splitter._att_dist_per_class[outcome] = gaussian
        splitter._min_per_class[outcome], splitter._max_per_class[outcome] = numbers.lowest, numbers.highest
    return splitter
