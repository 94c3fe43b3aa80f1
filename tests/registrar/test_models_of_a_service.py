"""The models of a running service: commands, a kill, and a version that comes late."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from stream_app.durability.artefact import as_text, seal
from stream_app.events import Action, ModelCommand
from stream_app.feeds.schedule import schedule
from stream_app.lifecycle.handover import Handover
from stream_app.lifecycle.history import champion_at
from stream_app.lifecycle.knowledge import Knowledge
from stream_app.lifecycle.promotion import Contender
from stream_app.log_tools import verify
from stream_app.models.zoo import create
from stream_app.registrar.asking import Told, ask, send
from stream_app.registrar.catching_up import LateComer, Where
from stream_app.registrar.reading import events_of, registries, registry_of
from stream_app.settings import load
from stream_app.topics import EVALUATIONS, MODEL_EVENTS, PREDICTIONS
from tests.support import topics
from tests.support.matches import played
from tests.support.service import send as feed
from tests.support.service import until_published, worker
from tests.support.waiting import until

CUP = "cup"
MODELS: dict[str, Any] = {"models": "elo_softmax,base_rate", "cold_matches": 0}
PATIENCE_S = 40.0


def command(action: Action, model: str | None = None, **more: object) -> ModelCommand:
    fields: dict[str, object] = {"issued_at": datetime.now(UTC), "who": "anna", "why": "a test", **more}
    return ModelCommand(command_id=str(uuid.uuid4()), competition=CUP, action=action, model=model, **fields)  # type: ignore[arg-type]  # tests set any field


async def answer(bootstrap: str, asked: ModelCommand) -> Told:
    told = await ask(bootstrap, load().partitions, asked, PATIENCE_S, lambda it: send(bootstrap, it))
    assert told is not None
    return told


@pytest.mark.slow(15)
@pytest.mark.timeout(240)
async def test_a_promotion_survives_a_kill_once_and_a_late_version_misses_nothing(
    clean_kafka: str, tmp_path: Path
) -> None:
    await topics.create_all(clean_kafka)
    settings = load(app_id=f"app-{tmp_path.name}", **MODELS)
    matches = played(CUP, 240)
    story = list(schedule(matches))
    with worker(clean_kafka, tmp_path, **MODELS) as first:
        await feed(clean_kafka, story[:160])
        await until_published(clean_kafka, EVALUATIONS, 70)
        promoted = await answer(clean_kafka, command("promote", "base_rate"))
        first.process.kill()
        first.process.wait()
    assert (promoted["kind"], promoted["previous_model"]) == ("promoted", "elo_softmax")

    # While the worker is away a foreign state is offered.
    where = Where(
        clean_kafka, settings.partitions, tmp_path, settings.snapshot_key.get_secret_value().encode(), PATIENCE_S
    )
    state = Handover(
        CUP, Contender("naive_bayes_v1", 1), "naive_bayes_v1", create("naive_bayes_v1"), Knowledge(), Knowledge()
    )
    foreign = command("handover", "naive_bayes_v1", version=1, artefact=as_text(seal(state, b"another key")))
    with worker(clean_kafka, tmp_path, "again", **MODELS):
        refused = await answer(clean_kafka, foreign)
        assert refused["kind"] == "refused"
        assert "signed with another key" in str(refused["reason"])

        comer = LateComer(where, command("register", "naive_bayes_v1"), lambda _done, _all: None)
        joined, _ = await asyncio.gather(comer.come(), feed(clean_kafka, story[160:]))
        assert joined is not None
        assert (joined["kind"], joined["model"], joined["alias"]) == ("joined", "naive_bayes_v1", "challenger")
        found = await until_published(clean_kafka, EVALUATIONS, len(matches))
        report = await verify(settings, clean_kafka)

        async def is_told() -> bool:
            told = (await registries(clean_kafka)).get(CUP)
            return told is not None and all(line["fingerprint"]["matches"] == len(matches) for line in told["versions"])

        await until(is_told, "the registry tells of the last match")
        registry = await registry_of(clean_kafka, CUP)

    # One place of the order: before it every prediction has the one champion, after it the other.
    champions = [orjson.loads(it)["models"][0]["model"] for it in found.values[PREDICTIONS].values()]
    assert champions == ["elo_softmax"] * champions.count("elo_softmax") + ["base_rate"] * champions.count("base_rate")
    assert min(champions.count("elo_softmax"), champions.count("base_rate")) > 0
    kinds = [orjson.loads(it)["kind"] for it in found.values[MODEL_EVENTS].values()]
    assert kinds == ["registered", "registered", "promoted", "refused", "registered", "joined"]
    assert found.differing == []
    assert report.holds
    # A fold of the log alone, which `verify` has just held against the snapshots, has the late version as well.
    by_model = {line["model"]: line for line in registry["versions"]}
    assert by_model["naive_bayes_v1"]["fingerprint"]["data"] == by_model["base_rate"]["fingerprint"]["data"]
    assert registry["champion"]["model"] == "base_rate"
    events = await events_of(clean_kafka, CUP)
    latest = datetime.fromisoformat(registry["as_of"])
    reigning = champion_at(events, latest, latest)
    assert reigning is not None
    assert (reigning.model, reigning.who, reigning.why) == ("base_rate", "anna", "a test")
    before = champion_at(events, replace(events[0]).at, latest)
    assert before is not None
    assert before.model == "elo_softmax"
