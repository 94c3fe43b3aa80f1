"""Figures against sums made anew from the matches that are in them."""

from __future__ import annotations

from dataclasses import astuple
from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.evaluation.rolling import NO_FIGURES, Standing, Tally, marks_of
from stream_app.events import Figures, Probabilities, Score


def scored(log_loss: float, rps: float = 0.2, brier: float = 0.6, hit: bool = True) -> Score:
    return Score("m", 1, "champion", Probabilities(0.5, 0.3, 0.2), "H", hit, log_loss, rps, brier)


def mean(scores: list[Score]) -> Figures:
    n = len(scores)
    if n == 0:
        return NO_FIGURES
    columns = zip(*((s.hit, s.log_loss, s.rps, s.brier) for s in scores), strict=True)
    return Figures(n, *(fsum(column) / n for column in columns))


SCORES = st.builds(scored, st.floats(0, 14), st.floats(0, 1), st.floats(0, 2), st.booleans())
# What happens to a match: it is scored, scored otherwise (None: taken out).
CHANGES = st.lists(st.tuples(st.integers(0, 12), st.none() | SCORES), max_size=60)


@given(CHANGES, st.integers(1, 5))
def test_figures_are_the_means_of_the_matches_that_count_whatever_was_corrected(
    changes: list[tuple[int, Score | None]], window: int
) -> None:
    standing = Standing(window)
    counted: dict[int, Score] = {}
    recent: list[int] = []
    for match, new in changes:
        old = counted.pop(match, None)
        standing.change(str(match), None if old is None else marks_of(old), None if new is None else marks_of(new))
        if new is not None:
            counted[match] = new
        if new is None and match in recent:
            recent.remove(match)
        if new is not None and old is None:
            recent = [*recent, match][-window:]
        assert astuple(standing.total.figures()) == pytest.approx(astuple(mean(list(counted.values()))), abs=1e-14)
        assert astuple(standing.rolling.figures()) == pytest.approx(
            astuple(mean([counted[match] for match in recent])), abs=1e-14
        )
        rest = [score for match, score in counted.items() if match not in recent]
        assert astuple(standing.before_window().figures()) == pytest.approx(astuple(mean(rest)), abs=1e-14)


@given(st.lists(SCORES, min_size=1, max_size=30), st.lists(SCORES, max_size=30))
def test_the_sums_do_not_depend_on_the_order_or_on_what_has_come_and_gone(
    stayed: list[Score], gone: list[Score]
) -> None:
    plain, muddled = Tally(), Tally()
    for score in stayed:
        plain.add(marks_of(score))
    for score in [*gone, *reversed(stayed)]:
        muddled.add(marks_of(score))
    for score in gone:
        muddled.add(marks_of(score), -1)
    assert plain.figures() == muddled.figures()


def test_a_smaller_window_drops_the_oldest_matches_and_a_larger_one_waits_for_new_ones() -> None:
    standing = Standing(3)
    for match, loss in enumerate((1.0, 2.0, 3.0)):
        standing.change(str(match), None, marks_of(scored(loss)))
    assert standing.is_full()
    standing.resize(2)
    assert standing.rolling.figures().log_loss == 2.5
    standing.resize(4)
    assert not standing.is_full()
    standing.change("3", None, marks_of(scored(4.0)))
    assert standing.rolling.figures().log_loss == 3.0
    assert not standing.is_full()
    assert standing.total.n == 4
