"""How the analytics of a competition fare: false alarms on fair sequences, delay on planted defects, use as features.

Run it from the root of the project: make study-analytics
(python -m tests.studies.analytics [--sequences N] [--matches N] [--skip-history])

Every sequence has its own seed; two runs print the same figures.
"""

from __future__ import annotations

import argparse
import pickle
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median

import zstandard
from scipy import special

from stream_app.analytics import CompetitionAnalytics, Foretold, Played
from stream_app.analytics.competition import INPUTS
from stream_app.analytics.randomness import RandomnessWatch
from stream_app.analytics.scores import transform
from stream_app.contracts import encode
from stream_app.evaluation.scoring import log_loss
from stream_app.events import Configure, Features, GoalRates, LeagueConfig, Outcome, Probabilities, Verdict, outcome_of
from stream_app.feeds import virtual as virtual_feed
from stream_app.feeds.datasets import bundesliga
from stream_app.feeds.schedule import schedule
from stream_app.league import League
from stream_app.league.goals import goal_rates
from stream_app.models.contract import guarded
from stream_app.models.river_models import RATING_INPUTS, LogisticRegression
from stream_app.ratings import Match, Ratings
from stream_app.ratings.scores import score_matrix
from tests.studies.sequences import Draw, after, alternating, fair, home_heavy, periodic, probabilities, repeating

LOOK_EVERY = 50
LEVEL = 0.05
BURN_IN_SEASONS = 2
FORETOLD_RATES = GoalRates(0.35, 0.1, 0.0, 0.0, -0.03)


@dataclass(frozen=True, slots=True)
class Run:
    """After how many matches a sequence was first called suspicious and not random; None for never."""

    suspicious: int | None
    not_random: int | None


def watched(draw: Draw, matches: int, seed: int, *, stop: bool = True) -> tuple[Run, RandomnessWatch]:
    """Watch one sequence, to the end or, with `stop`, until it is called not random."""
    rng = random.Random(seed)
    watch = RandomnessWatch()
    past: list[int] = []
    first: dict[Verdict, int] = {}
    for number in range(matches):
        chances = probabilities(rng)
        place = draw(rng, chances, past, number)
        past.append(place)
        watch.learn(chances, place)
        verdict = watch.verdict()
        first.setdefault(verdict, number + 1)
        if stop and verdict == "not random":
            break
    not_random = first.get("not random")
    return Run(first.get("suspicious", not_random), not_random), watch


def usual_tests(watch: RandomnessWatch) -> float:
    """The smallest p-value of the usual tests, corrected for their number and not for looking again."""
    chi_squares = [watch.frequencies.chi_square()]
    chi_squares += [sum(context.chi_square() for context in contexts) for contexts in watch.lags]
    degrees = [2, *(6 for _ in watch.lags)]
    p_values = [float(special.chdtrc(*pair)) for pair in zip(degrees, chi_squares, strict=True)]
    p_values.append(2.0 * float(special.ndtr(-abs(watch.same.excess()))))
    return min(p_values) * len(p_values)


def looked_at_again_and_again(matches: int, seed: int) -> tuple[bool, bool]:
    """Whether the usual tests call a fair sequence suspicious at the end, and at any of many looks."""
    rng = random.Random(seed)
    watch = RandomnessWatch()
    ever = False
    for number in range(matches):
        chances = probabilities(rng)
        watch.learn(chances, fair(rng, chances, [], number))
        if number % LOOK_EVERY == LOOK_EVERY - 1:
            ever = ever or usual_tests(watch) <= LEVEL
    return usual_tests(watch) <= LEVEL, ever


def watched_scores(true: GoalRates, matches: int, seed: int) -> int | None:
    """After how many matches scores drawn from `true`, foretold as `FORETOLD_RATES`, are first called suspicious."""
    rng = random.Random(seed)
    watch = RandomnessWatch()
    matrix = score_matrix(true.log_home_rate, true.log_away_rate, true.home_spread, true.away_spread, true.rho)
    cells = [(mine, theirs) for mine in range(len(matrix)) for theirs in range(len(matrix))]
    drawn = rng.choices(cells, [matrix[mine][theirs] for mine, theirs in cells], k=matches)
    foretold = score_matrix(0.35, 0.1, 0.0, 0.0, -0.03)
    home = sum(foretold[mine][theirs] for mine, theirs in cells if mine > theirs)
    away = sum(foretold[mine][theirs] for mine, theirs in cells if mine < theirs)
    for number, (mine, theirs) in enumerate(drawn):
        place = 0 if mine > theirs else 1 if mine == theirs else 2
        goals = transform(FORETOLD_RATES, f"{seed}/{number}", mine, theirs)
        watch.learn((home, 1.0 - home - away, away), place, goals)
        if watch.verdict() != "consistent with chance":
            return number + 1
    return None


