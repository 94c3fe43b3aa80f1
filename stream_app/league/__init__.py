"""One competition as a plain object: predictions, results, models and figures, and no Kafka, clock or file in it."""

from stream_app.league.league import League

__all__ = ["League"]
