from __future__ import annotations

from pathlib import Path

import pytest

from stream_app import settings as module
from stream_app.errors import InvalidInput
from stream_app.events import LeagueConfig
from stream_app.settings import Settings, load, settings


def test_every_setting_has_a_default_and_says_what_it_is_for() -> None:
    for name, field in Settings.model_fields.items():
        assert not field.is_required(), name
        assert field.description, name


def test_a_setting_is_read_from_its_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAM_APP_PARTITIONS", "7")
    monkeypatch.setenv("STREAM_APP_KAFKA", "one:9092,[::1]:9093")
    monkeypatch.setenv("STREAM_APP_DATA_DIR", "/srv/data")
    read = settings()
    assert (read.partitions, read.kafka, read.data_dir) == (7, "one:9092,[::1]:9093", Path("/srv/data"))


def test_a_setting_is_read_from_the_file_env_below_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("STREAM_APP_WINDOW=50\nSTREAM_APP_WEB_PORT=1\nOTHER=x\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(module.Settings.model_config, "env_file", ".env")
    monkeypatch.setenv("STREAM_APP_WEB_PORT", "2")
    assert (load().window, load().web_port) == (50, 2)


def test_a_given_value_goes_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAM_APP_WINDOW", "50")
    assert load(window=3).window == 3


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("PARTITIONS", "0", "STREAM_APP_PARTITIONS='0': Input should be greater than 0"),
        ("PARTITIONS", "many", "STREAM_APP_PARTITIONS='many': Input should be a valid integer"),
        ("DECAY_DROP", "1", "STREAM_APP_DECAY_DROP='1': Input should be less than 1"),
        ("WEB_PORT", "65536", "STREAM_APP_WEB_PORT='65536': Input should be less than or equal to 65535"),
        ("KAFKA", "localhost", "STREAM_APP_KAFKA='localhost': wanted host:port[,host:port]"),
        ("KAFKA", "a:1, b:2", "STREAM_APP_KAFKA='a:1, b:2': wanted host:port[,host:port]"),
        ("ODDS", "H,D", "STREAM_APP_ODDS='H,D': wanted home,draw,away[;home,draw,away]"),
        ("ODDS", "H,D,A;H,,A", "wanted home,draw,away[;home,draw,away]"),
        ("MODELS", "elo_softmax,,base_rate", "wanted name[,name], each name once"),
        ("MODELS", "base_rate, base_rate", "wanted name[,name], each name once"),
        ("MODELS", "", "wanted name[,name], each name once"),
        ("KAFKA", "a:port", "wanted host:port[,host:port]"),
    ],
)
def test_a_wrong_value_is_told_with_its_variable_and_what_would_be_right(
    name: str, value: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"STREAM_APP_{name}", value)
    with pytest.raises(InvalidInput) as refused:
        settings()
    assert reason in str(refused.value)


def test_all_wrong_values_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAM_APP_WINDOW", "0")
    monkeypatch.setenv("STREAM_APP_REPLICATION", "-1")
    with pytest.raises(InvalidInput, match=r"STREAM_APP_REPLICATION='-1'.*; STREAM_APP_WINDOW='0'"):
        settings()


def test_no_kafka_may_be_said_by_an_empty_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAM_APP_KAFKA", "")
    assert not settings().kafka


def test_secrets_are_not_shown() -> None:
    shown = repr(load(database_url="postgresql://u:secret@h/d", snapshot_key="secret"))
    assert "secret" not in shown


def test_settings_cannot_be_changed_once_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().window = 3


@pytest.mark.parametrize(
    ("competition", "kind"),
    [
        ("bundesliga", "league"),
        ("E0", "league"),
        ("Europa League", "league"),
        ("internationals", "national"),
        ("FIFA World Cup qualification", "national"),
        ("UEFA Nations League", "national"),
    ],
)
def test_a_competition_of_national_teams_is_known_by_its_name(competition: str, kind: str) -> None:
    assert load().league_config(competition).kind == kind


def test_the_words_that_tell_national_teams_can_be_changed() -> None:
    changed = load(national=" Friendlies , Asian Cup ")
    assert changed.league_config("men's friendlies").kind == "national"
    assert changed.league_config("World Cup").kind == "league"
    assert load(national="").league_config("internationals").kind == "league"


