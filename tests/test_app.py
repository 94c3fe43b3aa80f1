from __future__ import annotations

import pytest

from stream_app.app import create_app
from stream_app.errors import InvalidInput
from stream_app.monitoring import Readiness
from stream_app.settings import load


def test_a_worker_with_an_unknown_model_does_not_start_and_names_those_that_there_are() -> None:
    with pytest.raises(InvalidInput, match=r"model 'crystal_ball': unknown; the models are .*base_rate"):
        create_app(load(models="base_rate,crystal_ball"), "127.0.0.1:9092", Readiness())
