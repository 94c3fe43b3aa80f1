"""`stream-app predict`, `batch`, `train`, `info` and `sample` as a person calls them, with no service running."""

from __future__ import annotations

import csv
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from stream_app.cli import build
from stream_app.cli.train import default_name
from stream_app.errors import InvalidInput
from stream_app.evaluation_log.csv_log import read
from stream_app.evaluation_log.row import LogRow
from stream_app.models.feature_models import ALGORITHMS
from stream_app.settings import settings
from stream_app.workbench.sample import SAMPLE_FEATURES, shipped
from stream_app.workbench.shelf import BUILT_IN, LIST

FIVE = ["7.5", "6.2", "8.0", "7.5", "0.5"]
Call = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of the commands."""
    monkeypatch.setenv("STREAM_APP_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def call(folder: Path) -> Call:
    """Calls a command."""

    def run(*arguments: str) -> Result:
        settings.cache_clear()
        return CliRunner().invoke(build(), arguments, catch_exceptions=False)

    return run


def answer(run: Result) -> dict[str, Any]:
    assert run.exit_code == 0, run.output
    found: dict[str, Any] = orjson.loads(run.stdout)
    return found


def log(folder: Path) -> list[LogRow]:
    return list(read(folder))


@pytest.mark.parametrize("model", BUILT_IN)
def test_a_match_is_predicted_from_its_numbers_and_the_event_is_kept(call: Call, folder: Path, model: str) -> None:
    said = answer(call("predict", *FIVE, "--match-id", "match_001", "--model-id", model, "--json"))
    assert (said["match_id"], said["model"], said["version"]) == ("match_001", model, 0)
    assert sum(said["probabilities"].values()) == pytest.approx(1.0)
    assert said["confidence"] == max(said["probabilities"].values())
    assert said["features"] == dict(zip(SAMPLE_FEATURES, map(float, FIVE), strict=True))
    (row,) = log(folder)
    assert row.event_id == str(uuid.UUID(said["event_id"]))
    assert (row.event_type, row.match_id, row.model_id, row.outcome) == (
        "prediction",
        "match_001",
        model,
        said["outcome"],
    )
    assert row.p_home == pytest.approx(said["probabilities"]["H"])


def test_numbers_by_name_and_by_place_are_the_same_and_what_is_asked_for_is_said_in_words(call: Call) -> None:
    by_name = [part for pair in zip(SAMPLE_FEATURES, FIVE, strict=True) for part in ("--feature", "=".join(pair))]
    one, other = answer(call("predict", *FIVE, "--json")), answer(call("predict", *by_name, "--json"))
    assert one["probabilities"] == other["probabilities"]
    text = call("predict", *FIVE, "--match-id", "m").stdout
    assert text.startswith("m: home win, ")
    for word in ("draw", "away win", "kalman_softmax_v1", "event ", "evaluation_log.csv"):
        assert word in text


def test_a_negative_number_is_a_number(call: Call) -> None:
    assert answer(call("predict", "1", "2", "3", "4", "-0.5", "--json"))["features"]["head_to_head"] == -0.5


def test_nothing_is_kept_when_that_is_asked_for(call: Call, folder: Path) -> None:
    assert answer(call("predict", *FIVE, "--no-log", "--json"))["event_id"] is None
    assert log(folder) == []


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (FIVE[:4], "4 numbers given .*: wanted 5, in this order: home_form, away_form, home_strength"),
        ([], "0 numbers given"),
        ([*FIVE[:4], "many"], "head_to_head 'many': wanted a number"),
        ([*FIVE[:4], "nan"], "head_to_head 'nan': wanted a number"),
        ([*FIVE, "--modle-id", "x"], "--modle-id: no such option"),
        ([*FIVE, "--model-id", "nobody_v1"], "model 'nobody_v1': unknown here; the models are kalman_softmax_v1"),
        (
            [*FIVE, "--model-id", "random_forest_v1", "--version", "3"],
            "--version 3: model 'random_forest_v1' has no such .*one of 0",
        ),
        ([*FIVE, "--feature", "home_form=1"], "both by place and by --feature"),
        (["--feature", "form=1"], "--feature form: the model knows no such number; wanted home_form"),
        (["--feature", "home_form"], "--feature 'home_form': wanted NAME=NUMBER"),
        (["--feature", "home_form=1", "--feature", "home_form=2"], "--feature home_form: given twice"),
    ],
)
def test_a_mistake_is_named_with_what_would_be_right(call: Call, arguments: list[str], reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        call("predict", *arguments)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_is_trained_on_the_sample_kept_and_asked(call: Call, folder: Path, algorithm: str) -> None:
    trained = answer(call("train", "--algorithm", algorithm, "--model-id", "custom_v1", "--folds", "5", "--json"))
    assert (trained["model"], trained["version"], trained["rows"]) == ("custom_v1", 1, 30)
    assert tuple(trained["features"]) == SAMPLE_FEATURES
    assert trained["figures"]["n"] == 30
    assert [fold["n"] for fold in trained["folds"]] == [6.0] * 5
    (row,) = log(folder)
    assert (row.event_id, row.event_type, row.model_id, row.model_version) == (
        trained["event_id"],
        "training",
        "custom_v1",
        1,
    )
    assert orjson.loads(row.metadata)["metrics"] == trained["figures"]
    said = answer(call("predict", *FIVE, "--model-id", "custom_v1", "--json"))
    assert (said["version"], said["status"] in ("active", "uncertain")) == (1, True)


def test_training_again_makes_the_next_version_and_the_older_one_stays(
    call: Call, folder: Path, tmp_path: Path
) -> None:
    data = tmp_path / "d.csv"
    data.write_text("a,b,outcome\n" + "1,2,H\n3,1,A\n" * 20, encoding="utf-8")
    for version in (1, 2):
        assert answer(call("train", "--data", str(data), "--model-id", "m", "--json"))["version"] == version
    answers = [answer(call("predict", "1", "2", "--model-id", "m", "--version", n, "--json")) for n in ("1", "2")]
    assert [said["version"] for said in answers] == [1, 2]
    assert answers[0]["probabilities"] == answers[1]["probabilities"]
    assert answers[0]["outcome"] == "H"
    assert sorted(path.name for path in (folder / "models").glob("*.model")) == ["m-1.model", "m-2.model"]


def test_the_columns_to_learn_are_chosen_in_the_order_in_which_predict_takes_them(call: Call, tmp_path: Path) -> None:
    data = tmp_path / "d.csv"
    data.write_text("a,referee,b,FTR\n" + "1,Smith,2,H\n3,Jones,1,A\n" * 5, encoding="utf-8")
    chosen = ["--data", str(data), "--features", "b, a", "--outcome", "FTR", "--algorithm", "LogisticRegression"]
    trained = answer(call("train", *chosen, "--json"))
    assert (trained["model"], trained["features"]) == ("logistic_regression_v1", ["b", "a"])
    said = answer(call("predict", "2", "1", "--model-id", "logistic_regression_v1", "--json"))
    assert said["features"] == {"b": 2.0, "a": 1.0}


def test_the_table_of_a_training_says_when_nothing_was_gained(call: Call) -> None:
    text = call("train", "--algorithm", "RandomForest", "--folds", "2").stdout
    for word in (
        "before learning",
        "base rate",
        "fold 2",
        "no better than the base rate",
        "Ask it: stream-app predict",
    ):
        assert word in text


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--algorithm", "Perceptron"], "--algorithm 'Perceptron': unknown; wanted KalmanSoftmax"),
        (["--model-id", "../x"], r"--model-id '\.\./x': wanted a small letter"),
        (["--data", "no.csv"], r"file no\.csv: No such file"),
        (["--features", "home_form,,x"], "--features 'home_form,,x': wanted names"),
        (["--features", "home_form,form"], "no column form; wanted home_form, form"),
        (["--outcome", "FTR"], "FTR '': wanted H"),
        (["--folds", "31"], "--folds 31: wanted 2 to 30"),
    ],
)
def test_a_mistake_in_training_is_named_and_nothing_is_kept(
    call: Call, folder: Path, arguments: list[str], reason: str
) -> None:
    with pytest.raises(InvalidInput, match=reason):
        call("train", *arguments)
    assert not (folder / "models").exists()
    assert log(folder) == []


def test_matches_that_all_ended_the_same_way_teach_nothing(call: Call, folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "d.csv"
    data.write_text("form,outcome\n1,H\n2,H\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"d\.csv: every outcome is H; wanted two of H, D and A at least"):
        call("train", "--data", str(data))
    assert not (folder / "models").exists()


def test_every_line_of_a_file_is_answered_as_predict_answers_it(call: Call, folder: Path, tmp_path: Path) -> None:
    data, out = tmp_path / "d.csv", tmp_path / "out.csv"
    header = ",".join(("match_id", "competition", *SAMPLE_FEATURES))
    data.write_text(f"{header}\nm1,E0,{','.join(FIVE)}\n,,1,2,3,4,\n", encoding="utf-8")
    run = call("batch", str(data), "--out", str(out))
    assert run.exit_code == 0
    assert "2 predicted, 0 left out" in run.stderr
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["match_id"] for row in rows] == ["m1", "d.csv:3"]
    said = answer(call("predict", *FIVE, "--no-log", "--json"))
    assert [float(rows[0][name]) for name in ("p_home", "p_draw", "p_away")] == list(said["probabilities"].values())
    assert [row.event_id for row in log(folder)] == [row["event_id"] for row in rows]
    assert log(folder)[0].competition == "E0"


def test_json_lines_go_in_and_come_out(call: Call, tmp_path: Path) -> None:
    data = tmp_path / "d.jsonl"
    features = dict(zip(SAMPLE_FEATURES, map(float, FIVE), strict=True))
    data.write_bytes(orjson.dumps({"match_id": "m1", "features": features}) + b"\n")
    run = call("batch", str(data), "--json", "--no-log")
    (line,) = map(orjson.loads, run.stdout.splitlines())
    assert (line["match_id"], line["event_id"], line["model"]) == ("m1", None, "kalman_softmax_v1")


def test_a_bad_line_is_reported_and_left_out_or_fatal(call: Call, folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "d.csv"
    data.write_text(f"{','.join(SAMPLE_FEATURES)}\n1,2,3,4,x\n{','.join(FIVE)}\n1,2\n", encoding="utf-8")
    run = call("batch", str(data), "--json")
    assert run.exit_code == 1
    assert f"{data}:4: 2 fields; wanted 5" in run.stderr
    assert f"{data}:2: head_to_head 'x': wanted a number" in run.stderr
    assert len(run.stdout.splitlines()) == len(log(folder)) == 1
    with pytest.raises(InvalidInput, match=r"d\.csv:2: head_to_head 'x'"):
        call("batch", str(data), "--strict")
    assert len(log(folder)) == 1


def test_a_file_without_the_numbers_of_the_model_is_refused(call: Call, tmp_path: Path) -> None:
    data = tmp_path / "d.csv"
    data.write_text("home_form,away_form\n1,2\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"d\.csv: no column home_strength, away_strength, head_to_head; wanted"):
        call("batch", str(data))


def test_a_place_for_the_answers_that_is_not_there_is_said_before_anything_is_done(call: Call, folder: Path) -> None:
    with pytest.raises(InvalidInput, match=r"--out .*: there is no folder"):
        call("batch", str(shipped()), "--out", str(folder / "no" / "out.csv"))
    assert log(folder) == []


def test_info_lists_models_their_figures_and_the_order_of_their_numbers(call: Call) -> None:
    call("train", "--model-id", "custom_v1")
    found = answer(call("info", "--json"))
    assert found["healthy"] is True
    assert {model["model"] for model in found["models"]} == {"custom_v1", *BUILT_IN}
    (mine,) = (model for model in found["models"] if model["model"] == "custom_v1")
    assert (mine["version"], mine["built_in"], mine["trouble"]) == (1, False, None)
    assert tuple(mine["features"]) == SAMPLE_FEATURES
    assert {service["name"]: service["state"] for service in found["services"]}["Kafka"] == "none is named"
    text = call("info").stdout
    for word in ("custom_v1", "log loss", "home_form, away_form", "asked when none is named: kalman_softmax_v1"):
        assert word in text


@pytest.mark.parametrize("damage", ["cut", "another key", "another model", "gone"])
def test_a_model_that_was_tampered_with_is_refused_and_reported(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    call("train", "--model-id", "custom_v1")
    call("train", "--model-id", "other_v1")
    path = folder / "models" / "custom_v1-1.model"
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-40])
    elif damage == "another key":
        monkeypatch.setenv("STREAM_APP_SNAPSHOT_KEY", "another")
    elif damage == "another model":
        path.write_bytes((folder / "models" / "other_v1-1.model").read_bytes())
    else:
        path.unlink()
    with pytest.raises(InvalidInput, match=r"custom_v1-1\.model: "):
        call("predict", *FIVE, "--model-id", "custom_v1")
    run = call("info", "--json")
    assert run.exit_code == 1
    troubles = {model["model"]: model["trouble"] for model in orjson.loads(run.stdout)["models"]}
    assert troubles["custom_v1"]
    assert (damage == "another key") == bool(troubles["other_v1"])


@pytest.mark.parametrize("content", ["", "[]", '{"format":99,"models":[]}', '{"format":1,"models":[{"model":"x"}]}'])
def test_a_damaged_list_of_models_is_named(call: Call, folder: Path, content: str) -> None:
    (folder / "models").mkdir(parents=True)
    (folder / "models" / LIST).write_text(content, encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"models\.json: "):
        call("predict", *FIVE)


def test_a_kafka_and_a_database_that_are_away_are_said_to_be(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAM_APP_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("STREAM_APP_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    run = call("info", "--json")
    assert run.exit_code == 1
    states = {service["name"]: service["state"] for service in orjson.loads(run.stdout)["services"]}
    assert (states["Kafka"], states["database"]) == ("away", "away")


def test_a_model_without_a_name_is_called_as_its_algorithm() -> None:
    assert [default_name(algorithm) for algorithm in ("RandomForest", "KalmanSoftmax")] == [
        "random_forest_v1",
        "kalman_softmax_v1",
    ]
    assert {default_name(algorithm) for algorithm in ALGORITHMS} >= set(BUILT_IN)


@pytest.mark.parametrize("arguments", [["predict", *FIVE], ["train"], ["info"]])
def test_a_data_folder_that_is_a_file_is_named(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("STREAM_APP_DATA_DIR", str(tmp_path / "file"))
    with pytest.raises(InvalidInput, match=r"file/models.*: Not a directory; wanted .*STREAM_APP_DATA_DIR"):
        call(*arguments)


def test_an_evaluation_log_that_cannot_be_written_is_named(call: Call, folder: Path) -> None:
    (folder / "evaluation_log.csv").mkdir(parents=True)
    with pytest.raises(InvalidInput, match=r"wanted a folder that can be written \(STREAM_APP_DATA_DIR\), or --no-log"):
        call("predict", *FIVE)
    assert call("predict", *FIVE, "--no-log").exit_code == 0
