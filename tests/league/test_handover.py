"""A version that is handed over to a league that is at work."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace

import pytest

from stream_app.events import (
    Evaluation,
    Outcome,
    Prediction,
)
from stream_app.league import League
from stream_app.league.digest import digest
from stream_app.league.pupil import JOURNAL_MATCHES
from stream_app.lifecycle.handover import Handover
from stream_app.lifecycle.knowledge import Knowledge
from stream_app.lifecycle.promotion import Contender
from stream_app.models.contract import MatchModel
from stream_app.models.zoo import create
from tests.league.asking import CONFIG, CUP, ask, command, events_of, matches, new_league, tell


class Follower:
    """Somebody who learns beside a league what its models learn."""

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self.begin_anew()

    def learn(self, x: Mapping[str, float], outcome: Outcome, seal: bytes) -> None:
        self.model.learn_one(x, outcome)
        self.knowledge.add(seal)

    def begin_anew(self) -> None:
        self.model: MatchModel = create(self.algorithm)
        self.knowledge = Knowledge()


def state_of(league: League, follower: Follower, model: str, version: int = 1) -> Handover:
    """What the follower would hand over at this moment."""
    return copy.deepcopy(
        Handover(
            CUP,
            Contender(model, version),
            follower.algorithm,
            follower.model,
            follower.knowledge,
            league.squad.knowledge,
        )
    )


def test_a_version_that_catches_up_knows_what_one_from_the_beginning_knows_to_the_last_bit() -> None:
    always = new_league(replace(CONFIG, models=(*CONFIG.models, "naive_bayes_v1")))
    late = new_league()
    story = list(matches(60))
    follower = Follower("naive_bayes_v1")
    late.squad.listener = follower
    tell(late, story[:50])
    registered = ask(late, "register", "naive_bayes_v1")
    assert (registered.kind, registered.version, registered.alias) == ("registered", 1, None)
    handover = state_of(late, follower, "naive_bayes_v1")
    late.squad.listener = None
    tell(late, story[50:80])
    [joined] = events_of(late.command(command("handover", "naive_bayes_v1", version=1), handover))
    assert (joined.kind, joined.alias) == ("joined", "challenger")
    assert joined.evidence == {"learned": late.squad.knowledge.matches, "learned_from_journal": 15}
    more = tell(late, story[80:])
    tell(always, story)
    ours, theirs = late.squad.members["naive_bayes_v1"], always.squad.members["naive_bayes_v1"]
    assert digest(ours.model) == digest(theirs.model)
    assert digest(ours.knowledge) == digest(theirs.knowledge)
    last = [it for it in more if isinstance(it, Prediction)][-1]
    assert [line.model for line in last.models] == ["elo_softmax", "base_rate", "naive_bayes_v1"]
    trial = late.squad.trials.trial_of(ours.contender)
    assert trial is not None
    assert 0 < trial.evidence.n <= len([it for it in more if isinstance(it, Evaluation)])


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda it: replace(it, competition="other"), "it is the state of naive_bayes_v1 1 in 'other'"),
        (lambda it: replace(it, contender=Contender("naive_bayes_v1", 2)), "it is the state of naive_bayes_v1 2"),
        (lambda it: replace(it, algorithm="base_rate"), "it is the state of a base_rate, wanted a naive_bayes_v1"),
        (lambda it: replace(it, place=Knowledge(3, bytes(32))), "it is the state of another place: after 3 matches"),
        (lambda it: "it was signed with another key", "its state cannot be used: it was signed with another key"),
        (lambda it: None, "its state cannot be used: there is none"),
    ],
)
def test_a_wrong_state_is_refused_and_the_right_one_is_taken_afterwards(spoil: object, reason: str) -> None:
    league = new_league()
    follower = league.squad.listener = Follower("naive_bayes_v1")
    tell(league, matches(12))
    ask(league, "register", "naive_bayes_v1", alias="experimental")
    right = state_of(league, follower, "naive_bayes_v1")
    asked = {"action": "handover", "model": "naive_bayes_v1", "version": 1}
    [event] = events_of(league.command(command(**asked), spoil(right)))  # type: ignore[arg-type, operator]  # any wrong state
    assert event.kind == "refused"
    assert reason in str(event.reason)
    assert "naive_bayes_v1" not in league.squad.members
    [event] = events_of(league.command(command(**asked), right))  # type: ignore[arg-type]  # names of fields
    assert (event.kind, event.alias) == ("joined", "experimental")


def test_a_state_that_does_not_come_is_not_waited_for_without_end() -> None:
    league = new_league()
    tell(league, matches(2))
    ask(league, "register", "naive_bayes_v1")
    pupil = league.squad.pupils["naive_bayes_v1"]
    pupil.journal = [({}, "H", b"")] * JOURNAL_MATCHES
    [event] = [it for it in events_of(tell(league, matches(6, seed=2))) if it.kind == "lapsed"]
    assert (event.model, event.version) == ("naive_bayes_v1", 1)
    assert league.squad.pupils == {}
    assert ask(league, "register", "naive_bayes_v1").version == 2
