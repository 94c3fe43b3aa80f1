"""River's own forests, packed: forests were stored so before, and tests compare with them."""

from __future__ import annotations

from typing import Any

from river import forest
from river.tree.nodes.branch import NumericBinaryBranch

from stream_app.models.packed_forest import NODES, PackedForest
from stream_app.models.river_parts import PlainGaussianSplitter
from stream_app.models.rivers_forest import Seen


def packed(trees: forest.ARFClassifier, inputs: tuple[str, ...]) -> PackedForest:
    """The forest that goes on as `trees`, made like `rivers_forest` and taught of `inputs` alone, to the last bit.

    Its random generator is that of `trees`.
    """
    result = PackedForest(inputs, seed=0, grace=trees.grace_period)
    result.rng = trees._rng
    width = trees.max_features
    if len(trees) and isinstance(width, int):
        result.observations.width = width
    for number, tree in enumerate(trees):
        for outcome in sorted(tree.classes):
            result.hear(number, outcome)
        if tree._root is not None:
            _pack(result, number * NODES, 1, tree._root)
    return result


def _pack(result: PackedForest, start: int, place: int, node: Any) -> None:
    if isinstance(node, NumericBinaryBranch):
        result.place_branch(start + place, result.inputs.index(node.feature), node.threshold)
        for child, below in enumerate(node.children, start=2 * place):
            _pack(result, start, child, below)
        return
    result.place_leaf(start + place, node.stats, node.last_split_attempt_at)
    drawn = [result.inputs.index(name) for name in node.feature_indices]
    observed = {
        result.inputs.index(name): {outcome: _seen(splitter, outcome) for outcome in splitter._att_dist_per_class}
        for name, splitter in (node.splitters or {}).items()
    }
    result.watch(start + place, drawn, observed)


def _seen(splitter: PlainGaussianSplitter, outcome: Any) -> Seen:
    var = splitter._att_dist_per_class[outcome]._var
    low, high = splitter._min_per_class[outcome], splitter._max_per_class[outcome]
    return Seen(var.mean.n, var.mean._mean, var._S, low, high)
