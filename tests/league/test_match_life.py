"""Any order of messages, with duplicates, against a slow and simple telling of the same rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import fsum
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stream_app.events import DecayAlert, Evaluation, Features, LeagueConfig, Prediction, Result, name_id
from stream_app.league.digest import digest
from tests.league.story import Event, features, new_league, reloaded, result, tell

CONFIG = LeagueConfig(models=("base_rate",), window=3)
EXPIRE = timedelta(days=CONFIG.expire_after_days)
REMEMBERED = timedelta(days=CONFIG.remember_days)

# What was said, without the numbers: (kind, match, ...).
Said = tuple[object, ...]


@dataclass
class Told:
    """Everything that was ever said about one match, and what the rules make of it."""

    since: datetime | None
    messages: list[Event] = field(default_factory=list)
    revisions: list[Features] = field(default_factory=list)
    sealed: int | None = None
    standing: Result | None = None
    state: Literal["open", "played", "abandoned", "expired"] = "open"
    verdicts: list[str] = field(default_factory=list)
    counted: Evaluation | None = None
    learned: bool = False
    learned_models: bool = False

    def times(self) -> list[datetime]:
        return [time for event in self.messages for time in (event.kickoff, _time(event))]

    def kickoff(self) -> datetime:
        return self.messages[0].kickoff if self.sealed is None else self.revisions[self.sealed - 1].kickoff


class Simple:
    """The rules of a match's life, told with lists that are searched from end to end."""

    def __init__(self) -> None:
        self.known: dict[str, Told] = {}
        self.ever: dict[str, datetime] = {}
        self.learned = 0

    def confirmed(self) -> datetime | None:
        reached = sorted(self.ever.values())
        return reached[-2] if len(reached) > 1 else None

    def tell(self, event: Event) -> list[Said]:
        confirmed = self.confirmed()
        since = confirmed if event.match_id not in self.known else self.known[event.match_id].since
        if since is not None and event.kickoff < since - REMEMBERED:
            return []
        told = self.known.setdefault(event.match_id, Told(since))
        repeated = any(_says_the_same(event, message) for message in told.messages)
        told.messages.append(event)
        if repeated or self._is_old(told, event):
            return []
        said = self._features(told, event) if isinstance(event, Features) else self._result(told, event)
        self.ever[event.match_id] = max(_time(event), self.ever.get(event.match_id, _time(event)))
        said += self._expire(_time(event))
        self._forget()
        return said

    def _is_old(self, told: Told, event: Event) -> bool:
        if isinstance(event, Features):
            return any(event.as_of <= answered.as_of for answered in told.revisions)
        return told.standing is not None and _rank(event) < _rank(told.standing)

    def _features(self, told: Told, event: Features) -> list[Said]:
        told.revisions.append(event)
        late = told.state in ("played", "abandoned")
        superseded = None if late else told.sealed
        if not late:
            told.state, told.sealed = "open", len(told.revisions)
        return [("prediction", event.match_id, len(told.revisions), superseded, late)]

    def _result(self, told: Told, event: Result) -> list[Said]:
        before, told.standing = told.standing, event
        if event.status == "postponed":
            said = self._verdict(told, event, "void") if told.verdicts[-1:] in (["final"], ["corrected"]) else []
            if told.state != "expired":
                told.state = "open"
            return said
        if event.status == "abandoned":
            told.state = "abandoned"
            return self._verdict(told, event, "void") if told.verdicts[-1:] != ["void"] else []
        was_played = told.state == "played"
        told.state = "played"
        first, told.learned = not told.learned, True
        self.learned += first
        if was_played and before is not None and _goals(before) == _goals(event):
            return []
        again = told.verdicts[-1:] in (["final"], ["corrected"])
        return self._verdict(told, event, "corrected" if again else "final", learned=first)

    def _verdict(self, told: Told, event: Result, status: str, learned: bool = False) -> list[Said]:
        if told.sealed is None:
            return []
        told.verdicts.append(status)
        goals = (None, None) if status == "void" else _goals(event)
        return [("evaluation", event.match_id, told.sealed, len(told.verdicts), status, goals, learned)]

    def _expire(self, now: datetime) -> list[Said]:
        due = sorted(
            (told.kickoff(), match_id)
            for match_id, told in self.known.items()
            if told.state == "open" and told.kickoff() + EXPIRE < now
        )
        said: list[Said] = []
        for _, match_id in due:
            told = self.known[match_id]
            told.state = "expired"
            if told.sealed is not None:
                told.verdicts.append("expired")
                said.append(("evaluation", match_id, told.sealed, len(told.verdicts), "expired", (None, None), False))
        return said

    def _forget(self) -> None:
        confirmed = self.confirmed()
        if confirmed is None:
            return
        for match_id, told in list(self.known.items()):
            if told.state != "open" and max(told.times()) < confirmed - REMEMBERED:
                del self.known[match_id]


def _time(event: Event) -> datetime:
    return event.as_of if isinstance(event, Features) else event.finished_at


def _says_the_same(one: Event, other: Event) -> bool:
    if isinstance(one, Features) or isinstance(other, Features):
        return one == other
    return (one.finished_at, one.status, _goals(one)) == (other.finished_at, other.status, _goals(other))