def false_alarms(sequences: int, matches: int) -> None:
    """Print how often fair sequences are suspected."""
    runs = [watched(fair, matches, seed)[0] for seed in range(sequences)]
    looks = [looked_at_again_and_again(matches, seed) for seed in range(sequences)]
    print(f"\nFair sequences: {sequences} of {matches:,} matches each, looked at after every match")
    print(f"  ever called suspicious (at most 5 %)    {_share(run.suspicious is not None for run in runs)}")
    print(f"  ever called not random (at most 0.1 %)  {_share(run.not_random is not None for run in runs)}")
    print(f"  the usual tests, once at the end        {_share(once for once, _ in looks)}")
    print(f"  the usual tests, every {LOOK_EVERY} matches       {_share(ever for _, ever in looks)}")


def delays(sequences: int, matches: int) -> None:
    """Print after how many matches planted defects are found."""
    late = matches // 4
    defects: list[tuple[str, Callable[[], Draw], int]] = [
        ("alternation, 5 points", partial(alternating, 0.05), 0),
        ("the same after a fair quarter", lambda: after(late, alternating(0.05)), late),
        ("home wins, 5 points more", partial(home_heavy, 0.05), 0),
        ("blocks: 20 of every 80 copied", partial(repeating, 20, 80), 0),
        ("the same after a fair quarter", lambda: after(late, repeating(20, 80)), late),
        ("period of 7", partial(periodic, 7), 7),
        ("the same after a fair quarter", lambda: after(late, periodic(7)), late),
        ("period of 100 after a fair quarter", lambda: after(late, periodic(100)), late),
    ]
    print(f"\nPlanted defects: {sequences} sequences of at most {matches:,} matches; matches from the defect's start")
    print(f"  {'defect':36}  suspicious: median, 9 of 10   not random: median, 9 of 10   found")
    for name, make, start in defects:
        runs = [watched(make(), matches, 10_000 + seed)[0] for seed in range(sequences)]
        found = _share(run.not_random is not None for run in runs)
        suspicious = _delay([run.suspicious for run in runs], start)
        print(f"  {name:36}  {suspicious:>25}   {_delay([run.not_random for run in runs], start):>25}   {found}")


def scores(sequences: int, matches: int) -> None:
    """Print how soon scores from another distribution are suspected."""
    wrong = {
        "as foretold": FORETOLD_RATES,
        "a tenth more goals": GoalRates(0.35 + 0.095, 0.1 + 0.095, 0.0, 0.0, -0.03),
        "rates that vary (spread 0.4)": GoalRates(0.27, 0.02, 0.4, 0.4, -0.03),
    }
    print(f"\nScores of virtual competitions: {sequences} sequences of at most {matches:,} matches, first suspicious")
    for name, true in wrong.items():
        found = [watched_scores(true, matches, 20_000 + seed) for seed in range(sequences)]
        print(f"  {name:36}  {_delay(found, 0):>25}   {_share(one is not None for one in found)}")


def virtual(rounds: int) -> None:
    """Print what is said of the virtual feed's own generator, well and failing, to a model that learns as it goes."""
    defects: list[tuple[virtual_feed.Defect, float]] = [("none", 0.1), ("repeats", 0.1), ("cycle", 0.02), ("bias", 0.1)]
    print(f"\nA virtual league of the feed with odds, match_model_v1 as champion, {rounds} rounds of 8 matches")
    for defect, rate in defects:
        league = League("virtual-001")
        league.configure(Configure("virtual-001", LeagueConfig(models=("match_model_v1",), virtual=True)))
        first: int | None = None
        knobs = virtual_feed.Knobs(leagues=1, rounds=rounds, defect=defect, defect_rate=rate)
        for event in virtual_feed.matches(knobs):
            if isinstance(event, Features):
                league.predict(event)
                continue
            league.learn(event)
            if first is None and league.analytics.randomness.verdict() != "consistent with chance":
                first = league.matches
        told = league.analysis().randomness
        least = min(told.tests, key=lambda test: test.p_value)
        print(f"  {defect:8} {rate:5}  {told.verdict:22}  first suspicious {first}, clearest by {least.name}")


