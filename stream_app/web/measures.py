"""What the live view alone knows of all competitions, as metrics."""

from __future__ import annotations

from collections import Counter, defaultdict

from stream_app import metrics
from stream_app.web.reader import Reader
from stream_app.web.view import View


def show(view: View, reader: Reader) -> None:
    """Let the metrics ask `view` and `reader` from now on. They do so in a thread of their own, and only look."""
    metrics.ALERTS_OPEN.ask("web", lambda: open_alerts(view))
    metrics.ROLLING_LOG_LOSS.ask("web", lambda: rolling_log_loss(view))
    metrics.LAG.ask("web", lambda: metrics.by_partition("web", _unread(reader)))


def open_alerts(view: View) -> metrics.Values:
    """How many alerts are open, by kind and severity."""
    alerts = Counter((alert.kind, alert.severity) for of in view.competitions for alert in of.open_alerts())
    return [((kind, severity), count) for (kind, severity), count in alerts.items()]


def rolling_log_loss(view: View) -> metrics.Values:
    """Mean log loss of each model over the last matches of all competitions, in nats."""
    losses: defaultdict[str, float] = defaultdict(float)
    matches: Counter[str] = Counter()
    for competition in view.competitions:
        for standing in competition.board.models if competition.board else ():
            losses[standing.model] += standing.rolling.n * standing.rolling.log_loss
            matches[standing.model] += standing.rolling.n
    return [((model,), losses[model] / count) for model, count in matches.items() if count]


def _unread(reader: Reader) -> dict[tuple[str, int], int]:
    return {(place.topic, place.partition): place.behind for place in reader.health.places}
