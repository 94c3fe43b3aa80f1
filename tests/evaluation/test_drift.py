"""When decay is raised, and when it is over."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from stream_app.evaluation.drift import Decay, DecayWatch
from stream_app.evaluation.rolling import Standing, marks_of
from stream_app.events import Probabilities, Score

DROP = 0.05
WINDOW = 10


class Stream:
    """A model whose log losses come one after the other."""

    def __init__(self) -> None:
        self.standing = Standing(WINDOW)
        self.watch = DecayWatch()
        self.n = 0

    def feed(self, losses: Iterable[float]) -> list[tuple[int, Decay]]:
        """Every change, with the number of matches after which it came."""
        changes = []
        for loss in losses:
            self.n += 1
            score = Score("m", 1, "champion", Probabilities(0.5, 0.3, 0.2), "H", True, loss, 0.2, 0.6)
            self.standing.change(str(self.n), None, marks_of(score))
            change = self.watch.look(self.standing, DROP)
            if change is not None:
                changes.append((self.n, change))
        return changes


def test_a_steady_model_raises_nothing() -> None:
    assert Stream().feed([1.0] * 100) == []


def test_nothing_is_raised_before_the_baseline_has_a_window_of_matches() -> None:
    stream = Stream()
    assert stream.feed([1.0] * WINDOW + [2.0] * (WINDOW - 1)) == []
    assert [change.state for _, change in stream.feed([2.0])] == ["raised"]


def test_decay_is_raised_once_and_resolved_once() -> None:
    stream = Stream()
    assert stream.feed([1.0] * 30) == []
    # Six of ten matches at 1.1 make a mean of 1.06; the baseline is 1.0 and a rise of .05 is allowed.
    [(at, raised)] = stream.feed([1.1] * 20)
    assert (at, raised.number, raised.state, raised.severity) == (36, 1, "raised", "warning")
    assert (raised.measured, raised.promised) == pytest.approx((1.06, 1.0))
    # The baseline is still the one of then, though the bad matches have left the window: 2 of 10 make 1.02.
    [(at, resolved)] = stream.feed([1.0] * 10)
    assert (at, resolved.number, resolved.state) == (58, 1, "resolved")
    assert (resolved.measured, resolved.promised) == pytest.approx((1.02, 1.0))
    [(_, again)] = stream.feed([1.5] * 10)
    assert (again.number, again.state) == (2, "raised")


def test_a_figure_on_the_edge_does_not_flicker() -> None:
    stream = Stream()
    stream.feed([1.0] * 30)
    changes = stream.feed([1.1] * 6 + [1.0, 1.1] * 20)
    assert [change.state for _, change in changes] == ["raised"]


def test_a_fall_of_twice_the_limit_is_critical() -> None:
    stream = Stream()
    stream.feed([1.0] * 30)
    [(_, raised)] = stream.feed([3.0])
    assert raised.severity == "critical"