def _rank(event: Result) -> tuple[datetime, bool]:
    return event.finished_at, event.status == "corrected"


def _goals(event: Result) -> tuple[int | None, int | None]:
    return event.home_goals, event.away_goals


MATCHES = ("m1", "m2", "m3", "m4")
DAYS = st.sampled_from((0.0, 0.0, 0.0, 1.0, 7.0, 31.0, 33.0, 62.0, 95.0))
FEATURES = st.builds(
    lambda match, before, day: features(match, before=before, day=day),
    st.sampled_from(MATCHES),
    st.sampled_from((0.0, 1.0, 2.0, 24.0, 24.0 * 8)),
    DAYS,
)
RESULTS = st.builds(
    lambda match, goals, status, after, day: result(match, goals, status, after=after, day=day),
    st.sampled_from(MATCHES),
    st.sampled_from(((1, 0), (0, 1), (1, 1))),
    st.sampled_from(("final", "final", "final", "corrected", "corrected", "postponed", "abandoned")),
    st.sampled_from((2.0, 2.0, 3.0, 24.0 * 3, 24.0 * 32)),
    DAYS,
)


@st.composite
def stories(draw: st.DrawFn) -> list[Event]:
    """Messages about a handful of matches in any order, some of them sent several times."""
    story = draw(st.lists(st.one_of(FEATURES, FEATURES, RESULTS), min_size=1, max_size=25))
    for _ in range(draw(st.integers(0, 6))):
        story.insert(draw(st.integers(0, len(story))), draw(st.sampled_from(story)))
    return story


@settings(max_examples=200, deadline=None)
@given(stories())
@example([features(), result(), result(status="postponed", after=3), features(day=7), result(day=7)])
@example([features(), features("m2", day=62), features("m3", day=95), result(after=24 * 32), features()])
def test_the_league_says_what_the_simple_rules_say(story: Sequence[Event]) -> None:
    simple, league = Simple(), new_league(CONFIG)
    numbers: dict[str, int] = {}
    for event in story:
        expected = simple.tell(event)
        outputs = [output for output in tell(league, event) if not isinstance(output, DecayAlert)]
        assert len(outputs) == len(expected)
        for output, said in zip(outputs, expected, strict=True):
            if isinstance(output, Prediction):
                _, _, _, superseded, _ = said
                assert output.prediction_id not in numbers
                numbers[output.prediction_id] = output.revision
                assert said == ("prediction", output.match_id, output.revision, superseded, output.late)
                assert numbers.get(output.supersedes or "") == superseded
            elif isinstance(output, Evaluation):
                _, _, sealed, number, *_ = said
                assert numbers[output.prediction_id] == sealed
                assert output.evaluation_id == name_id("evaluation", output.prediction_id, int(str(number)))
                goals = (output.home_goals, output.away_goals)
                assert said == ("evaluation", output.match_id, sealed, number, output.status, goals, output.learned)
        assert set(league.fixtures.known) == set(simple.known)
        assert league.matches == simple.learned
        waiting = sum(told.state == "open" and told.sealed is not None for told in simple.known.values())
        assert league.scoreboard().open_predictions == waiting


@settings(max_examples=100, deadline=None)
@given(stories())
def test_every_verdict_supersedes_the_one_before_and_the_figures_hold_the_last_ones(story: list[Event]) -> None:
    league = new_league(CONFIG)
    last: dict[str, Evaluation] = {}
    settled: list[Evaluation] = []
    ids: set[str] = set()
    for event in story:
        for output in tell(league, event):
            if isinstance(output, Evaluation):
                assert output.evaluation_id not in ids
                ids.add(output.evaluation_id)
                before = last.get(output.match_id)
                assert output.supersedes == (None if before is None else before.evaluation_id)
                last[output.match_id] = output
        settled += [last.pop(match_id) for match_id in list(last) if match_id not in league.fixtures.known]
    scored = [evaluation.models[0] for evaluation in [*settled, *last.values()] if evaluation.models]
    [line] = league.scoreboard().models
    assert line.total.n == len(scored)
    for name in ("log_loss", "rps", "brier"):
        mean = fsum(getattr(score, name) for score in scored) / len(scored) if scored else 0.0
        assert getattr(line.total, name) == pytest.approx(mean, abs=1e-13)


@settings(max_examples=100, deadline=None)
@given(stories(), st.data())
def test_what_is_sent_twice_counts_once(story: list[Event], data: st.DataObject) -> None:
    league, pestered = new_league(CONFIG), new_league(CONFIG)
    for place, event in enumerate(story):
        outputs = tell(league, event)
        assert tell(pestered, event) == outputs
        # Anything that was said before, said once more, is met with silence.
        repeated = data.draw(st.sampled_from(story[: place + 1]))
        assert tell(pestered, repeated) == []


@settings(max_examples=100, deadline=None)
@given(stories(), st.integers(0, 25))
def test_a_league_that_was_stored_and_loaded_goes_on_as_if_nothing_had_happened(story: list[Event], at: int) -> None:
    league, stored = new_league(CONFIG), new_league(CONFIG)
    for place, event in enumerate(story):
        if place == at:
            stored = reloaded(stored)
        assert tell(league, event) == tell(stored, event)
    assert digest(league) == digest(stored)
    assert league.scoreboard() == stored.scoreboard()