def test_a_competition_whose_scores_a_program_draws_is_known_by_its_name() -> None:
    names = ("Virtual League 7", "ESOCCER cup", "bundesliga")
    assert [load().league_config(name).virtual for name in names] == [True, True, False]
    assert load(virtual="bundes").league_config("bundesliga").virtual


def test_the_names_of_odds_are_read_as_threes() -> None:
    assert load().league_config("cup").odds == LeagueConfig().odds
    assert load(odds="1, X, 2 ; H,D,A").league_config("cup").odds == (("1", "X", "2"), ("H", "D", "A"))
    assert load(odds="").league_config("cup").odds == ()


def test_the_models_that_predict_are_read_as_names_champion_first() -> None:
    assert load().league_config("cup").models == LeagueConfig().models
    assert load(models="base_rate , elo_softmax").league_config("cup").models == ("base_rate", "elo_softmax")


def test_a_secret_may_be_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("from a file\n", encoding="utf-8")
    (tmp_path / ".env").write_text(f"STREAM_APP_WEB_TOKENS_FILE={tmp_path / 'password'}\n", encoding="utf-8")
    monkeypatch.setitem(module.Settings.model_config, "env_file", tmp_path / ".env")
    monkeypatch.setenv("STREAM_APP_SNAPSHOT_KEY_FILE", str(tmp_path / "password"))
    monkeypatch.setenv("STREAM_APP_SNAPSHOT_KEY", "")
    read = load()
    assert [it.get_secret_value() for it in (read.snapshot_key, read.web_tokens)] == ["from a file"] * 2


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"SNAPSHOT_KEY_FILE": "/not/there"}, "STREAM_APP_SNAPSHOT_KEY_FILE='/not/there': No such file or directory"),
        (
            {"SNAPSHOT_KEY_FILE": "/not/there", "SNAPSHOT_KEY": "the-secret"},
            "STREAM_APP_SNAPSHOT_KEY_FILE and STREAM_APP_SNAPSHOT_KEY: wanted one of them",
        ),
        ({"KAFKA_SECURITY": "sasl_ssl", "KAFKA_USER": "u"}, "sasl_ssl needs STREAM_APP_KAFKA_PASSWORD"),
        ({"KAFKA_SECURITY": "sasl_ssl", "KAFKA_PASSWORD": "the-secret"}, "sasl_ssl needs STREAM_APP_KAFKA_USER"),
        ({"KAFKA_PASSWORD": "the-secret"}, "STREAM_APP_KAFKA_PASSWORD needs STREAM_APP_KAFKA_SECURITY=sasl_ssl"),
        ({"KAFKA_CA": "/not/there"}, "STREAM_APP_KAFKA_CA needs STREAM_APP_KAFKA_SECURITY=ssl or sasl_ssl"),
        (
            {"KAFKA_SECURITY": "ssl", "KAFKA_CA": "/not/there"},
            "STREAM_APP_KAFKA_CA='/not/there': there is no such file",
        ),
        (
            {"KAFKA_SECURITY": "ssl", "KAFKA_CERTIFICATE_KEY": __file__},
            "STREAM_APP_KAFKA_CERTIFICATE_KEY needs STREAM_APP_KAFKA_CERTIFICATE",
        ),
        (
            {"KAFKA_SECURITY": "tls"},
            "STREAM_APP_KAFKA_SECURITY='tls': Input should be 'plaintext', 'ssl' or",
        ),
        ({"TOPIC_PREFIX": "foot ball"}, "STREAM_APP_TOPIC_PREFIX='foot ball': wanted at most 100 of"),
    ],
)
def test_what_can_never_connect_is_told_without_the_secret(
    variables: dict[str, str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"STREAM_APP_{name}", value)
    with pytest.raises(InvalidInput) as refused:
        settings()
    assert reason in str(refused.value)
    assert "the-secret" not in str(refused.value)


def test_an_empty_variable_names_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KAFKA_CA", "KAFKA_CERTIFICATE", "KAFKA_CERTIFICATE_KEY", "NOTIFY_SMTP_CA", "SNAPSHOT_KEY_FILE"):
        monkeypatch.setenv(f"STREAM_APP_{name}", "")
    assert (load().kafka_ca, load().notify_smtp_ca) == (None, None)


def test_groups_and_members_have_the_prefix_of_the_topics() -> None:
    shared = load(topic_prefix="football.", app_id="live", worker_id="one")
    assert (shared.group, shared.member) == ("football.live", "football.one")
    assert (load().group, load().member) == ("stream-app", None)
