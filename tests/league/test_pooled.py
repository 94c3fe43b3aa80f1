"""Leagues that leave it to all competitions together to say who is better."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from stream_app.contracts import encode, parse
from stream_app.events import Configure, Evaluation, Features, LeagueConfig, ModelCommand, ModelEvent, Output
from stream_app.feeds.schedule import schedule
from stream_app.league import League
from stream_app.lifecycle.pooling import Pool
from stream_app.topics import MODEL_COMMANDS
from tests.support.matches import played

COMPETITIONS = ("north", "south", "east")
# These teams differ little, so a lead has to be enough for a proof.
CONFIG = LeagueConfig(
    models=("base_rate", "elo_softmax"), promote_scope="all", promote_alpha=0.6, promote_matches=150, reinforce="off"
)


def seasons(config: LeagueConfig) -> tuple[dict[str, League], list[Output]]:
    """A league for each competition after some hundred matches, and all that they said."""
    leagues, outputs = {}, list[Output]()
    for seed, name in enumerate(COMPETITIONS):
        league = leagues[name] = League(name)
        league.configure(Configure(name, config))
        for event in schedule(played(name, 300, teams=8, seed=seed)):
            outputs += league.predict(event) if isinstance(event, Features) else league.learn(event)
    return leagues, outputs


def told(outputs: Iterable[Output]) -> list[ModelEvent]:
    """The model events that are not those of the beginning."""
    return [output for output in outputs if isinstance(output, ModelEvent) and output.kind != "registered"]


def commands(outputs: Iterable[Output], config: LeagueConfig) -> list[ModelCommand]:
    """What the pooled evidence proposes."""
    pool = Pool(lambda _: config)
    for output in outputs:
        if isinstance(output, Evaluation):
            pool.hear(output)
    return list(pool.proposals())


def test_what_is_proven_together_is_proposed_in_each_league_which_by_itself_proposes_nothing() -> None:
    leagues, outputs = seasons(CONFIG)
    assert told(outputs) == []
    proposals = commands(outputs, CONFIG)
    assert [command.competition for command in proposals] == sorted(COMPETITIONS)
    for command in proposals:
        sent = parse(MODEL_COMMANDS, command.competition.encode(), encode(command), max_bytes=100_000)
        assert isinstance(sent, ModelCommand)
        league = leagues[command.competition]
        (event,) = told(league.command(sent))
        assert (event.kind, event.model, event.who) == ("proposed", "elo_softmax", "pooled evidence")
        assert event.evidence is not None
        assert event.evidence["competitions"] == len(COMPETITIONS)
        assert told(league.command(sent)) == []


def test_where_nobody_is_to_be_asked_the_challenger_takes_over() -> None:
    config = replace(CONFIG, approval="auto")
    leagues, outputs = seasons(config)
    command = commands(outputs, config)[0]
    events = told(leagues[command.competition].command(command))
    assert [event.kind for event in events] == ["proposed", "promoted"]
    late = replace(command, command_id="7d1c0f7e-51b6-4f6e-9a55-0e8f3c1f2b10")
    (event,) = told(leagues[command.competition].command(late))
    assert (event.kind, event.reason) == ("refused", "elo_softmax 1 is champion already")
