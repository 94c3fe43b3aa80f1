"""How values are said to people: percentages, figures, times, names. What leaves here is text or safe HTML."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from markupsafe import Markup

from stream_app.evaluation.calibration import Bin, Calibration
from stream_app.events import (
    DecayAlert,
    Evaluation,
    EvaluationStatus,
    Forecast,
    ForecastStatus,
    ModelEventKind,
    ModelStanding,
    Outcome,
    Prediction,
    Score,
    Scoreboard,
)

REFERENCE = "base_rate"
"""The model that knows nothing but how often each outcome happens; the others are measured against it."""

NOTHING = "\N{EN DASH}"

_SAID: dict[Outcome, str] = {"H": "home win", "D": "draw", "A": "away win"}


def percent(share: float, digits: int = 0) -> str:
    """A share of one as a percentage, `0.4567` as `46%`."""
    return f"{100 * share:.{digits}f}%" if math.isfinite(share) else NOTHING


def signed(share: float) -> str:
    """A change as a percentage with its sign."""
    return f"{100 * share:+.1f}%".replace("-", "\N{MINUS SIGN}") if math.isfinite(share) else NOTHING


def figure(value: float | None, digits: int = 3) -> str:
    """A score with a fixed number of decimals."""
    return NOTHING if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def nats(difference: float) -> str:
    """A difference of log losses with its sign."""
    return f"{difference:+.4f}".replace("-", "\N{MINUS SIGN}") if math.isfinite(difference) else NOTHING


def odds(value: float) -> str:
    """What a bet of 1 has become, an e-value: with as many digits as tell something."""
    if not math.isfinite(value):
        return NOTHING
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}" if value < 1e6 else "over a million"


def chance(probability: float) -> str:
    """A probability that may be very small."""
    if not math.isfinite(probability):
        return NOTHING
    return f"{probability:.3f}" if probability >= 0.001 else "under 0.001"


def points(rating: float) -> str:
    """A rating in whole points, with its sign: 0 is the average team."""
    return f"{rating:+.0f}".replace("-", "\N{MINUS SIGN}") if math.isfinite(rating) else NOTHING


def note(value: float | str | bool) -> str:
    """A named fact's value."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def words(name: str) -> str:
    """A name with underscores as words."""
    return name.replace("_", " ")


def query(fields: Mapping[str, object]) -> str:
    """What of `fields` is not None, as the query of an address."""
    return urlencode({name: value for name, value in fields.items() if value is not None})


def radius(bin_: Bin, calibration: Calibration) -> float:
    """How large a bin's dot is in a diagram of 100 units: its area goes with its share of all forecasts."""
    return 1.0 + 7.0 * math.sqrt(bin_.n / sum(calibration.n))


def count(value: float) -> str:
    """A whole number with its thousands set apart."""
    return f"{value:,.0f}" if math.isfinite(value) else NOTHING


def said(outcome: Outcome | None) -> str:
    """An outcome in words."""
    return NOTHING if outcome is None else _SAID[outcome]


def model_name(name: str) -> str:
    """A model's name as people write it: `elo_softmax` as `Elo softmax`."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def title_of(competition: str) -> str:
    """A competition's key as a heading: `premier-league` as `Premier League`; what has capitals of its own stays."""
    if competition != competition.lower():
        return competition
    return " ".join(word[:1].upper() + word[1:] for word in competition.replace("_", " ").replace("-", " ").split())


def event_said(kind: ModelEventKind) -> str:
    """What happened to a model, as a heading."""
    return words(kind)[:1].upper() + words(kind)[1:]


def segment(text: str) -> str:
    """`text` as one segment of an address."""
    return quote(text, safe="")


def ending_said(status: EvaluationStatus) -> str:
    """How a match without goals ended, in words."""
    return {"void": "void", "expired": "no result came"}.get(status, status)


def status_said(status: ForecastStatus) -> str:
    """What a forecast's status means, in words."""
    return {"blocked": "still learning", "uncertain": "uncertain"}.get(status, status)


def when(moment: datetime | None, *, day_only: bool = False) -> Markup:
    """A moment as a `time` element in UTC. The page's script puts it into the viewer's zone."""
    if moment is None:
        return Markup(NOTHING)  # noqa: S704  # a constant
    utc = moment.astimezone(UTC)
    day = f"{utc.day} {utc:%b %Y}"
    text = day if day_only else f"{day}, {utc:%H:%M}"
    full = f"{day}, {utc:%H:%M:%S} UTC"
    return Markup('<time datetime="{}" title="{}"{}>{}{}</time>').format(
        f"{utc:%Y-%m-%dT%H:%M:%SZ}", full, Markup(" data-day") if day_only else "", text, "" if day_only else " UTC"
    )


def champion_forecast(prediction: Prediction | None) -> Forecast | None:
    """What the champion says in `prediction`; the first model when none is marked."""
    if prediction is None or not prediction.models:
        return None
    return next((forecast for forecast in prediction.models if forecast.alias == "champion"), prediction.models[0])


def champion_score(evaluation: Evaluation | None) -> Score | None:
    """How the champion fared in `evaluation`, None when nothing was scored."""
    if evaluation is None or not evaluation.models:
        return None
    return next((score for score in evaluation.models if score.alias == "champion"), evaluation.models[0])


def champion_standing(board: Scoreboard | None) -> ModelStanding | None:
    """The champion's line of `board`."""
    if board is None or not board.models:
        return None
    return next((standing for standing in board.models if standing.alias == "champion"), board.models[0])


def gain(standing: ModelStanding, board: Scoreboard, *, rolling: bool) -> float | None:
    """Relative gain over the base rate: `1 - loss / loss of the base rate`, over the last matches or over all.

    None for the base rate itself, where one of the two has not been scored, and where they were scored on different
    matches, as after a new version of one of them.
    """
    reference = next((other for other in board.models if other.model == REFERENCE), None)
    if reference is None or standing.model == REFERENCE:
        return None
    ours, theirs = (standing.rolling, reference.rolling) if rolling else (standing.total, reference.total)
    if not ours.n or ours.n != theirs.n or theirs.log_loss <= 0.0:
        return None
    return 1.0 - ours.log_loss / theirs.log_loss


def alert_name(alert: DecayAlert) -> str:
    """What an alert is about, in words."""
    return f"{model_name(alert.model)}: {alert.kind}, {words(alert.metric)}"
