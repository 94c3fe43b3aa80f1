"""Hypothesis strategies for every message of the service, as wide as the schemas allow."""

from __future__ import annotations

from hypothesis import strategies as st

from stream_app.contracts import Event
from tests.messages.inputs import configures, features, results
from tests.messages.models import comparisons, model_commands, model_events, refusals, registries
from tests.messages.outputs import analytics, decay_alerts, evaluations, predictions, scoreboards

__all__ = [
    "OF_SCHEMA",
    "analytics",
    "comparisons",
    "configures",
    "decay_alerts",
    "evaluations",
    "features",
    "model_commands",
    "model_events",
    "predictions",
    "refusals",
    "registries",
    "results",
    "scoreboards",
]

OF_SCHEMA: dict[str, st.SearchStrategy[Event]] = {
    "match-features": features(),
    "match-results": results(),
    "configure": configures(),
    "predictions": predictions(),
    "evaluations": evaluations(),
    "decay-alerts": decay_alerts(),
    "scoreboard": scoreboards(),
    "analytics": analytics(),
    "model-commands": model_commands(),
    "refused-commands": refusals(),
    "model-events": model_events(),
    "registry": registries(),
}
"""A strategy for each schema whose messages are written by `contracts.encode`."""
