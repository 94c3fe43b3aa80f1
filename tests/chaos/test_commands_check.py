"""The check of commands, on what a service did right, and with one fault planted in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from stream_app.events import ModelCommand
from stream_app.topics import MODEL_COMMANDS, MODEL_EVENTS, REGISTRY
from tests.chaos.commands_check import check_commands
from tests.chaos.findings import Findings
from tests.chaos.fold import Inputs
from tests.chaos.ideal import Ideal


@dataclass
class Desk:
    """What was asked of one competition, and what became of it."""

    asked: list[ModelCommand]
    told: list[dict[str, Any]]
    registries: dict[str, dict[str, Any]]

    def check(self) -> Counter[str]:
        findings = Findings()
        check_commands(self.asked, self.told, self.registries, findings)
        return Counter({str(category): times for category, times in findings.counts.items()})

    def answers(self, *kinds: str) -> Iterator[dict[str, Any]]:
        """Events that commands led to, of these kinds."""
        return (it for it in self.told if it["command_id"] and (not kinds or it["kind"] in kinds))

    @property
    def registry(self) -> dict[str, Any]:
        [registry] = self.registries.values()
        return registry


@pytest.fixture
def desk(made_service: Ideal) -> Desk:
    """A competition that did everything right."""
    inputs = Inputs()
    for record in made_service.topics[MODEL_COMMANDS]:
        inputs.add(record)
    asked = list(inputs.asked(Findings()))
    told = [orjson.loads(record.value or b"") for record in made_service.topics[MODEL_EVENTS]]
    name = next(it["competition"] for it in told if it["kind"] == "rolled_back")
    registries = {(it.key or b"").decode(): orjson.loads(it.value or b"") for it in made_service.topics[REGISTRY]}
    return Desk(
        [it for it in asked if it.competition == name],
        [it for it in told if it["competition"] == name],
        {name: registries[name]},
    )


def test_commands_that_were_heard_once_and_in_their_order_are_found_to_be_so(desk: Desk) -> None:
    assert desk.check() == {}
    assert len({it.command_id for it in desk.asked}) == len(list(desk.answers())) > 15
    assert len(desk.asked) > len({it.command_id for it in desk.asked})


def test_a_command_that_nothing_has_become_of_is_lost(desk: Desk) -> None:
    gone = next(desk.answers("refused"))
    desk.told.remove(gone)
    assert desk.check() == {"lost": 2}, "the command, and the number of its event"


def test_a_command_with_two_effects_is_doubled(desk: Desk) -> None:
    event = next(desk.answers("refused"))
    desk.told.append({**event, "event_id": "another", "number": len(desk.told) + 1})
    assert desk.check() == {"doubled": 1}


def test_a_command_that_nobody_has_sent_is_doubled(desk: Desk) -> None:
    event = next(desk.answers("refused"))
    desk.told.append({**event, "command_id": "of nobody", "number": len(desk.told) + 1})
    assert desk.check() == {"doubled": 1}


def test_two_events_of_one_number_are_doubled(desk: Desk) -> None:
    one, other = desk.told[-2:]
    other["number"] = one["number"]
    assert desk.check()["doubled"] == 1


def test_commands_that_were_not_heard_in_their_order_are_found(desk: Desk) -> None:
    one, other = list(desk.answers("refused"))[2:4]
    one["number"], other["number"] = other["number"], one["number"]
    assert desk.check()["differing"] == 1


def test_an_effect_that_was_not_asked_for_is_found(desk: Desk) -> None:
    next(desk.answers("registered"))["kind"] = "joined"
    assert desk.check() == {"differing": 1}


def test_a_freeze_that_had_no_effect_is_found(desk: Desk) -> None:
    event = next(desk.answers("frozen"))
    event["kind"] = "refused"
    assert desk.check()["differing"] >= 1


def test_a_promotion_of_which_the_next_champion_does_not_know_is_found(desk: Desk) -> None:
    crowned = [it for it in desk.answers("promoted", "rolled_back") if it["alias"] == "champion"]
    crowned[0]["kind"] = "refused"
    assert desk.check()["differing"] >= 1


def test_a_champion_of_a_frozen_line_up_is_found(desk: Desk) -> None:
    promoted = next(desk.answers("promoted"))
    for it in desk.told:
        it["number"] += it["number"] >= promoted["number"]
    frozen = {**promoted, "kind": "frozen", "model": None, "version": None, "alias": None, "command_id": None}
    desk.told.append({**frozen, "number": promoted["number"] - 1})
    desk.registry["frozen"] = not desk.registry["frozen"]
    assert desk.check()["differing"] >= 1


def _another_champion(registry: dict[str, Any]) -> None:
    registry["champion"]["version"] += 1


def _frozen(registry: dict[str, Any]) -> None:
    registry["frozen"] = not registry["frozen"]


def _frozen_version(registry: dict[str, Any]) -> None:
    registry["versions"][0]["frozen"] = not registry["versions"][0]["frozen"]


@pytest.mark.parametrize("harm", [_another_champion, _frozen, _frozen_version], ids=lambda it: it.__name__)
def test_a_registry_that_does_not_fit_the_events_is_found(desk: Desk, harm: Callable[[dict[str, Any]], None]) -> None:
    harm(desk.registry)
    assert desk.check() == {"differing": 1}


def test_a_registry_that_is_not_there_is_lost(desk: Desk) -> None:
    desk.registries.clear()
    assert desk.check() == {"lost": 1}
