"""Whether every command was heard once, in its turn, and did what the model events say: without any league.

It looks at the commands as they were asked, at the model events and at the registries, and at nothing else.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from stream_app.events import Action, ModelCommand, ModelEventKind
from tests.chaos.findings import Findings

Told = Mapping[str, Any]
"""A model event or a registry as it was published."""

LEADS_TO: Mapping[Action, set[ModelEventKind]] = {
    "approve": {"promoted"},
    "promote": {"promoted"},
    "reject": {"rejected"},
    "propose": {"proposed"},
    "rollback": {"rolled_back"},
    "freeze": {"frozen"},
    "unfreeze": {"unfrozen"},
    "reinforce": {"reinforced", "reinforcement_refused"},
    "register": {"registered"},
    "handover": {"joined"},
    "retire": {"retired"},
}
"""What may become of a command that is not refused."""


def check_commands(
    asked: Iterable[ModelCommand], told: Iterable[Told], registries: Mapping[str, Told], findings: Findings
) -> Counter[str]:
    """Check the competitions one by one; how many commands of each action led to what.

    Parameters
    ----------
    asked
        All commands that were to be admitted, those of a competition in their order; also those that came again.
    told
        Every model event once.
    registries
        The last registry of each competition.
    """
    desks: dict[str, _Desk] = defaultdict(_Desk)
    for command in asked:
        # Only the first command under an id counts.
        desks[command.competition].asked.setdefault(command.command_id, command)
    for event in told:
        desks[event["competition"]].told.append(event)
    outcomes: Counter[str] = Counter()
    for competition, desk in desks.items():
        desk.told.sort(key=lambda event: int(event["number"]))
        _check_numbers(competition, desk, findings)
        outcomes += _check_answers(competition, desk, findings)
        _check_line_up(competition, desk, registries.get(competition), findings)
    return outcomes


class _Desk:
    """What one competition was asked, by the commands' ids, and the events that it has told, in the end in order."""

    def __init__(self) -> None:
        self.asked: dict[str, ModelCommand] = {}
        self.told: list[Told] = []


def _check_numbers(competition: str, desk: _Desk, findings: Findings) -> None:
    numbers = [event["number"] for event in desk.told]
    if missing := set(range(1, max(numbers, default=0) + 1)) - set(numbers):
        findings.lost(f"the model events of {competition!r} have no number {min(missing)}", len(missing))
    if twice := len(numbers) - len(set(numbers)):
        findings.doubled(f"{twice} numbers of model events of {competition!r} are there twice", twice)


def _check_answers(competition: str, desk: _Desk, findings: Findings) -> Counter[str]:
    """Every command has one event, and they come in the order in which the commands were asked."""
    outcomes: Counter[str] = Counter()
    answers = [event for event in desk.told if event["command_id"] is not None]
    times = Counter(event["command_id"] for event in answers)
    for command_id, command in desk.asked.items():
        if not times[command_id]:
            findings.lost(f"nothing has become of command {command_id} of {competition!r}: {command.action}")
    for command_id, count in times.items():
        if command_id not in desk.asked:
            findings.doubled(f"nobody has sent command {command_id}, to which {competition!r} has listened", count)
        elif count > 1:
            findings.doubled(f"command {command_id} of {competition!r} had {count} effects", count - 1)
    for event in answers:
        if (asked := desk.asked.get(event["command_id"])) is not None:
            outcomes[f"{asked.action}: {event['kind']}"] += 1
            if event["kind"] not in {*LEADS_TO[asked.action], "refused"}:
                findings.differing(
                    f"command {asked.command_id} of {competition!r}: {asked.action} led to {event['kind']}"
                )
    order = [command_id for command_id in desk.asked if times[command_id]]
    if order != [command_id for command_id in times if command_id in desk.asked]:
        findings.differing(f"{competition!r} has not listened to its commands in their order")
    return outcomes


def _check_line_up(competition: str, desk: _Desk, registry: Told | None, findings: Findings) -> None:
    """The events tell a story without a break, at the end of which the registry is."""
    champion: tuple[str, int] | None = None
    frozen: set[tuple[str | None, int | None]] = set()
    for event in desk.told:
        where, about = f"model event {event['number']} of {competition!r}", (event["model"], event["version"])
        if event["kind"] in ("frozen", "unfrozen"):
            if (about in frozen) == (event["kind"] == "frozen"):
                findings.differing(f"{where}: {about[0] or 'the line-up'} was {event['kind']} before")
            frozen ^= {about}
        if event["alias"] == "champion" and event["kind"] in ("registered", "promoted", "rolled_back", "reinforced"):
            before = (event["previous_model"], event["previous_version"])
            if champion is not None and before != champion:
                findings.differing(f"{where}: {about} takes the place of {before}, but {champion} was champion")
            if (None, None) in frozen:
                findings.differing(f"{where}: {about} becomes champion of a line-up that is frozen")
            champion = about
    if not registry:
        findings.lost(f"there is no registry of {competition!r}")
        return
    reigning = registry["champion"]
    if reigning is None or (reigning["model"], reigning["version"]) != champion:
        findings.differing(f"the registry of {competition!r} has champion {reigning}, its events tell of {champion}")
    stand = {(line["model"], line["version"]) for line in registry["versions"] if line["frozen"]}
    kept = {(line["model"], line["version"]) for line in registry["versions"]}
    if stand != {one for one in frozen if one in kept} or registry["frozen"] != ((None, None) in frozen):
        findings.differing(f"the registry of {competition!r} has other versions frozen than its events tell of")
