from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from stream_app.contracts import encode
from stream_app.dev.process import wait_for
from stream_app.feeds.schedule import schedule
from stream_app.topics import RESULTS
from tests.letters.made import Made, letter_id, write
from tests.support import topics
from tests.support.commands import call
from tests.support.matches import played
from tests.support.programs import environment

RIGHT = [value for value in map(encode, schedule(played("a", 3))) if b"finished_at" in value]
GOALS = orjson.loads(RIGHT[0])["home_goals"]
LETTERS: list[Made] = [
    (RESULTS, 0, 0, b"a", orjson.dumps(orjson.loads(RIGHT[0]) | {"home_goals": -1}), "home_goals -1: wanted"),
    (RESULTS, 0, 1, b"a", RIGHT[1].replace(b'"final"', b'"fanil"'), 'status "fanil": wanted'),
    (RESULTS, 0, 2, b"a", b"{", "value is not JSON"),
]


def of(lines: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in lines.splitlines()]


def test_letters_are_looked_at_mended_replayed_and_given_up(clean_kafka: str, tmp_path: Path) -> None:
    wait_for(topics.create_all(clean_kafka))
    wait_for(write(clean_kafka, LETTERS))
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import sys, pathlib\nfile = pathlib.Path(sys.argv[1])\n"
        "file.write_text(file.read_text().replace('fanil', 'final'))\n",
        encoding="utf-8",
    )
    env = environment(kafka=clean_kafka) | {"EDITOR": f"{sys.executable} {editor}"}
    env.pop("VISUAL", None)

    def ask(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
        done = call("dead-letters", *arguments, "--json", cwd=tmp_path, env=env)
        return done.returncode, of(done.stdout)

    code, listed = ask("list", "--topic", RESULTS)
    assert code == 0
    assert {letter["error"]: letter["state"] for letter in listed} == {made[5]: "open" for made in LETTERS}
    first, second, third = map(letter_id, LETTERS)
    assert ask("show", first)[1][0]["value"] == LETTERS[0][4].decode()  # type: ignore[union-attr]  # it has one

    assert ask("replay", first)[0] == 1
    set_goals = ("replay", first, "--set", f"home_goals={GOALS}", "--by", "anna")
    assert ask(*set_goals) == (0, [{"letter_id": first, "fate": "replayed", "reason": f"into {RESULTS}"}])
    code, [again] = ask(*set_goals)
    assert (code, again["fate"], again["reason"].startswith("replayed by anna at")) == (1, "left alone", True)

    code, outcomes = ask("replay", "--all", "--edit")
    assert code == 1
    assert {outcome["letter_id"]: outcome["fate"] for outcome in outcomes} == {second: "replayed", third: "refused"}
    assert ask("discard", "--error", "not json", "--why", "a test")[0] == 0
    assert ask("list") == (0, [])
    assert {letter["id"]: letter["state"] for letter in ask("list", "--state", "all")[1]} == {
        first: "replayed",
        second: "replayed",
        third: "discarded",
    }
    sent = [orjson.loads(record.value or b"") for record in asyncio.run(topics.read_all(clean_kafka, RESULTS))]
    assert sent == [orjson.loads(value) for value in RIGHT[:2]]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("replay",), "no letter is named: wanted ids, a filter such as --topic or --error, or --all"),
        (("replay", "x", "--set", "y"), "--set 'y': wanted FIELD=JSON"),
        (("discard", "--all", "--why", "\t"), r"--why '\t': wanted 1 to 200 characters"),
        (("list", "--state", "lost"), "--state 'lost': wanted open, claimed, replayed, discarded or all"),
        (("list", "--since", "noon"), "--since 'noon': wanted a moment"),
    ],
)
def test_a_mistake_is_told_in_one_line(arguments: tuple[str, ...], reason: str, tmp_path: Path) -> None:
    done = call("dead-letters", *arguments, cwd=tmp_path, env=environment(kafka="127.0.0.1:1"))
    assert (done.returncode, done.stderr.count("\n"), reason in done.stderr) == (2, 1, True)
