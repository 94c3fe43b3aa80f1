"""`match_model_v1`: seven experts on form, the market, and whatever upstream knows, mixed by how well they foretell."""

from __future__ import annotations

from collections.abc import Mapping

from stream_app.events import Outcome
from stream_app.models.baselines import BaseRate
from stream_app.models.combine import Hedge
from stream_app.models.contract import MatchModel
from stream_app.models.experts import EXPERTS, FormExperts
from stream_app.models.market import MarketExpert
from stream_app.models.softmax import Logits, Triple, log_ratios, softmax
from stream_app.models.upstream import UpstreamExpert

FORM, MARKET, UPSTREAM = "form", "market", "upstream"

FORM_RATE = 0.3
"""The experts on form look at the same results, so their weights move slowly and stay mixed."""

OUTER_PRIOR = (0.2, 0.6, 0.2)
OUTER_RATE = 1.0
"""What speaks on a match besides form knows something else. It is soon clear which is better, and odds mostly are."""

PLACES: dict[Outcome, int] = {"H": 0, "D": 1, "A": 2}


class MatchModel1(MatchModel):
    """The recipe: Hedge over the experts on form; over that, the market and the numbers from upstream, Hedge again."""

    def __init__(self) -> None:
        self.base_rate = BaseRate()
        self.experts = FormExperts()
        self.form = Hedge([1.0 / len(EXPERTS)] * len(EXPERTS), FORM_RATE)
        self.market = MarketExpert()
        self.upstream = UpstreamExpert()
        self.outer = Hedge(OUTER_PRIOR, OUTER_RATE)

    def predict_proba_one(self, x: Mapping[str, float]) -> dict[Outcome, float]:  # type: ignore[override]  # River leaves it untyped
        _, outer = self._forecasts(x)
        home, draw, away = self.outer.mix(outer)
        return {"H": home, "D": draw, "A": away}

    def learn_one(self, x: Mapping[str, float], y: Outcome) -> None:  # type: ignore[override]  # River leaves it untyped
        inner, outer = self._forecasts(x)
        form, market, upstream = outer
        self.form.learn(inner, PLACES[y])
        self.outer.learn(outer, PLACES[y])
        self.experts.learn(x, inner, y)
        if market is not None:
            self.market.learn(x, log_ratios(form), market, y)
        self.upstream.learn(x, log_ratios(form if market is None else market), upstream, y)
        self.base_rate.learn_one(x, y)

    def _forecasts(self, x: Mapping[str, float]) -> tuple[list[Triple], tuple[Triple, Triple | None, Triple | None]]:
        """What every expert on form says, and what form, the market and upstream say."""
        base = self.base_rate.predict_proba_one(x)
        inner = [softmax(logits) for logits in self.experts.logits(x, log_ratios((base["H"], base["D"], base["A"])))]
        form = self.form.mix(inner)
        market = self.market.logits(x, log_ratios(form))
        upstream = self.upstream.logits(x, log_ratios(form) if market is None else market)
        return inner, (form, _said(market), _said(upstream))


def _said(logits: Logits | None) -> Triple | None:
    return None if logits is None else softmax(logits)
