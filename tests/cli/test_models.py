from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from stream_app.cli import build
from stream_app.contracts import decode, encode
from stream_app.durability.artefact import seal
from stream_app.durability.book import Book
from stream_app.durability.log import NO_SOURCE, Entry
from stream_app.errors import InvalidInput, Retryable
from stream_app.events import Configure, Features, LeagueConfig, ModelCommand, ModelEvent
from stream_app.feeds.schedule import schedule
from stream_app.registrar import asking, reading
from stream_app.registrar.catching_up import LateComer
from stream_app.settings import settings
from stream_app.topics import FEATURES, MODEL_COMMANDS, RESULTS
from tests.support.matches import played

CUP = "cup"
CONFIG = LeagueConfig(models=("elo_softmax", "base_rate"), cold_matches=0)


class Service:
    """A worker's answers without any broker: the commands go straight into a book."""

    def __init__(self) -> None:
        self.book = Book(CUP)
        self.offset = -1
        self.events: list[ModelEvent] = []
        self.commands: list[ModelCommand] = []
        self.is_running = True
        self._put(Entry("configure", CUP, NO_SOURCE, -1, encode(Configure(CUP, CONFIG))))
        for number, event in enumerate(schedule(played(CUP, 130))):
            kind, source = ("features", FEATURES) if isinstance(event, Features) else ("result", RESULTS)
            self._put(Entry(kind, CUP, source, number, encode(event)))  # type: ignore[arg-type]  # a literal

    def _put(self, entry: Entry) -> None:
        self.offset += 1
        for output in self.book.apply(self.offset, entry):
            if output.topic == "model-events":
                told = orjson.loads(output.value)
                times = {name: told[name] and datetime.fromisoformat(told[name]) for name in ("at", "issued_at")}
                self.events.append(ModelEvent(**{**told, **times}))

    async def ask(self, _bootstrap: str, _partitions: int, command: ModelCommand, *_: object) -> asking.Told | None:
        again = decode("command", encode(command))
        assert again == command
        self.commands.append(command)
        if not self.is_running:
            return None
        self._put(Entry("command", CUP, MODEL_COMMANDS, len(self.commands), encode(command)))
        told: asking.Told = orjson.loads(encode(self.events[-1]))
        return told

    async def registries(self, _bootstrap: str) -> dict[str, dict[str, Any]]:
        return {CUP: orjson.loads(encode(self.book.league.registry(CONFIG)))}

    async def events_of(self, _bootstrap: str, _competition: str) -> list[ModelEvent]:
        return self.events


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Service]:
    made = Service()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STREAM_APP_KAFKA", "nowhere:9092")
    monkeypatch.setenv("COLUMNS", "160")
    settings.cache_clear()
    monkeypatch.setattr(asking, "ask", made.ask)
    monkeypatch.setattr(reading, "registries", made.registries)
    monkeypatch.setattr(reading, "events_of", made.events_of)
    yield made
    settings.cache_clear()


