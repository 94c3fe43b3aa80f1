from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.app import create_app
from stream_app.errors import InvalidInput
from stream_app.monitoring import Readiness
from stream_app.settings import load


def test_a_worker_with_an_unknown_model_does_not_start_and_names_those_that_there_are() -> None:
    with pytest.raises(InvalidInput, match=r"model 'crystal_ball': unknown; the models are .*base_rate"):
        create_app(load(models="base_rate,crystal_ball"), "127.0.0.1:9092", Readiness())


def test_a_data_folder_that_cannot_be_made_is_the_users_mistake_and_is_named(tmp_path: Path) -> None:
    in_the_way = tmp_path / "data"
    in_the_way.write_text("a file, where a folder is to be")
    with pytest.raises(InvalidInput, match=rf"STREAM_APP_DATA_DIR '{in_the_way}': File exists"):
        create_app(load(data_dir=in_the_way), "127.0.0.1:9092", Readiness())
