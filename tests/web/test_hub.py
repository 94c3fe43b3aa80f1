from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest

from stream_app.web import hub as hub_module
from stream_app.web.frame import Frame, Scope, Unknown
from stream_app.web.hub import BEAT, Hub
from tests.support.waiting import until

NOW = Scope("now")
BATCH_S = 0.01


class Stage:
    """A page of one row, whose text the test sets; counts how often it was rendered."""

    def __init__(self) -> None:
        self.text = "first"
        self.renderings = 0

    def compose(self, scope: Scope) -> Frame:
        self.renderings += 1
        if self.text == "gone":
            raise Unknown("gone")
        return Frame({"list": {"row": f"{scope.competition}: {self.text}"}}, {}, {})


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
async def hub(stage: Stage) -> AsyncIterator[Hub]:
    hub = Hub(stage.compose, BATCH_S)
    running = asyncio.create_task(hub.run())
    yield hub
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def heard(messages: AsyncIterator[bytes]) -> str:
    patch = orjson.loads(await asyncio.wait_for(anext(messages), 10))
    return str(patch["regions"][0]["rows"]["row"])


async def test_a_viewer_gets_the_whole_page_and_then_what_changes(hub: Hub, stage: Stage) -> None:
    messages = hub.watch(NOW)
    assert await heard(messages) == "None: first"
    stage.text = "second"
    hub.changed("bundesliga")
    assert await heard(messages) == "None: second"


async def test_changes_that_come_together_are_one_message(hub: Hub, stage: Stage) -> None:
    messages = hub.watch(NOW)
    await heard(messages)
    waiting = asyncio.create_task(heard(messages))
    await asyncio.sleep(0)
    before = stage.renderings
    for number in range(1000):
        stage.text = f"change {number}"
        hub.changed("bundesliga")
    assert await waiting == "None: change 999"
    assert stage.renderings == before + 1


async def test_viewers_of_the_same_page_share_one_rendering(hub: Hub, stage: Stage) -> None:
    viewers = [hub.watch(NOW) for _ in range(50)]
    for viewer in viewers:
        await heard(viewer)
    assert hub.viewers == 50
    before = stage.renderings
    stage.text = "second"
    hub.changed("")
    assert {await heard(viewer) for viewer in viewers} == {"None: second"}
    assert stage.renderings == before + 1


async def test_a_page_of_one_competition_is_left_alone_by_others(hub: Hub, stage: Stage) -> None:
    here, there = hub.watch(Scope("competition", "here")), hub.watch(Scope("competition", "there-0f"))
    await heard(here)
    await heard(there)
    before = stage.renderings
    stage.text = "second"
    hub.changed("here")
    assert await heard(here) == "here: second"
    assert stage.renderings == before + 1


async def test_a_viewer_who_missed_changes_gets_the_whole_page(hub: Hub, stage: Stage) -> None:
    slow, quick = hub.watch(NOW), hub.watch(NOW)
    await heard(slow)
    await heard(quick)
    for number in range(3):
        stage.text = f"change {number}"
        hub.changed("")
        assert await heard(quick) == f"None: change {number}"
    assert await heard(slow) == "None: change 2"


async def test_a_viewer_hears_a_beat_when_there_is_nothing_new(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "BEAT_S", 0.01)
    messages = hub.watch(NOW)
    await heard(messages)
    assert await asyncio.wait_for(anext(messages), 10) == BEAT


async def test_a_page_whose_subject_is_gone_keeps_what_it_shows(hub: Hub, stage: Stage) -> None:
    messages = hub.watch(NOW)
    await heard(messages)
    rendered = stage.renderings
    stage.text = "gone"
    hub.changed("")
    await until(lambda: stage.renderings > rendered, "the page was tried")
    stage.text = "back"
    hub.changed("")
    assert await heard(messages) == "None: back"


async def test_closing_the_hub_ends_every_stream(hub: Hub) -> None:
    messages = hub.watch(NOW)
    await heard(messages)
    rest = asyncio.create_task(anext(messages, b"the end"))
    await asyncio.sleep(0)
    hub.close()
    assert await asyncio.wait_for(rest, 10) == b"the end"
    assert hub.viewers == 0


async def test_a_viewer_who_leaves_is_forgotten(hub: Hub, stage: Stage) -> None:
    messages = hub.watch(NOW)
    await heard(messages)
    await messages.aclose()  # type: ignore[attr-defined]  # an async generator behind its interface
    assert hub.viewers == 0
    rendered = stage.renderings
    hub.changed("")
    await asyncio.sleep(5 * BATCH_S)
    assert stage.renderings == rendered