def run(*arguments: str) -> str:
    """What `stream-app models` says. Its errors come through."""
    result = CliRunner().invoke(build(), ["models", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(build(), ["models", *arguments], catch_exceptions=False)
    assert result.exit_code == 1
    return result.output


def ask(*arguments: str) -> str:
    return run(*arguments, "-c", CUP, "--why", "a test", "--who", "anna")


def test_the_list_shows_versions_parts_and_how_they_compare(service: Service) -> None:
    told = run("list")
    assert "elo_softmax" in told
    assert "champion" in told
    assert orjson.loads(run("list", "-c", CUP, "--json"))[CUP]["champion"]["model"] == "elo_softmax"
    with pytest.raises(InvalidInput, match="competition 'cap': unknown; wanted one of cup"):
        run("list", "-c", "cap")


def test_a_promotion_is_answered_and_history_tells_of_it(service: Service) -> None:
    assert ask("promote", "-m", "base_rate") == "Promoted: base_rate 1 as champion\n"
    [command] = service.commands
    assert (command.who, command.why, command.competition) == ("anna", "a test", CUP)
    assert uuid.UUID(command.command_id).version == 4
    assert "promoted base_rate 1 after elo_softmax 1, by anna: a test" in run("history", "-c", CUP)
    assert "registered elo_softmax" in run("history", "-c", CUP, "-m", "elo_softmax")
    assert len(orjson.loads(run("history", "-c", CUP, "--json"))) == 3
    begin = service.events[0].at
    early = (begin + timedelta(minutes=1)).isoformat()
    assert "elo_softmax 1 was champion at" in run("at", "-c", CUP, "--time", early)
    assert "had no champion yet" in run("at", "-c", CUP, "--time", (begin - timedelta(days=1)).isoformat())
    now = datetime.now(UTC).isoformat()
    assert orjson.loads(run("at", "-c", CUP, "--time", now, "--json"))["model"] == "base_rate"
    assert ask("rollback") == "Rolled back: elo_softmax 1 as champion\n"


def test_a_refusal_is_told_with_its_reason_and_exit_code_1(service: Service) -> None:
    told = refused("promote", "-c", CUP, "-m", "elo_softmax", "--why", "again")
    assert told == "Refused: elo_softmax 1 is champion already\n"


def test_every_question_has_its_command(service: Service) -> None:
    assert ask("freeze") == "Frozen: the line-up\n"
    assert ask("unfreeze") == "Unfrozen: the line-up\n"
    assert ask("freeze", "-m", "base_rate") == "Frozen: base_rate 1\n"
    assert ask("reinforce", "-m", "elo_softmax").startswith("Reinforce")
    assert ask("retire", "-m", "base_rate") == "Retired: base_rate 1\n"
    for action in ("approve", "reject"):
        told = refused(action, "-c", CUP, "-m", "elo_softmax", "--why", "x")
        assert "does not wait for an answer" in told


def test_without_a_worker_it_says_that_the_command_waits(service: Service) -> None:
    service.is_running = False
    with pytest.raises(Retryable, match="The command is on record"):
        ask("freeze")


def test_diff_shows_what_two_versions_do_not_share(service: Service) -> None:
    told = run("diff", "elo_softmax", "base_rate:1", "-c", CUP)
    assert "alias: champion | challenger" in told
    assert "settings.learning_rate" in told
    assert "compared in" in told
    assert "version:" not in told
    with pytest.raises(InvalidInput, match="version 'base_rate:7': unknown; wanted one of elo_softmax:1, base_rate:1"):
        run("diff", "elo_softmax", "base_rate:7", "-c", CUP)


def test_a_registry_goes_into_a_file_and_comes_back(service: Service, tmp_path: Path) -> None:
    assert run("export", "-c", CUP) == "2 models of cup are in model_registry.json.\n"
    file = tmp_path / "model_registry.json"
    content = orjson.loads(file.read_bytes())
    content["models"].reverse()
    for line in content["models"]:
        line["alias"] = {"champion": "challenger", "challenger": "champion"}[line["alias"]]
    content["promotion_rules"]["days"] = 14.0
    file.write_bytes(orjson.dumps(content))
    told = ask("import")
    assert "Promoted: base_rate 1 as champion" in told
    assert "To have days 14.0 (now 7.0), set STREAM_APP_PROMOTE_DAYS." in told
    assert '"STREAM_APP_PROMOTE_DAYS": 14.0' in ask("import", "--json")
    assert orjson.loads(run("export", "-c", CUP, "--json"))["models"] == 2
    with pytest.raises(InvalidInput, match="nowhere"):
        run("export", "nowhere/registry.json", "-c", CUP)


def test_a_model_is_registered_with_what_it_has_learned_before(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    came: list[LateComer] = []

    async def come(self: LateComer) -> asking.Told:
        came.append(self)
        await asyncio.sleep(0)
        return {"kind": "joined", "model": "mine", "version": 1, "alias": "experimental", "reason": None}

    monkeypatch.setattr(LateComer, "come", come)
    from stream_app.durability.understudy import Understudy

    understudy = Understudy(CUP, "base_rate")
    for offset, event in enumerate(schedule(played(CUP, 3))):
        if offset == 0:
            understudy.apply(0, Entry("configure", CUP, NO_SOURCE, -1, encode(Configure(CUP, CONFIG))))
        kind, source = ("features", FEATURES) if isinstance(event, Features) else ("result", RESULTS)
        understudy.apply(offset + 1, Entry(kind, CUP, source, offset, encode(event)))  # type: ignore[arg-type]  # a literal
    register = ModelCommand(
        str(uuid.uuid4()), CUP, "register", datetime.now(UTC), "anna", "x", "mine", None, None, "base_rate"
    )
    understudy.apply(100, Entry("command", CUP, MODEL_COMMANDS, 0, encode(register)))
    key = settings().snapshot_key.get_secret_value().encode()
    file = tmp_path / "mine.model"
    file.write_bytes(seal(understudy.handover("mine"), key))

    told = ask("register", "-m", "mine", "--experimental", "--artefact", str(file), "--after", "2020-08-05")
    assert told == "Joined: mine 1 as experimental\n"
    [comer] = came
    assert comer._register.algorithm == "base_rate"
    assert comer._register.alias == "experimental"
    assert comer._after == datetime(2020, 8, 5, tzinfo=UTC)
    file.write_bytes(seal(understudy.handover("mine"), b"another key"))
    with pytest.raises(InvalidInput, match="signed with another key"):
        ask("register", "-m", "mine", "--artefact", str(file))
    with pytest.raises(InvalidInput, match="No such file"):
        ask("register", "-m", "mine", "--artefact", "gone.model")
    with pytest.raises(InvalidInput, match="--artefact"):
        ask("register", "-m", "mine", "--after", "2020-08-05")
    with pytest.raises(InvalidInput, match="time 'soon'"):
        run("at", "-c", CUP, "--time", "soon")
