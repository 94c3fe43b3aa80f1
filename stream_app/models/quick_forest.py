"""What River's adaptive random forest does here, bit for bit, without what it does in vain.

River walks to a leaf through nested generators, copies a leaf's counts deeply for every vote, and lets every tree vote
on what it is about to learn, for detectors and measures that the forest of this service does not have. That was a third
of the time of a match. The trees, their random draws and their state are River's own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from river import forest
from river.tree.nodes.branch import NumericBinaryBranch
from river.utils.random import poisson

from stream_app.events import Outcome


def vote(trees: forest.ARFClassifier, x: Mapping[str, float]) -> dict[Outcome, float]:
    """The mean of what the trees say of `x`, as `predict_proba_one` of a forest whose vote is not weighted."""
    if not len(trees):
        trees._init_ensemble(sorted(x))
        return {}
    votes: dict[Outcome, float] = {}
    for tree in trees:
        for outcome, share in _shares(tree, x).items():
            votes[outcome] = share + votes.get(outcome, 0.0)
    total = sum(votes.values())
    return {outcome: share / total for outcome, share in votes.items()} if total > 0.0 else votes


def learn(trees: forest.ARFClassifier, x: Mapping[str, float], y: Outcome) -> None:
    """Learn as `learn_one` of a forest that has no drift detectors and measures nothing."""
    if not len(trees):
        trees._init_ensemble(sorted(x))
    for tree in trees:
        weight = poisson(rate=trees.lambda_value, rng=trees._rng)
        if weight > 0:
            _learn(tree, x, y, weight)


def _shares(tree: Any, x: Mapping[str, float]) -> dict[Outcome, float]:
    """The shares of the outcomes in the leaf to which `x` leads; 0 for one that the tree has seen only elsewhere."""
    shares = dict.fromkeys(sorted(tree.classes), 0.0)
    node = tree._root
    if node is None:
        return shares
    # All inputs are numbers, so all branches are of this one class; to ask for its base takes several times as long.
    while type(node) is NumericBinaryBranch:
        try:
            node = node.children[0 if x[node.feature] <= node.threshold else 1]
        except KeyError:
            node = node.most_common_path()[1]
    total = sum(node.stats.values())
    scale = 1.0 if total == 0 or math.isnan(total) else 1 / total
    for outcome, weight in node.stats.items():
        shares[outcome] = weight * scale
    return shares


def _learn(tree: Any, x: Mapping[str, float], y: Outcome, weight: int) -> None:
    parent, branch, node = None, None, tree._root
    while type(node) is NumericBinaryBranch:
        if node.feature not in x:
            break
        parent, branch = node, 0 if x[node.feature] <= node.threshold else 1
        node = node.children[branch]
    if node is None or type(node) is NumericBinaryBranch:
        tree.learn_one(x, y, w=weight)
        return
    tree.classes.add(y)
    tree._train_weight_seen_by_model += weight
    node.learn_one(x, y, w=weight, tree=tree)
    if tree._growth_allowed and node.is_active():
        if node.depth >= tree.max_depth:
            node.deactivate()
            tree._n_active_leaves -= 1
            tree._n_inactive_leaves += 1
        elif (seen := node.total_weight) - node.last_split_attempt_at >= tree.grace_period:
            tree._attempt_to_split(node, parent, branch)
            node.last_split_attempt_at = seen
    if tree._train_weight_seen_by_model % tree.memory_estimate_period == 0:
        tree._estimate_model_size()
