"""`match_model_v1`: seven experts on form, the market, and whatever upstream knows, mixed by how well they foretell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stream_app.events import Outcome, Probabilities, Voice
from stream_app.models.baselines import BaseRate
from stream_app.models.combine import Hedge
from stream_app.models.contract import Explanation, MatchModel
from stream_app.models.experts import BAYES, CORE, EXPERTS, RATES, FormExperts
from stream_app.models.inputs import PLACES
from stream_app.models.market import MARKET, MarketExpert
from stream_app.models.softmax import Logits, Triple, log_ratios, softmax
from stream_app.models.upstream import UpstreamExpert
from stream_app.models.why import Pushes, reasons

UPSTREAM = "upstream"

FORM_RATE = 0.3
"""The experts on form look at the same results, so their weights move slowly and stay mixed."""

OUTER_PRIOR = (0.2, 0.6, 0.2)
OUTER_RATE = 1.0
"""Form, market, upstream. What speaks of a match besides form knows something else: it is soon clear which is better,
and the market mostly is."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What everyone says of a match.

    `inner` is what the experts on form say, as `logits` and as probabilities; `outer` what form as a whole, the market
    and upstream say; `without` the log ratios from which the expert on upstream numbers starts.
    """

    base: Triple
    logits: list[Logits]
    inner: list[Triple]
    outer: tuple[Triple, Triple | None, Triple | None]
    without: Logits


class MatchModel1(MatchModel):
    """Hedge over the seven experts on form; over that, the market and the numbers from upstream, Hedge again."""

    def __init__(self) -> None:
        self.base_rate = BaseRate()
        self.experts = FormExperts()
        self.form = Hedge([1.0 / len(EXPERTS)] * len(EXPERTS), FORM_RATE)
        self.market = MarketExpert()
        self.upstream = UpstreamExpert()
        self.outer = Hedge(OUTER_PRIOR, OUTER_RATE)

    def predict_proba_one(self, x: Mapping[str, float]) -> dict[Outcome, float]:  # type: ignore[override]  # River leaves it untyped
        return self._forecast(self._said(x))

    def learn_one(self, x: Mapping[str, float], y: Outcome) -> None:  # type: ignore[override]  # River leaves it untyped
        said = self._said(x)
        form, market, upstream = said.outer
        self.form.learn(said.inner, PLACES[y])
        self.outer.learn(said.outer, PLACES[y])
        self.experts.learn(x, said.inner, y)
        if market is not None:
            self.market.learn(x, log_ratios(form), market, y)
        self.upstream.learn(x, said.without, upstream, y)
        self.base_rate.learn_one(x, y)

    def explain(self, x: Mapping[str, float]) -> Explanation:
        """Every expert that has something to say, with its weight, and what moved the forecast.

        For the reasons, the forecast is taken for the mean of its experts' log ratios, which it nearly is.
        """
        return self._explained(x, self._said(x))

    def answer(self, x: Mapping[str, float]) -> tuple[dict[Outcome, float], Explanation]:
        """Both from one look at the experts."""
        said = self._said(x)
        return self._forecast(said), self._explained(x, said)

    def _forecast(self, said: _Said) -> dict[Outcome, float]:
        home, draw, away = self.outer.mix(said.outer)
        return {"H": home, "D": draw, "A": away}

    def _explained(self, x: Mapping[str, float], said: _Said) -> Explanation:
        form, market, upstream = self.outer.awake(said.outer)
        shares = [form * share for share in self.form.awake(said.inner)]
        voices = [*zip(EXPERTS, shares, said.inner, strict=True)]
        _, of_market, of_upstream = said.outer
        if of_market is not None:
            voices.append((MARKET, market, of_market))
        if of_upstream is not None:
            voices.append((UPSTREAM, upstream, of_upstream))
        members = tuple(Voice(name, weight, Probabilities(*triple)) for name, weight, triple in voices)
        pushes = self._pushes(x, said, market, upstream)
        return Explanation(members, reasons(pushes, said.base, self.outer.mix(said.outer), x))

    def _pushes(self, x: Mapping[str, float], said: _Said, market: float, upstream: float) -> Pushes:
        pushes = Pushes()
        # What upstream knows comes on top of form where there are no odds, and on top of these where there are.
        if said.outer[1] is None:
            self._push_form(pushes, 1.0, x, said)
        else:
            self._push_form(pushes, 1.0 - market - upstream, x, said)
            pushes.add(MARKET, market + upstream, log_ratios(said.outer[1]), log_ratios(said.base))
        if upstream > 0.0:
            for name, term in self.upstream.terms(x, said.without).items():
                if name in x:
                    pushes.add(name, upstream, term)
        return pushes

    def _push_form(self, pushes: Pushes, weight: float, x: Mapping[str, float], said: _Said) -> None:
        base = log_ratios(said.base)
        shares = [weight * share for share in self.form.awake(said.inner)]
        terms = self.experts.heads.terms(self.experts.inputs(x))
        for share, (home, away) in zip(shares, terms, strict=False):
            for name, home_term, away_term in zip(CORE, home[1:], away[1:], strict=True):
                pushes.add(name, share, (home_term, away_term))
        by_name = dict(zip(EXPERTS, zip(shares, said.logits, strict=True), strict=True))
        for name in (*RATES, BAYES):
            pushes.add(name, *by_name[name], base)
        pushes.add("kalman", by_name["residual"][0], by_name["kalman"][1], base)

    def _said(self, x: Mapping[str, float]) -> _Said:
        rates = self.base_rate.predict_proba_one(x)
        base = rates["H"], rates["D"], rates["A"]
        logits = self.experts.logits(x, log_ratios(base))
        inner = [softmax(pair) for pair in logits]
        form = self.form.mix(inner)
        form_logits = log_ratios(form)
        market = self.market.logits(x, form_logits)
        without = form_logits if market is None else market
        upstream = self.upstream.logits(x, without)
        outer = (
            form,
            None if market is None else softmax(market),
            None if upstream is None else softmax(upstream),
        )
        return _Said(base, logits, inner, outer, without)
