"""What the evaluation log keeps."""

from __future__ import annotations

from typing import Literal, get_args

EventType = Literal[
    "prediction",
    "evaluation",
    "correction",
    "training",
    "reinforcement",
    "promotion",
    "model",
    "alert",
    "repair",
    "reconciliation",
]
"""What an event of the evaluation log is about. The last two are the log's own: something in it was put right, or its
stores were held against each other. `promotion` is all that has to do with who is champion; `model` is what else
becomes of models."""

EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)
