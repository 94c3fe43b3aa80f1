"""Evidence for a pair of models from all competitions together.

A difference of some thousandths of a nat takes thousands of matches to prove, which one league has in ten years and
thirty leagues have in a season. So the bets on a challenger against a champion go on from one competition to the next
with the same capital: the product over all their matches is a bet that is fair as long as the challenger is no better,
given all that was known before each match, of whatever competition. That takes no independence of the models; only
that a result in one competition does not tell how the forecasts of another one's match will compare, and it cannot,
since these were sealed before kickoff. As every factor counts the same, the order in which competitions are read does
not matter, and reading everything again gives the same evidence.

The pair is one of models by name, and what is claimed of it is the mean over all the matches that it has foretold, in
whatever versions: were a version's losses forgotten when a new one takes its place, the capital would grow by that.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from stream_app.events import Comparison, Evaluation, LeagueConfig, ModelCommand, Notes, Outcome, Probabilities, name_id
from stream_app.lifecycle.ledger import PROPOSAL_DAYS, evidence_of
from stream_app.lifecycle.promotion import Contender, Trial, is_due, promotion
from stream_app.models.baselines import PRIOR_MATCHES

WHO = "pooled evidence"
"""Who proposes what all competitions together have shown."""

Pair = tuple[str, str]
"""Names of a champion and of a challenger."""


@dataclass(frozen=True, slots=True)
class LineUp:
    """Who was at work in a competition when its latest match was scored."""

    at: datetime
    champion: Contender
    challengers: tuple[Contender, ...]


@dataclass(slots=True)
class _Match:
    """A match as it is counted: the evaluations of it so far, what counts in which trials, and with which outcome."""

    at: datetime
    heard: set[str]
    counted: list[tuple[Trial, Probabilities, Probabilities]]
    outcome: Outcome | None = None


@dataclass
class _Competition:
    trials: dict[Pair, Trial] = field(default_factory=dict)
    # In the order in which they came. The first key of a plain dict takes the longer to find the more went before it.
    matches: OrderedDict[str, _Match] = field(default_factory=OrderedDict)
    scored: dict[Contender, int] = field(default_factory=dict)
    line_up: LineUp | None = None


class Pool:
    """All evaluations of all competitions, as evidence for every pair of a champion and a challenger.

    Parameters
    ----------
    config
        The configuration of a competition: its rules, and how many matches of a version do not count yet.
    """

    def __init__(self, config: Callable[[str], LeagueConfig]) -> None:
        self._config = config
        self._competitions: dict[str, _Competition] = {}
        self._sent: set[str] = set()

    def hear(self, evaluation: Evaluation) -> None:
        """Count an evaluation in the place of the one that it supersedes. One that comes again changes nothing."""
        here = self._competitions.setdefault(evaluation.competition, _Competition())
        match = here.matches.get(evaluation.match_id)
        if match is None:
            if evaluation.supersedes is not None:
                # What it corrects is so long ago that it is not remembered any more.
                return
            match = here.matches[evaluation.match_id] = _Match(evaluation.evaluated_at, set(), [])
            self._forget(here, evaluation)
        if evaluation.evaluation_id in match.heard:
            return
        match.heard.add(evaluation.evaluation_id)
        if not match.counted and evaluation.models:
            match.counted = self._pairs(here, evaluation)
        for trial, champion, challenger in match.counted:
            trial.change(champion, challenger, match.outcome, evaluation.outcome, evaluation.evaluated_at)
        match.outcome = evaluation.outcome

    def comparisons(self, alpha: float) -> list[Comparison]:
        """Every pair that is at work in some competition, on the matches of all."""
        pairs = {
            (line_up.champion.model, challenger.model): (line_up.champion, challenger)
            for line_up in self._line_ups().values()
            for challenger in line_up.challengers
        }
        return [self._pooled(*pairs[pair]).comparison(alpha, "all") for pair in sorted(pairs)]

    def own_comparisons(self, alpha: float) -> dict[str, list[Comparison]]:
        """The same for each competition alone, by its name."""
        return {
            name: [trial.comparison(alpha) for _, trial in sorted(here.trials.items())]
            for name, here in sorted(self._competitions.items())
        }

    def proposals(self) -> Iterator[ModelCommand]:
        """Commands that propose what is proven by now, where the rules let all competitions decide.

        A competition in which the challenger has proven to be worse is left alone. The id of a command names the
        competition, both versions and the span of `PROPOSAL_DAYS` days: in whatever process and order the evidence is
        gathered, a proposal is made once in that time.
        """
        for name, line_up in sorted(self._line_ups().items()):
            config = self._config(name)
            if config.promote_scope != "all":
                continue
            for challenger in line_up.challengers:
                command = self._proposal(name, line_up, challenger, config)
                if command is not None and command.command_id not in self._sent:
                    self._sent.add(command.command_id)
                    yield command

    def _proposal(self, name: str, line_up: LineUp, challenger: Contender, config: LeagueConfig) -> ModelCommand | None:
        own = self._competitions[name].trials.get((line_up.champion.model, challenger.model))
        pooled = self._pooled(line_up.champion, challenger)
        if not is_due(pooled, config) or (own is not None and own.is_lost(config.promote_alpha)):
            return None
        verdict = promotion(pooled, config, "all")
        if not verdict.ready:
            return None
        champion = line_up.champion
        competitions = sum(
            1 for here in self._competitions.values() if (champion.model, challenger.model) in here.trials
        )
        evidence: Notes = {
            **evidence_of(verdict.comparison),
            "scope": "all",
            "competitions": competitions,
            "champion": f"{champion.model}:{champion.version}",
        }
        span = int(line_up.at.timestamp() // timedelta(days=PROPOSAL_DAYS).total_seconds())
        return ModelCommand(
            command_id=name_id(
                "pooled proposal", name, champion.model, champion.version, challenger.model, challenger.version, span
            ),
            competition=name,
            action="propose",
            issued_at=line_up.at,
            who=WHO,
            why=f"better than {champion.model} in {competitions} competitions together, beyond doubt"
            f" (alpha {config.promote_alpha:g})",
            model=challenger.model,
            version=challenger.version,
            evidence=evidence,
        )

    def _pooled(self, champion: Contender, challenger: Contender) -> Trial:
        pooled = Trial(champion, challenger, PRIOR_MATCHES)
        for here in self._competitions.values():
            trial = here.trials.get((champion.model, challenger.model))
            if trial is not None:
                pooled.pool(trial)
        return pooled

    def _line_ups(self) -> dict[str, LineUp]:
        return {name: here.line_up for name, here in self._competitions.items() if here.line_up is not None}

    def _pairs(self, here: _Competition, evaluation: Evaluation) -> list[tuple[Trial, Probabilities, Probabilities]]:
        """The trials in which a match counts that is scored for the first time, with what both sides had said."""
        cold = self._config(evaluation.competition).cold_matches
        said, warm, roles = {}, set(), {}
        for score in evaluation.models:
            contender = Contender(score.model, score.version)
            before = here.scored.get(contender, 0)
            here.scored[contender] = before + 1
            said[contender], roles[contender] = score.probabilities, score.alias
            if before >= cold:
                warm.add(contender)
        champion = next((contender for contender, alias in roles.items() if alias == "champion"), None)
        if champion is None:
            return []
        challengers = tuple(contender for contender, alias in roles.items() if alias == "challenger")
        here.line_up = LineUp(evaluation.evaluated_at, champion, challengers)
        return [
            (self._trial(here, champion, challenger), said[champion], said[challenger])
            for challenger in challengers
            if champion in warm and challenger in warm
        ]

    def _trial(self, here: _Competition, champion: Contender, challenger: Contender) -> Trial:
        pair = champion.model, challenger.model
        trial = here.trials.setdefault(pair, Trial(champion, challenger, PRIOR_MATCHES))
        trial.champion, trial.challenger = champion, challenger
        return trial

    def _forget(self, here: _Competition, evaluation: Evaluation) -> None:
        """Forget the oldest matches that no correction reaches any more, as the league does."""
        oldest = evaluation.evaluated_at - 2 * timedelta(days=self._config(evaluation.competition).remember_days)
        while here.matches:
            match_id, match = next(iter(here.matches.items()))
            if match.at >= oldest:
                return
            del here.matches[match_id]
