"""One competition as a plain object: predictions, results, models and figures, and no Kafka, clock or file in it."""

# First, because it decides how River is imported.
from stream_app.models import scipy_later as scipy_later

# isort: split
from stream_app.league.league import League

__all__ = ["League"]
