"""Past matches through the doors of the league, without Kafka: what the service would have said of them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TextIO

from stream_app.evaluation.calibration import Calibration
from stream_app.evaluation.rolling import Tally, marks_of
from stream_app.events import Configure, Evaluation, Features, LeagueConfig, Outcome, Result, Score
from stream_app.feeds.datasets import PlayedMatch
from stream_app.feeds.schedule import schedule
from stream_app.feeds.stopwatch import Stopwatch
from stream_app.league import League

BURN_IN_SEASONS = 2
"""Seasons at the start of each competition that the figures after burn-in leave out: models begin knowing nothing."""

COLUMNS = (
    "match_id",
    "competition",
    "season",
    "kickoff",
    "home",
    "away",
    "model",
    "p_home",
    "p_draw",
    "p_away",
    "outcome",
)


class Fold:
    """Leagues of their own for the competitions of a stream of events, each configured when it is first seen.

    The stream publishes the same for the same events, to the last bit. A `watch` takes the time of every model.

    Attributes
    ----------
    leagues
        The leagues so far, by competition.
    """

    def __init__(self, config: Callable[[str], LeagueConfig], watch: Stopwatch | None = None) -> None:
        self.leagues: dict[str, League] = {}
        self._config = config
        self._watch = watch

    def evaluations(self, events: Iterable[Features | Result]) -> Iterator[Evaluation]:
        """Every evaluation that the events lead to, in the order in which they come."""
        for event in events:
            league = self.leagues.get(event.competition) or self._begin(event.competition)
            outputs = league.predict(event) if isinstance(event, Features) else league.learn(event)
            yield from (output for output in outputs if isinstance(output, Evaluation))

    def _begin(self, competition: str) -> League:
        league = self.leagues[competition] = League(competition)
        league.configure(Configure(competition, self._config(competition)))
        if self._watch is not None:
            self._watch.attach(league)
        return league


def backtest(
    matches: Iterable[PlayedMatch], config: Callable[[str], LeagueConfig], watch: Stopwatch | None = None
) -> Iterator[Evaluation]:
    """The evaluation of every match, in the order in which the results came; see `Fold`."""
    return Fold(config, watch).evaluations(schedule(matches))


class Rows:
    """Writes one line a match and model to a CSV file. Floats are written so that reading gives the same bits."""

    def __init__(self, file: TextIO) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(COLUMNS)

    def write(self, evaluation: Evaluation) -> None:
        """Write the lines of one match."""
        match = (
            evaluation.match_id,
            evaluation.competition,
            evaluation.season,
            evaluation.kickoff.isoformat().replace("+00:00", "Z"),
            evaluation.home,
            evaluation.away,
        )
        for score in evaluation.models:
            given = (repr(score.probabilities.of(outcome)) for outcome in ("H", "D", "A"))
            self._writer.writerow((*match, score.model, *given, evaluation.outcome))


class Section:
    """The scores of one model over a part of the matches."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.calibration = Calibration()

    def add(self, score: Score, outcome: Outcome) -> None:
        """Count one match in."""
        self.tally.add(marks_of(score))
        self.calibration.add(score.probabilities, outcome)


@dataclass(frozen=True, slots=True)
class ModelReport:
    """One model's scores over all matches, and over those after the burn-in."""

    model: str
    everything: Section
    after_burn_in: Section


class Report:
    """Gathers the scores of a back-test."""

    def __init__(self) -> None:
        self.matches = 0
        self._seasons: dict[str, dict[str, int]] = {}
        self._models: dict[str, ModelReport] = {}

    def add(self, evaluation: Evaluation, *, counted: bool = True) -> None:
        """Count the scores of one match in; one that has none counts as no match.

        One that is not `counted` only moves the burn-in on.
        """
        if evaluation.outcome is None:
            return
        seasons = self._seasons.setdefault(evaluation.competition, {})
        settled = seasons.setdefault(evaluation.season, len(seasons)) >= BURN_IN_SEASONS
        if not counted:
            return
        self.matches += 1
        for score in evaluation.models:
            report = self._models.get(score.model)
            if report is None:
                report = self._models[score.model] = ModelReport(score.model, Section(), Section())
            report.everything.add(score, evaluation.outcome)
            if settled:
                report.after_burn_in.add(score, evaluation.outcome)

    def models(self) -> list[ModelReport]:
        """The report of each model, champion first."""
        return list(self._models.values())
