"""What a match costs: time to predict and to learn, size of the state, and whether either grows.

Run it from the root of the project: python -m tests.bench.models [--matches N]
"""

from __future__ import annotations

import argparse
import pickle
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median

from stream_app.events import LeagueConfig, outcome_of
from stream_app.feeds.datasets import bundesliga
from stream_app.models import zoo
from stream_app.models.contract import guarded
from stream_app.models.ensemble import votes
from stream_app.ratings import Match, Ratings

STATE_AFTER = 5_000
EARLY, WINDOW = 1_000, 2_000
LATE = 100_000
RATINGS = "ratings"


@dataclass
class Times:
    """Seconds that each call took."""

    predict: list[float] = field(default_factory=list)
    learn: list[float] = field(default_factory=list)


def endless() -> Iterator[tuple[Match, int, int]]:
    """The sixty years of the Bundesliga, again and again, each round moved on to follow the one before."""
    played = bundesliga()
    length = played[-1].kickoff - played[0].kickoff + timedelta(days=80)
    turn = 0
    while True:
        for match in played:
            kickoff = match.kickoff + turn * length
            yield Match(f"{match.season}/{turn}", kickoff, match.home, match.away), match.home_goals, match.away_goals
        turn += 1


def measure(matches: int) -> None:
    """Print the table of one run over `matches` matches."""
    names = LeagueConfig().models
    ratings, models = Ratings("league"), {name: zoo.create(name) for name in names}
    times = {name: Times() for name in (RATINGS, *names)}
    sizes: dict[str, int] = {}
    clock = time.perf_counter
    for number, (match, home_goals, away_goals) in zip(range(matches), endless(), strict=False):
        begun = clock()
        x = ratings.inputs(match)
        times[RATINGS].predict.append(clock() - begun)
        for name, model in models.items():
            begun = clock()
            told = model.predict_proba_one(x)
            times[name].predict.append(clock() - begun)
            said = guarded(told)
            if said is not None:
                x |= votes(name, said)
        for name, model in models.items():
            begun = clock()
            model.learn_one(x, outcome_of(home_goals, away_goals))
            times[name].learn.append(clock() - begun)
        begun = clock()
        ratings.learn(match, home_goals, away_goals)
        times[RATINGS].learn.append(clock() - begun)
        if number + 1 == STATE_AFTER:
            sizes = {name: len(pickle.dumps(model, protocol=5)) for name, model in models.items()}
            sizes[RATINGS] = len(pickle.dumps(ratings, protocol=5))
    report(times, sizes, matches)


def report(times: dict[str, Times], sizes: dict[str, int], matches: int) -> None:
    """Print the figures: medians in microseconds, state in kilobytes, growth as late time over early time."""
    print(f"{'':26}{'predict us':>11}{'learn us':>10}{'state kB':>10}{'growth':>8}")
    for name, spent in times.items():
        both = [predict + learn for predict, learn in zip(spent.predict, spent.learn, strict=True)]
        early, late = median(both[EARLY : EARLY + WINDOW]), median(both[-WINDOW:])
        predict, learn = median(spent.predict) * 1e6, median(spent.learn) * 1e6
        size = f"{sizes[name] / 1e3:10.1f}" if name in sizes else f"{'-':>10}"
        print(f"{name:26}{predict:11.1f}{learn:10.1f}{size}{late / early:8.2f}")
    if sizes:
        print(f"state of all together: {sum(sizes.values()) / 1e3:.1f} kB after {STATE_AFTER:,} matches")
    print(f"growth: time of a match after {matches:,} matches, over that after {EARLY:,}")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--matches", type=int, default=LATE, help="matches to run over (default: %(default)s)")
    measure(parser.parse_args().matches)


if __name__ == "__main__":
    main()
