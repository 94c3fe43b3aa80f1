"""Learning from a table, and how good what was learned is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stream_app.errors import InvalidInput
from stream_app.evaluation.calibration import Calibration
from stream_app.evaluation.rolling import Tally, marks_of
from stream_app.events import Figures, Outcome, Probabilities
from stream_app.league.fixture import Given
from stream_app.league.member import score
from stream_app.lifecycle.knowledge import Knowledge, seal_of
from stream_app.models.baselines import BaseRate
from stream_app.models.contract import MatchModel, guarded
from stream_app.models.feature_models import create_algorithm, input_name
from stream_app.workbench.table import Table

FEWEST_FOLDS = 2

Advance = Callable[[], None]
"""Called after every row that was learned, to show how far the work is."""


@dataclass(frozen=True, slots=True)
class Example:
    """One row to learn from: its inputs as models see them, and how the match ended."""

    x: dict[str, float]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Quality:
    """How good forecasts were: the figures of the scoreboard, and the calibration error with its share of luck."""

    figures: Figures
    calibration_error: float
    calibration_error_by_chance: float

    def plain(self) -> dict[str, float]:
        """Every figure by its name."""
        return {
            "n": self.figures.n,
            "log_loss": self.figures.log_loss,
            "rps": self.figures.rps,
            "brier": self.figures.brier,
            "accuracy": self.figures.accuracy,
            "calibration_error": self.calibration_error,
            "calibration_error_by_chance": self.calibration_error_by_chance,
        }


@dataclass(frozen=True, slots=True)
class Trained:
    """A model that has learned a table.

    Attributes
    ----------
    progressive
        How it did when it was asked of each row before it learned it.
    base_rate
        How the running base rate did on the same rows: what a model has to beat.
    folds
        How a model of the same kind did on each part of the table that it had not learned; empty unless asked for.
    knowledge
        What was learned: the number of rows, and a fingerprint of all of them in their order.
    """

    model: MatchModel
    algorithm: str
    features: tuple[str, ...]
    rows: int
    progressive: Quality
    base_rate: Quality
    folds: tuple[Quality, ...]
    knowledge: Knowledge


class _Marks:
    """Gathers the scores of one model."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.calibration = Calibration()

    def add(self, model: MatchModel, example: Example) -> None:
        """Count in what `model` says of the example."""
        said = guarded(model.predict_proba_one(example.x)) or Probabilities(1 / 3, 1 / 3, 1 / 3)
        self.tally.add(marks_of(score(Given("", 1, "experimental", said), example.outcome)))
        self.calibration.add(said, example.outcome)

    def quality(self) -> Quality:
        return Quality(self.tally.figures(), self.calibration.error(), self.calibration.error_by_chance())


def examples(table: Table, features: Sequence[str], outcome: str) -> list[Example]:
    """The rows of `table` as examples.

    Raises
    ------
    InvalidInput
        A column is missing, a field is wrong, or all matches ended the same way, which leaves nothing to learn; the
        text names file, line, field and value.
    """
    table.require(features)
    rows = [
        Example({input_name(name): value for name, value in line.values(features).items()}, line.outcome(outcome))
        for line in table.lines
    ]
    if len({row.outcome for row in rows}) == 1:
        raise InvalidInput(f"{table.file}: every {outcome} is {rows[0].outcome}; wanted two of H, D and A at least")
    return rows


def train(
    algorithm: str, features: tuple[str, ...], rows: Sequence[Example], *, folds: int, advance: Advance
) -> Trained:
    """Learn `rows` in their order, asking of each before it is learned.

    Parameters
    ----------
    folds
        Parts of a cross-validation; 0 for none. Row number i belongs to part i modulo `folds`, so every part holds
        rows of all times, and models learn from rows that come after those that they are asked of: a table in the
        order of time is measured more honestly by the progressive figures.
    advance
        Called (1 + folds) times for each row at the most.

    Raises
    ------
    InvalidInput
        There is no such algorithm, or there are fewer rows than folds.
    """
    if folds and not FEWEST_FOLDS <= folds <= len(rows):
        raise InvalidInput(f"--folds {folds}: wanted {FEWEST_FOLDS} to {len(rows)}, as many as there are rows")
    model, base = create_algorithm(algorithm, features), BaseRate()
    mine, others, knowledge = _Marks(), _Marks(), Knowledge()
    for example in rows:
        mine.add(model, example)
        others.add(base, example)
        model.learn_one(example.x, example.outcome)
        knowledge.add(seal_of(example.x, example.outcome))
        base.learn_one(example.x, example.outcome)
        advance()
    return Trained(
        model=model,
        algorithm=algorithm,
        features=features,
        rows=len(rows),
        progressive=mine.quality(),
        base_rate=others.quality(),
        folds=tuple(_fold(algorithm, features, rows, folds, part, advance) for part in range(folds)),
        knowledge=knowledge,
    )


def pooled(folds: Sequence[Quality], of: Callable[[Quality], float]) -> tuple[float, float]:
    """The mean of a figure over the folds, weighted by their rows, and the figure's standard deviation over them."""
    n = sum(fold.figures.n for fold in folds)
    mean = sum(of(fold) * fold.figures.n for fold in folds) / n
    variance = sum((of(fold) - mean) ** 2 for fold in folds) / max(len(folds) - 1, 1)
    return mean, float(variance**0.5)


def _fold(
    algorithm: str, features: tuple[str, ...], rows: Sequence[Example], folds: int, part: int, advance: Advance
) -> Quality:
    model, marks = create_algorithm(algorithm, features), _Marks()
    for place, example in enumerate(rows):
        if place % folds != part:
            model.learn_one(example.x, example.outcome)
            advance()
    for example in rows[part::folds]:
        marks.add(model, example)
        advance()
    return marks.quality()
