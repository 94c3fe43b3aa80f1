"""Challengers that are proposed, and champions that are taken back."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import timedelta

import pytest

from stream_app.events import (
    Features,
    ModelEvent,
    Prediction,
    Result,
)
from stream_app.league import League
from stream_app.league.changes import reinforce
from stream_app.league.digest import digest
from stream_app.lifecycle.ledger import PROPOSAL_DAYS, Happening
from tests.league.asking import CONFIG, EAGER, NOW, ask, champion, command, events_of, matches, new_league, tell

REINFORCED = Happening("reinforced", "policy", "it erred too much")


def until_proposed(league: League) -> tuple[ModelEvent, list[Features | Result]]:
    """Play until there is a proposal; it, and the matches that are left."""
    story = list(matches(900))
    for place, event in enumerate(story):
        for said in events_of(tell(league, [event])):
            if said.kind == "proposed":
                return said, story[place + 1 :]
    raise AssertionError("nothing was proposed")


def test_a_challenger_that_is_better_is_proposed_and_waits_for_an_answer() -> None:
    league = new_league(EAGER)
    proposed, _ = until_proposed(league)
    assert (proposed.model, proposed.previous_model, proposed.who) == ("elo_softmax", "base_rate", "policy")
    assert proposed.evidence is not None
    assert float(proposed.evidence["matches"]) >= EAGER.promote_matches
    assert proposed.policy is not None
    assert proposed.policy["approval"] == "manual"
    assert champion(league) == "base_rate 1"
    [waiting] = league.registry(EAGER).proposals
    assert waiting.proposal_id == proposed.proposal_id
    approved = ask(league, "approve", proposal_id=proposed.proposal_id)
    assert (approved.kind, approved.model, approved.proposal_id) == ("promoted", "elo_softmax", proposed.proposal_id)
    assert champion(league) == "elo_softmax 1"
    assert league.registry(EAGER).proposals == ()
    assert ask(league, "approve", proposal_id=proposed.proposal_id).kind == "refused"


def test_without_a_person_to_ask_the_better_challenger_takes_over() -> None:
    league = new_league(replace(EAGER, approval="auto"))
    proposed, _ = until_proposed(league)
    assert champion(league) == "elo_softmax 1"
    reign = league.registry(EAGER).champion
    assert reign is not None
    assert (reign.who, reign.since) == ("policy", proposed.at)


def test_a_rejected_version_is_not_proposed_again_at_once() -> None:
    league = new_league(EAGER)
    proposed, rest = until_proposed(league)
    assert ask(league, "reject", "elo_softmax").kind == "rejected"
    later = [it for it in events_of(tell(league, rest)) if it.kind == "proposed"]
    assert later
    assert later[0].at >= proposed.at + timedelta(days=PROPOSAL_DAYS)


def test_a_proposal_lapses_when_nobody_answers_and_when_another_becomes_champion() -> None:
    league = new_league(EAGER)
    proposed, rest = until_proposed(league)
    lapsed = next(it for it in events_of(tell(league, rest)) if it.kind == "lapsed")
    assert (lapsed.proposal_id, lapsed.model) == (proposed.proposal_id, "elo_softmax")
    assert lapsed.at >= proposed.at + timedelta(days=PROPOSAL_DAYS)
    league = new_league(EAGER)
    until_proposed(league)
    kinds = [it.kind for it in events_of(league.command(command("promote", "elo_softmax")))]
    assert kinds == ["promoted", "lapsed"]


def test_a_proposal_lapses_when_its_version_is_replaced_or_retired() -> None:
    league = new_league(EAGER)
    until_proposed(league)
    kinds = [it.kind for it in events_of(league.command(command("retire", "elo_softmax")))]
    assert kinds == ["lapsed", "retired"]

    league = new_league(EAGER)
    proposed, rest = until_proposed(league)
    member = league.squad.members["elo_softmax"]
    successor = reinforce(league.squad, member, copy.deepcopy(member.model), proposed.at, REINFORCED, EAGER.window)
    told = events_of(tell(league, rest[:1]))
    assert [(it.kind, it.model, it.version) for it in told] == [
        ("lapsed", "elo_softmax", 1),
        ("reinforced", "elo_softmax", 2),
    ]
    assert (told[1].previous_version, told[1].alias) == (1, "challenger")
    assert ask(league, "approve", "elo_softmax").kind == "refused"
    lines = {(line.model, line.version): line for line in league.registry(EAGER).versions}
    assert lines["elo_softmax", 1].status == "reserve"
    assert lines["elo_softmax", 2].born.parent == 1
    assert (lines["elo_softmax", 2].state, lines["elo_softmax", 2].state_matches) == successor.state

    told = events_of(league.command(command("rollback", "elo_softmax")))
    assert [(it.kind, it.version) for it in told] == [("retired", 2), ("rolled_back", 1)]


def test_a_champion_that_was_reinforced_is_compared_with_its_parent_and_can_be_rolled_back() -> None:
    league = new_league(replace(CONFIG, models=("elo_softmax", "base_rate")))
    story = list(matches(60))
    tell(league, story[:40])
    parent = league.squad.members["elo_softmax"]
    reinforce(league.squad, parent, copy.deepcopy(parent.model), NOW, REINFORCED, CONFIG.window)
    assert champion(league) == "elo_softmax 2"
    said = [it for it in tell(league, story[40:]) if isinstance(it, Prediction)]
    assert {(line.model, line.version) for it in said for line in it.models} == {("elo_softmax", 2), ("base_rate", 1)}
    trial = league.squad.trials.trial_of(parent.contender)
    assert trial is not None
    # Both learned the same since, so nothing speaks for either.
    assert trial.evidence.n > 0
    assert trial.evidence.mean() == 0.0
    assert digest(parent.model) == digest(league.squad.members["elo_softmax"].model)
    told = events_of(league.command(command("rollback")))
    assert [(it.kind, it.version, it.alias) for it in told] == [("retired", 2, None), ("rolled_back", 1, "champion")]
    assert champion(league) == "elo_softmax 1"
    assert league.squad.members["elo_softmax"] is parent


def test_nothing_is_proposed_while_the_line_up_is_frozen() -> None:
    league = new_league(EAGER)
    tell(league, matches(2))
    ask(league, "freeze")
    assert not [it for it in events_of(tell(league, matches(300, seed=2))) if it.kind == "proposed"]


@pytest.mark.parametrize("rollback", ["manual", "auto"])
def test_a_champion_that_is_worse_than_the_one_before_is_reported_once_and_taken_back_where_the_policy_says_so(
    rollback: str,
) -> None:
    config = replace(EAGER, models=("elo_softmax", "base_rate"), rollback=rollback, promote_scope="all")  # type: ignore[arg-type]  # a literal
    league = new_league(config)
    story = list(matches(900))
    tell(league, story[:100])
    ask(league, "promote", "base_rate", version=1)
    told = [it for it in events_of(tell(league, story[100:])) if it.kind in ("worsened", "rolled_back")]
    assert told[0].kind == "worsened"
    assert (told[0].model, told[0].previous_model) == ("base_rate", "elo_softmax")
    if rollback == "auto":
        assert (told[1].kind, told[1].model, told[1].who) == ("rolled_back", "elo_softmax", "policy")
        assert champion(league) == "elo_softmax 1"
    else:
        assert len(told) == 1
        assert champion(league) == "base_rate 1"


def test_a_proposal_from_outside_is_one_like_any_other_unless_it_is_stale() -> None:
    league = new_league()
    tell(league, matches(3))
    stale = ask(league, "propose", "base_rate", version=1, evidence={"champion": "naive_bayes_v1:1", "e_better": 40.0})
    assert stale.kind == "refused"
    assert "but elo_softmax 1 is champion" in str(stale.reason)
    evidence = {"champion": "elo_softmax:1", "e_better": 40.0}
    proposed = ask(league, "propose", "base_rate", version=1, evidence=evidence)
    assert (proposed.kind, proposed.evidence) == ("proposed", evidence)
    assert ask(league, "propose", "base_rate", version=1, evidence=evidence).kind == "refused"
    assert ask(league, "approve", "base_rate").kind == "promoted"
