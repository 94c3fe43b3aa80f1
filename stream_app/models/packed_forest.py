"""River's adaptive random forest, bit for bit, in a tenth of its memory.

River has several objects for every leaf, and three for every distribution that a leaf observes: after 5,000 matches a
forest was 1,900 dictionaries. Here it is a few rows of numbers. Walking and learning are done on these, with River's
arithmetic; where a leaf may split, River's own objects are made of it for that moment and decide.

What River does in vain is left out: it walks through nested generators, copies a leaf for every vote, and lets every
tree vote on what it is about to learn, for detectors and measures that the forest of this service does not have.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Mapping, Sequence

from river.utils.random import poisson

from stream_app.events import OUTCOMES, Outcome
from stream_app.models.leaf_observations import NEVER, NOT_YET, NUMBERS, ORDERS, PLACES, LeafObservations
from stream_app.models.rivers_forest import (
    DEPTH,
    GRACE,
    INPUTS_AT_A_SPLIT,
    RATE,
    TREES,
    Observed,
    Split,
    look_for_split,
)

NODES = 2 << DEPTH
"""Nodes of a tree: the root is 1, the children of node n are 2n and 2n + 1, and 0 is not used."""

LOWEST = 1 << DEPTH
"""The first of the nodes at the lowest depth, whose leaves never split."""

ROW = len(OUTCOMES) + 1
LOOKED = len(OUTCOMES)
"""Numbers of a node, and the place among them of the weight that a leaf had when it last looked for a split."""

LEAF = -1


class PackedForest:
    """A random forest as rows of numbers. A node is told by its tree's number times `NODES` plus its own in the tree.

    Attributes
    ----------
    inputs
        Names of the inputs.
    grace
        Weight that a leaf learns between two looks for a split.
    rng
        The one source of all draws.
    known
        For each tree, the number of the order of the outcomes that it knows, sorted.
    told
        Number of the order in which votes name the outcomes.
    tested
        For each node, the place in `inputs` of what a branch asks for; `LEAF` for a leaf, and where there is no node.
    numbers
        For each node, `ROW` numbers. Of a branch: the threshold, up to which values go to the first child. Of a leaf:
        how often it had each outcome, in the order in which it met them, and the weight at its last look for a split.
    orders
        For each node, the number of the order in which a leaf has met the outcomes.
    observations
        What the leaves have observed of the inputs that they may split on.
    """

    __slots__ = ("grace", "inputs", "known", "numbers", "observations", "orders", "rng", "tested", "told")

    def __init__(self, inputs: tuple[str, ...], seed: int, grace: int = GRACE) -> None:
        nodes = TREES * NODES
        self.inputs = inputs
        self.grace = grace
        self.rng = random.Random(seed)  # noqa: S311  # nothing here is secret
        self.known = bytearray(TREES)
        self.told = 0
        self.tested = array("h", [LEAF]) * nodes
        self.numbers = array("d", [0.0]) * (nodes * ROW)
        self.orders = bytearray(nodes)
        self.observations = LeafObservations(nodes)

    def predict_proba_one(self, x: Mapping[str, float]) -> dict[Outcome, float]:
        """The mean of what the trees say of `x`; nothing before they have learned."""
        self._begin(x)
        numbers, orders = self.numbers, self.orders
        values = [x.get(name) for name in self.inputs]
        votes = dict.fromkeys(ORDERS[self.told], 0.0)
        for tree in range(TREES):
            leaf, _ = self._leaf_of(tree, values)
            place = leaf * ROW
            weight = numbers[place] + numbers[place + 1] + numbers[place + 2]
            scale = 1.0 / weight if weight else 1.0
            for outcome in ORDERS[orders[leaf]]:
                votes[outcome] += numbers[place] * scale
                place += 1
        total = sum(votes.values())
        return {outcome: share / total for outcome, share in votes.items()} if total > 0.0 else votes

    def learn_one(self, x: Mapping[str, float], y: Outcome) -> None:
        """Learn that the match of `x` ended with `y`: each tree with a weight that it draws."""
        self._begin(x)
        values = [x.get(name) for name in self.inputs]
        for tree in range(TREES):
            weight = poisson(rate=RATE, rng=self.rng)
            if weight > 0:
                self._learn(tree, values, y, weight)

    def hear(self, tree: int, y: Outcome) -> None:
        """Let a tree know of an outcome. Votes name first those that the first tree knows, then those of the next."""
        self.known[tree] = NUMBERS[tuple(sorted({*ORDERS[self.known[tree]], y}))]
        self.told = NUMBERS[tuple(dict.fromkeys(outcome for known in self.known for outcome in ORDERS[known]))]

    def place_branch(self, node: int, tested: int, threshold: float) -> None:
        """Let `node` be a branch, which asks for the input at the place `tested`."""
        self.tested[node] = tested
        self.orders[node] = 0
        self.numbers[node * ROW : (node + 1) * ROW] = array("d", [threshold, *[0.0] * (ROW - 1)])
        self.observations.unwatch(node)

    def place_leaf(self, node: int, counts: Mapping[Outcome, float], looked: float) -> None:
        """Let `node` be a leaf with these counts, in the order in which it met the outcomes, that watches nothing."""
        unmet = [0.0] * (len(OUTCOMES) - len(counts))
        self.orders[node] = NUMBERS[tuple(counts)]
        self.numbers[node * ROW : (node + 1) * ROW] = array("d", [*counts.values(), *unmet, looked])

    def watch(self, leaf: int, drawn: Sequence[int], observed: Observed | None = None) -> None:
        """Let a leaf watch the inputs at these places, of which it has observed so much."""
        if drawn and leaf % NODES < LOWEST:
            self.observations.watch(leaf, drawn, observed)
        elif drawn:
            # River lets it observe its first match. All that stays of this is that it has drawn.
            self.observations.rows[leaf] = NEVER

    def _begin(self, x: Mapping[str, float]) -> None:
        # As in River, a forest whose first match has fewer inputs than leaves should watch stays with so few.
        if self.observations.width < 0:
            self.observations.width = min(INPUTS_AT_A_SPLIT, len(x))

    def _leaf_of(self, tree: int, values: Sequence[float | None]) -> tuple[int, bool]:
        """The leaf to which `values` lead, and whether all were known on the way.

        Where one is missing, the way goes on to the heavier child.
        """
        tested, numbers, start = self.tested, self.numbers, tree * NODES
        node, sure = start + 1, True
        while (place := tested[node]) >= 0:
            value = values[place]
            child = node + node - start
            if value is None:
                sure = False
                second = self._weight(start, child) < self._weight(start, child + 1)
            else:
                second = value > numbers[node * ROW]
            node = child + second
        return node, sure

    def _weight(self, start: int, node: int) -> float:
        """What the leaves at and below a node of the tree that begins at `start` have learned."""
        if self.tested[node] >= 0:
            child = node + node - start
            return self._weight(start, child) + self._weight(start, child + 1)
        return sum(self._counts(node).values())

    def _learn(self, tree: int, values: Sequence[float | None], y: Outcome, weight: int) -> None:
        numbers, orders = self.numbers, self.orders
        if y not in PLACES[self.known[tree]]:
            self.hear(tree, y)
        leaf, sure = self._leaf_of(tree, values)
        first = leaf * ROW
        place = PLACES[orders[leaf]].get(y)
        if place is None:
            place = len(ORDERS[orders[leaf]])
            orders[leaf] = NUMBERS[(*ORDERS[orders[leaf]], y)]
        numbers[first + place] += weight
        rows = self.observations.rows
        row = rows[leaf]
        if row == NEVER:
            return
        if row == NOT_YET:
            self.watch(leaf, self._drawn(values))
            row = rows[leaf]
        if row >= 0:
            self.observations.learn(row, values, y, weight)
        # As in River, a leaf does not look for a split when a value was missing on the way to it.
        if sure and leaf % NODES < LOWEST:
            seen = numbers[first] + numbers[first + 1] + numbers[first + 2]
            if seen - numbers[first + LOOKED] >= self.grace:
                self._look(leaf, seen)

    def _drawn(self, values: Sequence[float | None]) -> list[int]:
        """Places of inputs for a leaf to watch, drawn from those that are known."""
        known = sorted(name for name, value in zip(self.inputs, values, strict=True) if value is not None)
        width = self.observations.width
        drawn = self.rng.sample(known, width) if len(known) >= width else known
        return [self.inputs.index(name) for name in drawn]

    def _look(self, leaf: int, seen: float) -> None:
        """Let River look whether a leaf, which has learned `seen` in all, splits."""
        tree, node = divmod(leaf, NODES)
        found = look_for_split(self._counts(leaf), node.bit_length() - 1, self.observations.of(leaf))
        if isinstance(found, Split):
            self.place_branch(leaf, found.tested, found.threshold)
            for child, counts in enumerate(found.leaves, start=tree * NODES + 2 * node):
                self.place_leaf(child, counts, sum(counts.values()))
            return
        if not found:
            self.observations.forget(leaf)
        self.numbers[leaf * ROW + LOOKED] = seen

    def _counts(self, leaf: int) -> dict[Outcome, float]:
        """How often a leaf had each outcome, in the order in which it met them."""
        order = ORDERS[self.orders[leaf]]
        return dict(zip(order, self.numbers[leaf * ROW : leaf * ROW + len(order)], strict=True))
