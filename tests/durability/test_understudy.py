from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest

from stream_app.contracts import encode
from stream_app.durability.artefact import as_text, seal
from stream_app.durability.book import Book
from stream_app.durability.log import Entry
from stream_app.durability.snapshot import SnapshotInfo, freeze, thaw
from stream_app.durability.understudy import Understudy
from stream_app.errors import InvalidInput
from stream_app.events import Action, Configure, Features, LeagueConfig, ModelCommand
from stream_app.feeds.schedule import schedule
from stream_app.league.digest import digest
from stream_app.lifecycle.handover import Handover
from stream_app.lifecycle.knowledge import Knowledge
from stream_app.lifecycle.promotion import Contender
from stream_app.models.zoo import create
from stream_app.topics import FEATURES, MODEL_COMMANDS, RESULTS
from tests.support.matches import played

CUP, KEY = "cup", b"key"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CONFIG = LeagueConfig(models=("elo_softmax", "base_rate"), reinforce="off")


def log(matches: int, config: LeagueConfig = CONFIG) -> list[Entry]:
    entries = [Entry("configure", CUP, "settings", -1, encode(Configure(CUP, config)))]
    for offset, event in enumerate(schedule(played(CUP, matches))):
        kind, source = ("features", FEATURES) if isinstance(event, Features) else ("result", RESULTS)
        entries.append(Entry(kind, CUP, source, offset, encode(event)))  # type: ignore[arg-type]  # a literal
    return entries


def asked(action: Action, source_offset: int, **more: object) -> Entry:
    command = ModelCommand(str(uuid.uuid4()), CUP, action, NOW, "anna", "a test", **more)  # type: ignore[arg-type]  # tests set any field
    return Entry("command", CUP, MODEL_COMMANDS, source_offset, encode(command))


def folded(book: Book | Understudy, entries: list[Entry], begin: int = 0) -> None:
    for offset, entry in enumerate(entries, start=begin):
        book.apply(offset, entry)


@pytest.mark.parametrize("algorithm", ["naive_bayes_v1", "ensemble_v1", "random_forest_v1"])
def test_a_late_version_has_the_state_of_one_from_the_beginning_also_after_its_work_was_interrupted(
    algorithm: str,
) -> None:
    entries = log(80)
    register = asked("register", 0, model=algorithm)
    understudy = Understudy(CUP, algorithm)
    folded(understudy, entries[:60])
    left = thaw(freeze(understudy, SnapshotInfo(CUP, understudy.position), KEY), KEY)
    assert isinstance(left, Understudy)
    folded(left, [*entries[60:100], register], begin=60)
    assert left.waits(algorithm) == Contender(algorithm, 1)
    blob = as_text(seal(left.handover(algorithm), KEY))

    service, always = Book(CUP), Book(CUP)
    handover = asked("handover", 1, model=algorithm, version=1, artefact=blob)
    folded(service, [*entries[:100], register, *entries[100:130], handover, *entries[130:]])
    folded(always, log(80, LeagueConfig(models=(*CONFIG.models, algorithm), reinforce="off")))
    late, early = service.league.squad.members[algorithm], always.league.squad.members[algorithm]
    assert digest(late.model) == digest(early.model)
    assert digest(late.knowledge) == digest(early.knowledge)
    assert late.learned == 80


def test_a_model_that_knows_matches_already_learns_only_those_after_them() -> None:
    entries = log(20)
    until = played(CUP, 20)[11].kickoff
    state = create("naive_bayes_v1")
    training = {"file": "past.csv"}
    start = Handover("", Contender("naive_bayes_v1", 3), "naive_bayes_v1", state, Knowledge(50), Knowledge(), training)
    understudy = Understudy(CUP, "naive_bayes_v1", start, until)
    folded(understudy, entries)
    later = sum(match.kickoff > until for match in played(CUP, 20))
    assert 0 < later < 20
    assert understudy.knowledge.matches == 50 + later
    assert digest(start.model) == digest(create("naive_bayes_v1"))
    folded(understudy, [asked("register", 0, model="naive_bayes_v1")], begin=len(entries))
    assert understudy.handover("naive_bayes_v1").training == training


def test_there_is_no_state_for_a_version_that_does_not_begin_to_wait_here() -> None:
    understudy = Understudy(CUP, "naive_bayes_v1")
    entries = log(20)
    folded(understudy, entries[:20])
    with pytest.raises(InvalidInput, match="does not begin to wait"):
        understudy.handover("naive_bayes_v1")
    folded(understudy, [asked("register", 0, model="naive_bayes_v1"), *entries[20:]], begin=20)
    with pytest.raises(InvalidInput, match="does not begin to wait"):
        understudy.handover("naive_bayes_v1")


def test_an_understudy_begins_anew_with_its_competition() -> None:
    understudy = Understudy(CUP, "naive_bayes_v1")
    folded(understudy, log(10))
    national = LeagueConfig(kind="national", models=CONFIG.models)
    folded(understudy, [Entry("configure", CUP, "settings", -1, encode(Configure(CUP, national)))], begin=100)
    assert understudy.knowledge.matches == 0
    assert digest(understudy.model) == digest(create("naive_bayes_v1"))
