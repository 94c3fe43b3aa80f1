"""Heat maps as tables: each cell has its figure as text and a shade, so the picture is readable without seeing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stream_app.events import GoalForecast
from stream_app.ratings.scores import score_matrix

SHADES = 9
"""Shades of a cell besides none; the style sheet has a class for each."""

GOALS_SHOWN = 6
"""Goals of a side that have a row or column of their own; the last one stands for all above it too."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: a share of one, and how dark it is drawn, 0 to `SHADES`."""

    share: float
    shade: int


@dataclass(frozen=True, slots=True)
class HeatMap:
    """A table of shares with the names of its columns and of its rows, top to bottom."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def heat_map(columns: Sequence[str], rows: Sequence[tuple[str, Sequence[float]]]) -> HeatMap:
    """`rows` of shares, shaded in proportion to the largest of them."""
    largest = max((share for _, shares in rows for share in shares), default=0.0)
    scale = SHADES / largest if largest > 0.0 else 0.0
    return HeatMap(
        tuple(columns),
        tuple((name, tuple(Cell(share, round(scale * share)) for share in shares)) for name, shares in rows),
    )


def score_map(goals: GoalForecast) -> HeatMap | None:
    """Probability of each final score, home goals down and away goals across; None where it was not told."""
    rates = goals.rates
    if rates is None:
        return None
    matrix = score_matrix(rates.log_home_rate, rates.log_away_rate, rates.home_spread, rates.away_spread, rates.rho)
    names = [str(number) for number in range(GOALS_SHOWN)] + [f"{GOALS_SHOWN}+"]
    by_home = [*matrix[:GOALS_SHOWN], [sum(column) for column in zip(*matrix[GOALS_SHOWN:], strict=True)]]
    return heat_map(
        names,
        [(name, [*row[:GOALS_SHOWN], sum(row[GOALS_SHOWN:])]) for name, row in zip(names, by_home, strict=True)],
    )
