from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from stream_app.contracts import encode
from stream_app.feeds.schedule import schedule
from stream_app.topics import FEATURES, RESULTS
from tests.support import topics
from tests.support.commands import call
from tests.support.matches import messages, played
from tests.support.programs import environment, run

pytestmark = pytest.mark.slow


async def test_a_file_of_both_kinds_goes_to_both_topics_and_bad_lines_are_told(
    clean_kafka: str, tmp_path: Path
) -> None:
    await topics.create_all(clean_kafka)
    matches = played("a", 30)
    lines = [encode(event) for event in schedule(matches)]
    (tmp_path / "a.jsonl").write_bytes(b"\n".join([*lines[:10], b"{}", *lines[10:]]))
    done = run("feed", "jsonl", "a.jsonl", "--json", cwd=tmp_path, env=environment(kafka=clean_kafka))
    assert done.returncode == 1
    sent = orjson.loads(done.stdout)
    assert (sent["features"], sent["results"]) == (30, 30)
    assert "a.jsonl:11: neither as_of nor finished_at is there" in done.stderr
    assert done.stderr.endswith("stream-app: 1 lines were left out\n")
    for topic in (FEATURES, RESULTS):
        found = [(record.topic, record.key, record.value) for record in await topics.read_all(clean_kafka, topic)]
        assert found == [message for message in messages(matches) if message[0] == topic]


async def test_the_bundesliga_goes_to_the_topics(clean_kafka: str, tmp_path: Path) -> None:
    await topics.create_all(clean_kafka)
    done = run("feed", "bundesliga", cwd=tmp_path, env=environment(kafka=clean_kafka))
    assert done.returncode == 0
    assert done.stdout.startswith("sent 14,018 match features and 14,018 results in ")
    assert "14018/14018 matches" in done.stderr


FOOTBALL_DATA = """\
Div,Date,HomeTeam,AwayTeam,FTHG,FTAG
E0,01/08/93,Man United,Fulham,1,0
E0,32/08/93,Man United,Fulham,1,0
E0,08/08/93,Fulham,Manchester Utd,1,1
"""


def lines_of(file: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in file.read_bytes().splitlines()]


def test_files_are_imported_with_a_word_on_what_is_odd(tmp_path: Path) -> None:
    (tmp_path / "E0.csv").write_text(FOOTBALL_DATA, encoding="utf-8")
    done = call("feed", "football-data", "E0.csv", "--out", "a.jsonl", "--json", cwd=tmp_path)
    assert done.returncode == 1
    assert orjson.loads(done.stdout)["results"] == 2
    assert "E0.csv:3: Date '32/08/93': wanted a day such as 31/12/2024\n" in done.stderr
    assert "E0: 'Man United' and 'Manchester Utd' may be one team; if they are, name it in --aliases\n" in done.stderr
    assert done.stderr.endswith("stream-app: 1 rows were left out\n")
    assert [line["home"] for line in lines_of(tmp_path / "a.jsonl") if "as_of" in line] == ["Man United", "Fulham"]


def test_a_strict_import_ends_at_the_first_bad_row_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "E0.csv").write_text(FOOTBALL_DATA, encoding="utf-8")
    done = call("feed", "football-data", "E0.csv", "--strict", "--out", "a.jsonl", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "stream-app: E0.csv:3: Date '32/08/93': wanted a day such as 31/12/2024\n"
    assert not (tmp_path / "a.jsonl").exists()


def test_a_mapping_and_aliases_are_files_too(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(
        'competition = "cup"\n[columns]\ndate = "d"\nhome = "h"\naway = "a"\nhome_goals = "x"\naway_goals = "y"\n',
        encoding="utf-8",
    )
    (tmp_path / "names.toml").write_text('[aliases]\nA = "Arminia"\n', encoding="utf-8")
    (tmp_path / "d.csv").write_text("d,h,a,x,y\n2024-04-01,A,B,2,0\n2024-04-02,B,A,,\n", encoding="utf-8")
    done = call(
        *("feed", "csv", "d.csv", "--mapping", "m.toml", "--aliases", "names.toml", "--out", "a.jsonl"), cwd=tmp_path
    )
    assert (done.returncode, done.stdout.split(" in ")[0]) == (0, "wrote 2 match features and 1 results")
    assert {line["home"] for line in lines_of(tmp_path / "a.jsonl")} == {"Arminia", "B"}


def test_a_virtual_league_with_chaos_is_a_feed_like_any_other(tmp_path: Path) -> None:
    arguments = ("feed", "virtual", "--leagues", "1", "--teams", "4", "--rounds", "10", "--chaos", "corrections=1")
    done = call(*arguments, "--out", "a.jsonl", "--json", cwd=tmp_path)
    assert done.returncode == 0
    sent = orjson.loads(done.stdout)
    assert (sent["features"], sent["results"]) == (20, 40)
    again = call("feed", "jsonl", "a.jsonl", "--strict", "--out", "b.jsonl", cwd=tmp_path)
    assert again.returncode == 0
    assert lines_of(tmp_path / "b.jsonl") == lines_of(tmp_path / "a.jsonl")


def test_a_wrong_speed_ends_with_one_line(tmp_path: Path) -> None:
    done = call("feed", "bundesliga", "--speed", "fast", cwd=tmp_path, env=environment(kafka="127.0.0.1:1"))
    assert done.returncode == 2
    assert done.stderr == "stream-app: speed 'fast': wanted `max`, or a number of matches a second above 0\n"


def test_a_missing_file_ends_with_one_line(tmp_path: Path) -> None:
    done = call("feed", "jsonl", "a.jsonl", cwd=tmp_path, env=environment(kafka="127.0.0.1:1"))
    assert done.returncode == 2
    assert done.stderr == "stream-app: file a.jsonl: No such file or directory; wanted a file of JSON Lines\n"