def history() -> None:
    """Print what the Bundesliga looks like, and what the analytics add to a model of it."""
    league = League("bundesliga")
    league.configure(Configure("bundesliga", LeagueConfig(models=("match_model_v1",), virtual=True)))
    for event in schedule(bundesliga()):
        if isinstance(event, Features):
            league.predict(event)
        else:
            league.learn(event)
    told = league.analysis()
    print(
        f"\nBundesliga 1963-2009: {told.randomness.verdict}, n = {told.randomness.n:,}, p = {told.randomness.p_value}"
    )
    for test in told.randomness.tests:
        print(
            f"  {test.name:12}  statistic {test.statistic:8.3f}  once {test.once:.4f}  at any time {test.p_value:.4f}"
        )
    print(f"  transitions   independent with p = {told.transitions.p_value}")


def features() -> None:
    """Print the log loss of a softmax regression on the ratings, with and without the analytics beside them."""
    plain, more = LogisticRegression(), LogisticRegression((*RATING_INPUTS, *INPUTS))
    losses: dict[str, list[float]] = {"ratings": [], "ratings and analytics": []}
    for x, outcome, scored in bundesliga_inputs():
        for name, model in zip(losses, (plain, more), strict=True):
            answer = guarded(model.predict_proba_one(x))
            if scored and answer is not None:
                losses[name].append(log_loss(answer, outcome))
            model.learn_one(x, outcome)
    print("\nAs features of river's softmax regression, Bundesliga, log loss after two seasons")
    for name, values in losses.items():
        print(f"  {name:24} {sum(values) / len(values):.4f}  (n = {len(values):,})")


def bundesliga_inputs() -> Iterator[tuple[dict[str, float], Outcome, bool]]:
    """The inputs of every match before it is learned, its outcome, and whether it counts."""
    ratings, analytics = Ratings("league"), CompetitionAnalytics()
    seasons: list[str] = []
    for played in bundesliga():
        if played.season not in seasons:
            seasons.append(played.season)
        match = Match(played.season, played.kickoff, played.home, played.away)
        x = ratings.inputs(match) | analytics.inputs(played.home, played.away)
        yield x, outcome_of(played.home_goals, played.away_goals), len(seasons) > BURN_IN_SEASONS
        ratings.learn(match, played.home_goals, played.away_goals)
        ended = Played(played.match_id, played.kickoff, played.home, played.away, played.home_goals, played.away_goals)
        foretold: Foretold | None = None
        analytics.learn(ended, foretold, virtual=False)


def cost() -> None:
    """Print what the analytics of the Bundesliga cost: time a match, and the size of the state and of a message."""
    ratings, analytics = Ratings("league"), CompetitionAnalytics()
    spent = {"inputs": 0.0, "learn": 0.0}
    history = bundesliga()
    for played in history:
        match = Match(played.season, played.kickoff, played.home, played.away)
        x = ratings.inputs(match)
        foretold = Foretold(Probabilities(0.5, 0.27, 0.23), goal_rates(x))
        ended = Played(played.match_id, played.kickoff, played.home, played.away, played.home_goals, played.away_goals)
        start = time.process_time()
        analytics.inputs(played.home, played.away)
        between = time.process_time()
        analytics.learn(ended, foretold, virtual=False)
        spent["learn"] += time.process_time() - between
        spent["inputs"] += between - start
        ratings.learn(match, played.home_goals, played.away_goals)
    told = encode(analytics.figures("bundesliga", ratings.elo.teams))
    print(f"\nCost on the Bundesliga, {len(history):,} matches")
    for door, seconds in spent.items():
        print(f"  {door:8} {seconds / len(history) * 1e6:5.0f} us a match")
    state = pickle.dumps(analytics, protocol=5)
    packed = len(zstandard.compress(state))
    print(f"  state {len(state):,} bytes, {packed:,} compressed; the table's message {len(told):,} bytes")


def _share(of: Iterator[bool] | list[bool]) -> str:
    values = list(of)
    return f"{sum(values) / len(values):.1%} ({sum(values)} of {len(values)})"


def _delay(found: list[int | None], start: int) -> str:
    """Median and ninth decile of the delays; never is later than anything."""
    ordered = sorted(one - start if one is not None else 10**9 for one in found)
    told = [f"{value:,}" if value < 10**8 else "never" for value in (median(ordered), ordered[len(ordered) * 9 // 10])]
    return f"{told[0].removesuffix('.0')}, {told[1]}"


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=400, help="fair sequences; a quarter as many for each defect")
    parser.add_argument("--matches", type=int, default=8_000, help="matches of a sequence")
    parser.add_argument("--skip-history", action="store_true", help="leave out the Bundesliga")
    chosen = parser.parse_args()
    some = max(chosen.sequences // 4, 1)
    false_alarms(chosen.sequences, chosen.matches)
    delays(some, chosen.matches)
    scores(max(some // 4, 1), chosen.matches // 2)
    virtual(max(chosen.matches // 16, 1))
    if not chosen.skip_history:
        history()
        features()
        cost()


if __name__ == "__main__":
    main()
