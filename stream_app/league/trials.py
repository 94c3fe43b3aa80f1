"""The comparisons of a league: every model at work against the champion."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from stream_app.events import OUTCOMES, Outcome
from stream_app.league.fixture import Sealed
from stream_app.lifecycle.promotion import Contender, Trial
from stream_app.models.baselines import PRIOR_MATCHES


@dataclass(slots=True)
class Running:
    """A trial, and the number of the first match that counts in it."""

    trial: Trial
    begins: int


class Trials:
    """Trials against the present champion. A new champion ends all of them, and new ones begin.

    A match counts in a trial when both forecasts were there, and neither was blocked. A correction of a match that was
    first scored before a trial began changes nothing in it.
    """

    def __init__(self) -> None:
        self.running: dict[Contender, Running] = {}
        self.matches = 0
        self._outcomes: dict[Outcome, int] = dict.fromkeys(OUTCOMES, 0)

    def hold(self, champion: Contender | None, others: Iterable[Contender]) -> None:
        """Let exactly these trials go on, and begin those that are new."""
        wanted = [] if champion is None else [other for other in others if other != champion]
        kept = {
            contender: it
            for contender, it in self.running.items()
            if contender in wanted and it.trial.champion == champion
        }
        rates = {outcome: PRIOR_MATCHES[outcome] + self._outcomes[outcome] for outcome in OUTCOMES}
        for contender in wanted:
            if contender not in kept and champion is not None:
                kept[contender] = Running(Trial(champion, contender, rates), self.matches + 1)
        self.running = kept

    def count(self, sealed: Sealed, old: Outcome | None, counted: int, new: Outcome | None, at: datetime) -> int:
        """Count a match with the outcome `new` instead of `old`, and return its number.

        `counted` is its number from the time when it was counted with `old`.
        """
        if old is None:
            self.matches += 1
            counted = self.matches
        for outcome, times in ((old, -1), (new, 1)):
            if outcome is not None:
                self._outcomes[outcome] += times
        said = {
            Contender(given.model, given.version): given.probabilities
            for given in (*sealed.given, *sealed.aside)
            if not given.blocked
        }
        for contender, it in self.running.items():
            champion, challenger = said.get(it.trial.champion), said.get(contender)
            if champion is not None and challenger is not None and counted >= it.begins:
                it.trial.change(champion, challenger, old, new, at)
        return counted

    def trial_of(self, contender: Contender) -> Trial | None:
        """The trial of a version; None when it has none."""
        it = self.running.get(contender)
        return None if it is None else it.trial
