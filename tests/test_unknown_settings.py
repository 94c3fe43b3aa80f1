from __future__ import annotations

import json
from pathlib import Path

import pytest

from stream_app import settings as module
from stream_app.durability import fail_points
from stream_app.errors import InvalidInput
from stream_app.settings import settings
from stream_app.settings.unknown import OTHERS
from tests.support import programs


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    settings()
    return capsys.readouterr().err.splitlines()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("STREAM_APP_KAFAK", "STREAM_APP_KAFKA"),
        ("STREAM_APP_GATWAY_PORT", "STREAM_APP_GATEWAY_PORT"),
        ("STREAM_APP_SNAPSHOT_KEY_FIEL", "STREAM_APP_SNAPSHOT_KEY_FILE"),
        ("stream_app_datadir", "STREAM_APP_DATA_DIR"),
        # The name of a file is taken of secrets alone.
        ("STREAM_APP_WINDOW_FILE", "STREAM_APP_WINDOW"),
    ],
)
def test_a_misspelt_setting_is_told_in_one_line_with_what_it_is_most_like_and_without_its_value(
    name: str, meant: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, "the-secret")
    assert told(capsys) == [
        f"stream-app: warning: {name.upper()} in the environment is no setting and does nothing; did you mean {meant}?"
    ]
    # Once a process.
    assert told(capsys) == []


def test_a_setting_that_is_like_no_other_is_told_without_a_guess(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STREAM_APP_XYZZY", "1")
    assert told(capsys) == ["stream-app: warning: STREAM_APP_XYZZY in the environment is no setting and does nothing"]


def test_a_misspelt_setting_in_the_file_env_is_told_with_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".env").write_text("STREAM_APP_WINDWO=50\nOTHER=x\nSTREAM_APP_ALONE\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(module.Settings.model_config, "env_file", ".env")
    alone, misspelt = told(capsys)
    assert "STREAM_APP_ALONE in .env is no setting" in alone
    assert misspelt.endswith(
        "STREAM_APP_WINDWO in .env is no setting and does nothing; did you mean STREAM_APP_WINDOW?"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STREAM_APP_WINDOW", "50"),
        ("stream_app_window", "50"),
        ("STREAM_APPLE", "x"),
        (fail_points.VARIABLE, ""),
        # What Kubernetes says of services `stream-app-csv` and `stream-app`.
        ("STREAM_APP_CSV_SERVICE_HOST", "10.0.0.1"),
        ("STREAM_APP_CSV_SERVICE_PORT", "80"),
        ("STREAM_APP_CSV_SERVICE_PORT_HTTP", "80"),
        ("STREAM_APP_CSV_PORT", "tcp://10.0.0.1:80"),
        ("STREAM_APP_CSV_PORT_80_TCP", "tcp://10.0.0.1:80"),
        ("STREAM_APP_CSV_PORT_80_TCP_PROTO", "tcp"),
        ("STREAM_APP_CSV_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("STREAM_APP_PORT", "tcp://10.0.0.1:80"),
        ("STREAM_APP_PORT_53_UDP_PORT", "53"),
        ("STREAM_APP_SERVICE_HOST", "10.0.0.1"),
    ],
)
def test_nothing_is_told_of_settings_and_of_what_platforms_and_tests_set(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    assert told(capsys) == []


def test_what_tests_set_is_what_the_fail_points_read() -> None:
    assert [f"STREAM_APP_{name.upper()}" for name in OTHERS] == [fail_points.VARIABLE]


def test_programs_get_a_line_of_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("STREAM_APP_LOG_FORMAT", "json")
    monkeypatch.setenv("STREAM_APP_KAFAK", "x")
    (line,) = map(json.loads, told(capsys))
    assert (line["level"], line["logger"]) == ("warning", "stream_app")
    assert line["message"].endswith("did you mean STREAM_APP_KAFKA?")


def test_an_error_for_want_of_a_setting_names_the_misspelt_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAM_APP_KAFKA_SECURITY", "sasl_ssl")
    monkeypatch.setenv("STREAM_APP_KAFKA_USR", "me")
    with pytest.raises(InvalidInput, match=r"needs STREAM_APP_KAFKA_USER; STREAM_APP_KAFKA_USR in the environment"):
        settings()


def test_a_command_says_it_and_goes_on(tmp_path: Path) -> None:
    env = programs.environment(topic_prefxi="football.", data_dir=tmp_path)
    done = programs.run("topics", "acls", "--json", cwd=tmp_path, env=env)
    assert done.returncode == 0
    assert json.loads(done.stdout)
    assert done.stderr.splitlines() == [
        "stream-app: warning: STREAM_APP_TOPIC_PREFXI in the environment is no setting and does nothing;"
        " did you mean STREAM_APP_TOPIC_PREFIX?"
    ]
