"""A plain voting ensemble of other models at work in the same league.

Its members are not its own: what they say of a match reaches it among its inputs, as votes. So nothing is learned or
kept twice, and a member that is not at work, or had nothing to say, is simply missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from stream_app.events import OUTCOMES, Outcome, Probabilities, Voice
from stream_app.models.baselines import BaseRate
from stream_app.models.contract import Explanation, MatchModel, guarded

Voting = Literal["soft", "majority"]

EQUAL_WEIGHTS = {"logistic_regression_v1": 1.0, "random_forest_v1": 1.0, "naive_bayes_v1": 1.0}
"""River's own models, heard alike. Each is of another kind, so their errors differ and the mean gains by it."""


def votes(model: str, probabilities: Probabilities) -> dict[str, float]:
    """The inputs by which an ensemble hears what `model` says."""
    return {
        f"vote:{model}:H": probabilities.H,
        f"vote:{model}:D": probabilities.D,
        f"vote:{model}:A": probabilities.A,
    }


class VotingEnsemble(MatchModel):
    """A weighted vote of the members named.

    Parameters
    ----------
    weights
        Each member's weight. Where a member is missing, the weights of the others are scaled up to make 1 again.
    voting
        `soft`: the weighted mean of the members' probabilities. `majority`: each member gives all its weight to the
        outcome that it holds for the likeliest (on equal probabilities the first of H, D, A), and an outcome's
        probability is the weight that it got, mixed with the base rate by the Laplace rule of one vote more.
    """

    def __init__(self, weights: Mapping[str, float] | None = None, voting: Voting = "soft") -> None:
        self.weights = weights
        self.voting = voting
        self.base_rate = BaseRate()

    @property
    def listens_to(self) -> tuple[str, ...]:
        return tuple(self._weights())

    def predict_proba_one(self, x: Mapping[str, float]) -> dict[Outcome, float]:  # type: ignore[override]  # River leaves it untyped
        return self._counted(self._voices(x), x)

    def learn_one(self, x: Mapping[str, float], y: Outcome) -> None:  # type: ignore[override]  # River leaves it untyped
        self.base_rate.learn_one(x, y)

    def explain(self, x: Mapping[str, float]) -> Explanation:
        """The members that are there, with the weights with which they are heard."""
        return Explanation(members=self._voices(x))

    def answer(self, x: Mapping[str, float]) -> tuple[dict[Outcome, float], Explanation]:
        """Both from hearing the members once."""
        voices = self._voices(x)
        return self._counted(voices, x), Explanation(members=voices)

    def _counted(self, voices: tuple[Voice, ...], x: Mapping[str, float]) -> dict[Outcome, float]:
        base = self.base_rate.predict_proba_one(x)
        if not voices:
            return base
        if self.voting == "soft":
            return {
                outcome: sum(voice.weight * voice.probabilities.of(outcome) for voice in voices) for outcome in OUTCOMES
            }
        total = len(voices) + 1.0
        won = dict.fromkeys(OUTCOMES, 0.0)
        for voice in voices:
            won[max(OUTCOMES, key=voice.probabilities.of)] += voice.weight * len(voices)
        return {outcome: (won[outcome] + base[outcome]) / total for outcome in OUTCOMES}

    def _voices(self, x: Mapping[str, float]) -> tuple[Voice, ...]:
        heard = {name: said for name in self._weights() if (said := _said(x, name)) is not None}
        total = sum(self._weights()[name] for name in heard)
        return tuple(Voice(name, self._weights()[name] / total, said) for name, said in heard.items())

    def _weights(self) -> Mapping[str, float]:
        return EQUAL_WEIGHTS if self.weights is None else self.weights


def _said(x: Mapping[str, float], model: str) -> Probabilities | None:
    """What `model` says, if it is there and usable."""
    return guarded({outcome: x.get(f"vote:{model}:{outcome}", 0.0) for outcome in OUTCOMES})
