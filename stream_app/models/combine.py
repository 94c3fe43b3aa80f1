"""Hedge: experts mixed by how well they have foretold.

Freund, Y. and Schapire, R. E. (1997), 'A decision-theoretic generalization of on-line learning', Journal of Computer
and System Sciences 55(1), 119-139; with the fixed share of Herbster, M. and Warmuth, M. K. (1998), 'Tracking the best
expert', Machine Learning 32, 151-178, which lets an expert that was bad come back; and with experts that sleep, as in
Freund, Y. et al. (1997), 'Using and combining predictors that specialize', STOC '97, 334-343.
"""

from __future__ import annotations

from collections.abc import Sequence

from stream_app.models.softmax import Triple


class Hedge:
    """A weighted mean of experts, of whom some may have nothing to say on a match.

    Parameters
    ----------
    prior
        The weights at the start, which sum to 1.
    rate
        The power of an expert's probability by which its weight is multiplied. At 1, weights are the posterior
        probabilities that the expert is the right one; below, they move slower and stay mixed.
    share
        The share of all weight that goes back to the prior after each match.
    """

    def __init__(self, prior: Sequence[float], rate: float, share: float = 0.001) -> None:
        self.prior = tuple(prior)
        self.rate = rate
        self.share = share
        self.weights = list(prior)

    def awake(self, forecasts: Sequence[Triple | None]) -> list[float]:
        """The weights with which these experts are mixed; 0 for those that say nothing. At least one must speak."""
        weights = [
            0.0 if forecast is None else weight for weight, forecast in zip(self.weights, forecasts, strict=True)
        ]
        total = sum(weights)
        return [weight / total for weight in weights]

    def mix(self, forecasts: Sequence[Triple | None]) -> Triple:
        """The mean of what the experts say."""
        home = draw = away = 0.0
        for weight, forecast in zip(self.awake(forecasts), forecasts, strict=True):
            if forecast is not None:
                home += weight * forecast[0]
                draw += weight * forecast[1]
                away += weight * forecast[2]
        return home, draw, away

    def learn(self, forecasts: Sequence[Triple | None], place: int) -> None:
        """Learn that the outcome at `place` (0 home win, 1 draw, 2 away win) came.

        Those that said nothing keep their weights; the others divide theirs anew.
        """
        places = [number for number, forecast in enumerate(forecasts) if forecast is not None]
        mass = sum(self.weights[number] for number in places)
        prior = sum(self.prior[number] for number in places)
        fared = [
            self.weights[number] * forecast[place] ** self.rate
            for number, forecast in enumerate(forecasts)
            if forecast is not None
        ]
        total = sum(fared)
        for number, weight in zip(places, fared, strict=True):
            kept = (1.0 - self.share) * weight / total
            self.weights[number] = mass * (kept + self.share * self.prior[number] / prior)
