"""How often alerts are false, and how late they are when something is wrong; and the same of simpler rules.

Run it from the root of the project: make study-alerts, or python -m tests.studies.alerts [--streams N] [--json]
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from statistics import median
from typing import Literal

import numpy as np
import numpy.typing as npt
from river.drift import ADWIN, PageHinkley

from stream_app.evaluation.rolling import Standing, marks_of
from stream_app.evaluation.scoring import log_loss
from stream_app.evaluation.watch import Watch
from stream_app.events import OUTCOMES, Configure, DecayAlert, Evaluation, Features, LeagueConfig, Outcome
from stream_app.events import Probabilities as Forecast
from stream_app.feeds.backtest import BURN_IN_SEASONS
from stream_app.feeds.datasets import PlayedMatch, bundesliga
from stream_app.feeds.schedule import schedule
from stream_app.league import League
from stream_app.league.fixture import Given
from stream_app.league.member import score

Numbers = npt.NDArray[np.float64]
Stream = list[tuple[Forecast, Outcome]]

CONFIG = LeagueConfig()
HEALTHY_BEFORE = 1_000
"""Matches of a stream before its fault begins."""
AT_MOST = 6_000
"""Matches after which a fault counts as not found."""
FAULTS = ("weights x 1.7", "10 % shuffled", "a third less skill", "stale features")
STARTS = range(1_000, 7_001, 500)
"""Where faults begin in the Bundesliga: before the years about 1992 that all models have trouble with."""


# Rules


class Ours:
    """The alerts of the service about one model. What is raised while another kind is open is the same trouble."""

    def __init__(self) -> None:
        self.watch, self.standing, self.n = Watch(), Standing(CONFIG.window), 0

    def raises(self, forecast: Forecast, outcome: Outcome) -> bool:
        self.n += 1
        marks = marks_of(score(Given("m", 1, "champion", forecast), outcome))
        self.standing.change(str(self.n), None, marks)
        self.watch.add(forecast, outcome, CONFIG)
        was_open = bool(self.watch.open())
        changes = self.watch.look(self.standing, CONFIG)
        return not was_open and any(change.state == "raised" for change in changes)


class Bare:
    """A rolling log loss that is above its baseline by more than `drop`; over when half of that is made good."""

    def __init__(self, drop: float) -> None:
        self.drop, self.standing, self.n, self.baseline = drop, Standing(CONFIG.window), 0, 0.0

    def raises(self, forecast: Forecast, outcome: Outcome) -> bool:
        self.n += 1
        self.standing.change(str(self.n), None, marks_of(score(Given("m", 1, "champion", forecast), outcome)))
        before = self.standing.before_window()
        if before.n < CONFIG.window:
            return False
        now = self.standing.rolling.mean_log_loss()
        if self.baseline:
            if now <= self.baseline * (1.0 + self.drop / 2.0):
                self.baseline = 0.0
            return False
        baseline = before.mean_log_loss()
        if now > baseline * (1.0 + self.drop):
            self.baseline = baseline
        return bool(self.baseline)


class Adwin:
    """ADWIN on the log loss, when it has risen."""

    def __init__(self, delta: float) -> None:
        self.adwin = ADWIN(delta=delta)  # type: ignore[no-untyped-call]  # River is untyped

    def raises(self, forecast: Forecast, outcome: Outcome) -> bool:
        before = self.adwin.estimation
        self.adwin.update(log_loss(forecast, outcome))  # type: ignore[no-untyped-call]  # as above
        return bool(self.adwin.drift_detected and self.adwin.estimation > before)


class Page:
    """The Page-Hinkley test on the log loss, upwards."""

    def __init__(self, threshold: float, delta: float = 0.005) -> None:
        self.test = PageHinkley(threshold=threshold, delta=delta, mode="up")

    def raises(self, forecast: Forecast, outcome: Outcome) -> bool:
        self.test.update(log_loss(forecast, outcome))  # type: ignore[no-untyped-call]  # as above
        return bool(self.test.drift_detected)


Rule = Ours | Bare | Adwin | Page

RULES: dict[str, Callable[[], Rule]] = {
    "ours": Ours,
    "bare 5 % rule": lambda: Bare(0.05),
    "bare 16 % rule": lambda: Bare(0.16),
    "ADWIN": lambda: Adwin(0.002),
    "ADWIN, delta .45": lambda: Adwin(0.45),
    "Page-Hinkley": lambda: Page(50.0),
    "Page-Hinkley, 40": lambda: Page(40.0),
}
"""Each simpler rule as it comes, and set so that it has about as many false alarms as ours on simulated streams."""


# Streams


def tempered(p: Numbers, power: float) -> Numbers:
    q = p**power
    return np.asarray(q / q.sum(axis=-1, keepdims=True))


def drawn(p: Numbers, random: np.random.Generator) -> npt.NDArray[np.int64]:
    return np.asarray((random.random(len(p))[:, None] > p.cumsum(axis=1)[:, :2]).sum(axis=1))


def cross(q: Numbers, p: Numbers) -> float:
    return float(-(q * np.log(p)).sum(axis=-1).mean())


def kept_share(pool: Numbers, rates: Numbers) -> float:
    """How much of the forecasts must go on being true, the rest being base rates, for a third of skill to go."""
    promised, of_rates = cross(pool, pool), cross(rates, rates)
    return 1.0 - (of_rates - promised) / 3.0 / (cross(rates, pool) - promised)


def shuffled(p: Numbers, random: np.random.Generator) -> Numbers:
    """A tenth of the rows with their probabilities in another order."""
    some = random.random(len(p)) < 0.1
    return np.where(some[:, None], random.permuted(p, axis=1), p)


def faulty(fault: str, p: Numbers, pool: Numbers, random: np.random.Generator) -> tuple[Numbers, Numbers]:
    """What is said, and what is true, of matches that a model in order would give `p`."""
    if fault == "weights x 1.7":
        return tempered(p, 1.7), p
    if fault == "10 % shuffled":
        return shuffled(p, random), p
    if fault == "a third less skill":
        rates = pool.mean(axis=0)
        share = kept_share(pool, rates)
        return p, share * p + (1.0 - share) * rates
    return pool[random.integers(0, len(pool), len(p))], p


def simulated(fault: str | None, pool: Numbers, matches: int, random: np.random.Generator) -> Stream:
    """Matches like those of `pool` with outcomes drawn from what is true; the fault begins after HEALTHY_BEFORE."""
    p = pool[random.integers(0, len(pool), matches)]
    said, true = p.copy(), p.copy()
    if fault is not None:
        said[HEALTHY_BEFORE:], true[HEALTHY_BEFORE:] = faulty(fault, p[HEALTHY_BEFORE:], pool, random)
    return stream_of(said, drawn(true, random))


def stream_of(p: Numbers, outcomes: npt.NDArray[np.int64]) -> Stream:
    return [(Forecast(*map(float, row)), OUTCOMES[place]) for row, place in zip(p, outcomes, strict=True)]


@dataclass
class Real:
    """What a model said of real matches, in their order."""

    said: Numbers
    outcomes: npt.NDArray[np.int64]
    homes: list[str]

    def after(self, start: int) -> Real:
        return Real(self.said[start:], self.outcomes[start:], self.homes[start:])

    def with_fault(self, fault: str, random: np.random.Generator) -> Stream:
        """The same matches, with a fault after HEALTHY_BEFORE."""
        said, outcomes = self.said.copy(), self.outcomes.copy()
        late = slice(HEALTHY_BEFORE, None)
        if fault == "stale features":
            said[late] = self._of_the_home_match_before()[late]
        elif fault == "a third less skill":
            rates = self.said.mean(axis=0)
            lost = random.random(len(outcomes)) > kept_share(self.said, rates)
            lost[:HEALTHY_BEFORE] = False
            outcomes = np.where(lost, drawn(np.broadcast_to(rates, said.shape), random), outcomes)
        else:
            said[late], _ = faulty(fault, said[late], self.said, random)
        return stream_of(said, outcomes)

    def _of_the_home_match_before(self) -> Numbers:
        stale, last = self.said.copy(), dict[str, Numbers]()
        for place, home in enumerate(self.homes):
            stale[place] = last.get(home, self.said[place])
            last[home] = self.said[place]
        return stale


def told(matches: list[PlayedMatch], config: LeagueConfig) -> tuple[dict[str, Real], list[tuple[int, DecayAlert]]]:
    """What a league says of `matches` after the burn-in, and every alert with the number of the match before it."""
    rows: dict[str, list[tuple[Forecast, Outcome, str]]] = {}
    alerts: list[tuple[int, DecayAlert]] = []
    league = League(matches[0].competition)
    league.configure(Configure(league.competition, config))
    seasons: dict[str, None] = {}
    for event in schedule(matches):
        seasons.setdefault(event.season)
        outputs = league.predict(event) if isinstance(event, Features) else league.learn(event)
        for output in outputs:
            if isinstance(output, DecayAlert):
                alerts.append((league.matches, output))
            elif isinstance(output, Evaluation) and output.outcome is not None and len(seasons) > BURN_IN_SEASONS:
                for line in output.models:
                    rows.setdefault(line.model, []).append((line.probabilities, output.outcome, output.home))
    return {
        model: Real(
            np.array([(p.H, p.D, p.A) for p, _, _ in given]),
            np.array([OUTCOMES.index(outcome) for _, outcome, _ in given]),
            [home for _, _, home in given],
        )
        for model, given in rows.items()
    }, alerts


# Figures


def alarms(rule: Rule, stream: Stream) -> Iterator[int]:
    """The numbers of the matches at which an alert is raised, from 1."""
    return (number for number, (forecast, outcome) in enumerate(stream, 1) if rule.raises(forecast, outcome))


def delay(make: Callable[[], Rule], stream: Stream) -> float | None:
    """Matches from the fault to the first alert after it, infinite without one; None when there was one before it."""
    first = next(alarms(make(), stream), None)
    if first is None:
        return math.inf
    return first - HEALTHY_BEFORE if first > HEALTHY_BEFORE else None


Delay = float | Literal["never", "noisy"]
"""Matches; or more than half of the streams never had an alert; or all of them had one before their fault."""


@dataclass
class Line:
    """The figures of one rule: false alarms in 1,000 healthy matches, and median delays by fault."""

    rule: str
    simulated: float
    bundesliga: float
    delays_simulated: dict[str, Delay]
    delays_bundesliga: dict[str, Delay]


def per_thousand(make: Callable[[], Rule], streams: list[Stream]) -> float:
    return 1000.0 * sum(len(list(alarms(make(), it))) for it in streams) / sum(map(len, streams))


def middle(make: Callable[[], Rule], streams: list[Stream]) -> Delay:
    """The median delay over the streams that were quiet until their fault."""
    found = [it for stream in streams if (it := delay(make, stream)) is not None]
    if not found:
        return "noisy"
    return "never" if math.isinf(median(found)) else median(found)


def compare(
    real: Real,
    streams: int,
    healthy: int,
    rules: dict[str, Callable[[], Rule]],
    *,
    at_most: int = AT_MOST,
    starts: Iterable[int] = STARTS,
) -> list[Line]:
    """The figures of every rule over the same streams; simulated are matches like those of `real`."""
    pool = real.said
    random = np.random.default_rng(20261125)
    quiet = [simulated(None, pool, healthy, random) for _ in range(streams)]
    real_quiet = [stream_of(real.said, real.outcomes)]
    ill = {
        fault: [simulated(fault, pool, HEALTHY_BEFORE + at_most, random) for _ in range(streams)] for fault in FAULTS
    }
    real_ill = {
        fault: [
            real.after(start - HEALTHY_BEFORE).with_fault(fault, random)[: HEALTHY_BEFORE + at_most] for start in starts
        ]
        for fault in FAULTS
    }
    return [
        Line(
            name,
            per_thousand(make, quiet),
            per_thousand(make, real_quiet),
            {fault: middle(make, it) for fault, it in ill.items()},
            {fault: middle(make, it) for fault, it in real_ill.items()},
        )
        for name, make in rules.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=60, help="simulated streams of each kind")
    parser.add_argument("--healthy", type=int, default=10_000, help="matches of a healthy one")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    reals, raised = told(bundesliga(), CONFIG)
    champion = reals[CONFIG.models[0]]
    lines = compare(champion, options.streams, options.healthy, RULES)
    if options.json:
        json.dump([asdict(line) for line in lines], sys.stdout, indent=2)
        return
    print(f"{options.streams} simulated streams of each kind; {len(champion.homes):,} matches of the Bundesliga\n")
    print(f"{'':18} false alarms/1,000    median delay, simulated / Bundesliga")
    print(f"{'':18} simul.   Bundesl.   " + "   ".join(f"{fault:>18}" for fault in FAULTS))
    for line in lines:
        delays = [(line.delays_simulated[fault], line.delays_bundesliga[fault]) for fault in FAULTS]
        cells = "   ".join(f"{_matches(made_up):>8} / {_matches(real):>7}" for made_up, real in delays)
        print(f"{line.rule:18} {line.simulated:6.3f}   {line.bundesliga:8.3f}   {cells}")
    said, outcomes = champion.said[: STARTS.stop], champion.outcomes[: STARTS.stop]
    lost = -np.log(said[np.arange(len(said)), outcomes]).mean()
    print(f"\nIn the first {STARTS.stop:,} matches log loss was {lost:.4f}, and promised {cross(said, said):.4f}.")
    print("\nEvery alert of a league over the whole Bundesliga")
    for number, alert in raised:
        print(f"{number:6,}  {alert.at:%Y-%m-%d}  {alert.state:9} {alert.severity:9} {alert.kind:12} {alert.message}")


def _matches(told: Delay) -> str:
    return told if isinstance(told, str) else f"{told:,.0f}"


if __name__ == "__main__":
    main()
