"""How two models compare on the matches that both have foretold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

EvidenceScope = Literal["competition", "all"]
Leaning = Literal["better", "leaning better", "open", "leaning worse", "worse"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A challenger against a champion, match by match.

    Attributes
    ----------
    champion, champion_version, challenger, challenger_version
        Whom it compares.
    scope
        `competition` when the matches are those of one competition, `all` when they are pooled.
    matches
        Matches that both have foretold and that were scored.
    since, until
        Event times at which the first and the last of them were scored; None without matches.
    difference
        Mean of the champion's log loss minus the challenger's, in nats a match, of probabilities that are clipped as
        evidence clips them: above 0 the challenger is better.
    lower, upper
        Bounds of that mean. Each holds at all times at once with probability 1 - alpha.
    e_better, e_worse
        e-values against "the challenger is no better" and "is no worse". `1 / alpha` proves it, however often one
        looked; what is smaller is evidence of that strength and no proof.
    leaning
        The same in words: `better` and `worse` are proven.
    champion_loss, challenger_loss, base_loss
        Mean log loss over these matches, in nats, of both and of the running base rate.
    champion_skill, challenger_skill
        1 - loss / loss of the running base rate.
    gain
        By how much the challenger's skill is the larger, relative to the size of the champion's.
    """

    champion: str
    champion_version: int
    challenger: str
    challenger_version: int
    scope: EvidenceScope
    matches: int
    since: datetime | None
    until: datetime | None
    difference: float
    lower: float
    upper: float
    e_better: float
    e_worse: float
    leaning: Leaning
    champion_loss: float
    challenger_loss: float
    base_loss: float
    champion_skill: float
    challenger_skill: float
    gain: float
