"""Past matches through the league: what is written down, and what is summed up."""

from __future__ import annotations

import csv
import io
from math import fsum

import pytest

from stream_app.evaluation.scoring import log_loss
from stream_app.events import Configure, Evaluation, Features, LeagueConfig, Probabilities
from stream_app.feeds.backtest import COLUMNS, Report, Rows, backtest
from stream_app.feeds.schedule import schedule
from stream_app.league import League
from tests.support.matches import played

CONFIG = LeagueConfig(models=("elo_softmax", "base_rate"))


def of_cups(*matches: int) -> list[Evaluation]:
    """The back-test of a few competitions of that many matches each, all mixed."""
    mixed = [match for number, count in enumerate(matches) for match in played(f"cup-{number}", count)]
    return list(backtest(mixed, lambda _: CONFIG))


def test_every_match_is_evaluated_with_what_a_league_of_its_own_says() -> None:
    evaluations = of_cups(40, 25)
    league = League("cup-1")
    league.configure(Configure("cup-1", CONFIG))
    alone = []
    for event in schedule(played("cup-1", 25)):
        alone += league.predict(event) if isinstance(event, Features) else league.learn(event)
    assert [item for item in evaluations if item.competition == "cup-1"] == [
        output for output in alone if isinstance(output, Evaluation)
    ]
    assert sum(item.competition == "cup-0" for item in evaluations) == 40


def test_each_competition_is_configured_with_what_is_meant_for_it() -> None:
    matches = [*played("cup-0", 3), *played("cup-1", 3)]
    config = {"cup-0": LeagueConfig(models=("base_rate",)), "cup-1": LeagueConfig(models=("elo_softmax",))}
    for evaluation in backtest(matches, config.__getitem__):
        assert tuple(score.model for score in evaluation.models) == config[evaluation.competition].models


def test_a_row_a_match_and_model_gives_the_same_bits_when_it_is_read() -> None:
    file = io.StringIO()
    rows = Rows(file)
    evaluations = of_cups(30)
    for evaluation in evaluations:
        rows.write(evaluation)
    lines = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert tuple(lines[0]) == COLUMNS
    expected = [
        (item.match_id, score.model, score.probabilities, item.outcome) for item in evaluations for score in item.models
    ]
    assert [
        (
            line["match_id"],
            line["model"],
            Probabilities(*(float(line[name]) for name in ("p_home", "p_draw", "p_away"))),
            line["outcome"],
        )
        for line in lines
    ] == expected
    assert lines[0]["kickoff"] == evaluations[0].kickoff.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (lines[0]["competition"], lines[0]["season"]) == ("cup-0", "2020")


def test_the_report_leaves_out_the_first_two_seasons_of_each_competition() -> None:
    # 200 matches a season: the long competition has a third and a fourth one, the short one has not.
    evaluations = of_cups(650, 150)
    report = Report()
    for evaluation in evaluations:
        report.add(evaluation)
    assert report.matches == 800
    settled = [item for item in evaluations if item.competition == "cup-0" and item.season in ("2022", "2023")]
    assert len(settled) == 250
    for place, line in enumerate(report.models()):
        assert line.model == CONFIG.models[place]
        assert (line.everything.tally.n, line.after_burn_in.tally.n) == (800, 250)
        for section, chosen in ((line.everything, evaluations), (line.after_burn_in, settled)):
            figures = section.tally.figures()
            losses = [
                log_loss(item.models[place].probabilities, item.outcome) for item in chosen if item.outcome is not None
            ]
            assert figures.log_loss == pytest.approx(fsum(losses) / len(losses), abs=1e-12)
            hits = sum(item.models[place].outcome == item.outcome for item in chosen)
            assert figures.accuracy == hits / len(chosen)
