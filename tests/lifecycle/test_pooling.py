"""Evidence from all competitions together."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from stream_app.contracts import encode, parse
from stream_app.evaluation.scoring import brier, likeliest, log_loss, rps
from stream_app.events import (
    Alias,
    Evaluation,
    EvaluationStatus,
    LeagueConfig,
    Outcome,
    Probabilities,
    Score,
    name_id,
)
from stream_app.lifecycle.pooling import Pool
from stream_app.topics import MODEL_COMMANDS

START = datetime(2024, 8, 1, 15, tzinfo=UTC)
DULL, GOOD = Probabilities(0.40, 0.30, 0.30), Probabilities(0.60, 0.23, 0.17)
CONFIG = LeagueConfig(promote_scope="all", cold_matches=2)


def scores(outcome: Outcome, challenger: Probabilities, version: int, roles: tuple[Alias, Alias]) -> tuple[Score, ...]:
    """What `old` and `new` had said, scored."""
    return tuple(
        Score(
            model=model,
            version=number,
            alias=alias,
            probabilities=said,
            outcome=likeliest(said),
            hit=likeliest(said) == outcome,
            log_loss=log_loss(said, outcome),
            rps=rps(said, outcome),
            brier=brier(said, outcome),
        )
        for model, number, alias, said in (("old", 1, roles[0], DULL), ("new", version, roles[1], challenger))
    )


def evaluation(
    competition: str,
    match: int,
    outcome: Outcome | None = "H",
    *,
    number: int = 1,
    challenger: Probabilities = GOOD,
    version: int = 1,
    roles: tuple[Alias, Alias] = ("champion", "challenger"),
) -> Evaluation:
    """The evaluation of this `number` of a match that is played on day `match`."""
    status: EvaluationStatus = "void" if outcome is None else "final" if number == 1 else "corrected"
    at = START + timedelta(days=match)
    return Evaluation(
        evaluation_id=name_id("test", competition, match, number),
        prediction_id=name_id("test", competition, match),
        match_id=f"m{match}",
        competition=competition,
        season="2024",
        kickoff=at,
        evaluated_at=at + timedelta(hours=2),
        home="a",
        away="b",
        status=status,
        home_goals=None if outcome is None else int(outcome == "H"),
        away_goals=None if outcome is None else int(outcome == "A"),
        outcome=outcome,
        supersedes=None if number == 1 else name_id("test", competition, match, number - 1),
        as_of_lag=3600.0,
        learned=True,
        models=() if outcome is None else scores(outcome, challenger, version, roles),
    )


def season(competition: str, matches: int, seed: int = 1, challenger: Probabilities = GOOD) -> list[Evaluation]:
    """So many matches, one a day, that end as the better forecast says."""
    draws = random.Random(f"{competition} {seed}")
    truth = [GOOD.H, GOOD.D, GOOD.A]
    return [
        evaluation(competition, match, draws.choices(("H", "D", "A"), truth)[0], challenger=challenger)
        for match in range(matches)
    ]


def pool_of(evaluations: Iterable[Evaluation], config: LeagueConfig = CONFIG) -> Pool:
    """A pool that has heard these."""
    pool = Pool(lambda _: config)
    for each in evaluations:
        pool.hear(each)
    return pool


def test_what_one_league_cannot_show_several_can() -> None:
    leagues = [season(f"league {number}", 70) for number in range(6)]
    alone = [pool_of(league) for league in leagues]
    assert [list(pool.proposals()) for pool in alone] == [[]] * 6
    together = pool_of(each for league in leagues for each in league)
    (comparison,) = together.comparisons(0.05)
    assert (comparison.scope, comparison.leaning, comparison.matches) == ("all", "better", 6 * 68)
    commands = list(together.proposals())
    assert [command.competition for command in commands] == [f"league {number}" for number in range(6)]
    command = commands[0]
    assert (command.action, command.model, command.version, command.who) == ("propose", "new", 1, "pooled evidence")
    assert command.issued_at == leagues[0][-1].evaluated_at
    assert command.evidence is not None
    assert (command.evidence["champion"], command.evidence["competitions"]) == ("old:1", 6)
    assert parse(MODEL_COMMANDS, b"league 0", encode(command), max_bytes=100_000) == command


def test_the_order_in_which_competitions_come_makes_no_difference() -> None:
    leagues = [season(f"league {number}", 90) for number in range(4)]
    one_by_one = pool_of(each for league in leagues for each in league)
    mixed = [each for day in zip(*leagues, strict=True) for each in reversed(day)]
    assert pool_of(mixed).comparisons(0.05) == one_by_one.comparisons(0.05)
    ids = [command.command_id for command in one_by_one.proposals()]
    assert ids
    assert [command.command_id for command in pool_of(mixed).proposals()] == ids


def test_a_proposal_is_made_once_in_thirty_days() -> None:
    leagues = [each for number in range(4) for each in season(f"league {number}", 120)]
    pool = pool_of(leagues)
    first = list(pool.proposals())
    assert len(first) == 4
    pool.hear(evaluation("league 0", 121))
    assert not list(pool.proposals())
    pool.hear(evaluation("league 0", 160))
    (again,) = pool.proposals()
    assert again.competition == "league 0"
    assert again.command_id not in {command.command_id for command in first}


def test_a_challenger_that_is_no_better_is_not_proposed() -> None:
    leagues = [each for number in range(6) for each in season(f"league {number}", 90, challenger=DULL)]
    assert not list(pool_of(leagues).proposals())


def test_a_league_in_which_it_has_proven_worse_is_left_alone() -> None:
    good = [each for number in range(5) for each in season(f"league {number}", 120)]
    bad = [evaluation("other", match, "A") for match in range(30)]
    commands = list(pool_of(good + bad).proposals())
    assert [command.competition for command in commands] == [f"league {number}" for number in range(5)]


def test_with_the_scope_of_a_competition_nothing_is_proposed_from_here() -> None:
    leagues = [each for number in range(6) for each in season(f"league {number}", 90)]
    assert not list(pool_of(leagues, replace(CONFIG, promote_scope="competition")).proposals())


def test_cold_models_and_those_that_only_look_on_do_not_count() -> None:
    pool = pool_of(season("league", 10))
    (comparison,) = pool.comparisons(0.05)
    assert comparison.matches == 8
    watching = [evaluation("league", match, roles=("champion", "experimental")) for match in range(10)]
    assert pool_of(watching).comparisons(0.05) == []


def test_an_evaluation_that_comes_again_changes_nothing() -> None:
    league = season("league", 20)
    assert pool_of([*league, *league]).comparisons(0.05) == pool_of(league).comparisons(0.05)


@pytest.mark.parametrize("outcome", ["A", None])
def test_a_correction_counts_in_the_place_of_what_it_corrects(outcome: Outcome | None) -> None:
    league = season("league", 20)
    corrected = pool_of([*league, evaluation("league", 10, outcome, number=2)])
    changed = [each if each.match_id != "m10" else evaluation("league", 10, outcome) for each in league]
    expected = pool_of(changed).comparisons(0.05)[0]
    told = corrected.comparisons(0.05)[0]
    assert (told.matches, told.difference, told.e_better) == (expected.matches, expected.difference, expected.e_better)
    # A void match comes back with its result.
    back = pool_of([*league, evaluation("league", 10, None, number=2), evaluation("league", 10, "H", number=3)])
    assert back.comparisons(0.05)[0].matches == 18


def test_a_correction_of_a_match_that_is_long_forgotten_changes_nothing() -> None:
    league = season("league", 200)
    pool = pool_of(league)
    before = pool.comparisons(0.05)
    pool.hear(evaluation("league", 10, "A", number=2))
    assert pool.comparisons(0.05) == before


def test_a_new_version_goes_on_with_what_its_model_has_shown() -> None:
    league = [evaluation("league", match) for match in range(10)]
    pool = pool_of([*league, *(evaluation("league", match, version=2) for match in range(10, 20))])
    (comparison,) = pool.comparisons(0.05)
    # Two matches of each version are those of a cold model.
    assert (comparison.challenger_version, comparison.matches) == (2, 16)


def test_each_competition_can_be_looked_at_alone() -> None:
    pool = pool_of(season("one", 10) + season("two", 20))
    own = pool.own_comparisons(0.05)
    assert {name: [told.matches for told in comparisons] for name, comparisons in own.items()} == {
        "one": [8],
        "two": [18],
    }
